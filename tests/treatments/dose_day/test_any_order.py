"""Whatever happens to doses and vials in whatever order, stock, ledger, records and schedule tell one story."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.staff.roles import Role
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders as courses
from tests.treatments.supply import builders as supply
from treatments.courses import queries as course_queries
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Booking, Course, Dose
from treatments.courses.series import series_of
from treatments.courses.services.replanning import intended
from treatments.dose_day import queries, services
from treatments.dose_day.models import Checklist, Discharge, Procedure
from treatments.rules import vials as rules
from treatments.rules.cautions import CODES
from treatments.rules.dose_day import Said
from treatments.rules.proposals import proposals
from treatments.rules.schedule_reading import read
from treatments.supply import queries as stock
from treatments.supply import services as vials
from treatments.supply.models import Movement, Vial
from treatments.supply.queries.stock import row_of

LOTS = ("AB12", "CD34")
DAY = timedelta(days=1)
# What may be refused, where a rule does not know beforehand whether it will be; then nothing is written.
OF_A_VIAL = (vials.CannotMove, vials.UnfitVial)
OF_A_DAY = (course_services.GivenOnSuchADay,)
OF_A_BOOKING = (
    course_services.AlreadyBooked,
    course_services.BookedTooSoon,
    course_services.BookedInThePast,
)

either = st.integers(0, 1)
ago = st.sampled_from([0, 0, 1, 13, 14, 40])


class DoseDays(RuleBasedStateMachine):
    """Two patients on a site's stock: doses are given, fail, are told of, taken back and put right."""

    def __init__(self) -> None:
        super().__init__()
        self.site = factories.site()
        self.nurse, self.second = (factories.user(Role.NURSE, site=self.site) for _ in range(2))
        self.today = date(2026, 7, 4)
        self.moments = 0
        self.courses = [
            courses.course(courses.patient(self.site, name), planned_start=date(2026, 6, 20))
            for name in ("Alder", "Birch")
        ]
        # A stock to begin with, and a vial that waits for each patient: what matters is what becomes of them.
        for lot in (*LOTS, *LOTS):
            self.a_vial_arrives(lot, 400)
        for which, vial in enumerate(self.vials[:2]):
            vials.reserve(vial=vial, dose=self.next_dose(which), by=BY, at=self.at)

    @property
    def at(self) -> datetime:
        """Return a moment of today, later than every one before."""
        self.moments += 1
        return datetime.combine(self.today, time(12), tzinfo=UTC) + timedelta(milliseconds=self.moments)

    @property
    def vials(self) -> list[Vial]:
        return list(Vial.objects.filter(site=self.site).order_by("created_at"))

    @property
    def records(self) -> list[Administration]:
        rows = Administration.objects.standing().filter(course__in=self.courses)
        return list(rows.select_related("dose", "course").order_by("created_at"))

    def next_dose(self, which: int) -> Dose:
        dose = course_queries.next_dose(self.courses[which])
        return Dose.objects.select_related("patient", "site", "course__site").get(pk=dose.pk)

    def one(self, data: st.DataObject) -> Vial:
        """Choose a vial, most often one that is still there."""
        there = [vial for vial in self.vials if vial.state in {state.value for state in rules.USABLE}]
        return data.draw(st.sampled_from([*self.vials, *there, *there]))

    def any_or_none(self, data: st.DataObject) -> Vial | None:
        return self.one(data) if data.draw(st.sampled_from([True, True, False])) else None

    def tried(self, act: Callable[[], object], *refusals: type[Exception]) -> bool:
        """Do it; where one of these refuses, prove that nothing was written."""
        before = (Entry.objects.count(), self.columns())
        try:
            act()
        except refusals:
            assert (Entry.objects.count(), self.columns()) == before
            return False
        return True

    def columns(self) -> list[tuple[Any, ...]]:
        return [(vial.pk, vial.state, vial.reserved_for_id, vial.version) for vial in self.vials]

    def given(self, days: int, lot: str, mg: int = 12) -> course_services.Given:
        at = datetime.combine(self.today - days * DAY, time(10), tzinfo=UTC)
        expires = next((vial.expires_on for vial in self.vials if vial.lot == lot), None)
        return course_services.Given(at, Decimal(mg), Decimal(5), lot, expires or self.today, self.nurse)

    # --- Time and stock ---

    @rule(
        days=st.sampled_from([1, 13, 14, 30, 115, 250]),
        lot=st.sampled_from(LOTS),
        good_for=st.sampled_from([0, 20, 400]),
    )
    def time_passes_and_a_vial_arrives(self, days: int, lot: str, good_for: int) -> None:
        self.today += days * DAY
        self.a_vial_arrives(lot, good_for)

    def a_vial_arrives(self, lot: str, good_for: int) -> None:
        at = self.at
        supply.vial(self.site, at=at, lot=lot, expires_on=self.today + good_for * DAY, received_at=at)

    @precondition(lambda self: self.vials)
    @rule(data=st.data(), which=either)
    def a_vial_is_reserved(self, data: st.DataObject, which: int) -> None:
        vial, dose = self.one(data), self.next_dose(which)
        self.tried(lambda: vials.reserve(vial=vial, dose=dose, by=BY, at=self.at), *OF_A_VIAL, vials.DoseHasVial)

    @precondition(lambda self: self.vials)
    @rule(data=st.data(), kind=st.sampled_from(["take_out", "put_back", "draw_up", "waste", "quarantine", "free"]))
    def a_vial_is_moved(self, data: st.DataObject, kind: str) -> None:
        facts: dict[str, Any] = {"vial": self.one(data), "by": BY, "at": self.at}
        if kind in {"waste", "quarantine"}:
            facts |= {"code": "recall" if kind == "quarantine" else "broken", "reason": "Seen"}
        if kind == "free":
            facts |= {"reason": "Judged"}
        self.tried(lambda: getattr(vials, kind)(**facts), *OF_A_VIAL)

    # --- Before the dose ---

    @rule(data=st.data(), which=either)
    def two_people_check(self, data: st.DataObject, which: int) -> None:
        dose, vial = self.next_dose(which), self.any_or_none(data)
        answers = {check.key: Said(check.options[0].key) for check in queries.asked_today(dose, self.today)}
        made = Checklist.objects.standing().filter(dose=dose, on=self.today).first()
        row = services.save_checklist(
            dose=dose,
            answers=answers,
            vial=vial,
            by=person_actor(self.nurse),
            at=self.at,
            expected=None if made is None else made.version,
        )
        services.confirm_checklist(checklist=row, by=person_actor(self.second), at=self.at, expected=row.version)

    @rule(which=either, ahead=st.sampled_from([0, 1, 14, 130]))
    def a_day_is_booked(self, which: int, ahead: int) -> None:
        on, dose = self.today + ahead * DAY, self.next_dose(which)
        facts: dict[str, Any] = {"at_time": None, "place": "", "by": BY, "at": self.at, "confirmed": CODES}
        self.tried(lambda: course_services.book(dose=dose, on=on, **facts), *OF_A_BOOKING)

    # --- What happened ---

    @rule(data=st.data(), which=either, days=ago, lot=st.sampled_from([*LOTS, "UNKNOWN"]))
    def a_dose_is_given(self, data: st.DataObject, which: int, days: int, lot: str) -> None:
        dose, vial, facts = self.next_dose(which), self.any_or_none(data), services.Facts(punctures=1)

        def act() -> None:
            services.give(
                dose=dose,
                given=self.given(days, lot),
                vial=vial,
                facts=facts,
                by=person_actor(self.nurse),
                at=self.at,
                confirmed=CODES,
            )
            assert not self.stray(self.courses[which])

        self.tried(act, *OF_A_VIAL, *OF_A_DAY)

    @rule(data=st.data(), which=either, days=ago, mg=st.sampled_from([None, Decimal(6)]))
    def an_attempt_fails(self, data: st.DataObject, which: int, days: int, mg: Decimal | None) -> None:
        dose, vial = self.next_dose(which), self.any_or_none(data)
        attempted = course_services.Attempted(self.today - days * DAY, "no_access", mg, performer=self.nurse)
        failed = services.Failed(attempted, vial)
        self.tried(
            lambda: services.not_given(dose=dose, failed=failed, by=person_actor(self.nurse), at=self.at),
            vials.CannotMove,
            services.DrawnUp,
        )

    @rule(which=either, days=ago)
    def a_dose_elsewhere_is_told_of(self, which: int, days: int) -> None:
        facts: dict[str, Any] = {"mg": Decimal(12), "place": "Eastbrook", "by": BY, "at": self.at}
        on = self.today - days * DAY
        self.tried(
            lambda: course_services.record_elsewhere(course=self.courses[which], given_on=on, **facts), *OF_A_DAY
        )

    @rule(data=st.data(), which=either)
    def a_prescriber_decides(self, data: st.DataObject, which: int) -> None:
        course = self.courses[which]
        waiting = proposals(read(series_of(course), self.today))
        if not waiting:
            return
        one = data.draw(st.sampled_from(waiting))
        answer = course_services.Answer(
            matter=one.matter,
            choice=data.draw(st.sampled_from(one.choices)),
            day=one.day,
            reason="Discussed",
            look_again_on=self.today,
            attempt="" if one.attempt is None else one.attempt.key,
        )
        course_services.decide(course=course, answer=answer, by=BY, at=self.at, confirmed=CODES)

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def somebody_goes_home(self, data: st.DataObject) -> None:
        row: Administration = data.draw(st.sampled_from(self.records))
        dose = Dose.objects.select_related("patient", "site", "course").get(pk=row.dose_id)
        gone = Discharge.objects.standing().filter(dose=dose, on=row.given_on).exists()
        if row.elsewhere or gone:
            return
        left = datetime.combine(row.given_on, time(11), tzinfo=UTC)
        home = services.Home(left, "The mother", row.given_on + 2 * DAY, "The family calls")
        by = person_actor(self.nurse)
        services.go_home(dose=dose, on=row.given_on, home=home, by=by, at=self.at, confirmed=CODES)

    # --- What had not happened, or otherwise ---

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def a_record_is_taken_back(self, data: st.DataObject) -> None:
        row: Administration = data.draw(st.sampled_from(self.records))
        services.take_back(administration=row, reason="Wrong patient", by=person_actor(self.nurse), at=self.at)
        assert vials.used_at(row) is None
        assert not self.stray(row.course)

    @precondition(lambda self: any(correctable(row) for row in self.records))
    @rule(data=st.data(), days=ago, lot=st.sampled_from([*LOTS, "UNKNOWN"]))
    def a_record_is_put_right(self, data: st.DataObject, days: int, lot: str) -> None:
        row: Administration = data.draw(st.sampled_from([row for row in self.records if correctable(row)]))
        vial = data.draw(st.sampled_from([vials.used_at(row), self.any_or_none(data)]))

        def act() -> None:
            services.correct(
                administration=row,
                given=self.given(days, lot),
                vial=vial,
                reason="Misread",
                by=person_actor(self.nurse),
                at=self.at,
                confirmed=CODES,
            )
            assert not self.stray(row.course)

        self.tried(act, *OF_A_VIAL, *OF_A_DAY)

    def stray(self, course: Course) -> list[Vial]:
        """Return the vials that are reserved for a place of this course that is not to come."""
        reserved = Vial.objects.filter(reserved_for__course=course).select_related("reserved_for")
        return [vial for vial in reserved if vial.reserved_for and not vial.reserved_for.is_to_come]

    # --- What always holds ---

    @invariant()
    def the_stock_is_the_sum_of_every_row(self) -> None:
        on_hand = [vial for vial in self.vials if rules.State(vial.state) in rules.ON_HAND]
        rows = Movement.objects.filter(vial__in=self.vials)
        assert len(on_hand) == (rows.aggregate(sum=Sum("change"))["sum"] or 0)

    @invariant()
    def every_vial_is_where_its_ledger_leads(self) -> None:
        facts = stock.facts_of(self.vials, self.today)
        for vial in self.vials:
            standing = rules.stand(facts[vial.pk].moves)
            reserved = "" if vial.reserved_for_id is None else str(vial.reserved_for_id)
            assert (vial.state, reserved) == (standing.state.value, standing.dose)

    @invariant()
    def what_was_used_up_at_an_attempt_is_what_the_attempt_says(self) -> None:
        rows = Movement.objects.standing().filter(vial__in=self.vials, administration__isnull=False)
        used = list(rows.select_related("administration", "vial"))
        assert all(count == 1 for count in Counter(row.administration_id for row in used).values())
        for row in used:
            record = row.administration
            assert record is not None
            assert record.voided_at is None
            assert (row.vial.lot, row.patient_id) == (record.lot, record.patient_id)
            assert row.kind == row.vial.state == ("wasted" if record.outcome == "not_done" else "given")
        # And what was given stands with one attempt.
        given = {vial.pk for vial in self.vials if vial.state == "given"}
        assert given == {row.vial_id for row in used if row.kind == "given"}

    @invariant()
    def a_vial_is_reserved_for_a_dose_that_is_to_come_or_shown_as_astray(self) -> None:
        for course in self.courses:
            astray = self.stray(course)
            facts = stock.facts_of(astray, self.today)
            assert all(row_of(vial, facts[vial.pk], self.at).stray for vial in astray)

    @invariant()
    def what_is_stored_is_a_replay_from_scratch(self) -> None:
        for course in self.courses:
            fresh = Course.objects.get(pk=course.pk)
            doses = list(Dose.objects.standing().filter(course=course))
            tried = {str(row.pk): row for row in Administration.objects.standing().filter(course=course)}
            assert intended(fresh, series_of(fresh), doses, tried).is_stored
            assert sum(dose.is_next for dose in doses) == 1
            assert all(row.dose_id in {dose.pk for dose in doses} for row in tried.values())

    @invariant()
    def no_day_has_two_whole_doses_and_only_a_standing_place_is_booked(self) -> None:
        whole = [(row.patient_id, row.given_on) for row in self.records if row.outcome == "completed"]
        assert len(whole) == len(set(whole))
        booked = Booking.objects.standing().filter(dose__course__in=self.courses, cancelled_at=None)
        assert all(booking.dose.voided_at is None for booking in booked.select_related("dose"))

    @invariant()
    def whoever_went_home_had_a_dose_day(self) -> None:
        days = {(row.course_id, row.given_on) for row in self.records if not row.elsewhere}
        homes = Discharge.objects.standing().filter(dose__course__in=self.courses).select_related("dose")
        for home in homes:
            assert (home.dose.course_id, home.on) in days
            assert home.on < home.call_on

    @invariant()
    def how_it_went_is_told_once_of_each_record(self) -> None:
        rows = Procedure.objects.standing().filter(administration__in=self.records)
        assert rows.count() == len({row.administration_id for row in rows})


def correctable(row: Administration) -> bool:
    return row.outcome == Administration.Outcome.COMPLETED and not row.elsewhere


def test_stock_ledger_records_and_schedule_tell_one_story_after_anything_that_can_happen(db: None) -> None:
    run_state_machine_as_test(DoseDays, settings=settings(max_examples=15, stateful_step_count=25, deadline=None))
