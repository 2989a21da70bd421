"""The figures by which silence is judged, each from both sides."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.liveness import FAILING_AFTER, LATE_AFTER, SILENT_AFTER, Life, Sign, life, verdict

NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def ago(age: timedelta) -> Sign:
    """Return the sign of a process whose turn has just ended well."""
    return Sign(NOW - age, NOW - age)


@pytest.mark.parametrize(
    ("age", "judged"),
    [
        (timedelta(), Life.ALIVE),
        (LATE_AFTER, Life.ALIVE),
        (LATE_AFTER + MOMENT, Life.LATE),
        (SILENT_AFTER, Life.LATE),
        (SILENT_AFTER + MOMENT, Life.SILENT),
    ],
)
def test_one_that_shows_nothing_is_late_and_then_silent(age: timedelta, judged: Life) -> None:
    assert life(NOW - age, NOW) is judged
    assert life(NOW + age, NOW) is judged, "a clock went back"
    assert verdict([ago(age)], NOW) is judged


def test_never_is_silent() -> None:
    assert life(None, NOW) is Life.SILENT
    assert verdict([], NOW) is Life.SILENT


@pytest.mark.parametrize(
    ("age", "judged"),
    [
        (FAILING_AFTER, Life.ALIVE),
        (FAILING_AFTER + MOMENT, Life.LATE),
        (SILENT_AFTER, Life.LATE),
        (SILENT_AFTER + MOMENT, Life.SILENT),
        (None, Life.SILENT),
    ],
)
def test_one_that_is_there_and_fails_at_every_turn_is_not_well(age: timedelta | None, judged: Life) -> None:
    assert verdict([Sign(NOW, None if age is None else NOW - age)], NOW) is judged


ages = st.timedeltas(timedelta(), timedelta(days=3))


@given(st.lists(ages, min_size=1), ages)
def test_one_more_that_does_the_work_never_makes_it_worse(some: list[timedelta], more: timedelta) -> None:
    signs = [ago(age) for age in some]
    assert verdict([*signs, ago(more)], NOW) <= verdict(signs, NOW)
