"""Register a patient with everything that is known on the day, in one transaction."""

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.patients import parts, services
from clinic.patients.facts import CarerFacts, ConsentFacts, IdentifierFacts, ProfileFacts
from clinic.patients.models import Carer, Consent, Identifier, Patient, SmaProfile
from clinic.patients.services import IdentifierTaken, Refused
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, NHS, person
from tests.factories import AT, BY


def register(site: Site, **facts: Any) -> Patient:
    values: dict[str, Any] = {"site": site, "person": person(), "by": BY, "at": AT}
    return services.register(**(values | facts))


def test_a_patient_is_registered_in_care_with_an_empty_profile(site: Site) -> None:
    patient = register(site)
    assert (patient.full_name, patient.born_on, patient.sex, patient.site) == ("Ana Berg", BORN, "female", site)
    assert patient.in_care
    assert SmaProfile.objects.get(patient=patient).sma_type == ""


def test_everything_known_is_kept_with_the_patient(site: Site) -> None:
    patient = register(
        site,
        identifiers=[IdentifierFacts("mrn", "m 12"), IdentifierFacts("nhs", "943 476 5919")],
        profile=ProfileFacts(sma_type="1", smn2_copies="2", symptom_onset=date(2020, 8, 1)),
        carers=[CarerFacts("Maria Berg", "mother", email="maria@example.org")],
        consents=[ConsentFacts("treatment", date(2026, 7, 1), "Maria Berg")],
    )
    assert set(Identifier.objects.values_list("kind", "value", "site")) == {
        ("mrn", "M12", site.pk),
        ("nhs", NHS, site.pk),
    }
    assert SmaProfile.objects.get(patient=patient).smn2_copies == "2"
    assert Carer.objects.get(patient=patient).relationship == "mother"
    assert Consent.objects.get(patient=patient).given_by == "Maria Berg"


def test_names_and_numbers_are_folded_for_search_and_order(site: Site) -> None:
    patient = register(site, person=person("Åsa", "O'Brien"), identifiers=[IdentifierFacts("mrn", "AB-12")])
    assert patient.search_text == " obrien o brien asa ab 12 ab12"
    assert patient.sort_name == "o brien asa"
    stored = Patient.objects.get(pk=patient.pk)
    assert (stored.search_text, stored.sort_name, stored.version) == (patient.search_text, patient.sort_name, 1)


def test_each_row_has_its_entry_with_what_it_holds(site: Site) -> None:
    patient = register(site, identifiers=[IdentifierFacts("mrn", "M1")], reason="Not the Ana we know.")
    entries = {entry.event: entry for entry in Entry.objects.about_patient(patient.pk)}
    assert set(entries) == {"patients.registered", "patients.profile_added", "patients.identifier_added"}
    assert entries["patients.registered"].changes["family_name"] == [None, "Berg"]
    assert entries["patients.registered"].reason == "Not the Ana we know."
    assert entries["patients.identifier_added"].changes["value"] == [None, "M1"]
    assert {entry.site_id for entry in entries.values()} == {site.pk}


def test_a_form_that_comes_twice_registers_once(site: Site) -> None:
    key = uuid.uuid4()
    first = register(site, identifiers=[IdentifierFacts("mrn", "M1")], submission=key)
    with pytest.raises(AlreadySubmitted) as before:
        register(site, identifiers=[IdentifierFacts("mrn", "M1")], submission=key)
    assert before.value.record == first
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        pytest.param({"person": person(given_name=" ")}, "given_name", id="blank name"),
        pytest.param({"person": person(born_on=date(2026, 7, 5))}, "born_on", id="birth to come"),
        pytest.param({"person": person(born_on=date(1899, 12, 31))}, "born_on", id="birth before 1900"),
        pytest.param({"person": person(sex="neither")}, "sex", id="unknown sex"),
        pytest.param({"person": person(family_name="B" * 101)}, "family_name", id="name too long"),
        pytest.param({"profile": ProfileFacts(symptom_onset=date(2020, 5, 16))}, "symptom_onset", id="onset unborn"),
        pytest.param({"profile": ProfileFacts(sma_type="9")}, "sma_type", id="unknown type"),
        pytest.param({"identifiers": [IdentifierFacts("nhs", "123")]}, "value", id="bad number"),
        pytest.param({"carers": [CarerFacts("Maria", channel="email", email="not one")]}, "email", id="bad address"),
        pytest.param({"consents": [ConsentFacts("cake", BORN, "Maria")]}, "kind", id="unknown consent"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_leaves_nothing(site: Site, facts: dict[str, Any], field: str) -> None:
    entries = Entry.objects.count()
    with pytest.raises(Refused) as refused:
        register(site, **facts)
    assert set(refused.value.problems) == {field}
    assert str(refused.value) == refused.value.problems[field]
    assert (Patient.objects.count(), Entry.objects.count()) == (0, entries)


def test_what_is_the_future_depends_on_the_day_at_the_site(site: Site, other_site: Site) -> None:
    # Half past midnight in London is still the evening before in New York.
    at = datetime(2026, 7, 5, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    born_today = person(born_on=date(2026, 7, 5))
    assert register(site, person=born_today, at=at).born_on == date(2026, 7, 5)
    with pytest.raises(Refused):
        register(other_site, person=born_today, at=at)


def test_a_number_held_by_another_patient_is_refused_by_number(site: Site) -> None:
    holder = builders.patient(site, nhs=NHS)
    with pytest.raises(IdentifierTaken, match="NHS number 943 476 5919 belongs to another patient") as taken:
        register(site, person=person("Otto", "Zielke"), identifiers=[IdentifierFacts("nhs", "943 476 5919")])
    assert taken.value.holder.patient == holder
    assert taken.value.by_another
    assert Patient.objects.count() == 1


def test_the_same_number_may_stand_at_another_site_and_as_another_kind(site: Site, other_site: Site) -> None:
    builders.patient(site, mrn="M1")
    register(other_site, identifiers=[IdentifierFacts("mrn", "M1")])
    register(site, identifiers=[IdentifierFacts("registry", "M1")])
    assert Patient.objects.count() == 3


def test_a_voided_number_is_free_again(site: Site) -> None:
    holder = builders.patient(site, mrn="M1")
    number = Identifier.objects.get(patient=holder)
    services.void_part(kind=parts.IDENTIFIER, part=number, reason="Of the sister", by=BY, at=AT)
    assert register(site, identifiers=[IdentifierFacts("mrn", "M1")]) != holder


def test_two_at_once_with_one_number_are_told_apart_by_the_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = builders.patient(site, mrn="M1")
    looked: list[int] = []
    really = services._refuse_taken

    def blind_at_first(*args: Any) -> None:
        looked.append(1)
        if len(looked) > 1:
            really(*args)

    monkeypatch.setattr(services, "_refuse_taken", blind_at_first)
    with pytest.raises(IdentifierTaken) as taken:
        register(site, identifiers=[IdentifierFacts("mrn", "M1")])
    assert taken.value.holder.patient == holder
    assert Patient.objects.count() == 1


def test_a_broken_rule_that_nobody_foresaw_is_not_hidden(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    builders.patient(site, mrn="M1")
    monkeypatch.setattr(services, "_refuse_taken", lambda *_args: None)
    with pytest.raises(IntegrityError):
        register(site, identifiers=[IdentifierFacts("mrn", "M1")])


def test_without_its_trail_nothing_is_registered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(event: str, **_facts: Any) -> None:
        if event == "patients.identifier_added":
            raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr(trail, "record", fail)
    with pytest.raises(RuntimeError):
        register(site, identifiers=[IdentifierFacts("mrn", "M1")])
    assert not Patient.objects.exists()
    assert not SmaProfile.objects.exists()
