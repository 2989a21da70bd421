"""Reading the question: dates and amounts line by line. Needs no database."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.schedule_stage import REGIMENS
from treatments.calculator.forms import MOST_DOSES, CalculatorForm
from treatments.rules.schedule import Attempt, Outcome

TODAY = date(2026, 7, 4)


def form(given: str = "", **asked: str) -> CalculatorForm:
    data = {"regimen": "nusinersen-12mg-us", "given": given} | asked
    return CalculatorForm(data, regimens=REGIMENS, today=TODAY)


def read(given: str = "", **asked: str) -> dict[str, Any]:
    bound = form(given, **asked)
    assert bound.is_valid(), bound.errors
    return bound.cleaned_data


def errors(given: str = "", **asked: str) -> dict[str, list[str]]:
    return {name: [str(error) for error in found] for name, found in form(given, **asked).errors.items()}


def test_each_line_is_a_dose() -> None:
    assert read("2026-01-05\n2026-01-19:12\n2026-02-02:6:partial")["given"] == (
        Attempt(date(2026, 1, 5)),
        Attempt(date(2026, 1, 19), Decimal(12)),
        Attempt(date(2026, 2, 2), Decimal(6), Outcome.PARTIAL),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "  \n \t\n  "])
def test_blank_lines_and_spaces_around_a_line_do_not_matter(end: str) -> None:
    assert len(read(f"2026-01-05{end}2026-01-19{end}")["given"]) == 2


def test_no_dose_at_all_is_a_question_too() -> None:
    assert read("")["given"] == ()


def test_every_bad_line_gets_its_own_sentence_with_its_number() -> None:
    assert errors("2026-01-05\n\n19 Jan\n2026-02-02:much\n2026-03-04:12:13:14")["given"] == [
        "Line 3: “19 Jan” is not a date; write it like 2026-01-19.",
        "Line 4: “much” is not an amount in mg; write it like 12.",
        "Line 5: “2026-03-04:12:13:14” is not a dose; write it like 2026-01-19 or 2026-01-19:12.",
    ]


@pytest.mark.parametrize(("day", "good"), [("1899-12-31", False), ("1900-01-01", True)])
def test_a_year_that_can_only_be_a_slip_is_named_on_its_line(day: str, good: bool) -> None:
    assert ("given" not in errors(day)) is good


@pytest.mark.parametrize(("day", "good"), [("2199-12-31", True), ("2200-01-01", False)])
def test_a_year_beyond_ours_is_named_on_its_line(day: str, good: bool) -> None:
    assert ("given" not in errors(day)) is good


@pytest.mark.parametrize(("count", "good"), [(MOST_DOSES, True), (MOST_DOSES + 1, False)])
def test_a_history_has_an_end(count: int, good: bool) -> None:
    assert ("given" not in errors("2026-01-05\n" * count)) is good


def test_the_day_is_today_unless_another_is_named() -> None:
    assert read()["on"] == TODAY
    assert read(on="2026-02-20")["on"] == date(2026, 2, 20)


@pytest.mark.parametrize(("until", "good"), [("2026-02-19", False), ("2026-02-20", True)])
def test_a_projection_ends_on_the_day_asked_about_or_later(until: str, good: bool) -> None:
    assert ("until" not in errors(on="2026-02-20", until=until)) is good


@pytest.mark.parametrize(("field", "value"), [("regimen", "oral"), ("regimen", ""), ("on", "today"), ("until", "9")])
def test_what_cannot_be_read_is_told_at_its_field(field: str, value: str) -> None:
    assert list(errors(**{field: value})) == [field]


def test_two_doses_on_one_day_are_named_by_their_lines() -> None:
    bound = form("2026-01-19:12\n2026-01-05\n 2026-01-19")
    bound.is_valid()
    bound.refuse_two_on(date(2026, 1, 19))
    assert bound.errors["given"] == ["Lines 1 and 3: two doses on 2026-01-19 cannot both count; correct one."]
