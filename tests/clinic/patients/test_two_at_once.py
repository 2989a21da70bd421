"""Two people, two windows, two clicks: what holds, and what would happen without the guard that holds it."""

import uuid
from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.patients import parts, services
from clinic.patients.facts import CarerFacts, IdentifierFacts
from clinic.patients.models import Carer, Identifier, Patient, SmaProfile
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import person
from tests.factories import AT, BY


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def test_the_unique_key_alone_registers_once_when_both_clicks_look_at_the_same_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid.uuid4()
    monkeypatch.setattr(services, "_first_time", lambda *_args: None)
    services.register(site=site, person=person(), submission=key, by=BY, at=AT)
    entries = Entry.objects.count()
    with pytest.raises(AlreadySubmitted):
        services.register(site=site, person=person(), submission=key, by=BY, at=AT)
    assert (Patient.objects.count(), SmaProfile.objects.count(), Entry.objects.count()) == (1, 1, entries)


def test_without_any_key_two_clicks_register_two(site: Site) -> None:
    for _click in range(2):
        services.register(site=site, person=person(), by=BY, at=AT)
    assert Patient.objects.count() == 2


def test_without_looking_first_a_second_click_would_be_told_of_its_own_number(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, key = builders.patient(site), uuid.uuid4()
    said: dict[str, Any] = {"kind": parts.IDENTIFIER, "patient": patient, "facts": IdentifierFacts("mrn", "M1")}
    services.add_part(**said, submission=key, by=BY, at=AT)
    with pytest.raises(AlreadySubmitted):
        services.add_part(**said, submission=key, by=BY, at=AT)
    monkeypatch.setattr(services, "_first_time", lambda *_args: None)
    with pytest.raises(services.IdentifierTaken):
        services.add_part(**said, submission=key, by=BY, at=AT)


def test_the_unique_key_alone_adds_a_part_once(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uuid.uuid4()
    monkeypatch.setattr(services, "_first_time", lambda *_args: None)
    facts = CarerFacts("Maria", channel="post")
    services.add_part(kind=parts.CARER, patient=patient, facts=facts, submission=key, by=BY, at=AT)
    with pytest.raises(AlreadySubmitted):
        services.add_part(kind=parts.CARER, patient=patient, facts=facts, submission=key, by=BY, at=AT)
    assert Carer.objects.count() == 1


def test_two_numbers_added_from_two_windows_are_both_found(patient: Patient) -> None:
    stale = Patient.objects.get(pk=patient.pk)
    builders.identifier(patient, value="M1")
    builders.identifier(stale, value="M2")
    assert Patient.objects.get(pk=patient.pk).search_text == " berg ana m1 m2"


def test_a_name_and_a_number_changed_from_two_windows_are_both_found(patient: Patient) -> None:
    stale = Patient.objects.get(pk=patient.pk)
    services.correct(patient=patient, person=person("Anna", "Bergh"), by=BY, at=AT)
    builders.identifier(stale, value="M1")
    assert Patient.objects.get(pk=patient.pk).search_text == " bergh anna m1"


def test_an_old_object_in_hand_never_undoes_what_is_stored(patient: Patient) -> None:
    stale = Patient.objects.get(pk=patient.pk)
    services.correct(patient=patient, person=person("Anna"), by=BY, at=AT)
    builders.carer(stale)
    assert Patient.objects.get(pk=patient.pk).given_name == "Anna"


def test_a_failure_half_way_leaves_the_search_as_it_was(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_facts: Any) -> None:
        raise RuntimeError("the power fails")

    monkeypatch.setattr(writing, "derive", fail)
    with pytest.raises(RuntimeError):
        builders.identifier(patient)
    assert not Identifier.objects.exists()
    assert Patient.objects.get(pk=patient.pk).search_text == " berg ana"
