"""Every value is written for people the same way, whichever page shows it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from clinic.records.wording import in_words

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(None, "not recorded", id="nothing"),
        pytest.param("", "not recorded", id="no text"),
        pytest.param([], "not recorded", id="none of several"),
        pytest.param("Berg", "Berg", id="text"),
        pytest.param(True, "Yes", id="yes"),
        pytest.param(False, "No", id="no"),
        pytest.param(0, "0", id="nought is something"),
        pytest.param(7, "7", id="whole number"),
        pytest.param(Decimal("12.50"), "12.5", id="decimal"),
        pytest.param(Decimal("1E+2"), "100", id="no exponent"),
        pytest.param(date(2026, 4, 7), "7 Apr 2026", id="day"),
        pytest.param(time(9, 5), "09:05", id="clock"),
        pytest.param(("a", "", "b"), "a, not recorded, b", id="several"),
        pytest.param([date(2026, 4, 7), None], "7 Apr 2026, not recorded", id="several of a kind"),
        pytest.param(UUID(int=1), "00000000-0000-0000-0000-000000000001", id="anything else"),
    ],
)
def test_a_value_in_words(value: Any, words: str) -> None:
    assert in_words(value, LONDON) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Europe/London", "5 Jul 2026, 00:30"), ("America/New_York", "4 Jul 2026, 19:30"), ("UTC", "4 Jul 2026, 23:30")],
)
def test_an_instant_is_told_by_the_clock_of_the_place(zone: str, words: str) -> None:
    assert in_words(datetime(2026, 7, 4, 23, 30, tzinfo=UTC), ZoneInfo(zone)) == words


def test_the_hour_that_comes_twice_is_told_as_the_clock_shows_it() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert in_words(first, LONDON) == in_words(second, LONDON) == "25 Oct 2026, 01:30"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        in_words(datetime(2026, 7, 4), LONDON)  # noqa: DTZ001 - that is the mistake
