"""Several people act on one result at the very same moment: one is first, and the others are told."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT
from tests.treatments.courses import builders as courses
from tests.treatments.labs.builders import log, reported, review
from treatments.labs import services
from treatments.labs.models import LabResult, LabReview
from treatments.rules.monitoring_terms import Level

pytestmark = pytest.mark.usefixtures("several_connections")
REFUSALS = (services.AlreadyAnswered, services.AlreadyVoided, AlreadySubmitted, StaleRecord)


@pytest.fixture
def patient(several_connections: None) -> Patient:
    return courses.patient(factories.site("Northfield"))


@pytest.fixture
def crowd(patient: Patient) -> list[User]:
    return [factories.user(Role.PRESCRIBER, site=patient.site) for _ in range(AT_ONCE)]


def told(act: Callable[[int], object]) -> Counter[str]:
    """Let everybody act at once; count how many were saved and how many were told otherwise."""

    def one(number: int) -> str:
        try:
            act(number)
        except REFUSALS:
            return "told"
        return "saved"

    return at_once(one)


ONE_FIRST = Counter(saved=1, told=AT_ONCE - 1)


def test_of_several_sign_offs_one_is_saved(patient: Patient, crowd: list[User]) -> None:
    (row,) = log(patient, reported(value="96"))
    assert told(lambda number: review(row, Level.SIGN_OFF, person=crowd[number])) == ONE_FIRST
    assert LabReview.objects.standing().count() == 1


def test_of_several_second_persons_one_is_saved(patient: Patient, crowd: list[User]) -> None:
    saved = review(log(patient, reported(value="49"))[0], Level.STOP)

    def confirm(number: int) -> Any:
        return services.confirm_review(review=saved, by=person_actor(crowd[number]), at=AT)

    assert told(confirm) == ONE_FIRST
    assert LabReview.objects.get().second in crowd


def test_of_several_corrections_one_takes_its_place(patient: Patient, crowd: list[User]) -> None:
    (row,) = log(patient, reported(value="21"))

    def correct(number: int) -> Any:
        return services.correct_result(
            result=row,
            collected_at=row.collected_at,
            laboratory=row.laboratory,
            value=reported(value=f"21{number}"),
            reason="Typing error",
            by=person_actor(crowd[number]),
            at=AT,
            expected=1,
        )

    assert told(correct) == ONE_FIRST
    standing = LabResult.objects.standing().get()
    assert (standing.corrects_id, standing.kept >= 210) == (row.pk, True)
