from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.dates import add_months, months_since

DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2200, 12, 31))
MONTHS = st.integers(min_value=-300, max_value=300)


def naive_add_months(day: date, months: int) -> date:
    """Walk month by month on the first of the month, then take the day number or the nearest earlier one."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 5), 0, date(2026, 1, 5)),
        (date(2026, 3, 4), 4, date(2026, 7, 4)),
        (date(2025, 10, 31), 4, date(2026, 2, 28)),
        (date(2027, 10, 31), 4, date(2028, 2, 29)),
        (date(2027, 10, 30), 4, date(2028, 2, 29)),
        (date(2027, 10, 29), 4, date(2028, 2, 29)),
        (date(2026, 8, 31), 4, date(2026, 12, 31)),
        (date(2026, 12, 31), 4, date(2027, 4, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), -1, date(2025, 12, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_adding_months_keeps_the_day_number_or_takes_the_months_last_day(
    day: date, months: int, expected: date
) -> None:
    assert add_months(day, months) == expected


@given(day=DAYS, months=MONTHS)
def test_adding_months_agrees_with_walking_month_by_month(day: date, months: int) -> None:
    assert add_months(day, months) == naive_add_months(day, months)


@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        (date(2026, 3, 4), date(2026, 3, 4), 0),
        (date(2026, 3, 4), date(2026, 11, 3), 7),
        (date(2026, 3, 4), date(2026, 11, 4), 8),
        (date(2025, 10, 31), date(2026, 2, 27), 3),
        (date(2025, 10, 31), date(2026, 2, 28), 4),
        (date(2026, 3, 4), date(2026, 3, 3), -1),
        (date(2026, 3, 4), date(2026, 2, 4), -1),
        (date(2026, 3, 4), date(2026, 2, 3), -2),
    ],
)
def test_a_month_has_passed_on_the_very_day_it_is_complete(start: date, day: date, expected: int) -> None:
    assert months_since(start, day) == expected


@given(start=DAYS, day=DAYS)
def test_months_since_is_the_greatest_number_of_months_that_fits(start: date, day: date) -> None:
    months = months_since(start, day)

    assert naive_add_months(start, months) <= day < naive_add_months(start, months + 1)


@given(start=DAYS, months=MONTHS)
def test_months_since_undoes_adding_months(start: date, months: int) -> None:
    assert months_since(start, add_months(start, months)) == months


def test_a_day_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="10000"):
        add_months(date(9999, 12, 1), 1)
