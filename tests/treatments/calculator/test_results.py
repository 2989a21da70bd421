"""The answer in words. Needs no database."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import HIGH, HIGH_LOADED, LOADED, REGIMENS, US, attempts, day
from treatments.calculator.results import RULES_IN_SHORT, STANDARD_IN_SHORT, Result, result_of
from treatments.rules.calculator import calculate
from treatments.rules.schedule import Policy


def worked_out(given: str, on: str, *, regimen: Regimen = US, until: str = "") -> Result:
    answer = calculate(REGIMENS, regimen.key, attempts(given), day(on), day(until) if until else None)
    return result_of(regimen, answer)


def test_the_next_dose_is_told_in_words() -> None:
    coming = worked_out("2026-01-05 2026-01-19", "2026-02-01").next

    assert (coming.label, coming.amount, coming.status.label) == ("L3", "12 mg", "Upcoming")
    assert (coming.target, coming.window, coming.floor) == ("2 Feb 2026", "2–9 Feb 2026", "2 Feb 2026")
    assert coming.why.startswith("14 days after loading dose L2 on 19 Jan 2026")
    assert [number for number, _ in coming.rules] == [2, 9]
    assert not coming.is_proposal


def test_history_and_projection_follow_each_other() -> None:
    result = worked_out("2026-01-05 2026-01-15:10", "2026-01-20", until="2026-02-28")

    assert [(dose.ordinal, dose.label, dose.day, dose.amount) for dose in result.history] == [
        (1, "L1", "5 Jan 2026", "12 mg"),
        (2, "L2", "15 Jan 2026", "10 mg"),
    ]
    assert result.history[1].flags == ("Given less than 14 days after the dose before it",)
    assert [(dose.ordinal, dose.label, dose.day) for dose in result.coming] == [
        (3, "L3", "29 Jan 2026"),
        (4, "L4", "28 Feb 2026"),
    ]
    assert result.coming_if == "If each dose is given on its target."


def test_without_a_dose_there_is_no_date_and_it_says_why() -> None:
    result = worked_out("", "2026-01-05")

    assert (result.next.target, result.next.window, result.next.floor) == (
        "No date yet", "No window yet", "None: no dose before it",
    )  # fmt: skip
    assert result.coming_if == "Without a first dose there is no date to count from."


def test_a_review_foresees_nothing_and_shows_what_it_hides() -> None:
    result = worked_out(HIGH_LOADED, "2026-10-03", regimen=HIGH)

    assert result.next.status.label == "Needs decision"
    assert result.next.underlying is not None
    assert result.next.is_proposal
    assert result.coming_if == "No dates can be foreseen until a prescriber has decided."


def test_a_projection_too_short_for_a_dose_says_so() -> None:
    assert worked_out(LOADED, "2026-03-05", until="2026-07-03").coming_if == "No dose falls into the time asked about."
    assert worked_out(LOADED, "2026-03-05", until="2026-07-04").coming_if == "If each dose is given on its target."


@pytest.mark.parametrize(("on", "kept"), [("2026-07-04", True), ("2026-07-05", False)])
def test_a_target_that_has_passed_is_not_assumed_to_be_kept(on: str, kept: bool) -> None:
    result = worked_out(LOADED, on)
    assert (result.coming_if == "If each dose is given on its target.") is kept
    assert result.coming[0].day == ("4 Jul 2026" if kept else "5 Jul 2026")


@pytest.mark.parametrize(("on", "proposal"), [("2026-11-03", False), ("2026-11-04", True)])
def test_from_eight_months_on_it_is_a_proposal(on: str, proposal: bool) -> None:
    assert worked_out(LOADED, on).next.is_proposal is proposal


def test_every_rule_and_flag_that_an_answer_can_name_has_its_words() -> None:
    named: set[int] = set()
    for regimen, given in (
        (US, LOADED),
        (HIGH, HIGH_LOADED),
        (US, "2026-01-05 2026-01-10"),
        (US, f"{LOADED}:3:partial"),
    ):
        for months in range(0, 48, 2):
            later = day("2026-06-01") + timedelta(days=30 * months)
            for extra in ("", f" {later}", f" {later - timedelta(days=100)}"):
                on = later + timedelta(days=1)
                named |= {number for number, _ in worked_out(given + extra, str(on), regimen=regimen).next.rules}

    assert named == set(RULES_IN_SHORT)


def test_the_regimen_its_version_and_source_stand_beside_the_answer() -> None:
    result = worked_out(LOADED, "2026-03-05")

    assert (result.regimen.key, result.on) == ("nusinersen-12mg-us", "5 Mar 2026")
    assert result.regimen.source
    assert result.policy == STANDARD_IN_SHORT


def test_the_tolerances_told_are_those_used() -> None:
    policy = Policy()
    told = [int(number) for number in re.findall(r"\d+", STANDARD_IN_SHORT)]
    assert told == [
        policy.loading_days_after,
        policy.maintenance_days_before,
        policy.maintenance_days_after,
        policy.early_days,
    ]


@pytest.mark.parametrize(("day_in_effect", "told"), [(None, ""), (date(2026, 3, 30), "30 Mar 2026")])
def test_the_day_a_regimen_takes_effect_is_told_where_it_is_known(day_in_effect: date | None, told: str) -> None:
    regimen = replace(US, effective_from=day_in_effect)
    assert worked_out(LOADED, "2026-03-05", regimen=regimen).effective == told
