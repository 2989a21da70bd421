"""What a prescriber decided takes the place of what the rules propose, and the replay goes on from there."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import HIGH, HIGH_LOADED, LOADED, US, attempts, day, series
from treatments.rules.schedule import (
    Flag,
    NextDose,
    Phase,
    Plan,
    ProjectedDose,
    Ruling,
    Series,
    Status,
    forecast,
    project,
    replay,
)

LAST = day("2026-03-04")


def ruled(plan: Plan, on: str | None = None, *, made_on: str = "2026-11-24", **facts: Any) -> Ruling:
    return Ruling(facts.pop("after", LAST), day(made_on), plan, None if on is None else day(on), **facts)


def catch_up(on: str, doses: int = 2, **facts: Any) -> Ruling:
    return ruled(Plan.CATCH_UP, on, doses=doses, apart_days=14, **facts)


def under(*rulings: Ruling, then: str = "", regimen: Regimen = US, **facts: Any) -> Series:
    return series(f"{LOADED} {then}", regimen, rulings=rulings, **facts)


def coming(series: Series, on: str) -> NextDose:
    return forecast(series, day(on)).next


def told(doses: tuple[ProjectedDose, ...]) -> list[tuple[str, date]]:
    return [(dose.label, dose.target) for dose in doses]


def test_catch_up_that_was_decided_on_is_planned_like_any_dose() -> None:
    dose = coming(under(catch_up("2026-12-01")), "2026-11-24")

    assert (dose.label, dose.of, dose.phase, dose.status) == ("C1", 2, Phase.CATCH_UP, Status.UPCOMING)
    assert (dose.target, dose.opens, dose.closes) == (day("2026-12-01"), day("2026-12-01"), day("2026-12-08"))
    assert 10 in dose.rules


def test_the_sentence_names_the_decision_and_its_day() -> None:
    decided, _, due = coming(under(catch_up("2026-12-01")), "2026-11-24").why.partition("; ")

    assert decided == "On 24 Nov 2026 a prescriber decided on two catch-up doses 14 days apart, the first on 1 Dec 2026"
    assert due == "due between 1 Dec and 8 Dec 2026."


@pytest.mark.parametrize(
    ("ruling", "sentence"),
    [
        (ruled(Plan.RESTART, "2026-12-01"), "On 24 Nov 2026 a prescriber decided to start loading again on 1 Dec 2026"),
        (ruled(Plan.AS_PLANNED, "2026-12-01"), "On 24 Nov 2026 a prescriber set the dose for 1 Dec 2026"),
        (ruled(Plan.SKIP), "On 24 Nov 2026 a prescriber decided to let one place in the calendar pass; every four mon"),
    ],
)
def test_each_decision_has_a_sentence(ruling: Ruling, sentence: str) -> None:
    assert coming(under(ruling), "2026-03-10").why.startswith(sentence)


def test_the_run_that_was_decided_on_leads_back_to_maintenance() -> None:
    doses = told(project(under(catch_up("2026-12-01", doses=3)), day("2026-11-24"), count=4))

    assert doses == [
        ("C1", day("2026-12-01")),
        ("C2", day("2026-12-15")),
        ("C3", day("2026-12-29")),
        ("M1", day("2027-04-29")),
    ]


def test_a_decision_for_one_dose_keeps_the_calendar() -> None:
    """At 8 months the label asks for two doses; the prescriber gives one."""
    course = under(ruled(Plan.AS_PLANNED, "2026-12-01"))

    assert told(project(course, day("2026-11-24"), count=2)) == [("M1", day("2026-12-01")), ("M2", day("2027-03-04"))]
    assert coming(course, "2026-12-10").status is Status.DUE
    assert coming(course, "2026-12-16").status is Status.OVERDUE


def test_restarting_by_decision_counts_the_remaining_intervals() -> None:
    doses = told(project(under(ruled(Plan.RESTART, "2026-12-01")), day("2026-11-24"), count=5))

    assert [label for label, _ in doses] == ["L1", "L2", "L3", "L4", "M1"]
    assert [target for _, target in doses][1:] == [
        day("2026-12-15"), day("2026-12-29"), day("2027-01-28"), day("2027-05-28"),
    ]  # fmt: skip


def test_a_place_that_was_let_pass_is_not_owed() -> None:
    """The dose at 7 months left 11 Nov as the day of the next one; the prescriber skips it."""
    late = series(f"{LOADED} 2026-10-28", rulings=(ruled(Plan.SKIP, after=day("2026-10-28"), made_on="2026-10-29"),))

    dose = coming(late, "2026-10-30")
    assert (dose.label, dose.target) == ("M2", day("2027-03-04"))
    assert Flag.TIGHT not in dose.flags


def test_a_day_that_was_set_for_a_tight_dose_is_no_longer_tight() -> None:
    late = series(f"{LOADED} 2026-10-28")
    assert Flag.TIGHT in coming(late, "2026-10-29").flags

    settled = replace(
        late, rulings=(ruled(Plan.AS_PLANNED, "2026-11-14", after=day("2026-10-28"), made_on="2026-10-29"),)
    )
    dose = coming(settled, "2026-10-29")
    assert (dose.target, dose.opens, Flag.TIGHT in dose.flags) == (day("2026-11-14"), day("2026-11-14"), False)


def test_what_was_decided_is_asked_again_only_in_a_worse_band() -> None:
    """Two doses were decided on at 8 months; at 16 the label asks for three, and a prescriber decides anew."""
    course = under(catch_up("2026-12-01"))

    assert coming(course, "2026-12-09").status is Status.OVERDUE
    assert coming(course, "2027-07-03").status is Status.OVERDUE
    dose = coming(course, "2027-07-04")
    assert (dose.status, dose.label, dose.of) == (Status.INTERRUPTED, "C1", 3)
    assert coming(course, "2029-07-04").status is Status.RESTART


def test_the_turns_agree_with_the_statuses_under_a_decision() -> None:
    turns = coming(under(catch_up("2026-12-01")), "2026-11-24").turns

    assert (turns.closes, turns.interrupted_from) == (day("2026-12-08"), day("2027-07-04"))
    assert (turns.restart_from, turns.review_from) == (day("2029-07-04"), None)


def test_a_second_decision_builds_on_the_first() -> None:
    course = under(catch_up("2026-12-01"), ruled(Plan.RESTART, "2027-08-01", made_on="2027-07-20"))

    dose = coming(course, "2027-07-20")
    assert (dose.label, dose.phase, dose.target) == ("L1", Phase.LOADING, day("2027-08-01"))


def test_after_restart_by_decision_loading_left_incomplete_goes_to_review_four_months_after_the_day_set() -> None:
    course = under(ruled(Plan.RESTART, "2026-12-01"))

    assert coming(course, "2027-03-31").status is Status.OVERDUE
    dose = coming(course, "2027-04-01")
    assert dose.status is Status.REVIEW
    passed = "Loading is not complete and four months or more have passed since the day set for L1 on 1 Dec 2026"
    assert dose.why == f"{passed}: a prescriber decides."


def test_a_gap_in_loading_that_was_decided_on_starts_the_clock_anew() -> None:
    gap = series("2026-01-05 2026-01-19")
    assert coming(gap, "2026-05-19").status is Status.REVIEW

    going_on = Ruling(day("2026-01-19"), day("2026-05-20"), Plan.AS_PLANNED, day("2026-05-25"))
    course = replace(gap, rulings=(going_on,))
    dose = coming(course, "2026-05-20")
    assert (dose.label, dose.target, dose.closes) == ("L3", day("2026-05-25"), day("2026-06-01"))
    assert dose.status is Status.UPCOMING
    assert coming(course, "2026-09-24").status is Status.OVERDUE
    assert coming(course, "2026-09-25").status is Status.REVIEW


def test_a_high_dose_past_its_window_goes_on_by_decision() -> None:
    late = series(HIGH_LOADED, HIGH)
    assert coming(late, "2026-11-01").status is Status.REVIEW

    decided = Ruling(day("2026-05-18"), day("2026-11-01"), Plan.AS_PLANNED, day("2026-11-05"))
    course = replace(late, rulings=(decided,))
    assert coming(course, "2026-11-05").status is Status.DUE
    assert coming(course, "2026-11-20").status is Status.REVIEW
    after = coming(replace(course, attempts=attempts(f"{HIGH_LOADED} 2026-11-06")), "2026-11-07")
    assert (after.target, "confirms" in after.why) == (day("2027-01-18"), False)


def test_a_doubt_from_elsewhere_is_settled_by_a_decision_about_the_first_dose() -> None:
    start = day("2026-11-04")
    doubtful = Series(HIGH, planned_start=start, switched=True, previous_on=day("2026-07-04"), review="Mid-loading")
    assert forecast(doubtful, day("2026-10-30")).next.status is Status.REVIEW

    ruling = Ruling(day("2026-07-04"), day("2026-10-30"), Plan.AS_PLANNED, start)
    assert forecast(replace(doubtful, rulings=(ruling,)), day("2026-11-04")).next.status is Status.DUE


def test_a_doubt_is_settled_after_the_first_dose_as_well() -> None:
    """Nobody decided before the 50 mg dose was given; the course must not wait for ever."""
    given = series("2026-11-10", HIGH, planned_start=day("2026-11-04"), switched=True, previous_on=LAST, review="Late")
    assert coming(given, "2026-11-11").status is Status.REVIEW

    decided = ruled(Plan.AS_PLANNED, "2027-03-10", after=day("2026-11-10"), made_on="2026-11-11")
    settled = replace(given, rulings=(decided,))
    assert coming(settled, "2026-11-11").status is Status.UPCOMING
    voided = replace(settled, attempts=())
    assert coming(voided, "2026-11-11").status is Status.REVIEW, "the decision was about a dose that counts no more"


def test_loading_that_was_decided_on_in_place_of_a_doubtful_switch_is_looked_at_once_its_window_has_closed() -> None:
    """No late-dose rule is known for the high dose, whatever the prescriber began it with."""
    doubtful = Series(HIGH, planned_start=day("2026-11-04"), switched=True, previous_on=LAST, review="Interrupted")
    course = replace(doubtful, rulings=(ruled(Plan.RESTART, "2026-12-01"),))

    assert coming(course, "2026-12-08").status is Status.DUE
    assert coming(course, "2026-12-09").status is Status.REVIEW


def test_a_dose_given_before_the_decision_and_entered_after_it_is_not_governed_by_it() -> None:
    """Decided on 24 Nov, but a dose was given elsewhere on 20 Oct: by then one ordinary dose was right."""
    back_dated = under(catch_up("2026-12-01"), then="2026-10-20")

    assert [dose.label for dose in replay(back_dated)][-1] == "M1"
    assert coming(back_dated, "2026-11-25").label == "M2"


def test_a_dose_given_on_the_day_of_the_decision_is_governed_by_it() -> None:
    assert [dose.label for dose in replay(under(catch_up("2026-12-01"), then="2026-11-24"))][-1] == "C1"


def test_a_decision_after_a_dose_that_was_voided_says_nothing() -> None:
    course = series(LOADED, rulings=(catch_up("2026-12-01", after=day("2026-07-04")),))

    assert coming(course, "2026-11-24").status is Status.INTERRUPTED


def test_letting_a_place_pass_means_nothing_during_loading() -> None:
    loading = series("2026-01-05", rulings=(Ruling(day("2026-01-05"), day("2026-01-06"), Plan.SKIP),))

    assert coming(loading, "2026-01-07").target == day("2026-01-19")


PLANS = st.sampled_from([Plan.AS_PLANNED, Plan.CATCH_UP, Plan.RESTART, Plan.SKIP])


@st.composite
def decided(draw: st.DrawFn) -> tuple[Series, date]:
    """A course in maintenance, late by any time, with one or two decisions, and a day to ask on."""
    made_on = LAST + timedelta(days=draw(st.integers(120, 1600)))
    rulings = []
    for _ in range(draw(st.integers(1, 2))):
        plan, set_for = draw(PLANS), made_on + timedelta(days=draw(st.integers(0, 60)))
        run = draw(st.integers(2, 3)) if plan is Plan.CATCH_UP else 0
        rulings.append(Ruling(LAST, made_on, plan, None if plan is Plan.SKIP else set_for, run, 14 if run else 0))
        made_on = set_for
    given = draw(st.lists(st.integers(0, 900), max_size=3, unique=True))
    days = [made_on + timedelta(days=n) for n in given]
    told = " ".join(each.isoformat() for each in days)
    asked = made_on + timedelta(days=draw(st.integers(0, 1800)))
    return series(f"{LOADED} {told}", rulings=tuple(rulings)), asked


@given(decided())
def test_a_target_is_never_before_the_floor_under_any_decision(case: tuple[Series, date]) -> None:
    dose = forecast(case[0], case[1]).next
    assert (dose.floor or date.max) <= (dose.opens or date.min) <= (dose.target or date.min)


@given(decided())
def test_every_dose_still_counts_and_in_order_under_any_decision(case: tuple[Series, date]) -> None:
    history = replay(case[0])
    assert [dose.on for dose in history] == sorted(attempt.on for attempt in case[0].attempts)
    assert [dose.ordinal for dose in history] == list(range(1, len(history) + 1))


@given(decided(), st.randoms(use_true_random=False))
def test_the_order_of_entry_does_not_matter_under_any_decision(case: tuple[Series, date], random: Any) -> None:
    shuffled = list(case[0].attempts)
    random.shuffle(shuffled)
    assert forecast(replace(case[0], attempts=tuple(shuffled)), case[1]).next == forecast(*case).next


@given(decided())
def test_asking_changes_nothing(case: tuple[Series, date]) -> None:
    first = forecast(*case)
    project(*case, count=3)
    assert forecast(*case) == first
