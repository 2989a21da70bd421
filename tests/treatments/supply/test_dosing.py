"""Reserving, drawing up, giving and taking back: nothing unfit is chosen, and undo restores the vial."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from clinic.patients.models import Patient
from clinic.records.models import ClinicalRecord
from clinic.records.writing import AlreadySubmitted, derive
from clinic.staff.models import Site
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.conftest import TARGET
from tests.treatments.supply import builders
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.supply import services
from treatments.supply.models import Movement, Vial
from treatments.supply.services.dosing import day_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def given_dose(begun: Course, dose: Dose) -> Administration:
    """The second dose, recorded at ten on 4 July without naming a vial of the ledger."""
    return courses.give(begun, AT.date())


def reserve(vial: Vial, dose: Dose, **facts: Any) -> Movement:
    return services.reserve(vial=vial, dose=dose, by=BY, at=AT, **facts)


def give(vial: Vial, administration: Administration, **facts: Any) -> Movement:
    return services.give(vial=vial, administration=administration, by=BY, at=AT, **facts)


def restore(vial: Vial, reason: str = "Wrong patient") -> Movement:
    return services.restore(vial=vial, reason=reason, by=BY, at=AT)


class TestReserving:
    def test_the_vial_is_the_doses_and_nobody_elses(self, vial: Vial, dose: Dose) -> None:
        row = reserve(vial, dose)
        stored = builders.again(vial)
        assert (stored.state, stored.reserved_for, row.patient_id) == ("reserved", dose, dose.patient_id)

    def test_a_reserved_vial_is_taken(self, vial: Vial, dose: Dose, site: Site) -> None:
        reserve(vial, dose)
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET))
        with pytest.raises(services.UnfitVial, match="It is reserved for another dose"):
            reserve(vial, other)

    def test_a_dose_has_one_vial_and_the_other_is_named(self, vial: Vial, dose: Dose, site: Site) -> None:
        reserve(vial, dose)
        with pytest.raises(services.DoseHasVial, match=r"Lot AB12, 12 mg, expires 30 Jun 2027\. Release that one"):
            reserve(builders.vial(site), dose)

    def test_a_vial_lasts_until_the_day_of_the_dose(self, site: Site, dose: Dose) -> None:
        short = builders.vial(site, expires_on=TARGET - DAY)
        with pytest.raises(services.UnfitVial) as refused:
            reserve(short, dose)
        assert str(refused.value) == (
            "Lot AB12, 12 mg, expires 8 Jul 2026: It expires on 8 Jul 2026, before the dose on 9 Jul 2026."
        )
        assert reserve(builders.vial(site, expires_on=TARGET), dose).state == "reserved"

    def test_the_booked_day_counts_before_the_target(self, site: Site, dose: Dose) -> None:
        course_services.book(dose=dose, on=TARGET + DAY, at_time=None, place="", by=BY, at=AT)
        with pytest.raises(services.UnfitVial, match="before the dose on 10 Jul 2026"):
            reserve(builders.vial(site, expires_on=TARGET), dose)

    def test_a_dose_that_is_late_wants_a_vial_for_today(self, dose: Dose) -> None:
        assert day_of(dose, date(2026, 8, 1)) == date(2026, 8, 1)
        assert day_of(dose, date(2026, 7, 1)) == TARGET

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda vial: services.waste(vial=vial, code="broken", reason="", by=BY, at=AT), "It is wasted."),
            (
                lambda vial: services.quarantine(vial=vial, code="recall", reason="", by=BY, at=AT),
                "It is in quarantine.",
            ),
            (
                lambda vial: services.take_out(vial=vial, in_carton=False, happened_at=AT - 31 * HOUR, by=BY, at=AT),
                "30 hours are allowed.",
            ),
        ],
        ids=["wasted", "quarantined", "warm"],
    )
    def test_nothing_gone_held_back_or_over_its_clock_is_chosen(
        self, site: Site, dose: Dose, spoil: Callable[[Vial], Movement], said: str
    ) -> None:
        vial = builders.vial(site, received_at=AT - 5 * DAY)
        spoil(vial)
        with pytest.raises(services.UnfitVial, match=said):
            reserve(vial, dose)

    def test_another_strength_is_not_chosen(self, site: Site, dose: Dose) -> None:
        with pytest.raises(services.UnfitVial, match="It holds 28 mg; the dose is 12 mg"):
            reserve(builders.vial(site, product=builders.product(28)), dose)

    def test_another_sites_vial_is_not_chosen(self, other_site: Site, dose: Dose) -> None:
        with pytest.raises(services.CannotMove, match="another site"):
            reserve(builders.vial(other_site), dose)

    def test_a_dose_that_was_given_needs_no_vial(self, vial: Vial, dose: Dose, given_dose: Administration) -> None:
        with pytest.raises(services.DoseNotPlanned):
            reserve(vial, dose)

    def test_a_stopped_course_needs_no_vial(self, vial: Vial, begun: Course, dose: Dose) -> None:
        course_services.stop_course(course=begun, on=AT.date(), reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            reserve(vial, dose)

    def test_what_the_database_refuses_becomes_a_sentence(
        self, vial: Vial, dose: Dose, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reserve(vial, dose)
        monkeypatch.setattr("treatments.supply.services.dosing._none_yet", lambda *_: None)
        with pytest.raises(services.DoseHasVial, match="in the meantime"):
            reserve(builders.vial(site), dose)

    def test_a_form_sent_twice_reserves_once(self, vial: Vial, dose: Dose) -> None:
        key = uuid4()
        reserve(vial, dose, submission=key)
        with pytest.raises(AlreadySubmitted):
            reserve(vial, dose, submission=key)

    def test_a_released_vial_is_free_for_another(self, vial: Vial, dose: Dose, site: Site) -> None:
        reserve(vial, dose)
        services.release(vial=vial, reason="Dose moved to autumn", by=BY, at=AT)
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET))
        assert reserve(vial, other).dose == other


class TestDrawingUp:
    def test_an_expired_vial_is_not_drawn_up(self, site: Site) -> None:
        vial = builders.vial(site, expires_on=date(2026, 7, 3))
        with pytest.raises(services.UnfitVial, match="expires on 3 Jul 2026, before the dose on 4 Jul 2026"):
            services.draw_up(vial=vial, by=BY, at=AT)

    def test_the_reservation_stays(self, vial: Vial, dose: Dose) -> None:
        reserve(vial, dose)
        services.draw_up(vial=vial, by=BY, at=AT)
        stored = builders.again(vial)
        assert (stored.state, stored.reserved_for) == ("drawn", dose)


class TestGiving:
    def test_the_vial_leaves_the_stock_with_its_dose(self, vial: Vial, dose: Dose, given_dose: Administration) -> None:
        row = give(vial, given_dose)
        assert (row.state, row.change, row.dose, row.administration) == ("given", -1, dose, given_dose)
        assert row.happened_at == given_dose.given_at
        assert builders.again(vial).reserved_for is None

    def test_what_was_written_down_as_later_does_not_stand_in_the_way(
        self, vial: Vial, given_dose: Administration
    ) -> None:
        services.take_out(vial=vial, by=BY, at=AT)
        row = give(vial, given_dose)
        assert given_dose.given_at is not None
        assert given_dose.given_at < row.happened_at == AT

    def test_a_vial_is_given_once(self, vial: Vial, given_dose: Administration) -> None:
        give(vial, given_dose)
        with pytest.raises(services.UnfitVial, match="It is given"):
            give(vial, given_dose)
        with pytest.raises(services.CannotMove, match="This vial is given; it cannot be given"):
            give(vial, given_dose, despite="Both written down")

    def test_a_dose_is_given_from_one_vial(self, vial: Vial, given_dose: Administration, site: Site) -> None:
        give(vial, given_dose)
        with pytest.raises(services.CannotMove, match="given from another vial"):
            give(builders.vial(site), given_dose)

    def test_the_database_refuses_a_second_giving_by_itself(self, vial: Vial, given_dose: Administration) -> None:
        first = give(vial, given_dose)
        twin = Movement(
            site_id=first.site_id,
            vial=vial,
            number=99,
            kind="given",
            state="given",
            change=-1,
            happened_at=AT,
            created_at=AT,
            dose=first.dose,
            patient_id=first.patient_id,
            administration=given_dose,
            done_by="x",
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            super(ClinicalRecord, twin).save_base(force_insert=True)

    def test_it_is_checked_again_at_its_moment(self, begun: Course, dose: Dose, site: Site) -> None:
        vial = builders.vial(site, expires_on=TARGET)
        reserve(vial, dose)
        late = AT + 6 * DAY
        administration = courses.give(begun, TARGET + DAY, at=late)
        with pytest.raises(services.UnfitVial, match="expires on 9 Jul 2026, before the dose on 10 Jul 2026"):
            services.give(vial=vial, administration=administration, by=BY, at=late)
        row = services.give(vial=vial, administration=administration, by=BY, at=late, despite="Seen too late")
        assert (row.state, row.reason) == ("given", "Seen too late")

    def test_what_is_reserved_for_another_dose_is_released_first(
        self, vial: Vial, begun: Course, given_dose: Administration, site: Site
    ) -> None:
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET))
        reserve(vial, other)
        with pytest.raises(services.CannotMove, match="reserved for another dose; release it first"):
            give(vial, given_dose, despite="It was at hand")

    def test_time_since_drawing_up_counts_at_the_moment_of_giving(self, begun: Course, dose: Dose, vial: Vial) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT - 9 * HOUR)
        services.draw_up(vial=vial, happened_at=AT - 8 * HOUR, by=BY, at=AT)
        administration = courses.give(begun, AT.date())
        with pytest.raises(services.UnfitVial, match="drawn up 5 h ago; it must be given within 4 hours"):
            give(vial, administration)


class TestTakingBack:
    @pytest.mark.parametrize("stage", ["received", "reserved", "out", "drawn"])
    def test_the_vial_is_where_it_was(self, vial: Vial, begun: Course, dose: Dose, stage: str) -> None:
        early = {"by": BY, "at": AT - 4 * HOUR}
        if stage != "received":
            services.reserve(vial=vial, dose=dose, by=BY, at=AT - 5 * HOUR)
        if stage in {"out", "drawn"}:
            services.take_out(vial=vial, **early)  # type: ignore[arg-type]
        if stage == "drawn":
            services.draw_up(vial=vial, **early)  # type: ignore[arg-type]
        before = builders.again(vial)
        assert before.state == stage
        given = give(vial, courses.give(begun, AT.date()))
        row = restore(vial)
        after = builders.again(vial)
        assert (
            (after.state, after.reserved_for_id)
            == (before.state, before.reserved_for_id)
            == (stage, after.reserved_for_id)
        )
        assert (row.change, row.reason) == (1, "Wrong patient")
        assert Movement.objects.get(pk=given.pk).void_reason == "Wrong patient"

    def test_a_restored_vial_can_be_given_to_the_right_dose(
        self, vial: Vial, given_dose: Administration, site: Site
    ) -> None:
        give(vial, given_dose)
        restore(vial)
        right = courses.course(courses.patient(site, "Birch"), planned_start=AT.date())
        assert give(vial, courses.give(right, AT.date())).state == "given"

    def test_where_another_vial_was_reserved_meanwhile_it_comes_back_free(
        self, vial: Vial, begun: Course, dose: Dose, site: Site, patient: Patient
    ) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT - 5 * HOUR)
        give(vial, courses.give(begun, AT.date()))
        other = builders.vial(site)
        derive(other, state="reserved", reserved_for=dose)
        restore(vial)
        stored = builders.again(vial)
        assert (stored.state, stored.reserved_for) == ("received", None)
        assert builders.moves(vial)[-2:] == ["restored", "released"]

    def test_it_needs_a_reason_and_a_dose_that_was_given(self, vial: Vial, given_dose: Administration) -> None:
        with pytest.raises(services.CannotMove, match="in stock; it cannot be restored"):
            restore(vial)
        give(vial, given_dose)
        with pytest.raises(services.NoReason):
            restore(vial, "")
        assert builders.again(vial).state == "given"
