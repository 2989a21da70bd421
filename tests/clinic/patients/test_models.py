"""What the database itself keeps true of a patient, on both sides of each rule, whoever writes."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.patients.choices import IdentifierKind
from clinic.patients.models import (
    AccessPlan,
    Allergy,
    Carer,
    Consent,
    Identifier,
    Measurement,
    OtherTherapy,
    Patient,
    PatientPart,
    SmaProfile,
)
from clinic.records import writing
from clinic.records.models import ClinicalRecord, DirectWrite
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, TODAY
from tests.factories import AT, BY

DAY = timedelta(days=1)
PARTS: list[type[PatientPart]] = [Identifier, Carer, Consent, Allergy, AccessPlan, Measurement, OtherTherapy]


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def kept(row: ClinicalRecord) -> bool:
    """Say whether the database takes a row that no service looked at."""
    try:
        with transaction.atomic():
            writing.add(row, event="test.written", by=BY, at=AT)
    except IntegrityError:
        return False
    return True


def test_a_name_is_written_as_lists_and_as_people_say_it(patient: Patient) -> None:
    assert (str(patient), patient.full_name) == ("Berg, Ana", "Ana Berg")


@pytest.mark.parametrize(
    ("care_status", "on", "fits"),
    [
        ("active", None, True),
        ("active", TODAY, True),
        ("left", TODAY, True),
        ("left", None, False),
        ("died", None, False),
    ],
)
def test_leaving_care_has_a_day(site: Site, care_status: str, on: date | None, fits: bool) -> None:
    facts = {"given_name": "Ana", "family_name": "Berg", "born_on": BORN, "sex": "female"}
    assert kept(Patient(site=site, care_status=care_status, care_status_on=on, **facts)) is fits


def number(of: Patient, value: str = "M1", kind: str = "mrn") -> Identifier:
    return Identifier(patient=of, site=of.site, kind=kind, value=value)


def test_a_number_in_force_belongs_to_one_patient_at_a_site(site: Site, other_site: Site, patient: Patient) -> None:
    first = number(patient)
    assert kept(first)
    other = builders.patient(site, "Zielke")
    assert not kept(number(other))
    assert not kept(number(patient))
    assert kept(number(other, kind="registry"))
    assert kept(number(builders.patient(other_site)))
    writing.void(first, event="test.voided", by=BY, at=AT, reason="Misread")
    assert kept(number(other))


def test_a_number_is_not_blank(patient: Patient) -> None:
    assert not kept(number(patient, ""))


@pytest.mark.parametrize("kind", IdentifierKind)
def test_every_kind_of_number_has_a_short_label(kind: IdentifierKind) -> None:
    assert 0 < len(kind.short) <= len(kind.label)


@pytest.mark.parametrize(
    ("channel", "email", "phone", "fits"),
    [
        ("email", "m@example.org", "", True),
        ("email", "", "0123", False),
        ("phone", "", "0123", True),
        ("phone", "m@example.org", "", False),
        ("post", "", "", True),
        ("pigeon", "m@example.org", "0123", False),
    ],
)
def test_a_carer_can_be_reached_as_preferred(
    patient: Patient, channel: str, email: str, phone: str, fits: bool
) -> None:
    assert kept(Carer(patient=patient, name="Maria", channel=channel, email=email, phone=phone)) is fits


def given(of: Patient, kind: str = "treatment", withdrawn_on: date | None = None) -> Consent:
    return Consent(patient=of, kind=kind, given_on=TODAY, given_by="Maria", withdrawn_on=withdrawn_on)


def test_one_consent_of_a_kind_is_in_force(site: Site, patient: Patient) -> None:
    assert kept(given(patient, withdrawn_on=TODAY))
    first = given(patient)
    assert kept(first)
    assert not kept(given(patient))
    assert kept(given(patient, "registry"))
    assert kept(given(builders.patient(site, "Zielke")))
    writing.void(first, event="test.voided", by=BY, at=AT, reason="Of the sister")
    assert kept(given(patient))


def test_no_known_allergies_is_said_once(site: Site, patient: Patient) -> None:
    def none_known(of: Patient) -> Allergy:
        return Allergy(patient=of, kind="none_known", noted_on=TODAY)

    first = none_known(patient)
    assert kept(first)
    assert not kept(none_known(patient))
    assert kept(none_known(builders.patient(site, "Zielke")))
    writing.void(first, event="test.voided", by=BY, at=AT, reason="Of the sister")
    assert kept(none_known(patient))


@pytest.mark.parametrize(
    ("kind", "substance", "fits"),
    [("none_known", "", True), ("none_known", "Latex", False), ("allergy", "Latex", True), ("allergy", "", False)],
)
def test_an_allergy_is_one_to_something(patient: Patient, kind: str, substance: str, fits: bool) -> None:
    assert kept(Allergy(patient=patient, kind=kind, substance=substance, noted_on=TODAY)) is fits


def test_only_a_consent_that_was_taken_back_has_a_reason_for_it(patient: Patient) -> None:
    reasoned = {"withdrawal_reason": "Moves away"}
    assert not kept(Consent(patient=patient, kind="treatment", given_on=TODAY, given_by="Maria", **reasoned))


@pytest.mark.parametrize(("withdrawn_on", "fits"), [(TODAY - DAY, False), (TODAY, True), (TODAY + DAY, True)])
def test_a_consent_is_not_withdrawn_before_it_was_given(patient: Patient, withdrawn_on: date, fits: bool) -> None:
    assert kept(given(patient, withdrawn_on=withdrawn_on)) is fits


@pytest.mark.parametrize(
    ("weight", "height", "fits"),
    [
        (None, None, False),
        ("1", None, True),
        ("0.99", None, False),
        ("300", None, True),
        ("300.01", None, False),
        (None, "30", True),
        (None, "29.9", False),
        (None, "230", True),
        (None, "230.1", False),
        ("9", "29.9", False),
    ],
)
def test_a_measurement_measures_something_plausible(
    patient: Patient, weight: str | None, height: str | None, fits: bool
) -> None:
    row = Measurement(
        patient=patient,
        measured_on=TODAY,
        weight_kg=None if weight is None else Decimal(weight),
        height_cm=None if height is None else Decimal(height),
    )
    assert kept(row) is fits


@pytest.mark.parametrize(("ended_on", "fits"), [(None, True), (TODAY - DAY, False), (TODAY, True), (TODAY + DAY, True)])
def test_a_therapy_does_not_end_before_it_began(patient: Patient, ended_on: date | None, fits: bool) -> None:
    assert kept(OtherTherapy(patient=patient, therapy="risdiplam", started_on=TODAY, ended_on=ended_on)) is fits


def test_a_patient_has_one_profile(patient: Patient) -> None:
    assert not kept(SmaProfile(patient=patient))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Identifier(kind="nhs", value="9434765919"), "NHS number 943 476 5919"),
        (Carer(name="Maria Berg"), "Maria Berg"),
        (Consent(kind="registry", given_on=TODAY), "Sharing with a registry, given 4 Jul 2026"),
        (Measurement(measured_on=TODAY), "Measured on 4 Jul 2026"),
        (OtherTherapy(therapy="risdiplam"), "Risdiplam"),
        (SmaProfile(sma_type="3b"), "Type 3b"),
        (SmaProfile(), "SMA"),
    ],
)
def test_a_part_is_named_in_words_and_never_by_its_patient(row: ClinicalRecord, words: str) -> None:
    assert str(row) == words


@pytest.mark.parametrize("model", [*PARTS, SmaProfile])
def test_every_part_tells_the_trail_whose_it_is(patient: Patient, model: type[Any]) -> None:
    row = model(patient=patient)
    assert (row.audit_patient_id(), row.audit_site_id()) == (patient.pk, patient.site_id)


@pytest.mark.parametrize("model", [Patient, *PARTS, SmaProfile])
def test_nothing_of_a_patient_is_written_past_the_house(db: None, model: type[Any]) -> None:
    for write in (model.objects.create, model.objects.update, model.objects.delete, model().save, model().delete):
        with pytest.raises(DirectWrite):
            write()


@pytest.mark.parametrize("model", [Patient, *PARTS, SmaProfile])
def test_every_row_is_known_outside_by_a_key_that_cannot_be_guessed(model: type[Any]) -> None:
    assert isinstance(model().pk, uuid.UUID)
    assert model().pk != model().pk


def test_whom_somebody_sees_is_decided_in_one_place(site: Site, other_site: Site, patient: Patient) -> None:
    builders.patient(other_site)
    voided = builders.patient(site, "Zielke")
    writing.void(voided, event="test.voided", by=BY, at=AT, reason="Registered twice")

    def seen_by(user: User) -> list[Patient]:
        return list(Patient.objects.seen_by(user))

    assert seen_by(factories.user(Role.VIEWER, site=site)) == [patient]
    assert seen_by(factories.user()) == []
    closed = factories.user(Role.NURSE, site=site)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    assert seen_by(User.objects.get(pk=closed.pk)) == []


def test_nobody_sees_the_patients_of_a_closed_site(site: Site, patient: Patient) -> None:
    nurse = factories.user(Role.NURSE, site=site)
    Site.objects.filter(pk=site.pk).update(is_active=False)
    assert not Patient.objects.seen_by(User.objects.get(pk=nurse.pk)).exists()
