"""After the injection: watched, sent home with advice and a next date, and called until somebody was reached."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, models, transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients import services as patients
from clinic.patients.choices import CareStatus
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.builders import MINUTE
from tests.treatments.dose_day.conftest import TODAY
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.dose_day import queries, services
from treatments.dose_day.models import Discharge, DoseDayPolicy, FollowUpCall, Observation
from treatments.rules.cautions import CODES
from treatments.supply.models import Vial

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def given_dose(dose: Dose, vial: Vial, paul: User) -> Administration:
    """The dose of today, given ten minutes before noon UTC."""
    return builders.give(dose, paul, vial)


@pytest.fixture
def home(dose: Dose, given_dose: Administration, nadia: User) -> Discharge:
    """Somebody who went home today and is called in two days."""
    return builders.go_home(dose, nadia)


def observe(dose: Dose, by: User, at: datetime = AT, **seen: Any) -> Observation:
    submission = seen.pop("submission", None)
    observed = services.Observed(at=at, **seen)
    return services.observe(dose=dose, observed=observed, by=person_actor(by), at=AT, submission=submission)


class TestObserving:
    def test_what_was_seen_is_kept_as_it_was(self, dose: Dose, nadia: User) -> None:
        seen = {"pulse": 84, "systolic": 118, "diastolic": 72, "saturation": 99, "pain": 0}
        row = observe(dose, nadia, AT - HOUR, temperature=Decimal("36.9"), note="Asleep", **seen)
        assert {name: getattr(row, name) for name in seen} == seen
        assert (row.temperature, row.note, row.on, row.observed_at) == (Decimal("36.9"), "Asleep", TODAY, AT - HOUR)
        assert (row.by, row.patient_id) == (nadia, dose.patient_id)

    @pytest.mark.parametrize("seen", [{"pain": 0}, {"note": "Legs move"}, {"pulse": 60}], ids=str)
    def test_one_figure_or_a_word_is_enough_and_no_pain_is_a_figure(
        self, dose: Dose, nadia: User, seen: dict[str, Any]
    ) -> None:
        observe(dose, nadia, **seen)
        assert Observation.objects.get().dose == dose

    def test_nothing_is_none(self, dose: Dose, nadia: User) -> None:
        with pytest.raises(services.NothingObserved):
            observe(dose, nadia)
        assert not Observation.objects.exists()

    def test_the_future_is_not_observed(self, dose: Dose, nadia: User) -> None:
        with pytest.raises(services.InTheFuture):
            observe(dose, nadia, AT + SECOND, pulse=60)

    def test_its_day_is_the_sites(self, other_site: Site) -> None:
        there = courses.next_dose(courses.course(courses.patient(other_site), planned_start=TODAY))
        early = datetime(2026, 7, 4, 3, 59, tzinfo=UTC)
        assert observe(there, builders.nurse(there), early, pulse=60).on == TODAY - DAY

    def test_a_form_sent_twice_is_one(self, dose: Dose, nadia: User) -> None:
        key = uuid4()
        observe(dose, nadia, pulse=60, submission=key)
        with pytest.raises(AlreadySubmitted):
            observe(dose, nadia, pulse=60, submission=key)

    def test_a_program_watches_nobody(self, dose: Dose) -> None:
        with pytest.raises(services.NobodyChecked):
            services.observe(dose=dose, observed=services.Observed(at=AT, pulse=60), by=BY, at=AT)

    @pytest.mark.parametrize(
        ("upper", "lower"), [(120, None), (None, 70), (70, 70)], ids=["upper alone", "lower alone", "equal"]
    )
    def test_the_database_keeps_blood_pressures_whole_and_the_right_way_up(
        self, dose: Dose, nadia: User, upper: int | None, lower: int | None
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            observe(dose, nadia, pulse=60, systolic=upper, diastolic=lower)

    def test_one_taken_back_is_off_the_page_and_stays_in_the_trail(self, dose: Dose, nadia: User) -> None:
        row = observe(dose, nadia, pulse=840)
        with pytest.raises(StaleRecord):
            services.void_observation(observation=row, reason="Slip", by=person_actor(nadia), at=AT, expected=0)
        services.void_observation(observation=row, reason="Slip", by=person_actor(nadia), at=AT, expected=1)
        assert queries.observations_of(dose, TODAY) == ()
        assert Entry.objects.get(event="dose_day.observation_voided").reason == "Slip"

    def test_they_are_shown_in_the_order_of_the_day(self, dose: Dose, nadia: User) -> None:
        observe(dose, nadia, AT, systolic=118, diastolic=72)
        observe(dose, nadia, AT - HOUR, saturation=99, temperature=Decimal("36.9"))
        observe(dose, nadia, AT - DAY, pulse=60)
        first, second = queries.observations_of(dose, TODAY)
        assert (first.time, first.saturation, first.temperature, first.pressure) == ("12:00", "99 %", "36.9 °C", "")
        assert (second.time, second.pressure, second.by) == ("13:00", "118/72 mmHg", "Nadia Nurse")


class TestWatching:
    def test_until_an_hour_after_the_injection_unless_the_site_says_otherwise(
        self, dose: Dose, given_dose: Administration, site: Site
    ) -> None:
        assert queries.watched_until(dose, TODAY) == AT + 50 * MINUTE
        policy(site, observation_minutes=15)
        assert queries.watched_until(dose, TODAY) == AT + 5 * MINUTE

    def test_counted_from_the_end_where_it_was_written_down(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.give(dose, paul, vial, facts=services.Facts(ended_at=AT - 7 * MINUTE))
        assert queries.watched_until(dose, TODAY) == AT + 53 * MINUTE

    def test_not_at_all_where_nothing_went_in(self, dose: Dose, paul: User) -> None:
        assert queries.watched_until(dose, TODAY) is None
        builders.fail(dose, paul)
        assert queries.watched_until(dose, TODAY) is None

    def test_after_a_part_of_the_dose_from_when_the_injection_ended(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.fail(dose, paul, vial, mg=6, ended_at=AT - 5 * MINUTE)
        assert queries.watched_until(dose, TODAY) == AT + 55 * MINUTE

    def test_as_decided_for_that_day_and_not_as_decided_since(
        self, dose: Dose, given_dose: Administration, site: Site
    ) -> None:
        policy(site, since=TODAY + DAY, observation_minutes=0)
        assert queries.watched_until(dose, TODAY) == AT + 50 * MINUTE


def policy(site: Site, *, since: date = date(2020, 1, 1), **values: int) -> DoseDayPolicy:
    return DoseDayPolicy.objects.create(site=site, effective_from=since, source="Ward round", **values)


class TestGoingHome:
    def test_it_says_when_with_whose_advice_and_when_they_are_called(
        self, dose: Dose, given_dose: Administration, nadia: User
    ) -> None:
        row = builders.go_home(dose, nadia, note="With her brother")
        assert (row.on, row.left_at, row.advice_to, row.by) == (TODAY, AT, "The mother", nadia)
        assert row.call_on == row.call_due_on == TODAY + 2 * DAY
        assert (row.note, row.no_booking_reason) == ("With her brother", "The rota is not out yet")

    def test_nobody_goes_home_from_a_day_of_which_nothing_is_recorded(
        self, dose: Dose, vial: Vial, nadia: User
    ) -> None:
        with pytest.raises(services.NothingRecorded):
            builders.go_home(dose, nadia)
        builders.take_back(builders.give(dose, nadia, vial), nadia)
        with pytest.raises(services.NothingRecorded):
            builders.go_home(dose, nadia)
        builders.fail(dose, nadia)
        with pytest.raises(services.NothingRecorded, match="on 3 Jul 2026"):
            builders.go_home(dose, nadia, on=TODAY - DAY)
        assert builders.go_home(dose, nadia).on == TODAY

    def test_a_dose_given_elsewhere_is_no_dose_day(self, begun: Course, nadia: User) -> None:
        row = course_services.record_elsewhere(
            course=begun, given_on=TODAY, mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        with pytest.raises(services.NothingRecorded):
            builders.go_home(row.dose, nadia)

    @pytest.mark.parametrize(
        ("left", "refused"),
        [(timedelta(0), False), (SECOND, True), (-12 * HOUR, False), (-13 * HOUR - SECOND, True)],
        ids=["now", "future", "that day", "the day before"],
    )
    def test_they_leave_on_the_dose_day_or_later_and_not_in_the_future(
        self, dose: Dose, given_dose: Administration, nadia: User, left: timedelta, refused: bool
    ) -> None:
        if refused:
            with pytest.raises(services.InTheFuture):
                builders.go_home(dose, nadia, left_at=AT + left)
        else:
            assert builders.go_home(dose, nadia, left_at=AT + left).left_at == AT + left

    @pytest.mark.parametrize("who", ["", "  "])
    def test_somebody_has_the_advice(self, dose: Dose, given_dose: Administration, nadia: User, who: str) -> None:
        with pytest.raises(services.AdviceMissing):
            builders.go_home(dose, nadia, advice_to=who)

    @pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, True), (1, False), (30, False)])
    def test_the_call_comes_after_the_day(
        self, dose: Dose, given_dose: Administration, nadia: User, days: int, refused: bool
    ) -> None:
        if refused:
            with pytest.raises(services.CalledTooEarly):
                builders.go_home(dose, nadia, call_on=TODAY + days * DAY)
        else:
            assert builders.go_home(dose, nadia, call_on=TODAY + days * DAY).call_on == TODAY + days * DAY

    def test_once_a_dose_day(self, dose: Dose, home: Discharge, paul: User) -> None:
        with pytest.raises(AlreadySubmitted) as refused:
            builders.go_home(dose, paul)
        assert refused.value.record == home

    def test_the_database_refuses_a_second_one_and_a_call_on_the_day(self, home: Discharge) -> None:
        rows: models.QuerySet[Discharge] = models.QuerySet(model=Discharge).filter(pk=home.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(call_on=TODAY)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(advice_to="")
        home.pk, home._state.adding = uuid4(), True
        with pytest.raises(IntegrityError), transaction.atomic():
            home.save_base(force_insert=True)

    def test_a_program_sends_nobody_home(self, dose: Dose, given_dose: Administration) -> None:
        left = services.Home(AT, "The mother", TODAY + DAY, "Rota")
        with pytest.raises(services.NobodyChecked):
            services.go_home(dose=dose, on=TODAY, home=left, by=BY, at=AT, confirmed=CODES)

    def test_leaving_before_the_observation_ends_is_asked_about_to_the_minute(
        self, dose: Dose, given_dose: Administration, nadia: User
    ) -> None:
        left = services.Home(AT, "The mother", TODAY + DAY, "Rota")
        with pytest.raises(course_services.Unconfirmed) as refused:
            services.go_home(dose=dose, on=TODAY, home=left, by=person_actor(nadia), at=AT)
        (caution,) = refused.value.cautions
        assert (caution.code, Discharge.objects.count()) == ("left_early", 0)
        said = "The patient left 50 minutes before the observation was to end."
        assert caution.text == said
        services.go_home(dose=dose, on=TODAY, home=left, by=person_actor(nadia), at=AT, confirmed=[said])
        assert Entry.objects.get(event="dose_day.went_home").reason == f"Confirmed: {said}"

    def test_leaving_when_it_ends_is_not(self, dose: Dose, given_dose: Administration, nadia: User) -> None:
        left = services.Home(AT + 50 * MINUTE, "The mother", TODAY + DAY, "Rota")
        at = AT + 50 * MINUTE
        assert services.go_home(dose=dose, on=TODAY, home=left, by=person_actor(nadia), at=at).left_at == at


class TestTheNextDate:
    def book(self, dose: Dose, on: date) -> None:
        coming = builders.coming(dose)
        course_services.book(dose=coming, on=on, at_time=None, place="", confirmed=CODES, by=BY, at=AT)

    def test_without_one_a_reason_is_needed(self, dose: Dose, given_dose: Administration, nadia: User) -> None:
        for reason in ("", "  "):
            with pytest.raises(services.NoNextDate, match="Dose L3 has no booking after this day"):
                builders.go_home(dose, nadia, no_booking_reason=reason)
        row = builders.go_home(dose, nadia, no_booking_reason="The family calls")
        assert row.no_booking_reason == "The family calls"

    def test_with_one_none_is(self, dose: Dose, given_dose: Administration, nadia: User) -> None:
        self.book(dose, TODAY + 14 * DAY)
        assert builders.go_home(dose, nadia, no_booking_reason="").no_booking_reason == ""

    def test_the_appointment_at_which_the_dose_failed_is_no_next_date(self, dose: Dose, nadia: User) -> None:
        self.book(dose, TODAY)
        builders.fail(dose, nadia)
        with pytest.raises(services.NoNextDate, match="Dose L2"):
            builders.go_home(dose, nadia, no_booking_reason="")
        booking = dose.bookings.get()
        course_services.move_booking(
            booking=booking, on=TODAY + DAY, at_time=None, place="", reason="Failed", confirmed=CODES, by=BY, at=AT
        )
        assert builders.go_home(dose, nadia, no_booking_reason="").on == TODAY

    def test_none_is_asked_for_where_none_is_to_come(
        self, begun: Course, dose: Dose, given_dose: Administration, nadia: User
    ) -> None:
        course_services.stop_course(course=begun, on=TODAY, reason="Last dose", by=BY, at=AT)
        assert builders.go_home(dose, nadia, no_booking_reason="").on == TODAY

    def test_nor_of_somebody_who_left_the_sites_care(self, dose: Dose, given_dose: Administration, nadia: User) -> None:
        leave(dose, "transferred")
        assert builders.go_home(Dose.objects.get(pk=dose.pk), nadia, no_booking_reason="").on == TODAY


def leave(dose: Dose, status: str) -> None:
    patients.change_care_status(patient=dose.patient, to=CareStatus(status), on=TODAY, reason="Moved", by=BY, at=AT)


class TestCalling:
    def test_whoever_was_reached_is_called_no_more(self, home: Discharge, nadia: User) -> None:
        row = builders.call(home, nadia)
        home.refresh_from_db()
        assert (row.outcome, row.again_on, row.called_at, home.call_due_on) == ("well", None, AT, None)
        with pytest.raises(services.NobodyToCall):
            builders.call(home, nadia)

    @pytest.mark.parametrize("outcome", ["no_answer", "message"])
    def test_whoever_was_not_is_called_again_on_the_day_that_was_said(
        self, home: Discharge, nadia: User, outcome: str
    ) -> None:
        builders.call(home, nadia, outcome, again_on=TODAY + 3 * DAY)
        home.refresh_from_db()
        assert (home.call_due_on, home.version) == (TODAY + 3 * DAY, 1)
        builders.call(home, nadia, outcome, again_on=TODAY)  # later today
        home.refresh_from_db()
        assert home.call_due_on == TODAY
        builders.call(home, nadia)
        home.refresh_from_db()
        assert (str(home.call_due_on), FollowUpCall.objects.count()) == ("None", 3)

    @pytest.mark.parametrize("again", [None, TODAY - DAY], ids=["no day", "yesterday"])
    def test_another_call_has_a_day_that_has_not_passed(self, home: Discharge, nadia: User, again: date | None) -> None:
        with pytest.raises(services.CalledTooEarly):
            builders.call(home, nadia, "no_answer", again_on=again)
        assert not FollowUpCall.objects.exists()

    def test_it_may_be_given_up(self, home: Discharge, nadia: User) -> None:
        builders.call(home, nadia, "given_up", note="Three times in a week")
        home.refresh_from_db()
        assert home.call_due_on is None

    def test_a_day_to_call_again_is_dropped_where_somebody_was_reached(self, home: Discharge, nadia: User) -> None:
        assert builders.call(home, nadia, "well", again_on=TODAY + DAY).again_on is None

    def test_something_to_report_says_what(self, home: Discharge, nadia: User) -> None:
        for note in ("", " "):
            with pytest.raises(services.NothingToldOf):
                builders.call(home, nadia, "symptoms", note=note)
        assert builders.call(home, nadia, "symptoms", note="Tired").note == "Tired"

    @pytest.mark.parametrize("symptom", FollowUpCall.Symptom.values)
    def test_what_a_prescriber_hears_about_today_is_urgent(self, home: Discharge, nadia: User, symptom: str) -> None:
        builders.call(home, nadia, "symptoms", symptoms=(symptom,))
        (line,) = queries.calls_of(home.pk)
        assert line.is_urgent is (symptom in {"fever", "legs", "leak", "drowsy", "rash"})
        assert line.symptoms == FollowUpCall.Symptom(symptom).label

    def test_nobody_is_called_after_a_day_that_was_taken_back(
        self, home: Discharge, given_dose: Administration, nadia: User
    ) -> None:
        builders.take_back(given_dose, nadia)
        with pytest.raises(services.NobodyToCall):
            builders.call(home, nadia)

    def test_a_form_sent_twice_is_one_call(self, home: Discharge, nadia: User) -> None:
        key, told = uuid4(), services.Told("no_answer", again_on=TODAY)
        facts: dict[str, Any] = {"discharge": home, "told": told, "by": person_actor(nadia), "at": AT}
        services.call(submission=key, **facts)
        with pytest.raises(AlreadySubmitted):
            services.call(submission=key, **facts)
        assert FollowUpCall.objects.count() == 1

    def test_a_program_calls_nobody(self, home: Discharge) -> None:
        with pytest.raises(services.NobodyChecked):
            services.call(discharge=home, told=services.Told("well"), by=BY, at=AT)

    @pytest.mark.parametrize(
        ("outcome", "again"), [("well", TODAY), ("no_answer", None)], ids=["reached", "not reached"]
    )
    def test_the_database_keeps_the_next_call_with_its_outcome(
        self, home: Discharge, nadia: User, outcome: str, again: date | None
    ) -> None:
        row = builders.call(home, nadia, "no_answer", again_on=TODAY)
        rows: models.QuerySet[FollowUpCall] = models.QuerySet(model=FollowUpCall).filter(pk=row.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(outcome=outcome, again_on=again)


class TestWhomToCall:
    def due(self, *sites: Site, now: datetime = AT + 2 * DAY) -> list[tuple[str, str, int]]:
        return [(row.patient, row.due, row.tried) for row in queries.calls_due(sites, now)]

    def test_from_the_day_on_by_the_sites_own_calendar(self, home: Discharge, site: Site) -> None:
        midnight = datetime(2026, 7, 5, 23, 0, tzinfo=UTC)  # in London
        assert self.due(site, now=midnight - SECOND) == []
        assert [due for _, due, _ in self.due(site, now=midnight)] == ["Today"]

    def test_a_site_that_is_a_day_behind_waits(self, site: Site, other_site: Site, home: Discharge) -> None:
        there = courses.next_dose(courses.course(courses.patient(other_site, "Birch"), planned_start=TODAY))
        by = builders.nurse(there)
        builders.give(there, by, None)
        builders.go_home(there, by)
        night = datetime(2026, 7, 6, 3, 59, tzinfo=UTC)
        assert len(self.due(site, other_site, now=night)) == 1
        assert len(self.due(site, other_site, now=night + MINUTE)) == 2

    def test_the_longest_waiting_first_and_what_was_tried(self, home: Discharge, site: Site, nadia: User) -> None:
        second = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TODAY))
        builders.give(second, nadia, None)
        builders.go_home(second, nadia, call_on=TODAY + DAY)
        builders.call(home, nadia, "no_answer", again_on=TODAY + 2 * DAY)
        found = queries.calls_due([site], AT + 2 * DAY)
        assert [(row.patient.split(",")[0].casefold(), row.is_late, row.tried) for row in found] == [
            ("birch", True, 0),
            ("quillfeather", False, 1),
        ]

    def test_nobody_who_was_reached(self, home: Discharge, site: Site, nadia: User) -> None:
        builders.call(home, nadia)
        assert self.due(site) == []

    def test_nobody_at_a_site_that_was_not_asked_about(self, home: Discharge, other_site: Site) -> None:
        assert self.due(other_site) == self.due() == []

    @pytest.mark.parametrize(("status", "called"), [("transferred", True), ("left", True), ("died", False)])
    def test_whoever_left_is_called_all_the_same_but_nobody_asks_after_the_dead(
        self, home: Discharge, dose: Dose, site: Site, status: str, called: bool
    ) -> None:
        leave(dose, status)
        assert len(self.due(site)) == called

    def test_the_telephones_of_the_people_around_the_patient(self, home: Discharge, dose: Dose, site: Site) -> None:
        (row,) = queries.calls_due([site], AT + 2 * DAY)
        assert (row.telephones, row.after, row.on) == ((), "L2, 4 Jul 2026", "2026-07-04")

    def test_however_many_there_are_it_takes_as_many_queries(
        self, home: Discharge, site: Site, nadia: User, django_assert_num_queries: Any
    ) -> None:
        for name in ("Birch", "Cedar", "Damson"):
            dose = courses.next_dose(courses.course(courses.patient(site, name), planned_start=TODAY))
            builders.give(dose, nadia, None)
            builders.go_home(dose, nadia)
        with django_assert_num_queries(3):
            assert len(queries.calls_due([site], AT + 2 * DAY)) == 4


def test_names_say_no_patient(home: Discharge, dose: Dose) -> None:
    by = factories.user(full_name="N")
    assert str(home) == "went home on 2026-07-04"
    assert str(observe(dose, by, pulse=60)) == "observation at 2026-07-04 12:00"
    assert str(builders.call(home, by)) == "Reached, nothing to report, 4 Jul 2026"
