"""From 12 mg to the high dose: one 50 mg dose in place of the next dose, then 28 mg every four months from it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import EU, HIGH, HIGH_LOADED, LOADED, US, attempts, coming, day, made_up, series
from treatments.rules.schedule import (
    Flag,
    NextDose,
    NoSwitch,
    Phase,
    Policy,
    Series,
    Status,
    Turns,
    forecast,
    project,
    replay,
)
from treatments.rules.schedule_switch import switch_to

TREATED = f"{LOADED} 2026-07-04"


def after_switch(before: Series, ordered: str, on: str, given: str = "") -> NextDose:
    following = switch_to(before, HIGH, day(ordered))
    return forecast(replace(following, attempts=attempts(given)), day(on)).next


def test_the_switch_dose_takes_the_place_of_the_next_dose() -> None:
    dose = after_switch(series(TREATED), ordered="2026-10-01", on="2026-10-30")

    assert (dose.label, dose.phase, dose.mg, dose.status) == ("L1", Phase.LOADING, Decimal(50), Status.DUE)
    assert (dose.floor, dose.target) == (day("2026-07-18"), day("2026-11-04"))
    assert (dose.opens, dose.closes) == (day("2026-10-28"), day("2026-11-18"))


def test_a_patient_who_switched_is_upcoming_before_the_window() -> None:
    assert after_switch(series(TREATED), "2026-10-01", on="2026-10-27").status is Status.UPCOMING


def test_maintenance_follows_four_months_after_the_single_switch_dose() -> None:
    dose = after_switch(series(TREATED), "2026-10-01", on="2026-11-05", given="2026-11-04")

    assert (dose.label, dose.mg, dose.target) == ("M1", Decimal(28), day("2027-03-04"))
    assert (dose.floor, dose.opens, dose.closes) == (day("2026-11-18"), day("2027-02-25"), day("2027-03-18"))
    assert dose.status is Status.UPCOMING


def test_the_whole_course_after_a_switch_is_projected() -> None:
    following = switch_to(series(TREATED), HIGH, day("2026-10-01"))

    doses = project(following, day("2026-10-30"), until=day("2027-07-04"))

    assert [(dose.label, int(dose.mg), dose.target) for dose in doses] == [
        ("L1", 50, day("2026-11-04")),
        ("M1", 28, day("2027-03-04")),
        ("M2", 28, day("2027-07-04")),
    ]


@pytest.mark.parametrize("regimen", [US, EU])
def test_the_calendar_is_anchored_at_the_switch_dose_itself(regimen: Regimen) -> None:
    dose = after_switch(series(TREATED, regimen), "2026-10-01", on="2026-11-11", given="2026-11-10")

    assert dose.target == day("2027-03-10")


@pytest.mark.parametrize("on", ["2026-07-04", "2026-07-18", "2026-07-19", "2026-11-03"])
def test_a_switch_is_sound_while_one_ordinary_dose_is_due(on: str) -> None:
    following = switch_to(series(LOADED), HIGH, day(on))

    assert following.review == ""
    assert following.planned_start == day("2026-07-04")


def test_a_switch_dose_past_its_window_goes_to_a_prescriber() -> None:
    following = switch_to(series(LOADED), HIGH, day("2026-07-10"))

    statuses = [forecast(following, day(on)).next.status for on in ("2026-07-18", "2026-07-19")]

    assert statuses == [Status.DUE, Status.REVIEW]


def test_a_late_switch_dose_goes_to_a_prescriber_even_where_late_rules_are_known() -> None:
    bands = {"source": "this test", "bands": [{"from": "8 months", "restart": True}]}
    regimen = made_up(late_maintenance=bands, switch={"from": [US.key], "mg": 7, "ml": 1})

    turns = forecast(switch_to(series(LOADED), regimen, day("2026-07-10")), day("2026-07-10")).next.turns

    assert turns == Turns(day("2026-06-27"), day("2026-07-18"), day("2026-07-19"), None, None)


@pytest.mark.parametrize(
    ("given", "on", "why"),
    [
        ("", "2026-01-05", "The course before the switch had not begun"),
        ("2026-01-05 2026-01-19", "2026-01-25", "The switch was made before maintenance"),
        ("2026-01-05 2026-01-19", "2026-05-19", "The course before the switch was under review"),
        (f"{LOADED} 2026-07-04:partial", "2026-07-05", "The course before the switch was under review"),
        (LOADED, "2026-11-04", "The course before the switch was interrupted"),
        (LOADED, "2026-12-01", "The course before the switch was interrupted"),
        (LOADED, "2029-07-04", "The course before the switch was interrupted"),
        (f"{LOADED} 2026-11-10", "2026-11-24", "The switch was made before maintenance"),
    ],
)
def test_any_other_switch_begins_under_review(given: str, on: str, why: str) -> None:
    following = switch_to(series(given), HIGH, day(on))
    dose = forecast(following, day(on)).next

    assert following.review == why
    assert (dose.status, dose.why) == (Status.REVIEW, f"{why}: a prescriber decides.")


def test_a_hold_or_a_stop_of_the_course_before_does_not_hide_what_matters() -> None:
    held = switch_to(series(LOADED, held=True, stopped=True), HIGH, day("2026-11-04"))
    sound = switch_to(series(LOADED, held=True, stopped=True), HIGH, day("2026-07-04"))

    assert held.review == "The course before the switch was interrupted"
    assert (sound.review, sound.held, sound.stopped) == ("", False, False)


def test_the_clinics_policy_goes_with_the_patient() -> None:
    policy = Policy(maintenance_days_after=21)

    assert switch_to(series(LOADED, policy=policy), HIGH, day("2026-07-04")).policy == policy


@pytest.mark.parametrize(("before", "after"), [(US, EU), (HIGH, US), (HIGH, HIGH)])
def test_a_switch_that_no_regimen_describes_is_refused(before: Regimen, after: Regimen) -> None:
    given = LOADED if before is US else HIGH_LOADED

    with pytest.raises(NoSwitch, match="No switch is known from"):
        switch_to(series(given, before), after, day("2026-07-04"))


def test_a_series_cannot_begin_with_a_switch_dose_that_its_regimen_lacks() -> None:
    with pytest.raises(NoSwitch, match="nusinersen-12mg-us has no switch dose"):
        replay(series("2026-01-05", switched=True))


def test_a_switch_dose_too_soon_after_the_last_dose_is_flagged() -> None:
    following = replace(switch_to(series(TREATED), HIGH, day("2026-07-05")), attempts=attempts("2026-07-17"))

    (dose,) = replay(following)

    assert (dose.flags, dose.rules) == ((Flag.INTERVAL_SHORT,), (2, 3, 7))


def test_a_switch_without_a_due_date_is_not_started() -> None:
    assert coming("", "2026-01-05", HIGH, switched=True).status is Status.NOT_STARTED
