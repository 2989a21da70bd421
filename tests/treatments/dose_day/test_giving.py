"""A dose given here: the record, its vial, what must be confirmed, and nothing half-written where one refuses."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, models, transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.builders import MINUTE
from tests.treatments.dose_day.conftest import TODAY
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.dose_day import services
from treatments.dose_day.models import Procedure
from treatments.rules.cautions import CODES
from treatments.supply import queries as stock
from treatments.supply import services as vials
from treatments.supply.models import Movement, Vial
from treatments.supply.services import moving

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def other(site: Site) -> Dose:
    """Return another patient's first dose, due today."""
    return courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TODAY))


def reserve(vial: Vial, dose: Dose) -> Vial:
    vials.reserve(vial=vial, dose=dose, by=BY, at=AT)
    return supply.again(vial)


def asked(dose: Dose, by: User, vial: Vial | None, confirmed: Collection[str] = (), **said: Any) -> dict[str, str]:
    """Return what has to be confirmed, by code; nothing is written while it is not."""
    before = written()
    with pytest.raises(course_services.Unconfirmed) as refused:
        builders.give(dose, by, vial, confirmed=confirmed, **said)
    assert written() == before
    return {caution.code: caution.text for caution in refused.value.cautions}


def yesterday(dose: Dose, by: User, vial: Vial) -> set[str]:
    """Return the codes of what has to be confirmed of a dose that was given yesterday."""
    given = builders.given(by, at=AT - DAY)
    with pytest.raises(course_services.Unconfirmed) as refused:
        services.give(dose=dose, given=given, vial=vial, by=person_actor(by), at=AT)
    return {caution.code for caution in refused.value.cautions}


def written() -> tuple[int, ...]:
    """Count everything that recording a dose may write."""
    kinds: tuple[type[models.Model], ...] = (Entry, Administration, Procedure, Movement, Dose)
    return tuple(kind._base_manager.count() for kind in kinds)


def usual(dose: Dose, by: User, vial: Vial | None, **said: Any) -> set[str]:
    """Return the codes of what has to be confirmed, without what the stage never has: results and consent."""
    return set(asked(dose, by, vial, **said)) - {"not_ready"}


class TestFromAVial:
    def test_it_leaves_the_stock_and_lends_the_record_its_lot_and_expiry(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial, lot="TYPED", vial_expires_on=TODAY)
        assert (row.lot, row.vial_expires_on, row.performer) == ("AB12", supply.EXPIRES, paul)
        assert supply.again(vial).state == "given"
        move = Movement.objects.get(kind="given")
        assert (move.administration, move.dose, move.happened_at, move.change) == (row, dose, row.given_at, -1)
        assert vials.used_at(row) == vial

    def test_the_schedule_moves_in_the_same_step(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.give(dose, paul, vial)
        coming = builders.coming(dose)
        assert (coming.label, coming.previous_on, coming.target) == ("L3", TODAY, TODAY + 14 * DAY)

    def test_a_vial_reserved_for_it_is_used_and_reserved_for_nobody(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.give(dose, paul, reserve(vial, dose))
        assert supply.moves(vial) == ["received", "reserved", "given"]
        assert supply.again(vial).reserved_for is None

    def test_another_that_was_reserved_for_it_is_free_again(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        waiting = reserve(supply.vial(site, lot="CD34"), dose)
        builders.give(dose, paul, vial)
        assert (supply.again(waiting).state, supply.again(waiting).reserved_for) == ("received", None)
        released = Movement.objects.get(kind="released")
        assert (released.reason, released.dose) == ("The dose it was reserved for is no longer to come.", dose)

    def test_a_drawn_up_one_that_was_not_given_is_free_but_still_drawn_up(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        waiting = reserve(supply.vial(site, lot="CD34"), dose)
        vials.draw_up(vial=waiting, by=BY, at=AT)
        builders.give(dose, paul, vial)
        assert (supply.again(waiting).state, supply.again(waiting).reserved_for) == ("drawn", None)

    def test_a_move_written_down_as_later_than_the_dose_is_kept_in_order(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        vials.draw_up(vial=vial, by=BY, at=AT)
        builders.give(dose, paul, vial, confirmed=CODES)
        assert [move.happened_at for move in Movement.objects.filter(vial=vial).order_by("number")][-2:] == [AT, AT]

    def test_whoever_waited_for_a_move_that_began_a_moment_later_is_not_refused(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        later = AT + timedelta(milliseconds=5)
        vials.take_out(vial=vial, by=BY, at=later)
        builders.give(dose, paul, vial)
        assert Movement.objects.get(kind="given").happened_at == later

    def test_a_form_sent_twice_gives_once(self, dose: Dose, vial: Vial, paul: User) -> None:
        key = uuid4()
        row = builders.give(dose, paul, vial, submission=key)
        before = written()
        with pytest.raises(AlreadySubmitted) as refused:
            builders.give(dose, paul, vial, submission=key)
        assert (refused.value.record, written()) == (row, before)

    def test_whoever_comes_second_is_told_of_the_dose_and_not_of_the_vial(
        self, dose: Dose, vial: Vial, paul: User, nadia: User
    ) -> None:
        builders.give(dose, paul, vial)
        with pytest.raises(course_services.DoseAlreadyGiven):
            builders.give(dose, nadia, vial)


class TestFromATypedLot:
    def test_a_free_vial_of_that_lot_and_day_is_taken_from_the_ledger(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, None, lot="ab12", vial_expires_on=supply.EXPIRES)
        assert (row.lot, vials.used_at(row)) == ("AB12", vial)

    def test_its_own_vial_comes_before_a_free_one(self, dose: Dose, vial: Vial, site: Site, paul: User) -> None:
        """On both databases: one sorts what is empty first, the other last."""
        for _ in range(3):
            supply.vial(site)
        mine = reserve(supply.vial(site), dose)
        row = builders.give(dose, paul, None, lot="AB12", vial_expires_on=supply.EXPIRES)
        assert vials.used_at(row) == mine

    def test_another_doses_vial_is_never_taken(self, dose: Dose, vial: Vial, other: Dose, paul: User) -> None:
        reserve(vial, other)
        said = asked(dose, paul, None, lot="AB12", vial_expires_on=supply.EXPIRES)
        assert said["vial_not_in_stock"] == "No vial of lot AB12 is free in the ledger; the stock will not change."

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda vial: vials.quarantine(vial=vial, code="recall", reason="", by=BY, at=AT),
            lambda vial: vials.waste(vial=vial, code="broken", reason="", by=BY, at=AT),
        ],
        ids=["quarantined", "wasted"],
    )
    def test_nor_one_that_is_held_back_or_gone(
        self, dose: Dose, vial: Vial, paul: User, spoil: Callable[[Vial], Movement]
    ) -> None:
        spoil(vial)
        assert "vial_not_in_stock" in asked(dose, paul, None, lot="AB12", vial_expires_on=supply.EXPIRES)

    def test_nor_one_of_another_day_or_another_site(self, dose: Dose, vial: Vial, other_site: Site, paul: User) -> None:
        supply.vial(other_site, lot="EF56")
        assert "vial_not_in_stock" in asked(dose, paul, None, lot="AB12", vial_expires_on=supply.EXPIRES - DAY)
        assert "vial_not_in_stock" in asked(dose, paul, None, lot="EF56", vial_expires_on=supply.EXPIRES)

    def test_without_one_the_dose_is_recorded_and_the_stock_stays(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, None, lot="PRINTED")
        assert (row.lot, vials.used_at(row)) == ("PRINTED", None)
        assert supply.again(vial).state == "received"
        assert "No vial of lot PRINTED is free" in Entry.objects.get(target_id=str(row.pk)).reason

    @pytest.mark.parametrize("lot", ["", "  "])
    def test_no_vial_and_no_lot_is_refused(self, dose: Dose, paul: User, lot: str) -> None:
        before = written()
        with pytest.raises(services.VialMissing):
            builders.give(dose, paul, None, lot=lot)
        assert written() == before

    def test_a_vial_that_waited_for_the_dose_is_free_again(self, dose: Dose, vial: Vial, paul: User) -> None:
        reserve(vial, dose)
        builders.give(dose, paul, None, lot="PRINTED")
        assert (supply.again(vial).state, supply.again(vial).reserved_for) == ("received", None)


class TestAVialThatShouldNotHaveBeenGiven:
    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"expires_on": TODAY - DAY}, "It expires on 3 Jul 2026, before the dose on 4 Jul 2026."),
            ({"product": 28}, "It holds 28 mg; the dose is 12 mg."),
        ],
        ids=["expired", "strength"],
    )
    def test_it_is_asked_about_and_recorded_with_the_reason(
        self, dose: Dose, site: Site, paul: User, facts: dict[str, Any], why: str
    ) -> None:
        if "product" in facts:
            facts = {"product": supply.product(28)}
        unfit = supply.vial(site, **facts)
        said = asked(dose, paul, unfit, confirmed=set(CODES) - {"vial_unfit"})["vial_unfit"]
        assert said == f"This vial should not have been given. {why}"
        builders.give(dose, paul, unfit)
        assert Movement.objects.get(kind="given").reason == said

    def test_one_that_expires_today_is_none(self, dose: Dose, site: Site, paul: User) -> None:
        assert "vial_unfit" not in asked(dose, paul, supply.vial(site, expires_on=TODAY))

    @pytest.mark.parametrize(("hours", "unfit"), [(4, False), (4.1, True)], ids=["four hours", "longer"])
    def test_the_clock_is_read_at_the_moment_of_the_dose(
        self, dose: Dose, vial: Vial, paul: User, hours: float, unfit: bool
    ) -> None:
        vials.draw_up(vial=vial, happened_at=AT - 10 * MINUTE - timedelta(hours=hours), by=BY, at=AT)
        assert ("vial_unfit" in asked(dose, paul, vial)) is unfit

    def test_the_sentence_does_not_change_while_somebody_reads_it(self, dose: Dose, vial: Vial, paul: User) -> None:
        vials.draw_up(vial=vial, happened_at=AT - 5 * HOUR, by=BY, at=AT)
        row, facts = supply.again(vial), (dose, Decimal(12), TODAY)
        (said,) = stock.unfit_for(row, *facts, AT)
        assert stock.unfit_for(row, *facts, AT + 7 * MINUTE) == (said,)


class TestAVialThatCannotHaveBeenGiven:
    """No reason lets the ledger contradict itself: the form says what stands in the way, and nothing is written."""

    def refused(self, dose: Dose, by: User, vial: Vial) -> str:
        before, standing = written(), supply.again(vial)
        with pytest.raises((vials.CannotMove, vials.UnfitVial)) as said:
            builders.give(dose, by, vial)
        after = supply.again(vial)
        assert written() == before
        assert (after.state, after.reserved_for, after.version) == (
            standing.state, standing.reserved_for, standing.version,
        )  # fmt: skip
        assert builders.coming(dose) == dose
        return str(said.value)

    def test_one_reserved_for_another_dose(self, dose: Dose, vial: Vial, other: Dose, paul: User) -> None:
        assert "It is reserved for another dose." in self.refused(dose, paul, reserve(vial, other))

    def test_one_reserved_for_another_dose_that_is_unfit_besides(
        self, dose: Dose, site: Site, other: Dose, paul: User
    ) -> None:
        vial = reserve(supply.vial(site, expires_on=TODAY), other)
        vials.draw_up(vial=vial, happened_at=AT - 6 * HOUR, by=BY, at=AT)
        assert "reserved for another dose" in self.refused(dose, paul, supply.again(vial))

    def test_one_in_quarantine(self, dose: Dose, vial: Vial, paul: User) -> None:
        vials.quarantine(vial=vial, code="recall", reason="Letter", by=BY, at=AT)
        assert "It is in quarantine." in self.refused(dose, paul, supply.again(vial))

    def test_one_that_was_given(self, dose: Dose, vial: Vial, other: Dose, paul: User) -> None:
        builders.give(other, paul, vial)
        assert "It is given." in self.refused(dose, paul, supply.again(vial))
        assert "It is given." in self.refused(dose, paul, vial)  # as the form had it on screen

    def test_one_that_was_wasted(self, dose: Dose, vial: Vial, paul: User) -> None:
        vials.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        assert "It is wasted." in self.refused(dose, paul, vial)

    def test_one_at_another_site(self, dose: Dose, other_site: Site, paul: User) -> None:
        assert "at another site" in self.refused(dose, paul, supply.vial(other_site))

    def test_one_that_was_held_back_while_the_caution_was_read(
        self, dose: Dose, site: Site, paul: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the question and the lock somebody quarantines it: the despite of the confirmation does not help."""
        vial = supply.vial(site, expires_on=TODAY - DAY)
        real = course_services.record_given

        def meanwhile(**facts: Any) -> Administration:
            vials.quarantine(vial=vial, code="recall", reason="Letter", by=BY, at=AT)
            return real(**facts)

        monkeypatch.setattr("treatments.courses.services.record_given", meanwhile)
        with pytest.raises(vials.CannotMove, match="in quarantine"):
            builders.give(dose, paul, vial)
        assert not Movement.objects.filter(kind="given").exists()

    def test_one_that_waited_for_the_dose_and_was_held_back_at_the_same_moment_stops_nothing(
        self, dose: Dose, vial: Vial, site: Site, paul: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its reservation has ended when the lock is there; there is nothing left to release."""
        waiting, real = reserve(supply.vial(site, lot="CD34"), dose), moving.hold
        seen: list[Vial] = []

        def meanwhile(held: Vial, *rest: Any) -> Any:
            if held == waiting and not seen:
                seen.append(held)
                vials.quarantine(vial=waiting, code="recall", reason="Letter", by=BY, at=AT)
            return real(held, *rest)

        monkeypatch.setattr("treatments.supply.services.dosing.hold", meanwhile)
        builders.give(dose, paul, vial)
        assert seen == [waiting]
        assert supply.moves(waiting) == ["received", "reserved", "quarantined"]


class TestWhatIsAsked:
    def test_a_dose_that_two_people_checked_asks_only_for_what_is_not_ready(
        self, dose: Dose, vial: Vial, nadia: User, paul: User
    ) -> None:
        builders.confirmed(dose, nadia, paul, vial=vial)
        said = asked(dose, paul, vial)
        assert set(said) == {"not_ready"}
        assert "drug" not in said["not_ready"].casefold()

    def test_a_list_nobody_confirmed(self, dose: Dose, vial: Vial, nadia: User) -> None:
        assert usual(dose, nadia, vial) == {"not_checked"}
        builders.checklist(dose, nadia, vial=vial)
        assert usual(dose, nadia, vial) == {"not_checked"}

    def test_a_list_of_another_day(self, dose: Dose, vial: Vial, nadia: User, paul: User) -> None:
        builders.confirmed(dose, nadia, paul, vial=vial, at=AT - DAY)
        assert usual(dose, nadia, vial) == {"not_checked"}

    def test_another_vial_or_amount_than_was_checked(
        self, dose: Dose, vial: Vial, site: Site, nadia: User, paul: User
    ) -> None:
        builders.confirmed(dose, nadia, paul, vial=vial)
        other = supply.vial(site, lot="CD34")
        said = asked(dose, paul, other)
        assert said["checked_otherwise"] == "What was given is not what the checklist named: another vial."
        assert "11 mg instead of 12 mg" in asked(dose, paul, vial, mg=Decimal(11))["checked_otherwise"]

    def test_a_typed_lot_that_turns_out_to_be_the_checked_vial(
        self, dose: Dose, vial: Vial, nadia: User, paul: User
    ) -> None:
        builders.confirmed(dose, nadia, paul, vial=vial)
        assert usual(dose, paul, None, lot="AB12", vial_expires_on=supply.EXPIRES) == set()

    def test_what_is_asked_of_the_schedule_besides(self, dose: Dose, vial: Vial, paul: User) -> None:
        assert usual(dose, paul, vial, ml=Decimal(4)) == {"not_checked", "volume_differs"}
        assert "interval_short" in yesterday(dose, paul, vial)

    def test_lights_are_asked_about_only_for_a_dose_of_today(self, dose: Dose, vial: Vial, paul: User) -> None:
        assert "not_ready" in asked(dose, paul, vial)
        assert "not_ready" not in yesterday(dose, paul, vial)

    def test_a_sentence_confirmed_counts_and_another_figure_is_asked_about_anew(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        read = list(asked(dose, paul, vial, mg=Decimal(11)).values())
        assert "amount_differs" in asked(dose, paul, vial, mg=Decimal(10), confirmed=read)
        row = builders.give(dose, paul, vial, mg=Decimal(11), confirmed=read)
        assert Entry.objects.get(target_id=str(row.pk)).reason == f"Confirmed: {' '.join(read)}"


class TestHowItWent:
    def facts(self, **differing: Any) -> services.Facts:
        values: dict[str, Any] = {
            "csf_ml": Decimal(5),
            "csf_appearance": "bloody",
            "level": "l3_4",
            "approach": "interlaminar",
            "guidance": "ultrasound",
            "needle": "22 G, atraumatic",
            "punctures": 2,
            "ended_at": AT - 8 * MINUTE,
            "sedation": "none",
            "complications": ("traumatic", "headache"),
            "complication_note": "Second puncture",
        }
        return services.Facts(**(values | differing))

    def test_it_is_kept_beside_the_record(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial, facts=self.facts())
        kept = Procedure.objects.get(administration=row)
        assert (kept.csf_ml, kept.level, kept.punctures, kept.ended_at) == (Decimal(5), "l3_4", 2, AT - 8 * MINUTE)
        assert kept.complications == ["traumatic", "headache"]
        assert (kept.site_id, kept.patient_id) == (row.site_id, row.patient_id)

    def test_nothing_said_is_nothing_kept(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.give(dose, paul, vial)
        assert not Procedure.objects.exists()

    @pytest.mark.parametrize(
        ("ended", "refused"),
        [(-10 * MINUTE, False), (-10 * MINUTE - timedelta(seconds=1), True), (0 * MINUTE, False), (MINUTE, True)],
        ids=["at once", "before it began", "now", "in the future"],
    )
    def test_an_injection_ends_between_its_beginning_and_now(
        self, dose: Dose, vial: Vial, paul: User, ended: timedelta, refused: bool
    ) -> None:
        facts = self.facts(ended_at=AT + ended)
        if not refused:
            assert builders.give(dose, paul, vial, facts=facts).given_at == AT - 10 * MINUTE
            return
        before = written()
        with pytest.raises(services.EndsBeforeItBegins):
            builders.give(dose, paul, vial, facts=facts)
        assert written() == before

    def test_a_long_injection_is_asked_about(self, dose: Dose, vial: Vial, paul: User) -> None:
        long = self.facts(ended_at=AT - 6 * MINUTE)
        assert "The injection took 4 minutes" in asked(dose, paul, vial, facts=long)["injection_time"]
        assert "injection_time" not in asked(dose, paul, vial, facts=self.facts(ended_at=AT - 7 * MINUTE))

    @pytest.mark.parametrize(
        ("column", "value"), [("csf_ml", Decimal("50.1")), ("csf_ml", Decimal(-1)), ("punctures", 0)], ids=str
    )
    def test_the_database_keeps_figures_that_can_be(
        self, dose: Dose, vial: Vial, paul: User, column: str, value: Any
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            builders.give(dose, paul, vial, facts=self.facts(**{column: value}))


class TestWhatTheCourseRefuses:
    @pytest.mark.parametrize(
        ("said", "refusal"),
        [
            ({"at": AT + MINUTE}, course_services.GivenInTheFuture),
            ({"at": AT - 14 * DAY}, course_services.GivenOnSuchADay),
        ],
        ids=["future", "taken day"],
    )
    def test_nothing_is_written(
        self, dose: Dose, vial: Vial, paul: User, said: dict[str, Any], refusal: type[Exception]
    ) -> None:
        before = written()
        given = builders.given(paul, **said)
        with pytest.raises(refusal):
            services.give(dose=dose, given=given, vial=vial, by=person_actor(paul), at=AT, confirmed=CODES)
        assert written() == before
        assert supply.again(vial).state == "received"

    def test_on_a_stopped_course(self, begun: Course, dose: Dose, vial: Vial, paul: User) -> None:
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            builders.give(dose, paul, vial)

    def test_in_a_place_that_was_counted_away(self, begun: Course, dose: Dose, vial: Vial, paul: User) -> None:
        builders.take_back(Administration.objects.get(given_on=date(2026, 6, 20)), paul)
        with pytest.raises(course_services.DoseAlreadyGiven):
            builders.give(dose, paul, vial)
        with pytest.raises(vials.DoseNotPlanned):
            vials.reserve(vial=vial, dose=dose, by=BY, at=AT)
