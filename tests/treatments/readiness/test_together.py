"""Several people let one dose past one light at the very same moment: one is first, and the others are told."""

from collections import Counter
from datetime import date

import pytest

from clinic.audit.trail import person_actor
from clinic.records.writing import StaleRecord
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import override, said
from treatments.courses.models import Dose
from treatments.readiness import services
from treatments.readiness.models import Override

pytestmark = pytest.mark.usefixtures("several_connections")
ONE_FIRST = Counter(saved=1, told=AT_ONCE - 1)


@pytest.fixture
def dose(several_connections: None) -> Dose:
    patient = courses.patient(factories.site("Northfield"))
    labs.whole_set(patient, platelets=labs.reported(value="49"))
    return courses.next_dose(courses.course(patient, planned_start=date(2026, 7, 6)))


@pytest.fixture
def crowd(dose: Dose) -> list[User]:
    return [factories.user(Role.PRESCRIBER, site=dose.site) for _ in range(AT_ONCE)]


def test_of_several_overrides_one_stands(dose: Dose, crowd: list[User]) -> None:
    read = said(dose)

    def give(number: int) -> str:
        try:
            override(dose, person=crowd[number], said=read, expires_on=date(2026, 7, 8))
        except services.AlreadyOverridden:
            return "told"
        return "saved"

    assert at_once(give) == ONE_FIRST
    assert Override.objects.standing().count() == 1


def test_of_several_second_persons_one_is_saved(dose: Dose, crowd: list[User]) -> None:
    row = override(dose)

    def confirm(number: int) -> str:
        try:
            services.confirm_override(override=row, by=person_actor(crowd[number]), at=AT)
        except (services.AlreadyConfirmed, StaleRecord):
            return "told"
        return "saved"

    assert at_once(confirm) == ONE_FIRST
    assert Override.objects.get().second in crowd
