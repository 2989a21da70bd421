"""The panels beside a chart: what belongs to a patient and stands."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic.patients import parts, services
from clinic.patients.facts import ConsentFacts, ProfileFacts
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.queries import details, first_recorded_day
from clinic.patients.queries.details import PROFILE_FIELDS, sma_line
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS, TODAY
from tests.factories import AT, BY

PROFILE = ProfileFacts(
    icd10="G12.1",
    sma_type="2",
    motor_function="sitter",
    smn1="homozygous_deletion",
    smn2_copies="3",
    smn2_method="mlpa",
    symptom_onset=date(2021, 1, 2),
    spine="scoliosis",
    ventilation="night",
    feeding="oral",
    ambulation="wheelchair",
)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site, profile=PROFILE)


def test_a_profile_is_told_in_words(patient: Patient) -> None:
    assert dict(details(patient).profile) == {
        "SMA type": "Type 2",
        "Motor function": "Sitter",
        "ICD-10 code": "G12.1 Other inherited spinal muscular atrophy",
        "SMN1": "Homozygous deletion of exon 7",
        "SMN2 copies": "3 (by MLPA)",
        "First symptoms": "2 Jan 2021",
        "Spine": "Scoliosis",
        "Ventilation": "Non-invasive at night",
        "Feeding": "By mouth",
        "Ambulation": "Uses a wheelchair",
    }


def test_what_is_not_recorded_says_so(site: Site) -> None:
    assert {said for _term, said in details(builders.patient(site)).profile} == {"not recorded"}


def test_every_field_of_the_profile_is_told() -> None:
    assert {*PROFILE_FIELDS, "smn2_method"} == set(ProfileFacts.names())


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (PROFILE, "Type 2, 3 SMN2 copies, Sitter"),
        (ProfileFacts(smn2_copies="4+"), "4 or more SMN2 copies"),
        (ProfileFacts(sma_type="presymptomatic"), "Presymptomatic"),
        (ProfileFacts(), ""),
    ],
)
def test_a_profile_fits_one_line(facts: ProfileFacts, line: str) -> None:
    assert sma_line(SmaProfile(**facts.values())) == line


def test_without_a_profile_there_is_no_line() -> None:
    assert sma_line(None) == ""


def test_numbers_stand_by_kind_with_short_labels(patient: Patient) -> None:
    builders.identifier(patient, "registry", "R1")
    builders.identifier(patient, "nhs", NHS)
    builders.identifier(patient, "national", "X1")
    builders.identifier(patient, "mrn", "M1")
    shown = [(row.label, row.number) for row in details(patient).identifiers]
    assert shown == [("MRN", "M1"), ("NHS", "943 476 5919"), ("National ID", "X1"), ("Registry ID", "R1")]


def test_a_carer_says_how_to_reach_them(patient: Patient) -> None:
    builders.carer(patient, relationship="mother", phone="020 7946 0958", language="de")
    (carer,) = details(patient).carers
    assert (carer.name, carer.relationship, carer.prefers, carer.language) == (
        "Maria Berg",
        "mother",
        "E-mail",
        "German",
    )
    assert carer.reach == (("Telephone", "020 7946 0958"), ("E-mail", "maria@example.org"))


def test_a_carer_reached_by_post_has_no_empty_lines(patient: Patient) -> None:
    builders.carer(patient, email="", channel="post")
    assert details(patient).carers[0].reach == ()


def test_consents_in_force_stand_first_and_those_never_given_are_named(patient: Patient) -> None:
    withdrawn = builders.consent(patient, "registry", date(2026, 3, 1))
    services.withdraw_consent(consent=withdrawn, on=TODAY, by=BY, at=AT)
    builders.consent(patient, "treatment", date(2026, 1, 5))
    shown = details(patient)
    assert [(row.what, row.given, row.in_force, row.withdrawn) for row in shown.consents] == [
        ("Treatment", "5 Jan 2026", True, ""),
        ("Sharing with a registry", "1 Mar 2026", False, "4 Jul 2026"),
    ]
    assert shown.not_given == ("Reminders to the patient or carer",)


def test_measurements_are_newest_first_with_units(patient: Patient) -> None:
    builders.measurement(patient, date(2026, 1, 5), weight_kg=Decimal("9.50"))
    builders.measurement(patient, date(2026, 3, 5), weight_kg=Decimal(10), height_cm=Decimal("75.5"))
    builders.measurement(patient, date(2026, 2, 5), height_cm=Decimal(75))
    assert [(row.on, row.weight, row.height) for row in details(patient).measurements] == [
        ("5 Mar 2026", "10 kg", "75.5 cm"),
        ("5 Feb 2026", "", "75 cm"),
        ("5 Jan 2026", "9.5 kg", ""),
    ]


def test_other_therapies_say_from_when_to_when(patient: Patient) -> None:
    builders.therapy(patient, "onasemnogene", date(2022, 1, 5), ended_on=date(2022, 1, 5))
    builders.therapy(patient, "risdiplam", date(2024, 1, 5), note="5 mg a day")
    builders.therapy(patient, "other", date(2021, 1, 5), ended_on=date(2021, 3, 1), note="Trial drug")
    assert [(row.name, row.period, row.note) for row in details(patient).therapies] == [
        ("Risdiplam", "since 5 Jan 2024", "5 mg a day"),
        ("Onasemnogene abeparvovec", "5 Jan 2022", ""),
        ("Another therapy", "5 Jan – 1 Mar 2021", "Trial drug"),
    ]


def test_what_was_voided_or_is_somebody_elses_is_left_out(site: Site, patient: Patient) -> None:
    other = builders.patient(site, "Zielke")
    builders.carer(other)
    carer = builders.carer(patient)
    services.void_part(kind=parts.CARER, part=carer, reason="Of the sister", by=BY, at=AT)
    assert details(patient).carers == ()


def test_a_refusal_stands_as_one_and_says_what_it_is_about(patient: Patient) -> None:
    said = ConsentFacts("registry", TODAY, "Maria", "refused", "TREAT-NMD", "Scan 12")
    services.add_part(kind=parts.CONSENT, patient=patient, facts=said, by=BY, at=AT)
    (row,) = details(patient).consents
    assert (row.answer, row.in_force, row.about) == ("Refused", True, ("Covers: TREAT-NMD", "Paper: Scan 12"))


def test_why_a_consent_was_taken_back_is_told(patient: Patient) -> None:
    services.withdraw_consent(consent=builders.consent(patient), on=TODAY, reason="Moves away", by=BY, at=AT)
    assert details(patient).consents[0].about == ("Taken back because: Moves away",)


def test_allergies_and_plans_are_told_in_words(patient: Patient) -> None:
    builders.allergy(patient, "nusinersen", kind="hypersensitivity", reaction="rash")
    builders.access_plan(patient, date(2026, 2, 1), approach="port")
    builders.access_plan(patient, date(2026, 3, 1), note="L3/4")
    shown = details(patient)
    assert [(row.what, row.since, row.is_contraindication) for row in shown.allergies] == [
        ("nusinersen (rash)", "5 Jan 2026", True)
    ]
    assert [row.reviewed for row in shown.plans] == ["1 Mar 2026", "1 Feb 2026"]
    assert shown.plans[0].rows == (
        ("Approach", "Interlaminar"),
        ("Guidance", "Ultrasound"),
        ("Anaesthesia", "Sedation"),
        ("Spine then", "Scoliosis"),
        ("Note", "L3/4"),
    )


@pytest.mark.parametrize("rows", [2, 20])
def test_the_panels_take_one_query_however_many_rows(site: Site, django_assert_num_queries: Any, rows: int) -> None:
    patient = builders.patient(site)
    for number in range(rows):
        builders.identifier(patient, value=f"M{number}")
        builders.carer(patient, f"Carer {number}")
        builders.measurement(patient, TODAY - timedelta(days=number), weight_kg=Decimal(9))
        builders.therapy(patient)
    patient = Patient.objects.select_related("sma_profile").get(pk=patient.pk)
    with django_assert_num_queries(1):
        shown = details(patient)
    assert len(shown.carers) == len(shown.measurements) == len(shown.therapies) == len(shown.identifiers) == rows


# --- The first recorded day ------------------------------------------------------------------------------------------


def test_nothing_recorded_is_no_day(site: Site) -> None:
    assert first_recorded_day(builders.patient(site)) is None


def test_the_first_recorded_day_is_that_of_anything_standing(site: Site) -> None:
    patient = builders.patient(site, profile=ProfileFacts(symptom_onset=date(2024, 6, 1)))
    assert first_recorded_day(patient) == date(2024, 6, 1)
    builders.consent(patient, given_on=date(2024, 5, 1))
    assert first_recorded_day(patient) == date(2024, 5, 1)
    builders.access_plan(patient, date(2024, 4, 20))
    assert first_recorded_day(patient) == date(2024, 4, 20)
    builders.no_known_allergies(patient, date(2024, 4, 10))
    assert first_recorded_day(patient) == date(2024, 4, 10)
    builders.therapy(patient, started_on=date(2024, 4, 1))
    assert first_recorded_day(patient) == date(2024, 4, 1)
    measured = builders.measurement(patient, date(2024, 3, 1), weight_kg=Decimal(9))
    assert first_recorded_day(patient) == date(2024, 3, 1)
    services.void_part(kind=parts.MEASUREMENT, part=measured, reason="Of the sister", by=BY, at=AT)
    assert first_recorded_day(patient) == date(2024, 4, 1)
