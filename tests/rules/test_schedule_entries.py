"""Attempts written by hand."""

from decimal import Decimal

import pytest

from tests.rules.schedule_stage import day
from treatments.rules.schedule import Attempt, Outcome
from treatments.rules.schedule_entries import BadEntry, attempt_from, day_from, mg_from

JANUARY = day("2026-01-19")


@pytest.mark.parametrize(
    ("text", "attempt"),
    [
        ("2026-01-19", Attempt(JANUARY)),
        (" 2026-01-19 ", Attempt(JANUARY)),
        ("2026-01-19:12", Attempt(JANUARY, Decimal(12))),
        ("2026-01-19:9.6", Attempt(JANUARY, Decimal("9.6"))),
        ("2026-01-19:partial", Attempt(JANUARY, None, Outcome.PARTIAL)),
        ("2026-01-19:6:partial", Attempt(JANUARY, Decimal(6), Outcome.PARTIAL)),
        ("2026-01-19:not_done", Attempt(JANUARY, None, Outcome.NOT_DONE)),
        ("2026-01-19:12:entered_in_error", Attempt(JANUARY, Decimal(12), Outcome.ENTERED_IN_ERROR)),
        ("2026-01-19:12:completed", Attempt(JANUARY, Decimal(12), Outcome.COMPLETED)),
    ],
)
def test_an_attempt_is_a_day_and_perhaps_an_amount_and_an_outcome(text: str, attempt: Attempt) -> None:
    assert attempt_from(text) == attempt


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "“” is not a date"),
        ("2026-02-30", "“2026-02-30” is not a date"),
        ("19.01.2026", "“19.01.2026” is not a date"),
        ("2026-01-19:", "“” is not an amount"),
        ("2026-01-19:twelve", "“twelve” is not an amount"),
        ("2026-01-19:12:done", "“2026-01-19:12:done” is not a dose"),
        ("2026-01-19:12:6:partial", "“2026-01-19:12:6:partial” is not a dose"),
    ],
)
def test_an_attempt_that_cannot_be_read_is_refused_with_the_way_to_write_it(text: str, why: str) -> None:
    with pytest.raises(BadEntry, match="; write it like ") as refused:
        attempt_from(text)

    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    "value", ["20260119", "2026-W04-1", "2026-019", "2026-01-19T10:00", "2026-1-19", None, 20260119]
)
def test_only_one_way_of_writing_a_day_is_read(value: object) -> None:
    with pytest.raises(BadEntry, match="is not a date"):
        day_from(value)


@pytest.mark.parametrize("amount", ["0.01", 12, 12.5, "1000"])
def test_an_amount_is_above_nothing_and_at_most_1000_mg(amount: object) -> None:
    assert mg_from(amount) == Decimal(str(amount))


@pytest.mark.parametrize("amount", ["0", "-12", "1000.01", "1e999999", "NaN", "Infinity", "", True, [12]])
def test_an_amount_that_nobody_gives_is_refused(amount: object) -> None:
    with pytest.raises(BadEntry, match="is not an amount in mg; write it like 12"):
        mg_from(amount)
