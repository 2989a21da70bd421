"""Taking a record back, or putting it right: vial and schedule together, in one step, with the old record visible."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.decided import COUNTS, decide
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.builders import MINUTE
from tests.treatments.dose_day.conftest import FIRST_ON, TODAY
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.dose_day import queries, services
from treatments.dose_day.models import Discharge, Procedure
from treatments.rules import vials as vial_rules
from treatments.rules.cautions import CODES
from treatments.rules.proposals import Matter
from treatments.supply import queries as stock
from treatments.supply import services as vials
from treatments.supply.models import Movement, Vial

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def reserved(vial: Vial, dose: Dose) -> None:
    vials.reserve(vial=vial, dose=dose, by=BY, at=AT - 2 * HOUR)


def out(vial: Vial, dose: Dose) -> None:
    reserved(vial, dose)
    vials.take_out(vial=vial, in_carton=False, by=BY, at=AT - HOUR)


def drawn(vial: Vial, dose: Dose) -> None:
    out(vial, dose)
    vials.draw_up(vial=vial, by=BY, at=AT - HOUR)


def free(vial: Vial, dose: Dose) -> None:
    """Leave it in stock, for nobody."""


STATES: list[Callable[[Vial, Dose], None]] = [free, reserved, out, drawn]


def standing(vial: Vial) -> vial_rules.Standing:
    """Return where a vial stands by its ledger."""
    return vial_rules.stand(stock.facts_of([vial], TODAY)[vial.pk].moves)


def columns(vial: Vial) -> tuple[Any, ...]:
    row = supply.again(vial)
    return row.state, row.reserved_for, row.place


def correct(row: Administration, by: User, vial: Vial | None, **facts: Any) -> Administration:
    """Put a record right, confirming whatever is asked."""
    names = ("reason", "confirmed", "expected", "facts")
    values: dict[str, Any] = {"reason": "Misread", "confirmed": CODES}
    values |= {name: facts.pop(name) for name in names if name in facts}
    given = builders.given(by, **facts)
    return services.correct(administration=row, given=given, vial=vial, by=person_actor(by), at=AT, **values)


class TestTakingBackADose:
    @pytest.mark.parametrize("prepare", STATES, ids=lambda prepare: prepare.__name__)
    def test_its_vial_is_in_the_very_state_it_had(
        self, dose: Dose, vial: Vial, paul: User, prepare: Callable[[Vial, Dose], None]
    ) -> None:
        prepare(vial, dose)
        before = columns(vial), standing(vial)
        row = builders.give(dose, paul, vial)
        builders.take_back(row, paul)
        assert (columns(vial), standing(vial)) == before
        assert supply.moves(vial)[-2:] == ["given", "restored"]
        assert vials.used_at(row) is None

    def test_the_row_that_said_so_is_voided_and_visible(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        builders.take_back(row, paul, "Given to her sister")
        move = Movement.objects.get(kind="given")
        assert (move.voided_at, move.void_reason) == (AT, "Given to her sister")
        restored = Movement.objects.get(kind="restored")
        assert (restored.reason, restored.change, restored.dose) == ("Given to her sister", 1, dose)

    def test_the_dose_comes_again_and_may_be_given_from_the_same_vial(self, dose: Dose, vial: Vial, paul: User) -> None:
        reserved(vial, dose)
        builders.take_back(builders.give(dose, paul, vial), paul)
        assert (builders.coming(dose), builders.coming(dose).label) == (dose, "L2")
        assert vials.used_at(builders.give(dose, paul, vial)) == vial
        assert builders.coming(dose).label == "L3"

    def test_without_a_vial_of_the_ledger_no_stock_moves(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.take_back(builders.give(dose, paul, None), paul)
        assert supply.moves(vial) == ["received"]

    def test_a_vial_reserved_for_the_place_that_goes_is_free_again(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial)
        waiting = supply.vial(site, lot="CD34")
        vials.reserve(vial=waiting, dose=builders.coming(dose), by=BY, at=AT)
        builders.take_back(row, paul)
        assert columns(waiting)[:2] == ("received", None)
        assert columns(vial)[0] == "received"

    def test_the_vial_of_a_dose_from_the_middle_is_nobodys_for_its_place_is_gone(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        reserved(vial, dose)
        row = builders.give(dose, paul, vial, at=AT)
        later = supply.vial(site, lot="CD34")
        course_services.record_elsewhere(
            course=dose.course, given_on=TODAY - 3 * DAY, mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        coming = builders.coming(dose)
        vials.reserve(vial=later, dose=coming, by=BY, at=AT)
        builders.take_back(Administration.objects.get(given_on=TODAY - 3 * DAY), paul)
        assert columns(later)[:2] == ("reserved", coming)  # what was told of elsewhere had a place of its own
        builders.take_back(row, paul)
        assert columns(vial)[:2] == ("reserved", dose)
        assert columns(later)[:2] == ("received", None)

    def test_a_middle_dose(self, begun: Course, dose: Dose, vial: Vial, site: Site, paul: User) -> None:
        reserved(vial, dose)
        middle = services.give(
            dose=dose,
            given=builders.given(paul, at=AT - 10 * DAY),
            vial=vial,
            by=person_actor(paul),
            at=AT,
            confirmed=CODES,
        )
        builders.give(builders.coming(dose), paul, supply.vial(site, lot="CD34"))
        coming = builders.coming(dose)
        builders.take_back(middle, paul)
        assert columns(vial)[:2] == ("received", None)
        assert supply.moves(vial)[-2:] == ["restored", "released"]
        assert (builders.coming(dose), builders.coming(dose).label) == (coming, "L3")

    def test_nothing_of_it_is_half_done_when_the_course_refuses(
        self, begun: Course, dose: Dose, vial: Vial, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial)
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        before = Entry.objects.count()
        with pytest.raises(course_services.CourseStopped):
            builders.take_back(row, paul)
        with pytest.raises(course_services.CourseStopped):
            correct(row, paul, vial)
        assert (columns(vial)[0], Entry.objects.count()) == ("given", before)

    def test_twice_is_said(self, dose: Dose, vial: Vial, paul: User, nadia: User) -> None:
        row = builders.give(dose, paul, vial)
        builders.take_back(row, paul, "Wrong day")
        with pytest.raises(AlreadySubmitted):
            builders.take_back(row, paul, "Wrong day")
        with pytest.raises(course_services.TakenBackAlready):
            builders.take_back(row, nadia, "Wrong patient")
        assert supply.moves(vial) == ["received", "given", "restored"]

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_a_reason_is_needed(self, dose: Dose, vial: Vial, paul: User, reason: str) -> None:
        row = builders.give(dose, paul, vial)
        with pytest.raises(course_services.ReasonMissing):
            builders.take_back(row, paul, reason)
        with pytest.raises(course_services.ReasonMissing):
            correct(row, paul, vial, reason=reason)
        assert columns(vial)[0] == "given"

    def test_a_record_changed_since_it_was_on_screen_is_read_again(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        with pytest.raises(StaleRecord):
            services.take_back(
                administration=row, reason="Slip", by=person_actor(paul), at=AT, expected=row.version - 1
            )
        assert columns(vial)[0] == "given"

    def test_how_it_went_stays_with_the_old_record(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial, facts=services.Facts(punctures=2))
        builders.take_back(row, paul, "Wrong patient")
        assert Procedure.objects.standing().get(administration=row).punctures == 2
        (old,) = queries.old_records(dose)
        assert (old.what, old.why) == ("Given on 4 Jul 2026, 12 mg, lot AB12", "Wrong patient")
        assert old.by == "Paul Proceduralist, 4 Jul 2026, 13:00"
        assert queries.latest_attempt(dose, TODAY) is None


class TestTakingBackAFailedAttempt:
    @pytest.mark.parametrize("prepare", STATES, ids=lambda prepare: prepare.__name__)
    @pytest.mark.parametrize("mg", [None, 6], ids=["wasted", "partly given"])
    def test_its_vial_is_in_the_very_state_it_had(
        self, dose: Dose, vial: Vial, paul: User, prepare: Callable[[Vial, Dose], None], mg: int | None
    ) -> None:
        prepare(vial, dose)
        before = columns(vial), standing(vial)
        builders.take_back(builders.fail(dose, paul, vial, mg=mg), paul)
        assert (columns(vial), standing(vial)) == before
        assert builders.coming(dose) == dose
        assert not builders.coming(dose).needs_review

    def test_another_vial_reserved_meanwhile_keeps_its_reservation(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        drawn(vial, dose)
        row = builders.fail(dose, paul, vial)
        other = supply.vial(site, lot="CD34")
        vials.reserve(vial=other, dose=dose, by=BY, at=AT)
        builders.take_back(row, paul)
        assert columns(other)[:2] == ("reserved", dose)
        assert columns(vial)[:2] == ("drawn", None)

    def test_a_partial_dose_that_counted_takes_decision_place_and_vial_back(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        reserved(vial, dose)
        row = builders.fail(dose, paul, vial, mg=6)
        decision = decide(dose.course, Matter.PARTIAL, COUNTS, "2026-07-04", attempt=row, at=AT)
        assert builders.coming(dose).label == "L3"
        builders.take_back(Administration.objects.get(pk=row.pk), paul)
        decision.refresh_from_db()
        assert decision.voided_at == AT
        assert (builders.coming(dose), columns(vial)[:2]) == (dose, ("reserved", dose))

    def test_a_vial_wasted_in_stock_is_not_brought_back_by_any_record(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.fail(dose, paul)
        vials.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        builders.take_back(row, paul)
        assert columns(vial)[0] == "wasted"


class TestARecalledLot:
    """The recall came while the vial was on record as given: it does not go back on the shelf."""

    def recall(self, site: Site) -> None:
        supply.vial(site)
        vials.quarantine_lot(lot="AB12", sites=[site.pk], reason="Letter of 4 July", by=BY, at=AT)

    @pytest.mark.parametrize("mg", [None, 6, 12], ids=["wasted", "partly", "given"])
    def test_what_comes_back_is_held_back(self, dose: Dose, vial: Vial, site: Site, paul: User, mg: int | None) -> None:
        row = builders.give(dose, paul, vial) if mg == 12 else builders.fail(dose, paul, vial, mg=mg)
        self.recall(site)
        builders.take_back(row, paul)
        move = Movement.objects.filter(vial=vial).latest("number")
        assert (move.kind, move.reason_code, move.reason) == ("quarantined", "recall", "Letter of 4 July")
        assert columns(vial)[:2] == ("quarantined", None)

    def test_a_record_of_it_may_be_put_right(self, dose: Dose, vial: Vial, site: Site, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        self.recall(site)
        correct(row, paul, vial, at=AT - 20 * MINUTE)
        assert columns(vial)[0] == "given"

    def test_and_if_it_was_another_one_this_one_is_held_back(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial)
        self.recall(site)
        correct(row, paul, supply.vial(site, lot="CD34"))
        assert columns(vial)[0] == "quarantined"

    def test_a_lot_that_was_released_again_goes_back_on_the_shelf(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial)
        self.recall(site)
        for held in Vial.objects.filter(state="quarantined"):
            vials.free(vial=held, reason="Withdrawn by the maker", by=BY, at=AT)
        builders.take_back(row, paul)
        assert columns(vial)[0] == "received"

    def test_neither_another_lot_nor_another_site_nor_a_single_broken_vial_is_a_recall(
        self, dose: Dose, vial: Vial, site: Site, other_site: Site, paul: User
    ) -> None:
        row = builders.give(dose, paul, vial)
        for lot, where, code in (("CD34", site, "recall"), ("AB12", other_site, "recall"), ("AB12", site, "defect")):
            vials.quarantine(vial=supply.vial(where, lot=lot), code=code, reason="", by=BY, at=AT)
        builders.take_back(row, paul)
        assert columns(vial)[0] == "received"


class TestCorrecting:
    def test_the_same_vial_may_be_chosen_again(self, dose: Dose, vial: Vial, paul: User) -> None:
        reserved(vial, dose)
        old = builders.give(dose, paul, vial)
        new = correct(old, paul, vial, at=AT - 30 * MINUTE, note="Clock was wrong")
        assert (new.given_at, new.lot, vials.used_at(new)) == (AT - 30 * MINUTE, "AB12", vial)
        assert vials.used_at(old) is None
        assert supply.moves(vial) == ["received", "reserved", "given", "restored", "given"]
        assert Movement.objects.standing().filter(kind="given").count() == 1

    @pytest.mark.parametrize("prepare", STATES, ids=lambda prepare: prepare.__name__)
    def test_another_one_takes_its_place_and_it_is_for_nobody(
        self, dose: Dose, vial: Vial, site: Site, paul: User, prepare: Callable[[Vial, Dose], None]
    ) -> None:
        prepare(vial, dose)
        state = columns(vial)[0]
        old = builders.give(dose, paul, vial)
        other = supply.vial(site, lot="CD34")
        new = correct(old, paul, other)
        assert (new.lot, vials.used_at(new), columns(other)[0]) == ("CD34", other, "given")
        assert columns(vial)[:2] == ("received" if state == "reserved" else state, None)

    def test_a_dose_recorded_by_its_lot_is_given_a_vial_of_the_ledger(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, None)
        assert vials.used_at(correct(old, paul, vial)) == vial

    def test_and_the_other_way_round_its_vial_goes_back(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, vial)
        new = correct(old, paul, None, lot="PRINTED")
        assert (new.lot, vials.used_at(new), columns(vial)[0]) == ("PRINTED", None, "received")

    def test_a_vial_reserved_for_the_dose_after_it_stays_reserved(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        old = builders.give(dose, paul, vial)
        waiting = supply.vial(site, lot="CD34")
        vials.reserve(vial=waiting, dose=builders.coming(dose), by=BY, at=AT)
        correct(old, paul, vial, at=AT - 20 * MINUTE)
        assert columns(waiting)[:2] == ("reserved", builders.coming(dose))

    def test_a_vial_that_was_given_to_somebody_else_leaves_everything_as_it_was(
        self, dose: Dose, vial: Vial, site: Site, paul: User
    ) -> None:
        old = builders.give(dose, paul, vial)
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TODAY))
        theirs = supply.vial(site, lot="CD34")
        builders.give(other, paul, theirs)
        before = Entry.objects.count()
        with pytest.raises((vials.CannotMove, vials.UnfitVial)):
            correct(old, paul, theirs)
        assert (Entry.objects.count(), vials.used_at(old), columns(vial)[0]) == (before, vial, "given")

    def test_what_is_asked_is_asked_of_the_record_as_it_will_be(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, vial)
        with pytest.raises(course_services.Unconfirmed) as refused:
            correct(old, paul, vial, ml=Decimal(4), confirmed=())
        assert {caution.code for caution in refused.value.cautions} == {"not_checked", "volume_differs"}
        assert vials.used_at(old) == vial

    def test_the_checklist_of_the_day_is_compared_with_it(
        self, dose: Dose, vial: Vial, site: Site, nadia: User, paul: User
    ) -> None:
        builders.confirmed(dose, nadia, paul, vial=vial)
        old = builders.give(dose, paul, vial)
        new = correct(old, paul, vial, confirmed=(), note="Left side")
        with pytest.raises(course_services.Unconfirmed) as refused:
            correct(new, paul, supply.vial(site, lot="CD34"), confirmed=())
        assert {caution.code for caution in refused.value.cautions} == {"checked_otherwise"}

    def test_its_number_is_the_one_it_has_by_now(self, dose: Dose, vial: Vial, nadia: User, paul: User) -> None:
        """A dose told of since made it the third; the checklist said the second."""
        builders.confirmed(dose, nadia, paul, vial=vial)
        old = builders.give(dose, paul, vial)
        assert old.dose.label == "L2"
        course_services.record_elsewhere(
            course=dose.course, given_on=FIRST_ON - 20 * DAY, mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        with pytest.raises(course_services.Unconfirmed) as refused:
            correct(old, paul, vial, confirmed=())
        assert [caution.text for caution in refused.value.cautions] == [
            "What was given is not what the checklist named: dose L3 instead of L2."
        ]

    def test_how_it_went_is_said_anew_with_the_new_record(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, vial, facts=services.Facts(punctures=2))
        new = correct(old, paul, vial, facts=services.Facts(punctures=1))
        assert Procedure.objects.get(administration=new).punctures == 1
        assert Procedure.objects.get(administration=old).punctures == 2

    def test_twice_is_said_before_anything_about_the_vial(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, vial)
        correct(old, paul, None, lot="PRINTED", reason="Wrong lot")
        with pytest.raises(course_services.TakenBackAlready, match="Wrong lot"):
            correct(old, paul, None, lot="", reason="Other")
        with pytest.raises(AlreadySubmitted):
            correct(old, paul, None, lot="", reason="Wrong lot")

    def test_only_a_dose_given_here_as_a_whole(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.fail(dose, paul, vial, mg=6)
        with pytest.raises(course_services.NotCorrectable):
            correct(row, paul, vial)
        assert (vials.used_at(row), columns(vial)[0]) == (vial, "given")

    def test_an_injection_that_ends_before_it_begins(self, dose: Dose, vial: Vial, paul: User) -> None:
        old = builders.give(dose, paul, vial)
        with pytest.raises(services.EndsBeforeItBegins):
            correct(old, paul, vial, facts=services.Facts(ended_at=AT - HOUR))
        assert vials.used_at(old) == vial


class TestGoingHome:
    """What hangs on the record of the day: that the patient went home after it, and is called."""

    def test_it_is_taken_back_with_the_record(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        home = builders.go_home(dose, paul)
        builders.take_back(row, paul, "Wrong patient")
        home.refresh_from_db()
        assert (home.voided_at, home.void_reason) == (AT, "Wrong patient")
        with pytest.raises(services.NobodyToCall):
            builders.call(home, paul)

    def test_it_stays_while_another_attempt_of_that_day_stands(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.fail(dose, paul)
        row = builders.give(dose, paul, vial)
        home = builders.go_home(dose, paul)
        builders.take_back(row, paul)
        home.refresh_from_db()
        assert home.voided_at is None

    def test_of_another_day_it_stays(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.fail(dose, paul, on=TODAY - DAY)
        home = builders.go_home(dose, paul, on=TODAY - DAY)
        builders.take_back(builders.give(dose, paul, vial), paul)
        home.refresh_from_db()
        assert home.voided_at is None

    def test_it_goes_along_when_the_day_is_put_right(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        home = builders.go_home(dose, paul)
        correct(row, paul, vial, at=AT - DAY)
        home.refresh_from_db()
        assert (home.on, home.call_on, home.call_due_on) == (TODAY - DAY, TODAY + 2 * DAY, TODAY + 2 * DAY)

    def test_and_the_call_still_comes_after_it(self, dose: Dose, vial: Vial, paul: User) -> None:
        given = builders.given(paul, at=AT - 5 * DAY)
        row = services.give(dose=dose, given=given, vial=vial, by=person_actor(paul), at=AT, confirmed=CODES)
        home = builders.go_home(dose, paul, on=TODAY - 5 * DAY, call_on=TODAY - 4 * DAY)
        correct(row, paul, vial)
        home.refresh_from_db()
        assert (home.on, home.call_on, home.call_due_on) == (TODAY, TODAY + DAY, TODAY + DAY)

    def test_nobody_is_called_again_who_was_reached(self, dose: Dose, vial: Vial, paul: User) -> None:
        given = builders.given(paul, at=AT - 5 * DAY)
        row = services.give(dose=dose, given=given, vial=vial, by=person_actor(paul), at=AT, confirmed=CODES)
        home = builders.go_home(dose, paul, on=TODAY - 5 * DAY, call_on=TODAY - 4 * DAY)
        builders.call(home, paul)
        correct(row, paul, vial)
        home.refresh_from_db()
        assert (home.on, home.call_due_on) == (TODAY, None)

    def test_a_new_time_of_the_same_day_leaves_it_alone(self, dose: Dose, vial: Vial, paul: User) -> None:
        row = builders.give(dose, paul, vial)
        home = builders.go_home(dose, paul)
        correct(row, paul, vial, at=AT - 30 * MINUTE)
        assert Discharge.objects.get().version == home.version

    def test_of_two_that_fall_on_one_day_the_one_of_that_day_stands(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.fail(dose, paul, on=TODAY - DAY)
        stays = builders.go_home(dose, paul, on=TODAY - DAY)
        row = builders.give(dose, paul, vial)
        goes = builders.go_home(dose, paul)
        correct(row, paul, vial, at=AT - DAY)
        goes.refresh_from_db()
        assert goes.void_reason == "The day of the dose was corrected. One of that day stands."
        assert Discharge.objects.standing().get() == stays
