from dataclasses import replace
from decimal import Decimal

import pytest

from monographs.rules.dosage import LONGEST_PARAGRAPH, Statement, differences, statement_from
from monographs.rules.regimen import Interval, Regimen, Step, Unit
from tests.monographs.rules.documents import read

MG = Decimal(12)


def days(count: int) -> Interval:
    return Interval(count, Unit.DAYS)


def months(count: int) -> Interval:
    return Interval(count, Unit.MONTHS)


def step(mg: int, after: Interval) -> Step:
    return Step(Decimal(mg), Decimal(5), after)


REGIMEN = Regimen(
    key="example",
    version=1,
    name="Example",
    loading=(step(12, days(0)), step(12, days(14)), step(12, days(14)), step(12, days(30))),
    maintenance=step(12, months(4)),
    minimum_days=14,
    late=None,
    switch=None,
    source="Example label",
    effective_from=None,
    is_default=True,
)
LOADING = Statement("Loading Dose", MG, days(14), 3)
FOURTH = Statement("Fourth Dose", MG, days(30), 1)
MAINTENANCE = Statement("Maintenance Dose", MG, months(4), None)
AGREED = (LOADING, FOURTH, MAINTENANCE)


def statements(body: str) -> tuple[Statement, ...]:
    return read(f"### Dosage\n\n{body}\n").statements


@pytest.mark.parametrize(
    ("label", "text", "expected"),
    [
        ("Loading Dose", "12 mg is given once every 14 days for a total of three doses.", LOADING),
        ("Loading Dose", "Three doses of twelve mg at 14-day intervals.", LOADING),
        ("Loading Dose", "3 × 12 mg doses, two weeks apart", LOADING),
        ("Fourth Dose", "A fourth dose of 12 mg is administered 30 days after the third dose.", FOURTH),
        ("Fourth Dose", "12 mg, thirty days later", FOURTH),
        ("Maintenance Dose", "12 mg is given once every 4 months after the loading doses.", MAINTENANCE),
        ("Maintenance Dose", "one dose of 12 mg every four months after the fourth dose", MAINTENANCE),
        ("Test Dose", "*12 mg*", Statement("Test Dose", MG, None, None)),
    ],
)
def test_a_dosage_sentence_is_understood(label: str, text: str, expected: Statement) -> None:
    assert statement_from(label, text) == expected


@pytest.mark.parametrize("text", ["given every 14 days", "12 mg/kg every 14 days", "12 mg or 28 mg every 14 days"])
def test_a_sentence_without_exactly_one_amount_is_not_guessed(text: str) -> None:
    assert statement_from("Loading Dose", text) is None


@pytest.mark.parametrize(
    "body",
    [
        "* **Maintenance Dose:** 12 mg every 4 months.",
        "- Maintenance Dose: 12 mg every 4 months.",
        "**Maintenance Dose:** 12 mg every 4 months.",
        "#### Maintenance Dose:\n\n12 mg every 4 months.",
        "Give with care. The maintenance dose is 12 mg every 4 months. It is supplied in vials of 12 mg.",
    ],
)
def test_a_statement_may_be_a_bullet_a_paragraph_or_a_sentence(body: str) -> None:
    assert statements(body) == (MAINTENANCE,)


def test_a_sentence_that_names_no_dose_has_a_plain_label() -> None:
    assert statements("Give 12 mg every 4 months.") == (replace(MAINTENANCE, label="Dose"),)


def test_several_sentences_are_several_statements() -> None:
    body = (
        "The loading doses are 12 mg every 14 days, three doses in all; A fourth dose of 12 mg follows after 30 days."
    )

    assert statements(body) == (replace(LOADING, label="Loading Doses"), FOURTH)


@pytest.mark.parametrize("body", ["Given with care.", "* **Volume:** 5 mL", "In vials of 12 mg.", "| 12 mg |\n|---|\n"])
def test_other_words_of_the_section_are_passed_over(body: str) -> None:
    assert statements(body) == ()


def test_dosage_sentences_elsewhere_are_passed_over() -> None:
    assert read("### Odd Things\n* **Loading Dose:** 12 mg every 14 days.\n").statements == ()


def test_a_sub_heading_holds_for_its_own_section_only() -> None:
    document = read("### Dosage\n#### Maintenance Dose\nSee below.\n### Dosing\n12 mg every 4 months.\n")

    assert [statement.label for statement in document.statements] == ["Dose"]


def test_a_paragraph_of_absurd_length_is_passed_over() -> None:
    sentence = "The maintenance dose is 12 mg every 4 months."
    fitting = sentence.ljust(LONGEST_PARAGRAPH - 1, "x") + "."

    assert len(statements(fitting)) == 1
    assert statements(f"{fitting}x") == ()


def test_a_label_is_cut_to_a_length_that_can_be_stored() -> None:
    (statement,) = statements(f"* **{'x' * 150}:** 12 mg every 4 months.")

    assert statement.label == "x" * 100


def test_prose_that_says_what_the_regimen_says_differs_in_nothing() -> None:
    assert differences(AGREED, [REGIMEN]) == ()


def test_nothing_differs_where_there_is_no_regimen() -> None:
    assert differences(AGREED, []) == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (replace(LOADING, mg=Decimal("12.5")), "Loading Dose: the text says 12.5 mg, example says 12 mg."),
        (replace(FOURTH, mg=Decimal(50)), "Fourth Dose: the text says 50 mg, example says 12 mg."),
        (replace(MAINTENANCE, mg=Decimal(28)), "Maintenance Dose: the text says 28 mg, example says 12 mg."),
        (
            replace(LOADING, interval=days(21)),
            "Loading Dose: the text says an interval of 21 days, example says 14 days.",
        ),
        (
            replace(FOURTH, interval=days(35)),
            "Fourth Dose: the text says an interval of 35 days, example says 30 days.",
        ),
        (
            replace(MAINTENANCE, interval=months(6)),
            "Maintenance Dose: the text says an interval of 6 months, example says 4 months.",
        ),
        (
            replace(MAINTENANCE, interval=days(4)),
            "Maintenance Dose: the text says an interval of 4 days, example says 4 months.",
        ),
        (replace(LOADING, count=2), "Loading doses: the text gives 3, example gives 4."),
    ],
)
def test_each_difference_is_told_with_both_values(changed: Statement, sentence: str) -> None:
    told = differences([changed if changed.label == agreed.label else agreed for agreed in AGREED], [REGIMEN])

    assert told == (sentence,)


def test_a_series_that_runs_into_another_interval_differs_from_it() -> None:
    assert differences([replace(LOADING, count=4), MAINTENANCE], [REGIMEN]) == (
        "Loading Dose: the text says an interval of 14 days, example says 30 days.",
    )


def test_a_numbered_dose_that_the_regimen_does_not_have_changes_the_number() -> None:
    assert differences([LOADING, FOURTH, replace(FOURTH, label="Fifth Dose"), MAINTENANCE], [REGIMEN]) == (
        "Loading doses: the text gives 5, example gives 4.",
    )


def test_missing_doses_are_told() -> None:
    assert differences([], [REGIMEN]) == (
        "Loading doses: the text gives none, example gives 4.",
        "Maintenance dose: the text gives none, example gives 12 mg every 4 months.",
    )


def test_a_series_without_a_number_says_nothing_about_how_many() -> None:
    everywhere = replace(REGIMEN, loading=REGIMEN.loading[:3])

    assert differences([replace(LOADING, count=None), MAINTENANCE], [everywhere]) == ()


def test_an_interval_that_the_prose_does_not_say_is_not_compared() -> None:
    assert differences([replace(statement, interval=None) for statement in AGREED], [REGIMEN]) == ()


def test_a_dose_of_another_name_is_told() -> None:
    assert differences([*AGREED, replace(MAINTENANCE, label="Test Dose")], [REGIMEN]) == (
        "Test Dose: the text says 12 mg, example has no dose of that name.",
    )


def test_weeks_and_years_are_compared_as_days_and_months() -> None:
    first = "* **Initial doses:** 12 mg every two weeks, three doses."
    then = "* **4th dose:** 12 mg 30 days later.\n* **Maintenance:** 12 mg once a year."

    told = statements(f"{first}\n{then}")

    assert differences(told, [replace(REGIMEN, maintenance=step(12, months(12)))]) == ()


def test_the_default_regimen_is_compared_wherever_it_stands() -> None:
    other = replace(REGIMEN, key="other", is_default=False, maintenance=step(28, months(4)))

    assert differences(AGREED, [other, REGIMEN]) == ()
    assert differences(AGREED, [other]) == ("Maintenance Dose: the text says 12 mg, other says 28 mg.",)


def test_a_numbered_maintenance_dose_is_a_maintenance_dose() -> None:
    assert differences([LOADING, FOURTH, replace(MAINTENANCE, label="First maintenance dose")], [REGIMEN]) == ()
