"""Dates, ages, names, numbers and amounts in words."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import formatting

TODAY = date(2026, 4, 4)


def test_a_date_is_day_month_in_letters_and_year() -> None:
    assert formatting.day(TODAY) == "4 Apr 2026"


def test_a_day_to_be_there_names_the_weekday() -> None:
    assert formatting.weekday(TODAY) == "Sat 4 Apr 2026"


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 6, 27), "27 Jun 2026"),
        (date(2026, 6, 30), "27–30 Jun 2026"),
        (date(2026, 7, 18), "27 Jun – 18 Jul 2026"),
        (date(2027, 1, 2), "27 Jun 2026 – 2 Jan 2027"),
    ],
    ids=["one day", "one month", "one year", "two years"],
)
def test_a_range_says_what_both_ends_share_once(last: date, expected: str) -> None:
    assert formatting.day_range(date(2026, 6, 27), last) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 6, 27), "on 27 Jun 2026"),
        (date(2026, 6, 30), "between 27 Jun and 30 Jun 2026"),
        (date(2026, 7, 18), "between 27 Jun and 18 Jul 2026"),
        (date(2027, 1, 2), "between 27 Jun 2026 and 2 Jan 2027"),
    ],
    ids=["one day", "one month", "one year", "two years"],
)
def test_a_window_in_a_sentence_names_both_ends(last: date, expected: str) -> None:
    assert formatting.between(date(2026, 6, 27), last) == expected


def test_a_clock_time_has_two_digits_each() -> None:
    assert formatting.clock(time(9, 5)) == "09:05"


def test_a_moment_is_shown_on_the_clock_of_the_site() -> None:
    late_evening = datetime(2026, 4, 4, 23, 30, tzinfo=UTC)

    assert formatting.moment(late_evening, ZoneInfo("Europe/Berlin")) == "5 Apr 2026, 01:30"
    assert formatting.moment(late_evening, ZoneInfo("America/New_York")) == "4 Apr 2026, 19:30"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        formatting.moment(datetime(2026, 4, 4, 12, 0), ZoneInfo("Europe/Berlin"))  # noqa: DTZ001


@pytest.mark.parametrize(("count", "expected"), [(0, "0 doses"), (1, "1 dose"), (2, "2 doses")])
def test_only_one_is_singular(count: int, expected: str) -> None:
    assert formatting.plural(count, "dose") == expected


def test_an_irregular_plural_is_given() -> None:
    assert formatting.plural(2, "person is", "people are") == "2 people are"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 3, 30), "5 days late"),
        (date(2026, 4, 3), "1 day late"),
        (date(2026, 4, 4), "today"),
        (date(2026, 4, 5), "tomorrow"),
        (date(2026, 4, 6), "in 2 days"),
    ],
)
def test_a_day_that_is_owed_is_ahead_or_late(on: date, expected: str) -> None:
    assert formatting.until(on, TODAY) == expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 4, 2), "2 days ago"),
        (date(2026, 4, 3), "yesterday"),
        (date(2026, 4, 4), "today"),
        (date(2026, 4, 5), "tomorrow"),
        (date(2026, 4, 7), "in 3 days"),
    ],
)
def test_a_day_that_has_been_is_so_long_ago(on: date, expected: str) -> None:
    assert formatting.since(on, TODAY) == expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 1, 31), "0 d"),
        (date(2024, 2, 29), "29 d"),
        (date(2024, 3, 1), "1 m"),
        (date(2025, 1, 30), "11 m"),
        (date(2025, 1, 31), "1 y"),
        (date(2026, 6, 30), "2 y 4 m"),
        (date(2026, 7, 1), "2 y 5 m"),
        (date(2042, 1, 30), "17 y 11 m"),
        (date(2042, 1, 31), "18 y"),
        (date(2058, 12, 31), "34 y"),
    ],
)
def test_an_age_is_as_fine_as_the_person_is_young(on: date, expected: str) -> None:
    assert formatting.age(date(2024, 1, 31), on) == expected


def test_who_was_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() -> None:
    born = date(2024, 2, 29)

    assert formatting.age(born, date(2025, 2, 28)) == "11 m"
    assert formatting.age(born, date(2025, 3, 1)) == "1 y"


def test_nobody_has_an_age_before_birth() -> None:
    assert formatting.age(TODAY, TODAY) == "0 d"
    with pytest.raises(ValueError, match="before the birth"):
        formatting.age(TODAY, date(2026, 4, 3))


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)), st.dates(min_value=date(2100, 1, 1)))
def test_every_age_has_a_number_and_a_unit(born: date, on: date) -> None:
    words = formatting.age(born, on).split()

    assert words[0].isdigit()
    assert words[-1] in {"d", "m", "y"}


@pytest.mark.parametrize(
    ("family", "given_names", "expected"),
    [
        ("Okafor", "Amara", "OKAFOR, Amara"),
        (" de la Cruz ", " José Ángel ", "DE LA CRUZ, José Ángel"),
        ("Okafor", "", "OKAFOR"),
        ("", "Amara", "Amara"),
    ],
)
def test_the_family_name_stands_out(family: str, given_names: str, expected: str) -> None:
    assert formatting.full_name(family, given_names) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("123456", "123456"),
        ("1234567", "123 4567"),
        ("12345678", "123 456 78"),
        ("1297287652", "129 728 7652"),
        ("A1297287652", "A1297287652"),
        ("129-728-7652", "129-728-7652"),
        ("²²²²²²²²", "²²²²²²²²"),
        ("", ""),
    ],
)
def test_long_numbers_are_grouped_and_nothing_else_is_touched(value: str, expected: str) -> None:
    assert formatting.identifier(value) == expected


@given(st.text(alphabet="0123456789", max_size=20))
def test_grouping_keeps_every_digit_in_place(value: str) -> None:
    assert formatting.identifier(value).replace(" ", "") == value


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("12.00", "mg", "12 mg"),
        ("0.050", "g/L", "0.05 g/L"),
        ("212", "10*9/L", "212 ×10⁹/L"),
        ("1E+3", "/uL", "1000 /µL"),
        ("1.10", "{INR}", "1.1"),
        ("0.00", "g/L", "0 g/L"),
    ],
)
def test_an_amount_has_no_idle_zeros_and_a_unit_as_printed(value: str, unit: str, expected: str) -> None:
    assert formatting.quantity(Decimal(value), unit) == expected


@pytest.mark.parametrize(
    ("label", "expected"), [("Ultrasound", "ultrasound"), ("No imaging", "no imaging"), ("CT", "CT"), ("", "")]
)
def test_a_label_inside_a_sentence_begins_small_unless_it_is_letters_alone(label: str, expected: str) -> None:
    assert formatting.inside(label) == expected
