"""Recording a dose: the next date moves in the same transaction."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic.audit.models import Entry
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Administration, Course, Dose


@pytest.fixture
def course(site: Site) -> Course:
    return builders.course(builders.patient(site))


def test_a_given_dose_moves_the_next_target(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    coming = builders.next_dose(course)
    assert (coming.label, coming.target, coming.opens, coming.closes, coming.floor) == (
        "L2",
        date(2026, 1, 19),
        date(2026, 1, 19),
        date(2026, 1, 26),
        date(2026, 1, 19),
    )


def test_four_loading_doses_lead_to_maintenance_four_months_later(course: Course) -> None:
    for day in (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2), date(2026, 3, 4)):
        builders.give(course, day)
    coming = builders.next_dose(course)
    assert (coming.label, coming.phase, coming.target) == ("M1", "maintenance", date(2026, 7, 4))
    assert coming.interrupted_from == date(2026, 11, 4)
    labels = Dose.objects.filter(course=course).order_by("ordinal").values_list("label", flat=True)
    assert list(labels) == ["L1", "L2", "L3", "L4", "M1"]


def record(
    dose: Dose, at: datetime, *, submission: UUID | None = None, confirmed: Any = (), **facts: Any
) -> Administration:
    """Record a dose as given at an instant, with everything else as planned."""
    values: dict[str, Any] = {
        "mg": Decimal(12),
        "ml": Decimal(5),
        "lot": "LOT1",
        "vial_expires_on": date(2027, 1, 1),
        "performer": factories.user(Role.NURSE, site=dose.site),
    }
    given = services.Given(at=at, **(values | facts))
    return services.record_given(dose=dose, given=given, by=BY, at=AT, confirmed=confirmed, submission=submission)


def test_a_dose_just_before_midnight_belongs_to_the_sites_own_day(other_site: Site) -> None:
    course = builders.course(builders.patient(other_site))
    row = record(builders.next_dose(course), datetime(2026, 1, 6, 4, 30, tzinfo=UTC))
    assert row.given_on == date(2026, 1, 5)


def test_a_back_dated_dose_elsewhere_replays_the_whole_series(course: Course) -> None:
    builders.give(course, date(2026, 1, 19))
    services.record_elsewhere(
        course=course, given_on=date(2026, 1, 5), mg=Decimal(12), place="Elsewhere Hospital", by=BY, at=AT
    )
    given = Administration.objects.order_by("given_on")
    assert [(row.dose.label, row.elsewhere) for row in given] == [("L1", True), ("L2", False)]
    assert builders.next_dose(course).label == "L3"


def test_the_same_form_twice_records_one_dose(course: Course) -> None:
    submission = uuid4()
    first = builders.give(course, date(2026, 1, 5), submission=submission)
    with pytest.raises(AlreadySubmitted) as told:
        record(first.dose, AT, submission=submission)
    assert told.value.record == first
    assert Administration.objects.count() == 1


def test_somebody_else_recording_the_same_dose_is_told(course: Course) -> None:
    dose = builders.next_dose(course)
    builders.give(course, date(2026, 1, 5))
    with pytest.raises(services.DoseAlreadyGiven):
        record(dose, AT, submission=uuid4(), lot="LOT2")
    assert Administration.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"mg": Decimal("11.9")}, "amount_differs"),
        ({"ml": Decimal("4.9")}, "volume_differs"),
        ({"vial_expires_on": date(2026, 1, 4)}, "vial_expired"),
    ],
)
def test_what_differs_from_the_plan_must_be_confirmed(course: Course, facts: dict[str, Any], code: str) -> None:
    dose, at = builders.next_dose(course), datetime(2026, 1, 5, 10, tzinfo=UTC)
    with pytest.raises(services.Unconfirmed) as asked:
        record(dose, at, **facts)
    assert [caution.code for caution in asked.value.cautions] == [code]
    row = record(dose, at, confirmed={code}, **facts)
    assert Entry.objects.get(event="courses.dose_given", target_id=str(row.pk)).reason.startswith("Confirmed: ")


def test_a_vial_on_its_last_day_needs_no_confirmation(course: Course) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert record(builders.next_dose(course), at, vial_expires_on=date(2026, 1, 5)).lot == "LOT1"


def test_thirteen_days_after_the_last_dose_is_too_soon_and_counts_when_confirmed(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    dose, at = builders.next_dose(course), datetime(2026, 1, 18, 10, tzinfo=UTC)
    with pytest.raises(services.Unconfirmed):
        record(dose, at)
    row = record(dose, at, confirmed={"interval_short"})
    assert Dose.objects.get(pk=row.dose_id).flags == ["interval_short"]


def test_fourteen_days_after_the_last_dose_is_not_too_soon(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    row = record(builders.next_dose(course), datetime(2026, 1, 19, 10, tzinfo=UTC))
    assert Dose.objects.get(pk=row.dose_id).flags == []


def test_a_dose_in_the_future_is_refused(course: Course) -> None:
    with pytest.raises(services.GivenInTheFuture):
        services.record_elsewhere(
            course=course, given_on=date(2026, 7, 5), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )


def test_two_doses_on_one_day_are_refused_and_leave_nothing_behind(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    before = (Dose.objects.count(), Entry.objects.count())
    with pytest.raises(services.GivenOnSuchADay, match="5 Jan 2026"):
        services.record_elsewhere(
            course=course, given_on=date(2026, 1, 5), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )
    assert (Dose.objects.count(), Entry.objects.count()) == before


def test_a_dose_before_birth_is_refused(course: Course) -> None:
    with pytest.raises(services.GivenOnSuchADay, match="born"):
        services.record_elsewhere(
            course=course, given_on=date(2020, 5, 16), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )
