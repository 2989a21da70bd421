"""An attempt that gave nothing, or part of the dose: the series stands, and what was opened is gone."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.conftest import TODAY
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.services import Attempted
from treatments.dose_day import services
from treatments.dose_day.models import Procedure
from treatments.supply import services as vials
from treatments.supply.models import Movement, Vial

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def other(site: Site) -> Dose:
    """Return another patient's first dose, due today."""
    return courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TODAY))


@pytest.fixture
def drawn(dose: Dose, vial: Vial) -> Vial:
    """Return a vial that is drawn up for the dose."""
    vials.reserve(vial=vial, dose=dose, by=BY, at=AT - HOUR)
    vials.draw_up(vial=vial, by=BY, at=AT - HOUR)
    return supply.again(vial)


def refused(dose: Dose, by: User, vial: Vial | None, said: str, **facts: Any) -> None:
    """Expect a refusal that says so, and nothing written."""
    before = (Administration.objects.count(), Movement.objects.count(), Entry.objects.count())
    with pytest.raises((services.DrawnUp, vials.CannotMove), match=said):
        builders.fail(dose, by, vial, **facts)
    assert (Administration.objects.count(), Movement.objects.count(), Entry.objects.count()) == before
    assert builders.coming(dose) == dose


class TestNothingWentIn:
    def test_the_dose_stays_the_next_one_at_the_date_it_had(self, dose: Dose, paul: User) -> None:
        row = builders.fail(dose, paul, reason="infection")
        coming = builders.coming(dose)
        assert (row.outcome, row.reason, row.given_on) == ("not_done", "infection", TODAY)
        assert (coming, coming.target, coming.needs_review) == (dose, TODAY, False)

    def test_a_vial_that_was_not_opened_stays_as_it_was(self, dose: Dose, vial: Vial, paul: User) -> None:
        vials.reserve(vial=vial, dose=dose, by=BY, at=AT)
        builders.fail(dose, paul)
        assert supply.moves(vial) == ["received", "reserved"]

    @pytest.mark.parametrize(
        ("reason", "code"), [("no_access", "failed_attempt"), ("infection", "dose_cancelled")], ids=str
    )
    def test_an_opened_one_is_wasted_and_the_ledger_says_at_which_attempt_and_why(
        self, dose: Dose, drawn: Vial, paul: User, reason: str, code: str
    ) -> None:
        row = builders.fail(dose, paul, drawn, reason=reason)
        stored, move = supply.again(drawn), Movement.objects.get(kind="wasted")
        assert (stored.state, stored.reserved_for, row.lot) == ("wasted", None, "AB12")
        assert (move.administration, move.dose, move.reason_code, move.change) == (row, dose, code, -1)
        assert move.reason == row.get_reason_display()
        assert vials.used_at(row) == drawn

    def test_whoever_waited_for_a_move_that_began_a_moment_later_is_not_refused(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        vials.take_out(vial=vial, by=BY, at=AT + timedelta(milliseconds=5))
        builders.fail(dose, paul, vial)
        assert supply.moves(vial) == ["received", "taken_out", "wasted"]

    def test_a_vial_that_nobody_had_reserved_can_have_been_opened(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.fail(dose, paul, vial)
        assert supply.moves(vial) == ["received", "wasted"]

    def test_what_is_drawn_up_for_the_dose_cannot_have_stayed_as_it_was(
        self, dose: Dose, drawn: Vial, paul: User
    ) -> None:
        refused(dose, paul, None, "Lot AB12 is drawn up for this dose")
        assert supply.again(drawn).state == "drawn"

    def test_what_is_out_or_drawn_up_for_another_dose_is_nothing_of_this_one(
        self, dose: Dose, vial: Vial, other: Dose, paul: User
    ) -> None:
        vials.reserve(vial=vial, dose=other, by=BY, at=AT)
        vials.draw_up(vial=vial, by=BY, at=AT)
        assert builders.fail(dose, paul).dose == dose


class TestPartOfItWentIn:
    def test_its_vial_is_given_and_a_prescriber_has_to_decide(self, dose: Dose, drawn: Vial, paul: User) -> None:
        row = builders.fail(dose, paul, drawn, mg=6)
        coming, move = builders.coming(dose), Movement.objects.get(kind="given")
        assert (row.outcome, row.mg, row.lot) == ("partial", Decimal(6), "AB12")
        assert (coming, coming.needs_review) == (dose, True)
        assert (move.administration, move.reason) == (row, f"Part of it went in. {row.get_reason_display()}.")
        assert supply.again(drawn).state == "given"

    def test_also_from_a_vial_that_should_not_have_been_used(self, dose: Dose, site: Site, paul: User) -> None:
        old = supply.vial(site, expires_on=TODAY - DAY)
        builders.fail(dose, paul, old, mg=6)
        assert supply.moves(old) == ["received", "given"]

    def test_the_whole_dose_from_another_vial_may_follow_on_the_same_day(
        self, dose: Dose, drawn: Vial, site: Site, paul: User
    ) -> None:
        builders.fail(dose, paul, drawn, mg=6)
        second = supply.vial(site, lot="CD34")
        row = builders.give(dose, paul, second)
        assert (vials.used_at(row), builders.coming(dose).label) == (second, "L3")

    @pytest.mark.parametrize("mg", [0, 12, 13])
    def test_nothing_or_the_whole_dose_is_no_part_of_it(self, dose: Dose, drawn: Vial, paul: User, mg: int) -> None:
        with pytest.raises(course_services.MoreThanTheDose):
            builders.fail(dose, paul, drawn, mg=mg)
        assert supply.again(drawn).state == "drawn"


class TestAVialThatCannotHaveBeenOpened:
    @pytest.mark.parametrize("mg", [None, 6], ids=["nothing", "partly"])
    def test_one_reserved_for_another_dose(
        self, dose: Dose, vial: Vial, other: Dose, paul: User, mg: int | None
    ) -> None:
        vials.reserve(vial=vial, dose=other, by=BY, at=AT)
        refused(dose, paul, vial, "reserved for another dose; release it first", mg=mg)
        assert supply.again(vial).reserved_for == other

    @pytest.mark.parametrize("mg", [None, 6], ids=["nothing", "partly"])
    def test_one_in_quarantine(self, dose: Dose, vial: Vial, paul: User, mg: int | None) -> None:
        vials.quarantine(vial=vial, code="recall", reason="Letter", by=BY, at=AT)
        refused(dose, paul, vial, "in quarantine", mg=mg)

    @pytest.mark.parametrize("mg", [None, 6], ids=["nothing", "partly"])
    def test_one_that_was_given(self, dose: Dose, vial: Vial, other: Dose, paul: User, mg: int | None) -> None:
        builders.give(other, paul, vial)
        refused(dose, paul, vial, "This vial is given", mg=mg)

    @pytest.mark.parametrize("mg", [None, 6], ids=["nothing", "partly"])
    def test_one_at_another_site(self, dose: Dose, other_site: Site, paul: User, mg: int | None) -> None:
        refused(dose, paul, supply.vial(other_site), "at another site", mg=mg)


class TestWhatIsKept:
    def test_how_it_went_and_what_happens_next(self, dose: Dose, paul: User) -> None:
        row = builders.fail(dose, paul, punctures=3, complications=("nerve_pain",), next_step="rebook")
        kept = Procedure.objects.get(administration=row)
        assert (kept.punctures, kept.complications, kept.next_step) == (3, ["nerve_pain"], "rebook")

    @pytest.mark.parametrize("step", [step.value for step in Procedure.Next])
    def test_each_step_is_kept_by_itself(self, dose: Dose, paul: User, step: str) -> None:
        row = builders.fail(dose, paul, next_step=step)
        assert Procedure.objects.get(administration=row).next_step == step

    def test_nothing_said_is_nothing_kept(self, dose: Dose, paul: User) -> None:
        builders.fail(dose, paul)
        assert not Procedure.objects.exists()

    def test_several_attempts_of_one_day_stand_side_by_side(self, dose: Dose, paul: User) -> None:
        builders.fail(dose, paul, reason="infection")
        builders.fail(dose, paul, reason="no_access")
        assert Administration.objects.standing().filter(dose=dose).count() == 2


class TestWhatTheCourseRefuses:
    def fail(self, dose: Dose, by: User, vial: Vial | None = None, **facts: Any) -> Administration:
        values: dict[str, Any] = {"on": TODAY, "reason": "no_access", "performer": by} | facts
        submission = values.pop("submission", None)
        failed = services.Failed(Attempted(**values), vial)
        return services.not_given(dose=dose, failed=failed, by=person_actor(by), at=AT, submission=submission)

    def test_a_form_sent_twice_records_one_attempt_and_wastes_one_vial(
        self, dose: Dose, vial: Vial, paul: User
    ) -> None:
        key = uuid4()
        self.fail(dose, paul, vial, submission=key)
        with pytest.raises(AlreadySubmitted):
            self.fail(dose, paul, vial, submission=key)
        assert supply.moves(vial) == ["received", "wasted"]

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"on": TODAY + DAY}, course_services.GivenInTheFuture),
            ({"reason": ""}, course_services.ReasonMissing),
        ],
        ids=["future", "no reason"],
    )
    def test_an_opened_vial_is_then_not_wasted_either(
        self, dose: Dose, vial: Vial, paul: User, facts: dict[str, Any], refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            self.fail(dose, paul, vial, **facts)
        assert supply.moves(vial) == ["received"]

    def test_once_the_dose_was_given(self, dose: Dose, vial: Vial, paul: User) -> None:
        builders.give(dose, paul, None)
        with pytest.raises(course_services.DoseAlreadyGiven):
            self.fail(dose, paul, vial)

    def test_on_a_stopped_course(self, begun: Course, dose: Dose, paul: User) -> None:
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            self.fail(dose, paul)
