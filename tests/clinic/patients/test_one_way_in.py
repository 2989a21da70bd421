"""Forms, services and tables agree on what can be true: no way in is easier than another."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.patients import events, services
from clinic.patients.choices import (
    AllergyKind,
    Approach,
    Channel,
    ConsentAnswer,
    ConsentKind,
    Guidance,
    IdentifierKind,
    Language,
    Sedation,
    Sex,
    SmaType,
    Smn2Copies,
    Smn2Method,
    Therapy,
)
from clinic.patients.facts import (
    AccessPlanFacts,
    AllergyFacts,
    CarerFacts,
    ConsentFacts,
    Facts,
    IdentifierFacts,
    MeasurementFacts,
    PersonFacts,
    ProfileFacts,
    TherapyFacts,
    problems,
)
from clinic.patients.forms import PART_FORMS, PersonForm, ProfileForm
from clinic.patients.forms.parts import FactsForm
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.parts import KINDS
from clinic.patients.services import Refused
from clinic.records.forms import Once
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, TODAY
from tests.factories import AT, BY

DAYS = st.sampled_from([BORN - timedelta(days=1), BORN, date(2024, 2, 29), TODAY, TODAY + timedelta(days=1)])
WORDS = st.sampled_from(["", " ", "Maria", "Åsa-Lou O'Brien", "x" * 40])
NUMBERS = st.sampled_from(["", "M1", "m 1", "9434765919", "943 476 5918", "1111111111", "#1", "x" * 41])
WEIGHTS = st.sampled_from([None, *map(Decimal, ("0.99", "1", "9.5", "300", "300.01"))])
HEIGHTS = st.sampled_from([None, *map(Decimal, ("29.9", "30", "75.5", "230", "230.1"))])

FACTS: dict[str, st.SearchStrategy[Any]] = {
    "identifier": st.builds(IdentifierFacts, st.sampled_from(IdentifierKind.values), NUMBERS),
    "carer": st.builds(
        CarerFacts,
        WORDS,
        WORDS,
        st.sampled_from(Channel.values),
        st.sampled_from(Language.values),
        st.sampled_from(["", "maria@example.org"]),
        st.sampled_from(["", "0123"]),
    ),
    "consent": st.builds(
        ConsentFacts,
        st.sampled_from(ConsentKind.values),
        DAYS,
        WORDS,
        st.sampled_from(ConsentAnswer.values),
        WORDS,
        WORDS,
    ),
    "allergy": st.builds(AllergyFacts, st.sampled_from(AllergyKind.values), DAYS, WORDS, WORDS),
    "access-plan": st.builds(
        AccessPlanFacts,
        st.sampled_from(Approach.values),
        st.sampled_from(Guidance.values),
        st.sampled_from(Sedation.values),
        DAYS,
        WORDS,
    ),
    "measurement": st.builds(MeasurementFacts, DAYS, WEIGHTS, HEIGHTS),
    "therapy": st.builds(TherapyFacts, st.sampled_from(Therapy.values), DAYS, st.none() | DAYS, WORDS),
}
PERSONS = st.builds(PersonFacts, WORDS, WORDS, DAYS | st.just(date(1899, 12, 31)), st.sampled_from(Sex.values))
PROFILES = st.builds(
    ProfileFacts,
    sma_type=st.sampled_from(["", *SmaType.values]),
    smn2_copies=st.sampled_from(["", *Smn2Copies.values]),
    smn2_method=st.sampled_from(["", *Smn2Method.values]),
    symptom_onset=st.none() | DAYS,
)

often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def typed(facts: Facts) -> dict[str, str]:
    """Write facts the way a form sends them."""
    values = {name: getattr(facts, name) for name in facts.names()}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def refused_fields(facts: Facts) -> set[str]:
    return set(problems(facts, born_on=BORN, today=TODAY))


def refused_by(service: Callable[[], object]) -> set[str]:
    """Call a service and return the fields at fault; none when it did its work."""
    try:
        service()
    except Refused as refused:
        return set(refused.problems)
    return set()


def form_of(slug: str, facts: Facts) -> FactsForm:
    once = Once(1, "test", "test")
    data = typed(facts) | {"submission": once.issue()}
    return PART_FORMS[slug].add(data, born_on=BORN, today=TODAY, once=once)


@pytest.mark.parametrize("slug", KINDS)
@often
@given(data=st.data())
def test_a_part_that_a_form_takes_is_one_that_the_service_and_the_table_take(
    patient: Patient, slug: str, data: st.DataObject
) -> None:
    facts = data.draw(FACTS[slug])
    form = form_of(slug, facts)
    refused = refused_by(lambda: services.add_part(kind=KINDS[slug], patient=patient, facts=facts, by=BY, at=AT))
    if form.is_valid():
        # What stands in the way of another row is found by the service alone.
        assert refused <= {"consent": {"kind"}, "allergy": {"kind"}, "identifier": {"value"}}.get(slug, set())
    else:
        assert set(form.errors) == refused


@pytest.mark.parametrize("slug", KINDS)
@often
@given(data=st.data())
def test_a_form_says_everything_that_the_facts_say(slug: str, data: st.DataObject) -> None:
    facts = data.draw(FACTS[slug])
    assert set(form_of(slug, facts).errors) >= refused_fields(facts) - {"kind"}


@pytest.mark.parametrize("slug", KINDS)
@often
@given(data=st.data())
def test_a_form_hands_on_what_was_said(slug: str, data: st.DataObject) -> None:
    facts = data.draw(FACTS[slug])
    form = form_of(slug, facts)
    if form.is_valid():
        said = {name: value.strip() if isinstance(value, str) else value for name, value in facts.values().items()}
        assert form.facts().values() == said


@often
@given(facts=PERSONS)
def test_a_person_whom_a_form_takes_is_one_whom_the_service_takes(site: Site, facts: PersonFacts) -> None:
    form = PersonForm(typed(facts) | {"version": "1"}, born_on=BORN, today=TODAY)
    assert set(form.errors) == refused_by(lambda: services.register(site=site, person=facts, by=BY, at=AT))


@often
@given(facts=PROFILES)
def test_a_profile_that_a_form_takes_is_one_that_the_service_takes(patient: Patient, facts: ProfileFacts) -> None:
    form = ProfileForm(typed(facts) | {"version": "1"}, born_on=BORN, today=TODAY)
    profile = SmaProfile.objects.get(patient=patient)
    refused = refused_by(lambda: services.set_profile(profile=profile, facts=facts, by=BY, at=AT))
    assert set(form.errors) == refused
    if not refused:
        assert ProfileFacts.of(SmaProfile.objects.get(patient=patient)) == facts


@often
@given(facts=PERSONS, missing=st.sampled_from(["given_name", "family_name", "sex"]))
def test_a_missing_word_hides_nothing_else_that_is_wrong(facts: PersonFacts, missing: str) -> None:
    form = PersonForm(typed(facts) | {missing: "", "version": "1"}, born_on=BORN, today=TODAY)
    assert missing in form.errors
    assert set(form.errors) >= refused_fields(facts)


def test_without_a_day_that_is_needed_there_is_nothing_to_ask() -> None:
    assert ConsentFacts.so_far({"kind": "treatment", "given_by": "Maria"}) is None
    assert PersonFacts.so_far({"given_name": "Ana"}) is None


def test_what_is_missing_but_not_needed_counts_as_empty() -> None:
    assert MeasurementFacts.so_far({"measured_on": TODAY}) == MeasurementFacts(TODAY)
    assert CarerFacts.so_far({"phone": "0123"}) == CarerFacts("", "", "", "", "", "0123")
    assert PersonFacts.so_far({"born_on": BORN}) == PersonFacts("", "", BORN, "")


def test_every_event_of_the_room_is_told_apart_and_belongs_to_it() -> None:
    codes = [value for name, value in vars(events).items() if name.isupper()]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("patients.") for code in codes)
    assert {event for kind in KINDS.values() for event in (kind.added, kind.corrected, kind.voided)} <= set(codes)
