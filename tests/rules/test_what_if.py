"""What if the next dose is given on another day: nothing is saved, and the answer is the replay's own."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.schedule_stage import LOADED, day, series
from treatments.rules.schedule import Attempt, DoubleDose, Flag, forecast
from treatments.rules.what_if import Lies, WhatIf, what_if

COURSE = series(LOADED)
TODAY = day("2026-06-01")


def asked(on: str, today: date = TODAY) -> WhatIf:
    return what_if(COURSE, today, day(on), count=3)


@pytest.mark.parametrize(
    ("on", "lies"),
    [
        ("2026-03-17", Lies.TOO_SOON),
        ("2026-03-18", Lies.BEFORE),
        ("2026-06-26", Lies.BEFORE),
        ("2026-06-27", Lies.INSIDE),
        ("2026-07-18", Lies.INSIDE),
        ("2026-07-19", Lies.AFTER),
    ],
)
def test_where_the_day_lies(on: str, lies: Lies) -> None:
    assert asked(on).lies is lies


def test_without_a_start_any_day_is_unplanned() -> None:
    assert what_if(series(), TODAY, day("2026-06-02"), count=2).lies is Lies.UNPLANNED


def test_on_the_target_nothing_moves() -> None:
    assert [pair.moves for pair in asked("2026-07-04").pairs] == [0, 0, 0]


def test_a_dose_eight_days_early_moves_the_calendar() -> None:
    answer = asked("2026-06-26")

    assert answer.flags == (Flag.EARLY_REANCHORED,)
    assert [pair.moves for pair in answer.pairs] == [-8, -9, -6], (
        "4 Jul, 4 Nov and 4 Mar become 26 Jun, 26 Oct and 26 Feb"
    )


def test_a_dose_under_two_weeks_after_the_last_is_flagged() -> None:
    assert Flag.INTERVAL_SHORT in asked("2026-03-10").flags


def test_a_dose_at_seven_months_makes_the_next_one_tight() -> None:
    assert asked("2026-10-28").flags == (Flag.TIGHT,)


@pytest.mark.parametrize(("on", "label", "doses"), [("2026-11-03", "M1", 0), ("2026-11-04", "C1", 2)])
def test_at_eight_months_it_would_be_a_catch_up_dose(on: str, label: str, doses: int) -> None:
    answer = asked(on)

    assert (answer.given.label, answer.band.doses if answer.band else 0) == (label, doses)
    assert answer.crosses is (doses > 0)


def test_a_band_that_was_reached_already_is_not_crossed() -> None:
    assert not asked("2026-12-01", today=day("2026-11-20")).crosses


def test_a_day_with_a_dose_is_refused() -> None:
    with pytest.raises(DoubleDose):
        asked("2026-03-04")


def test_a_hold_does_not_hide_the_answer() -> None:
    assert what_if(replace(COURSE, held=True), TODAY, day("2026-07-10"), count=3) == asked("2026-07-10")


@given(st.integers(0, 1600))
def test_the_answer_is_what_the_replay_says_once_it_has_happened(days: int) -> None:
    on = day("2026-03-05") + timedelta(days=days)
    answer = what_if(COURSE, TODAY, on, count=2)

    happened = forecast(replace(COURSE, attempts=(*COURSE.attempts, Attempt(on))), on)
    assert (answer.given.label, answer.given.flags) == (happened.history[-1].label, happened.history[-1].flags)
    after = answer.pairs[1].after
    assert after is not None
    assert after.target == happened.next.target
