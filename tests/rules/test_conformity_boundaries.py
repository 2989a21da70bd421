"""Each boundary of the engine's rules has a row on either side in the table that ships.

Rule 11 has none: it says what an answer carries.
"""

import pytest

from tests.rules.test_conformity import CASES

ROWS = {case.name: case for case in CASES}

PAIRS = [
    (1, "an attempt that was not done does not count", "second maintenance dose on the calendar"),
    (2, "the day before the loading window", "first day of the loading window"),
    (2, "last day of the loading window", "first day past the loading window"),
    (
        2,
        "the day before four months without a loading dose",
        "four months to the day without a loading dose: a prescriber decides",
    ),
    (
        2,
        "the day before four months from 31 October without a loading dose",
        "four months from 31 October without a loading dose end in February: a prescriber decides",
    ),
    (3, "the first of two catch-up doses was given", "both catch-up doses given: four months from the second"),
    (
        3,
        "fourth loading dose 30 days after the third (day 58)",
        "a late fourth loading dose moves the calendar with it",
    ),
    (4, "7 days early satisfies the slot", "8 days early re-anchors the calendar"),
    (
        4,
        "the day before the next place: nothing is skipped",
        "on the very day of the next place: the one before is skipped",
    ),
    (5, "the original date exactly 14 days away is kept", "the original date 13 days away moves by a day"),
    (5, "the day before the maintenance window", "first day of the maintenance window"),
    (5, "last day of the maintenance window", "first day past the maintenance window"),
    (6, "the day before 8 months since the last dose", "8 months to the day"),
    (6, "the day before 40 months in Europe", "40 months to the day in Europe"),
    (6, "given the day before 8 months: one dose", "given at 8 months to the day: the first of two"),
    (6, "the first of two on the last day below 16 months: one more", "given at 16 months to the day: two more"),
    (
        6,
        "given the day before 40 months: the first of three",
        "given at 40 months to the day: the first of a new loading",
    ),
    (6, "last day of the catch-up window", "first day past the catch-up window"),
    (7, "a dose at 13 days is flagged", "third loading dose, not due before its day"),
    (8, "a partial dose that was decided not to count", "a partial dose that was decided to count"),
    (9, "high dose: last day of the window", "high dose: first day past the window, a prescriber decides"),
    (9, "decided catch-up: last day of its window", "decided catch-up: first day past its window"),
    (
        10,
        "decided catch-up: the day before 16 months nothing new is asked",
        "decided catch-up: at 16 months three are asked for and a prescriber decides anew",
    ),
    (12, "both catch-up doses given: four months from the second", "maintenance labels count on after catch-up"),
    (12, "restart: the second loading dose", "restart: maintenance labels count on"),
]


@pytest.mark.parametrize(("rule", "before", "after"), PAIRS)
def test_the_answer_changes_between_the_two_rows(rule: int, before: str, after: str) -> None:
    one, other = ROWS[before], ROWS[after]

    assert one.expected != other.expected, rule
    assert one.regimen == other.regimen, "nothing but the history, the day or the decision differs"


def test_every_rule_but_the_one_about_what_an_answer_carries_has_a_pair() -> None:
    assert {rule for rule, *_ in PAIRS} == set(range(1, 13)) - {11}
