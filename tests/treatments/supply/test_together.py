"""Several people reach for one vial, or one dose, at the very same moment: one is first, the others are told."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.supply import builders
from treatments.courses.models import Administration, Dose
from treatments.supply import services
from treatments.supply.models import Movement, Vial

pytestmark = pytest.mark.usefixtures("several_connections")
REFUSALS = (AlreadySubmitted, services.CannotMove, services.DoseHasVial, services.NothingLeft, services.UnfitVial)


@pytest.fixture
def clinic(several_connections: None) -> Site:
    return factories.site("Northfield")


def dose(clinic: Site, name: str) -> Dose:
    return courses.next_dose(courses.course(courses.patient(clinic, name), planned_start=date(2026, 7, 9)))


def told(act: Callable[[int], object]) -> Counter[str]:
    """Let everybody act at once; count how many were saved and what the others were told."""

    def one(number: int) -> str:
        try:
            act(number)
        except REFUSALS as refusal:
            return type(refusal).__name__
        return "saved"

    return at_once(one)


def test_of_several_who_reserve_one_vial_one_gets_it(clinic: Site) -> None:
    vial, doses = builders.vial(clinic), [dose(clinic, f"Birch {number}") for number in range(AT_ONCE)]
    found = told(lambda number: services.reserve(vial=vial, dose=doses[number], by=BY, at=AT))
    assert found == {"saved": 1, "UnfitVial": AT_ONCE - 1}
    assert builders.moves(vial) == ["received", "reserved"]


def test_of_several_vials_for_one_dose_one_is_reserved(clinic: Site) -> None:
    vials, wanted = [builders.vial(clinic) for _ in range(AT_ONCE)], dose(clinic, "Birch")
    found = told(lambda number: services.reserve(vial=vials[number], dose=wanted, by=BY, at=AT))
    assert found == {"saved": 1, "DoseHasVial": AT_ONCE - 1}
    assert Vial.objects.filter(reserved_for=wanted).count() == 1


def test_a_vial_is_given_once_whoever_writes_it_down(clinic: Site) -> None:
    vial, given = builders.vial(clinic), [give(clinic, f"Birch {number}") for number in range(AT_ONCE)]
    found = told(lambda number: services.give(vial=vial, administration=given[number], by=BY, at=AT))
    assert found == {"saved": 1, "UnfitVial": AT_ONCE - 1}
    assert Movement.objects.filter(kind="given").count() == 1


def give(clinic: Site, name: str) -> Administration:
    course = courses.course(courses.patient(clinic, name), planned_start=AT.date())
    return courses.give(course, AT.date())


def test_one_delivery_sent_several_times_at_once_is_received_once(clinic: Site) -> None:
    received, key = builders.received(count=2), uuid.uuid4()
    found = told(lambda _: services.receive_vials(site=clinic, received=received, by=BY, at=AT, submission=key))
    assert found == {"saved": 1, "AlreadySubmitted": AT_ONCE - 1}
    assert Vial.objects.count() == 2


def test_one_recall_sent_several_times_at_once_holds_back_once(clinic: Site) -> None:
    vial, key = builders.vial(clinic), uuid.uuid4()
    facts = {"lot": "AB12", "sites": [clinic.pk], "reason": "Letter", "by": BY, "at": AT, "submission": key}
    found = told(lambda _: services.quarantine_lot(**facts))  # type: ignore[arg-type]
    assert found["saved"] == 1
    assert builders.moves(vial) == ["received", "quarantined"]
