"""What cannot be true of a patient, on both sides of each boundary."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic.patients.facts import (
    AccessPlanFacts,
    AllergyFacts,
    CarerFacts,
    ConsentFacts,
    Facts,
    IdentifierFacts,
    MeasurementFacts,
    PersonFacts,
    Problems,
    ProfileFacts,
    TherapyFacts,
    care_problems,
    day_problem,
    problems,
)
from clinic.patients.models import Carer, Measurement, Patient
from tests.clinic.patients.builders import BORN, NHS, TODAY, person

DAY = timedelta(days=1)


def found(facts: Facts) -> Problems:
    return problems(facts, born_on=BORN, today=TODAY)


@pytest.mark.parametrize("born_on", [TODAY, date(1900, 1, 1), date(2020, 2, 29)])
def test_a_birth_from_1900_until_today_can_be(born_on: date) -> None:
    assert found(person(born_on=born_on)) == {}


@pytest.mark.parametrize(
    ("born_on", "sentence"), [(TODAY + DAY, "lies in the future"), (date(1899, 12, 31), "lies before 1900")]
)
def test_a_birth_outside_of_that_cannot(born_on: date, sentence: str) -> None:
    assert sentence in found(person(born_on=born_on))["born_on"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_both_names_are_needed(blank: str) -> None:
    assert set(found(person(given_name=blank, family_name=blank))) == {"given_name", "family_name"}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        pytest.param(ProfileFacts(symptom_onset=BORN), "symptom_onset", id="onset"),
        pytest.param(ConsentFacts("treatment", BORN, "Maria"), "given_on", id="consent"),
        pytest.param(AllergyFacts("none_known", BORN), "noted_on", id="allergy"),
        pytest.param(AccessPlanFacts("port", "none", "local", BORN), "reviewed_on", id="access-plan"),
        pytest.param(MeasurementFacts(BORN, weight_kg=Decimal(3)), "measured_on", id="measurement"),
        pytest.param(TherapyFacts("risdiplam", BORN), "started_on", id="therapy"),
    ],
)
def test_nothing_happens_before_birth_or_after_today(facts: Facts, field: str) -> None:
    def on(day: date) -> Problems:
        values: dict[str, Any] = {field: day}
        return found(replace(facts, **values))

    assert on(BORN) == on(TODAY) == {}
    assert on(BORN - DAY) == {field: "This day lies before the date of birth, 17 May 2020."}
    assert on(TODAY + DAY) == {field: "This day lies in the future."}


def test_no_day_is_no_problem() -> None:
    assert day_problem(None, born_on=BORN, today=TODAY) == ""


def test_presymptomatic_and_symptoms_exclude_each_other() -> None:
    assert found(ProfileFacts(sma_type="presymptomatic")) == {}
    said = found(ProfileFacts(sma_type="presymptomatic", symptom_onset=BORN))
    assert "no symptoms yet" in said["symptom_onset"]


def test_a_method_of_counting_needs_a_count() -> None:
    assert found(ProfileFacts(smn2_copies="2", smn2_method="mlpa")) == found(ProfileFacts(smn2_copies="2")) == {}
    assert set(found(ProfileFacts(smn2_method="mlpa"))) == {"smn2_copies"}


def test_nothing_at_all_is_a_profile() -> None:
    assert found(ProfileFacts()) == {}


def test_a_number_that_cannot_be_says_why() -> None:
    assert found(IdentifierFacts("nhs", NHS)) == {}
    assert "check digit" in found(IdentifierFacts("nhs", NHS[:-1] + "8"))["value"]
    assert set(found(IdentifierFacts("passport", "X1"))) == {"kind"}


def test_a_number_is_given_on_as_it_is_kept() -> None:
    assert IdentifierFacts("mrn", "m 1").values() == {"kind": "mrn", "value": "M1"}


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        (CarerFacts("Maria", email="m@example.org"), set()),
        (CarerFacts("Maria", channel="email"), {"email"}),
        (CarerFacts("Maria", channel="phone", phone="0123"), set()),
        (CarerFacts("Maria", channel="phone", email="m@example.org"), {"phone"}),
        (CarerFacts("Maria", channel="post"), set()),
        (CarerFacts(" ", channel="post"), {"name"}),
    ],
)
def test_a_carer_has_a_name_and_can_be_reached_as_preferred(facts: CarerFacts, fields: set[str]) -> None:
    assert set(found(facts)) == fields


@pytest.mark.parametrize(
    ("kind", "substance", "fields"),
    [
        ("none_known", "", set()),
        ("none_known", " ", set()),
        ("none_known", "Latex", {"substance"}),
        ("allergy", "Latex", set()),
        ("allergy", " ", {"substance"}),
        ("hypersensitivity", "", {"substance"}),
    ],
)
def test_an_allergy_is_one_to_something_and_none_is_one_to_nothing(kind: str, substance: str, fields: set[str]) -> None:
    assert set(found(AllergyFacts(kind, TODAY, substance))) == fields


def test_somebody_answered_for_the_consent() -> None:
    assert set(found(ConsentFacts("treatment", TODAY, " "))) == {"given_by"}


@pytest.mark.parametrize(
    ("weight", "height", "fields"),
    [
        (None, None, {"weight_kg"}),
        ("1", None, set()),
        ("0.99", None, {"weight_kg"}),
        ("300", None, set()),
        ("300.01", None, {"weight_kg"}),
        (None, "30", set()),
        (None, "29.9", {"height_cm"}),
        (None, "230", set()),
        (None, "230.1", {"height_cm"}),
        ("0", "0", {"weight_kg", "height_cm"}),
    ],
)
def test_a_measurement_measures_something_plausible(weight: str | None, height: str | None, fields: set[str]) -> None:
    facts = MeasurementFacts(TODAY, weight and Decimal(weight), height and Decimal(height))  # type: ignore[arg-type]
    assert set(found(facts)) == fields


def test_a_therapy_ends_on_the_day_it_began_or_later() -> None:
    assert found(TherapyFacts("risdiplam", TODAY, TODAY)) == {}
    assert "began on 4 Jul 2026" in found(TherapyFacts("risdiplam", TODAY, TODAY - DAY))["ended_on"]
    assert "future" in found(TherapyFacts("risdiplam", TODAY, TODAY + DAY))["ended_on"]


def test_another_therapy_is_named() -> None:
    assert set(found(TherapyFacts("other", TODAY))) == {"note"}
    assert found(TherapyFacts("other", TODAY, note="Trial drug")) == {}


def test_a_kind_of_facts_without_rules_is_a_mistake_in_the_program() -> None:
    with pytest.raises(TypeError, match="Facts"):
        found(Facts())


@pytest.mark.parametrize(
    ("to", "on", "fields"),
    [
        ("died", TODAY, set()),
        ("active", TODAY, set()),
        ("left", date(2026, 1, 5), set()),
        ("transferred", date(2026, 1, 5), {"to"}),
        ("transferred", TODAY, set()),
        ("died", TODAY + DAY, {"on"}),
        ("died", BORN, set()),
        ("died", BORN - DAY, {"on"}),
    ],
)
def test_a_care_status_is_a_change_within_life(to: str, on: date, fields: set[str]) -> None:
    recorded = ("transferred", date(2026, 1, 5))
    assert set(care_problems(to, on, recorded=recorded, born_on=BORN, today=TODAY)) == fields


def test_facts_are_read_off_a_row_and_off_a_form_alike() -> None:
    row = Patient(given_name="Ana", family_name="Berg", born_on=BORN, sex="female")
    assert PersonFacts.of(row) == person()
    assert PersonFacts.of({**person().values(), "submission": "x"}) == person()


def test_facts_have_the_names_of_the_columns_they_become() -> None:
    assert set(CarerFacts.names()) <= {field.name for field in Carer._meta.fields}
    assert set(MeasurementFacts.names()) <= {field.name for field in Measurement._meta.fields}
