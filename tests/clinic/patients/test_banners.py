"""Who a page is about, and what has to be known of them before every dose."""

from datetime import date
from typing import Any

import pytest

from clinic import statuses
from clinic.patients import parts, services
from clinic.patients.choices import CareStatus
from clinic.patients.models import Identifier, Patient
from clinic.patients.queries import banner
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS, TODAY
from tests.factories import AT, BY

NOTHING_KNOWN = (("Allergies", "", statuses.ALLERGY["not_asked"]), ("Access", "Not recorded", None))


def allergies(patient: Patient) -> tuple[str, statuses.Status | None]:
    label, words, status = banner(patient, TODAY).facts[0]
    assert label == "Allergies"
    return words, status


def ended(patient: Patient, to: CareStatus, on: date) -> Patient:
    return services.change_care_status(patient=patient, to=to, on=on, reason="Told by the family", by=BY, at=AT)


def test_a_banner_says_who_in_words(site: Site) -> None:
    patient = builders.patient(site, "Berg", "Ana", born_on=date(2018, 5, 4), nhs=NHS, mrn="M1")
    shown = banner(patient, TODAY)
    assert (shown.name, shown.born, shown.age, shown.sex) == ("BERG, Ana", "4 May 2018", "8 y 2 m", "Female")
    assert shown.identifiers == (("MRN", "M1"), ("NHS", "943 476 5919"))
    assert shown.url == f"/patients/{patient.pk}/"
    assert shown.care is statuses.CARE["active"]
    assert shown.facts == NOTHING_KNOWN


def test_what_is_known_of_allergies_is_said_with_what_to_notice(site: Site) -> None:
    patient = builders.patient(site)
    statement = builders.no_known_allergies(patient)
    assert allergies(patient) == ("None known, asked on 5 Jan 2026", None)
    builders.allergy(patient, "Latex")
    assert allergies(patient) == ("Latex", statuses.ALLERGY["recorded"])
    builders.allergy(patient, "nusinersen", kind="hypersensitivity", reaction="rash")
    assert allergies(patient) == ("Latex, nusinersen (rash)", statuses.ALLERGY["hypersensitivity"])
    builders.allergy(patient, "Wool")
    assert allergies(patient) == ("Latex, Wool, nusinersen (rash)", statuses.ALLERGY["hypersensitivity"])
    for row in patient.allergys.exclude(pk=statement.pk):
        services.void_part(kind=parts.ALLERGY, part=row, reason="Of the sister", by=BY, at=AT)
    assert allergies(patient) == ("None known, asked on 5 Jan 2026", None)


def test_the_latest_access_plan_is_said(site: Site) -> None:
    patient = builders.patient(site)
    builders.access_plan(patient, date(2026, 3, 1), approach="port", guidance="none", sedation="general")
    builders.access_plan(patient, date(2026, 2, 1))
    said = dict(fact[:2] for fact in banner(patient, TODAY).facts)
    assert said["Access"] == "Port or reservoir, no imaging, general anaesthesia"


def test_a_patient_without_a_number_says_so(site: Site) -> None:
    assert banner(builders.patient(site), TODAY).identifiers == (("Identifiers", "not recorded"),)


def test_a_voided_number_is_not_shown(site: Site) -> None:
    patient = builders.patient(site, mrn="M1")
    number = Identifier.objects.get(patient=patient)
    services.void_part(kind=parts.IDENTIFIER, part=number, reason="Misread", by=BY, at=AT)
    assert banner(patient, TODAY).identifiers == (("Identifiers", "not recorded"),)


def test_who_left_care_carries_status_and_day(site: Site) -> None:
    patient = ended(builders.patient(site), CareStatus.TRANSFERRED, date(2026, 7, 1))
    shown = banner(patient, TODAY)
    assert shown.care is statuses.CARE["transferred"]
    assert shown.facts == (("Transferred on", "1 Jul 2026", None), *NOTHING_KNOWN)


def test_who_came_back_carries_no_day(site: Site) -> None:
    patient = ended(builders.patient(site), CareStatus.LEFT, date(2026, 7, 1))
    assert banner(ended(patient, CareStatus.ACTIVE, TODAY), TODAY).facts == NOTHING_KNOWN


def test_the_dead_do_not_grow_older(site: Site) -> None:
    patient = ended(builders.patient(site, born_on=date(2018, 5, 4)), CareStatus.DIED, date(2020, 5, 3))
    assert banner(patient, TODAY).age == "died aged 1 y 11 m"


def test_a_day_that_lags_behind_the_birth_is_no_error(site: Site) -> None:
    patient = builders.patient(site, born_on=TODAY)
    assert banner(patient, date(2026, 7, 3)).age == "0 d"


@pytest.mark.parametrize("numbers", [1, 8])
def test_a_banner_takes_one_query_however_many_numbers(
    site: Site, django_assert_num_queries: Any, numbers: int
) -> None:
    patient = builders.patient(site)
    for number in range(numbers):
        builders.identifier(patient, value=f"M{number}")
    with django_assert_num_queries(1):
        assert len(banner(patient, TODAY).identifiers) == numbers
