from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.quantities import (
    amount_in,
    count_in,
    dose_name_in,
    interval_in,
    position_in,
    repeated_interval_in,
    whole_number,
)
from monographs.rules.regimen import Interval, Unit


@pytest.mark.parametrize(
    ("word", "number"),
    [("14", 14), ("zero", 0), ("three", 3), ("single", 1), ("nineteen", 19), ("thirty", 30), ("twenty-eight", 28)],
)
def test_a_number_may_be_digits_or_words(word: str, number: int) -> None:
    assert whole_number(word) == number


@pytest.mark.parametrize(
    ("words", "mg"),
    [
        ("12 mg is given", "12"),
        ("12mg", "12"),
        ("a 12-mg dose", "12"),
        ("12 milligrams", "12"),
        ("one milligram", "1"),
        ("twelve mg", "12"),
        ("twenty-eight mg", "28"),
        ("9.6 mg", "9.6"),
        ("9,6 mg", "9.6"),
        ("1,200 mg", "1200"),
        ("1,200.5 mg", "1200.5"),
        ("12 mg (5 ml)", "12"),
        ("12 mg, then another 12 mg", "12"),
        ("for 2 years, 12 mg", "12"),
    ],
)
def test_an_amount_is_a_number_of_milligrams(words: str, mg: str) -> None:
    assert amount_in(words) == Decimal(mg)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "5 ml",
        "mg",
        "12 mg/kg",
        "12 mg / kg",
        "12 mg per kg of weight",
        "10 mg per m2",
        "28 mg or 50 mg",
        "28 or 50 mg",
        "ten to twelve mg",
        "10-12 mg",
        "10\u201312 mg",
        "12 mgs",
    ],
)
def test_no_amount_several_amounts_and_amounts_by_weight_are_not_guessed(words: str) -> None:
    assert amount_in(words) is None


def days(count: int) -> Interval:
    return Interval(count, Unit.DAYS)


def months(count: int) -> Interval:
    return Interval(count, Unit.MONTHS)


@pytest.mark.parametrize(
    ("words", "interval"),
    [
        ("every 14 days", days(14)),
        ("once every fourteen days", days(14)),
        ("every two weeks", days(14)),
        ("every fortnight", days(14)),
        ("each week", days(7)),
        ("every day", days(1)),
        ("every 4 months", months(4)),
        ("every four months", months(4)),
        ("every 4 calendar months", months(4)),
        ("once a month", months(1)),
        ("once per year", months(12)),
        ("every 2 years", months(24)),
        ("for 2 months, every 14 days", days(14)),
        ("30 days after the third dose, then every 4 months", months(4)),
    ],
)
def test_a_repeated_interval_follows_every_each_or_once_a(words: str, interval: Interval) -> None:
    assert repeated_interval_in(words) == interval
    assert interval_in(words) == interval


@pytest.mark.parametrize(
    ("words", "interval"),
    [
        ("30 days after the third dose", days(30)),
        ("30 days later", days(30)),
        ("14 days apart", days(14)),
        ("at 14-day intervals", days(14)),
        ("two weeks' interval", days(14)),
        ("two weeks\u2019 interval", days(14)),
        ("at intervals of 14 days", days(14)),
        ("with 14 days between doses", days(14)),
        ("within 2 days, 30 days after", days(30)),
        ("after 35 days", days(35)),
    ],
)
def test_an_interval_that_happens_once_is_read_too(words: str, interval: Interval) -> None:
    assert repeated_interval_in(words) is None
    assert interval_in(words) == interval


@pytest.mark.parametrize("words", ["", "for 3 months", "within 14 days", "14 hours after", "every 14 minutes", "daily"])
def test_durations_and_other_units_are_no_interval(words: str) -> None:
    assert interval_in(words) is None


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("every 14 days for a total of three doses", 3),
        ("three doses of 12 mg", 3),
        ("three 12 mg doses", 3),
        ("4 initial loading doses", 4),
        ("one dose", 1),
        ("a single dose", 1),
        ("the first three doses", 3),
        ("12 mg x 3", 3),
        ("12 mg \u00d73", 3),
        ("a fourth dose of 12 mg is given 30 days after the third dose", 1),
        ("the 4th loading dose", 1),
        ("30 days after the third dose", None),
        ("12 mg doses", None),
        ("14 days dose", None),
        ("after the loading doses", None),
        ("", None),
    ],
)
def test_a_count_is_a_number_of_doses(words: str, count: int | None) -> None:
    assert count_in(words) == count


@pytest.mark.parametrize(
    ("words", "position"),
    [
        ("Fourth Dose", 4),
        ("first dose", 1),
        ("4th loading dose", 4),
        ("the 12th dose", 12),
        ("tenth dose, after the ninth dose", 10),
        ("after the third dose", None),
        ("following the last third dose", None),
        ("first three doses", None),
        ("Loading Dose", None),
        ("", None),
    ],
)
def test_a_position_is_the_dose_that_is_named_itself(words: str, position: int | None) -> None:
    assert position_in(words) == position


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("The maintenance dose is 12 mg.", "Maintenance Dose"),
        ("Loading doses of 12 mg are given.", "Loading Doses"),
        ("A fourth dose follows.", "Fourth Dose"),
        ("12 mg, 30 days after the third dose.", "Dose"),
    ],
)
def test_a_sentence_may_name_its_dose(sentence: str, name: str) -> None:
    assert dose_name_in(sentence) == name


@given(count=st.integers(1, 365), unit=st.sampled_from(Unit))
def test_every_interval_is_read_back_from_its_own_words(count: int, unit: Unit) -> None:
    assert interval_in(f"12 mg every {Interval(count, unit)}") == Interval(count, unit)


@given(words=st.text())
def test_no_words_are_beyond_reading(words: str) -> None:
    for read in (amount_in, interval_in, count_in, position_in, dose_name_in):
        read(words.casefold())
