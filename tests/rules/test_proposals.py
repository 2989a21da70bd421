"""What waits for a prescriber: every matter, what is proposed about it, and what else may be chosen."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.schedule_stage import EU, HIGH, HIGH_LOADED, LOADED, US, day, series
from treatments.rules.proposals import BY_POLICY, Choice, Matter, Proposal, Verdict, in_words_of, proposals, ruling
from treatments.rules.schedule import Attempt, Outcome, Plan, Ruling, Series
from treatments.rules.schedule_reading import read

TIGHT = f"{LOADED} 2026-10-28"


def on(given: str, asked: str, **facts: Any) -> tuple[Proposal, ...]:
    return proposals(read(series(given, **facts), day(asked)))


def only(given: str, asked: str, **facts: Any) -> Proposal:
    (proposal,) = on(given, asked, **facts)
    return proposal


@pytest.mark.parametrize(
    ("asked", "matter", "choice"),
    [
        ("2026-11-04", Matter.INTERRUPTED, Choice(Plan.CATCH_UP, 2, 14)),
        ("2027-07-03", Matter.INTERRUPTED, Choice(Plan.CATCH_UP, 2, 14)),
        ("2027-07-04", Matter.INTERRUPTED, Choice(Plan.CATCH_UP, 3, 14)),
        ("2029-07-03", Matter.INTERRUPTED, Choice(Plan.CATCH_UP, 3, 14)),
        ("2029-07-04", Matter.RESTART, Choice(Plan.RESTART)),
    ],
)
def test_the_band_of_the_day_is_what_is_proposed(asked: str, matter: Matter, choice: Choice) -> None:
    proposal = only(LOADED, asked)

    assert (proposal.matter, proposal.choices[0], proposal.rules) == (matter, choice, (6, 10))
    assert proposal.source == "US label, section on missed doses (2024)"
    assert proposal.day == day(asked)


def test_every_other_band_and_one_ordinary_dose_may_be_chosen_instead() -> None:
    others = only(LOADED, "2026-11-04").choices[1:]

    assert others == (Choice(Plan.AS_PLANNED), Choice(Plan.CATCH_UP, 3, 14), Choice(Plan.RESTART))


@pytest.mark.parametrize("asked", ["2026-07-18", "2026-07-19", "2026-11-03"])
def test_nothing_waits_before_eight_months(asked: str) -> None:
    assert on(LOADED, asked) == ()


def test_a_tight_pair_waits_with_the_exact_day() -> None:
    proposal = only(TIGHT, "2026-10-29")

    assert (proposal.matter, proposal.day, proposal.rules) == (Matter.TIGHT, day("2026-11-11"), (5, 10))
    assert proposal.choices == (Choice(Plan.AS_PLANNED), Choice(Plan.SKIP))
    assert proposal.says == (
        "The planned day, 4 Nov 2026, comes less than 14 days after the last dose; the dose would move to 11 Nov 2026"
    )


def test_another_day_than_the_tight_one_is_not_as_proposed() -> None:
    proposal = only(TIGHT, "2026-10-29")

    assert proposal.accepts(Choice(Plan.AS_PLANNED), day("2026-11-11"))
    assert not proposal.accepts(Choice(Plan.AS_PLANNED), day("2026-11-12"))
    assert not proposal.accepts(Choice(Plan.SKIP), None)


def test_as_soon_as_possible_any_day_is_as_proposed() -> None:
    proposal = only(LOADED, "2026-11-04")

    assert proposal.accepts(Choice(Plan.CATCH_UP, 2, 14), day("2026-11-20"))
    assert not proposal.accepts(Choice(Plan.CATCH_UP, 3, 14), day("2026-11-20"))


@pytest.mark.parametrize(("asked", "count"), [("2026-05-18", 0), ("2026-05-19", 1)])
def test_a_gap_in_loading_waits_from_four_months_on(asked: str, count: int) -> None:
    found = on("2026-01-05 2026-01-19", asked)

    assert [(each.matter, each.source, each.rules) for each in found] == [
        (Matter.LOADING_GAP, BY_POLICY, (2, 10))
    ] * count


@pytest.mark.parametrize(("asked", "count"), [("2026-10-02", 0), ("2026-10-03", 1)])
def test_a_high_dose_past_its_window_waits_and_nothing_is_proposed(asked: str, count: int) -> None:
    found = on(HIGH_LOADED, asked, regimen=HIGH)

    assert [each.matter for each in found] == [Matter.NO_RULE] * count
    assert not any(each.accepts(choice, each.day) for each in found for choice in each.choices)


def test_a_partial_dose_waits_before_anything_else() -> None:
    proposal = only(f"{LOADED} 2026-11-10:6:partial", "2026-11-24")

    assert (proposal.matter, proposal.rules, proposal.is_open) == (Matter.PARTIAL, (8, 10), True)
    assert proposal.attempt == Attempt(day("2026-11-10"), Decimal(6), Outcome.PARTIAL)
    assert {choice.plan for choice in proposal.choices} == set(Verdict)


def test_each_partial_dose_waits_on_its_own() -> None:
    found = on(f"{LOADED} 2026-07-04:6:partial 2026-07-06:4:partial", "2026-07-07")

    assert [each.attempt.on for each in found if each.attempt] == [day("2026-07-04"), day("2026-07-06")]


def test_a_switch_in_doubt_waits_with_the_doubt_as_its_sentence() -> None:
    doubtful = Series(
        HIGH, planned_start=day("2026-11-04"), switched=True, previous_on=day("2026-01-19"), review="Mid-loading"
    )
    (proposal,) = proposals(read(doubtful, day("2026-01-20")))

    assert (proposal.matter, proposal.says, proposal.is_open) == (Matter.DOUBT, "Mid-loading", True)
    assert proposal.day == day("2026-02-02"), "not before the earliest safe day"


@pytest.mark.parametrize("given", [LOADED, TIGHT])
def test_on_hold_only_a_partial_dose_waits(given: str) -> None:
    assert on(given, "2027-01-01", held=True) == ()
    assert [each.matter for each in on(f"{given} 2026-12-20:6:partial", "2027-01-01", held=True)] == [Matter.PARTIAL]


def test_nothing_waits_on_a_course_that_was_stopped() -> None:
    assert on(f"{LOADED} 2026-12-20:6:partial", "2027-01-01", stopped=True) == ()


def test_what_was_decided_waits_no_more() -> None:
    late = series(LOADED)
    (proposal,) = proposals(read(late, day("2026-11-24")))
    decided = ruling(proposal.choices[0], day("2026-12-01"), after=day("2026-03-04"), made_on=day("2026-11-24"))

    assert decided is not None
    assert proposals(read(replace(late, rulings=(decided,)), day("2026-11-24"))) == ()


def test_a_verdict_is_no_ruling() -> None:
    assert ruling(Choice(Verdict.COUNTS), None, after=None, made_on=day("2026-11-24")) is None


def test_letting_a_place_pass_sets_no_day() -> None:
    assert ruling(Choice(Plan.SKIP), day("2026-12-01"), after=None, made_on=day("2026-11-24")) == Ruling(
        None, day("2026-11-24"), Plan.SKIP
    )


@pytest.mark.parametrize(
    ("given", "choice", "words"),
    [
        (
            LOADED,
            Choice(Plan.CATCH_UP, 2, 14),
            "Two catch-up doses 14 days apart, then maintenance every 4 months from the last of them",
        ),
        (LOADED, Choice(Plan.AS_PLANNED), "One dose, M1; then the calendar goes on"),
        (LOADED, Choice(Plan.RESTART), "Start loading again with L1"),
        (LOADED, Choice(Plan.SKIP), "Let this place in the calendar pass; the next dose is the one after it"),
        ("2026-01-05", Choice(Plan.AS_PLANNED), "Give L2"),
        ("2026-01-05", Choice(Verdict.COUNTS), "It counts as L2"),
        ("2026-01-05", Choice(Verdict.DOES_NOT_COUNT), "It does not count; L2 is still to be given"),
    ],
)
def test_every_choice_is_said_in_words(given: str, choice: Choice, words: str) -> None:
    assert in_words_of(choice, read(series(given), day("2026-03-10"))) == words


@pytest.mark.parametrize("regimen", [US, EU])
def test_the_source_is_that_of_the_regimens_own_late_rules(regimen: Any) -> None:
    given = "2026-01-05 2026-01-19 2026-02-02 2026-03-09"
    assert only(given, "2026-12-01", regimen=regimen).source == regimen.late.source


@pytest.mark.parametrize(("given", "choices"), [
    ("2026-07-04:6:partial", (Choice(Verdict.DOES_NOT_COUNT), Choice(Verdict.COUNTS))),
    ("2026-07-04:6:partial 2026-07-05", (Choice(Verdict.DOES_NOT_COUNT), Choice(Verdict.COUNTS))),
    ("2026-07-04:6:partial 2026-07-04", (Choice(Verdict.DOES_NOT_COUNT),)),
])  # fmt: skip
def test_a_partial_dose_cannot_count_on_a_day_that_has_one(given: str, choices: tuple[Choice, ...]) -> None:
    assert only(f"{LOADED} {given}", "2026-07-05").choices == choices
