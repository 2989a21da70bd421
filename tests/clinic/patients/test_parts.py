"""Add, correct and void what belongs to a patient."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.patients import parts, services
from clinic.patients.facts import (
    AccessPlanFacts,
    AllergyFacts,
    CarerFacts,
    ConsentFacts,
    Facts,
    IdentifierFacts,
    MeasurementFacts,
    ProfileFacts,
    TherapyFacts,
)
from clinic.patients.models import Consent, Patient
from clinic.patients.parts import KINDS
from clinic.patients.services import IdentifierTaken, Refused
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, NHS, TODAY
from tests.factories import AT, BY

GOOD: dict[str, tuple[Facts, Facts]] = {
    "identifier": (IdentifierFacts("mrn", "M1"), IdentifierFacts("mrn", "M2")),
    "carer": (CarerFacts("Maria", channel="post"), CarerFacts("Maria Berg", channel="phone", phone="0123")),
    "consent": (ConsentFacts("treatment", TODAY, "Maria"), ConsentFacts("registry", TODAY, "Maria")),
    "allergy": (AllergyFacts("allergy", TODAY, "Latex"), AllergyFacts("hypersensitivity", TODAY, "Latex", "rash")),
    "access-plan": (
        AccessPlanFacts("interlaminar", "none", "local", TODAY),
        AccessPlanFacts("port", "none", "general", TODAY, "Left side"),
    ),
    "measurement": (MeasurementFacts(TODAY, Decimal("9.5")), MeasurementFacts(TODAY, Decimal("9.55"), Decimal(75))),
    "therapy": (TherapyFacts("risdiplam", TODAY), TherapyFacts("other", TODAY, TODAY, "Trial drug")),
}
BAD: dict[str, Facts] = {
    "identifier": IdentifierFacts("nhs", "123"),
    "carer": CarerFacts("", channel="post"),
    "consent": ConsentFacts("treatment", TODAY + timedelta(days=1), "Maria"),
    "allergy": AllergyFacts("allergy", TODAY),
    "access-plan": AccessPlanFacts("port", "none", "local", TODAY + timedelta(days=1)),
    "measurement": MeasurementFacts(TODAY),
    "therapy": TherapyFacts("risdiplam", BORN - timedelta(days=1)),
}
TOO_LONG: dict[str, Facts] = {
    "carer": CarerFacts("M" * 151, channel="post"),
    "consent": ConsentFacts("treatment", TODAY, "M" * 151),
    "allergy": AllergyFacts("allergy", TODAY, "L" * 121),
    "access-plan": AccessPlanFacts("port", "none", "local", TODAY, "n" * 301),
    "measurement": MeasurementFacts(TODAY, Decimal("9.555")),
    "therapy": TherapyFacts("risdiplam", TODAY, note="n" * 201),
}
every_kind = pytest.mark.parametrize("slug", KINDS)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def add(patient: Patient, slug: str, facts: Facts | None = None, **more: Any) -> Any:
    return services.add_part(kind=KINDS[slug], patient=patient, facts=facts or GOOD[slug][0], by=BY, at=AT, **more)


def correct(slug: str, part: Any, facts: Facts | None = None, **more: Any) -> Any:
    return services.correct_part(kind=KINDS[slug], part=part, facts=facts or GOOD[slug][1], by=BY, at=AT, **more)


def void(slug: str, part: Any, reason: str = "Entered twice", **more: Any) -> Any:
    return services.void_part(kind=KINDS[slug], part=part, reason=reason, by=BY, at=AT, **more)


def newest_entry(patient: Patient) -> Entry:
    entry = Entry.objects.about_patient(patient.pk).first()
    assert entry is not None
    return entry


def test_every_kind_of_part_is_tried_here() -> None:
    assert set(GOOD) == set(BAD) == set(KINDS)


@every_kind
def test_a_part_is_added_with_its_trail(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    facts = GOOD[slug][0]
    assert (part.patient, type(facts).of(part), part.version) == (patient, facts, 1)
    entry = newest_entry(patient)
    assert (entry.event, entry.target_id, entry.site_id) == (KINDS[slug].added, str(part.pk), patient.site_id)
    assert all(old is None for old, _new in entry.changes.values())


@every_kind
def test_a_form_that_comes_twice_adds_one_part(patient: Patient, slug: str) -> None:
    key = uuid.uuid4()
    first = add(patient, slug, submission=key)
    with pytest.raises(AlreadySubmitted) as before:
        add(patient, slug, submission=key)
    assert before.value.record == first
    assert KINDS[slug].model._base_manager.count() == 1


@every_kind
def test_a_correction_keeps_old_and_new(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    corrected = correct(slug, part, reason="Misread")
    assert (type(GOOD[slug][1]).of(corrected), corrected.version) == (GOOD[slug][1], 2)
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == (KINDS[slug].corrected, "Misread")
    assert entry.changes
    assert all(old != new for old, new in entry.changes.values())


@every_kind
def test_the_later_of_two_corrections_is_told(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    correct(slug, part)
    with pytest.raises(StaleRecord) as stale:
        correct(slug, part, GOOD[slug][0], expected=1)
    assert type(GOOD[slug][1]).of(stale.value.current) == GOOD[slug][1]


@every_kind
def test_a_voided_part_stays_with_its_reason_and_takes_no_more(patient: Patient, slug: str) -> None:
    part = void(slug, add(patient, slug), reason=" Entered twice ")
    assert (part.void_reason, part.voided_at) == ("Entered twice", AT)
    assert newest_entry(patient).event == KINDS[slug].voided
    with pytest.raises(StaleRecord):
        correct(slug, part)
    with pytest.raises(StaleRecord):
        void(slug, part)


@every_kind
def test_a_void_needs_a_reason(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    with pytest.raises(Refused) as refused:
        void(slug, part, reason="  ")
    assert set(refused.value.problems) == {"reason"}


@every_kind
def test_the_later_of_a_correction_and_a_void_is_told(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    correct(slug, part)
    with pytest.raises(StaleRecord):
        void(slug, part, expected=1)


@every_kind
def test_what_cannot_be_is_refused_when_added_and_when_corrected(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    entries = Entry.objects.count()
    with pytest.raises(Refused):
        add(patient, slug, BAD[slug])
    with pytest.raises(Refused):
        correct(slug, part, BAD[slug])
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("slug", TOO_LONG)
def test_what_a_column_cannot_hold_is_refused(patient: Patient, slug: str) -> None:
    part = add(patient, slug)
    with pytest.raises(Refused):
        correct(slug, part, TOO_LONG[slug])
    void(slug, part)
    with pytest.raises(Refused):
        add(patient, slug, TOO_LONG[slug])


# --- Identifiers -----------------------------------------------------------------------------------------------------


def searched(patient: Patient) -> str:
    return Patient.objects.get(pk=patient.pk).search_text


def test_a_number_is_searched_for_while_it_stands(patient: Patient) -> None:
    number = add(patient, "identifier")
    assert searched(patient) == " berg ana m1"
    number = correct("identifier", number)
    assert searched(patient) == " berg ana m2"
    void("identifier", number)
    assert searched(patient) == " berg ana"


def test_adding_a_number_leaves_the_patients_version_alone(patient: Patient) -> None:
    add(patient, "identifier")
    assert Patient.objects.get(pk=patient.pk).version == 1


def test_a_number_of_another_patient_is_refused(site: Site, patient: Patient) -> None:
    other = builders.patient(site, "Zielke", "Otto", nhs=NHS)
    with pytest.raises(IdentifierTaken, match="another patient") as taken:
        add(patient, "identifier", IdentifierFacts("nhs", "943 476 5919"))
    assert taken.value.holder.patient == other
    number = add(patient, "identifier")
    with pytest.raises(IdentifierTaken, match="another patient"):
        correct("identifier", number, IdentifierFacts("nhs", NHS))


def test_a_number_recorded_twice_for_one_patient_is_refused(patient: Patient) -> None:
    add(patient, "identifier")
    with pytest.raises(IdentifierTaken, match="this patient already") as taken:
        add(patient, "identifier", IdentifierFacts("mrn", " m1 "))
    assert not taken.value.by_another


def test_a_number_saved_unchanged_does_not_clash_with_itself(patient: Patient) -> None:
    number = add(patient, "identifier")
    assert correct("identifier", number, IdentifierFacts("mrn", "M 1")).version == 1


def test_a_patient_may_have_several_numbers_of_a_kind(patient: Patient) -> None:
    add(patient, "identifier")
    add(patient, "identifier", IdentifierFacts("mrn", "M2"))
    assert searched(patient) == " berg ana m1 m2"


# --- Consents --------------------------------------------------------------------------------------------------------


def withdraw(consent: Consent, on: date = TODAY, **more: Any) -> Consent:
    return services.withdraw_consent(consent=consent, on=on, by=BY, at=AT, **more)


def test_a_second_consent_of_a_kind_is_refused_while_one_is_in_force(patient: Patient) -> None:
    first = builders.consent(patient)
    with pytest.raises(Refused, match="given on 5 Jan 2026, is in force") as refused:
        builders.consent(patient)
    assert set(refused.value.problems) == {"kind"}
    withdraw(first)
    assert builders.consent(patient, given_on=TODAY).withdrawn_on is None


def test_consents_of_different_kinds_and_patients_stand_side_by_side(site: Site, patient: Patient) -> None:
    for kind in ("treatment", "reminders", "registry"):
        builders.consent(patient, kind)
    builders.consent(builders.patient(site, "Zielke"))
    assert Consent.objects.count() == 4


def test_a_consent_is_not_corrected_into_a_second_one(patient: Patient) -> None:
    builders.consent(patient, "treatment")
    other = builders.consent(patient, "registry")
    with pytest.raises(Refused, match="in force"):
        correct("consent", other, ConsentFacts("treatment", TODAY, "Maria"))


def test_a_withdrawn_consent_may_be_corrected_beside_one_in_force(patient: Patient) -> None:
    old = withdraw(builders.consent(patient))
    builders.consent(patient, given_on=TODAY)
    corrected = correct("consent", old, ConsentFacts("treatment", date(2026, 1, 6), "Maria Berg"))
    assert corrected.given_on == date(2026, 1, 6)


def test_a_consent_is_withdrawn_on_a_day_with_its_trail(patient: Patient) -> None:
    consent = withdraw(builders.consent(patient), reason="By telephone")
    assert consent.withdrawn_on == TODAY
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == ("patients.consent_withdrawn", "By telephone")
    assert entry.changes == {"withdrawn_on": [None, "2026-07-04"], "withdrawal_reason": ["", "By telephone"]}


@pytest.mark.parametrize(
    ("on", "sentence"),
    [(date(2026, 1, 4), "given on 5 Jan 2026, after this day"), (TODAY + timedelta(days=1), "in the future")],
)
def test_a_consent_is_not_withdrawn_before_it_was_given_or_ahead(patient: Patient, on: date, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        withdraw(builders.consent(patient), on)


def test_a_consent_may_be_withdrawn_on_the_day_it_was_given(patient: Patient) -> None:
    assert withdraw(builders.consent(patient), date(2026, 1, 5)).withdrawn_on == date(2026, 1, 5)


def test_a_consent_is_withdrawn_once(patient: Patient) -> None:
    consent = withdraw(builders.consent(patient))
    with pytest.raises(Refused, match="withdrawn on 4 Jul 2026 already"):
        withdraw(consent)


def test_the_later_of_two_withdrawals_is_told(patient: Patient) -> None:
    consent = builders.consent(patient)
    withdraw(consent)
    with pytest.raises(StaleRecord):
        withdraw(consent, expected=1)


def test_a_withdrawn_consent_was_not_given_after_its_withdrawal(patient: Patient) -> None:
    consent = withdraw(builders.consent(patient), date(2026, 2, 1))
    correct("consent", consent, ConsentFacts("treatment", date(2026, 2, 1), "Maria"))
    with pytest.raises(Refused, match="withdrawn on 1 Feb 2026"):
        correct("consent", Consent.objects.get(), ConsentFacts("treatment", date(2026, 2, 2), "Maria"))


def test_a_refusal_stands_in_the_way_of_a_consent_until_it_is_taken_back(patient: Patient) -> None:
    refusal = add(patient, "consent", ConsentFacts("registry", TODAY, "Maria", "refused"))
    assert str(refusal) == "Sharing with a registry, refused 4 Jul 2026"
    with pytest.raises(Refused, match="refused on 4 Jul 2026, is in force"):
        builders.consent(patient, "registry")
    withdraw(refusal, reason="Changed her mind")
    assert builders.consent(patient, "registry", TODAY).withdrawn_on is None


# --- Allergies and access plans --------------------------------------------------------------------------------------


def test_that_none_is_known_is_said_once_and_never_beside_an_allergy(patient: Patient) -> None:
    statement = builders.no_known_allergies(patient)
    with pytest.raises(Refused, match="said on 5 Jan 2026 that none is known") as refused:
        builders.no_known_allergies(patient)
    assert set(refused.value.problems) == {"kind"}
    services.void_part(kind=parts.ALLERGY, part=statement, reason="Asked the wrong family", by=BY, at=AT)
    allergy = builders.allergy(patient, reaction="rash")
    with pytest.raises(Refused, match=r"Latex \(rash\) is recorded\. Void that entry first"):
        builders.no_known_allergies(patient)
    services.void_part(kind=parts.ALLERGY, part=allergy, reason="A sting", by=BY, at=AT)
    assert str(builders.no_known_allergies(patient)) == "None known"


def test_an_allergy_found_later_stands_beside_the_statement(patient: Patient) -> None:
    builders.no_known_allergies(patient)
    assert str(builders.allergy(patient, kind="hypersensitivity")) == "Latex"


def test_a_statement_may_be_corrected_where_it_stands_alone(patient: Patient) -> None:
    statement = builders.no_known_allergies(patient)
    corrected = correct("allergy", statement, AllergyFacts("none_known", TODAY, " "))
    assert (corrected.noted_on, corrected.substance) == (TODAY, "")


def test_a_plan_keeps_the_spine_that_it_was_made_for(site: Site) -> None:
    patient = builders.patient(site, profile=ProfileFacts(spine="scoliosis"))
    plan = builders.access_plan(patient)
    services.set_profile(profile=patient.sma_profile, facts=ProfileFacts(spine="fused"), by=BY, at=AT)
    assert correct("access-plan", plan, AccessPlanFacts("port", "none", "local", TODAY)).spine == "scoliosis"
    assert builders.access_plan(patient, TODAY).spine == "fused"


def test_the_words_of_the_kinds_are_those_of_the_addresses() -> None:
    assert [kind.slug for kind in KINDS.values()] == list(KINDS)
    assert parts.CONSENT.this == "the consent"
