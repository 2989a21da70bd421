"""Correct the person, their SMA profile and their care status."""

from datetime import date, timedelta
from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.patients import services
from clinic.patients.choices import CareStatus
from clinic.patients.facts import ProfileFacts
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.services import Refused
from clinic.records import writing
from clinic.records.writing import StaleRecord
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, TODAY, person
from tests.factories import AT, BY


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site, mrn="M1")


def newest_entry(patient: Patient) -> Entry:
    entry = Entry.objects.about_patient(patient.pk).first()
    assert entry is not None
    return entry


def correct(patient: Patient, **facts: Any) -> Patient:
    values: dict[str, Any] = {"patient": patient, "person": person("Anna"), "by": BY, "at": AT}
    return services.correct(**(values | facts))


def test_a_correction_is_kept_with_old_and_new_and_why(patient: Patient) -> None:
    corrected = correct(patient, reason="As on the birth certificate")
    assert (corrected.given_name, corrected.version) == ("Anna", 2)
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == ("patients.corrected", "As on the birth certificate")
    assert entry.changes == {"given_name": ["Ana", "Anna"]}


def test_a_corrected_name_is_found_and_the_old_one_no_more(patient: Patient) -> None:
    correct(patient, person=person("Östen", "Åberg"))
    stored = Patient.objects.get(pk=patient.pk)
    assert (stored.search_text, stored.sort_name) == (" aberg osten m1", "aberg osten")


def test_a_correction_that_changes_nothing_leaves_no_trace(patient: Patient) -> None:
    before = Entry.objects.count()
    assert correct(patient, person=person()).version == 1
    assert Entry.objects.count() == before


def test_the_later_of_two_corrections_is_told_what_is_stored_now(patient: Patient) -> None:
    correct(patient)
    with pytest.raises(StaleRecord) as stale:
        correct(patient, person=person("Anne"), expected=1)
    assert isinstance(stale.value.current, Patient)
    assert stale.value.current.given_name == "Anna"
    assert Patient.objects.get(pk=patient.pk).given_name == "Anna"


def test_a_number_added_meanwhile_does_not_make_a_correction_stale(patient: Patient) -> None:
    builders.identifier(patient, "registry", "R1")
    assert correct(patient, expected=1).search_text == " berg anna m1 r1"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"given_name": ""}, "given_name"),
        ({"born_on": TODAY + timedelta(days=1)}, "born_on"),
        ({"sex": "neither"}, "sex"),
    ],
)
def test_what_cannot_be_is_refused(patient: Patient, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        correct(patient, person=person(**facts))
    assert set(refused.value.problems) == {field}
    assert Patient.objects.get(pk=patient.pk).version == 1


def test_a_birth_is_not_moved_behind_what_is_recorded_of_the_life(patient: Patient) -> None:
    builders.consent(patient, given_on=date(2021, 3, 2))
    builders.measurement(patient, date(2021, 3, 1), weight_kg=9)
    assert correct(patient, person=person(born_on=date(2021, 3, 1))).born_on == date(2021, 3, 1)
    with pytest.raises(Refused, match="recorded for 1 Mar 2021"):
        correct(Patient.objects.get(pk=patient.pk), person=person(born_on=date(2021, 3, 2)))


def test_a_voided_patient_takes_no_corrections(patient: Patient) -> None:
    writing.void(patient, event="patients.voided", by=BY, at=AT, reason="Registered twice")
    with pytest.raises(StaleRecord):
        correct(Patient.objects.get(pk=patient.pk))


# --- SMA profile -----------------------------------------------------------------------------------------------------


def set_profile(patient: Patient, facts: ProfileFacts, **more: Any) -> SmaProfile:
    profile = SmaProfile.objects.get(patient=patient)
    return services.set_profile(profile=profile, facts=facts, by=BY, at=AT, **more)


def test_a_profile_is_written_with_its_trail(patient: Patient) -> None:
    profile = set_profile(patient, ProfileFacts(sma_type="2", symptom_onset=date(2021, 1, 2)), reason="Clinic letter")
    assert (profile.sma_type, profile.version) == ("2", 2)
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == ("patients.profile_corrected", "Clinic letter")
    assert entry.changes == {"sma_type": ["", "2"], "symptom_onset": [None, "2021-01-02"]}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (ProfileFacts(symptom_onset=BORN - timedelta(days=1)), "symptom_onset"),
        (ProfileFacts(symptom_onset=TODAY + timedelta(days=1)), "symptom_onset"),
        (ProfileFacts(ventilation="iron lung"), "ventilation"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(patient: Patient, facts: ProfileFacts, field: str) -> None:
    with pytest.raises(Refused) as refused:
        set_profile(patient, facts)
    assert set(refused.value.problems) == {field}


def test_the_later_of_two_profiles_is_told(patient: Patient) -> None:
    set_profile(patient, ProfileFacts(sma_type="2"))
    with pytest.raises(StaleRecord):
        set_profile(patient, ProfileFacts(sma_type="3"), expected=1)
    assert SmaProfile.objects.get(patient=patient).sma_type == "2"


# --- Care status -----------------------------------------------------------------------------------------------------


def change(patient: Patient, **facts: Any) -> Patient:
    values: dict[str, Any] = {"to": CareStatus.TRANSFERRED, "on": date(2026, 7, 1), "reason": "Moved to Leeds"}
    return services.change_care_status(patient=patient, by=BY, at=AT, **(values | facts))


def test_a_patient_leaves_care_on_a_day_and_for_a_reason(patient: Patient) -> None:
    changed = change(patient)
    assert (changed.in_care, changed.care_status, changed.care_status_on) == (False, "transferred", date(2026, 7, 1))
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == ("patients.care_status_changed", "Moved to Leeds")
    assert entry.changes == {"care_status": ["active", "transferred"], "care_status_on": [None, "2026-07-01"]}


def test_a_patient_may_come_back(patient: Patient) -> None:
    change(patient)
    back = change(Patient.objects.get(pk=patient.pk), to=CareStatus.ACTIVE, on=TODAY, reason="Moved back")
    assert (back.in_care, back.care_status_on) == (True, TODAY)


def test_the_day_alone_may_be_corrected(patient: Patient) -> None:
    changed = change(change(patient), on=date(2026, 6, 30))
    assert changed.care_status_on == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        pytest.param({"reason": "  "}, "reason", id="no reason"),
        pytest.param({"on": TODAY + timedelta(days=1)}, "on", id="day to come"),
        pytest.param({"on": BORN - timedelta(days=1)}, "on", id="day before birth"),
    ],
)
def test_a_change_of_care_needs_a_day_and_a_reason(patient: Patient, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        change(patient, **facts)
    assert set(refused.value.problems) == {field}
    assert Patient.objects.get(pk=patient.pk).in_care


def test_what_is_recorded_already_is_no_change(patient: Patient) -> None:
    with pytest.raises(Refused) as refused:
        change(change(patient))
    assert set(refused.value.problems) == {"to"}


def test_the_later_of_two_changes_of_care_is_told(patient: Patient) -> None:
    change(patient)
    with pytest.raises(StaleRecord):
        change(patient, to=CareStatus.DIED, expected=1)
    assert Patient.objects.get(pk=patient.pk).care_status == "transferred"
