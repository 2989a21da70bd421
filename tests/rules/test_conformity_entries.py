"""What stands in a cell of the conformity table: days, instants, attempts and decisions."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.rules.schedule_stage import attempts, day
from treatments.rules.conformity_entries import (
    Decided,
    attempt_of,
    day_of,
    decision_from,
    rulings_from,
    with_verdicts,
)
from treatments.rules.proposals import Verdict
from treatments.rules.schedule import Attempt, Outcome, Plan, Ruling
from treatments.rules.schedule_entries import BadEntry


@pytest.mark.parametrize(
    ("text", "is_on"),
    [
        ("2026-07-04", "2026-07-04"),
        ("2026-07-05T06:59:59Z@America/Los_Angeles", "2026-07-04"),
        ("2026-07-05T07:00Z@America/Los_Angeles", "2026-07-05"),
        ("2026-07-05T08:59+02:00@America/Los_Angeles", "2026-07-04"),
        ("2026-07-04T11:59Z@Pacific/Auckland", "2026-07-04"),
        ("2026-07-04T12:00Z@Pacific/Auckland", "2026-07-05"),
        ("2026-07-04T12:00Z@UTC", "2026-07-04"),
    ],
)
def test_a_day_is_a_date_or_the_day_that_an_instant_was_at_the_site(text: str, is_on: str) -> None:
    assert day_of(text, ZoneInfo) == day(is_on)


@pytest.mark.parametrize(
    ("text", "attempt"),
    [
        ("2026-01-19:12:partial", Attempt(day("2026-01-19"), Decimal(12), Outcome.PARTIAL)),
        ("2026-01-20T07:30Z@America/Los_Angeles", Attempt(day("2026-01-19"))),
        ("2026-01-20T07:30Z@America/Los_Angeles:9.6", Attempt(day("2026-01-19"), Decimal("9.6"))),
        ("2026-01-20T07:30Z@America/Los_Angeles:not_done", Attempt(day("2026-01-19"), None, Outcome.NOT_DONE)),
        (
            "2026-01-20T07:30Z@America/Los_Angeles:6:partial",
            Attempt(day("2026-01-19"), Decimal(6), Outcome.PARTIAL),
        ),
    ],
)
def test_an_attempt_may_be_at_an_instant(text: str, attempt: Attempt) -> None:
    assert attempt_of(text, ZoneInfo) == attempt


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-01-20T07:30@Europe/London", "is not an instant"),
        ("2026-01-20@Europe/London", "is not an instant"),
        ("2026-02-30T07:30Z@Europe/London", "is not an instant"),
        ("0001-01-01T00:00Z@America/Los_Angeles", "is not an instant"),
        ("yesterday@Europe/London", "is not an instant"),
        ("2026-01-20T07:30Z@Europe/Atlantis", "There is no time zone “Europe/Atlantis”"),
        ("2026-01-20T07:30Z", "is not a date"),
    ],
)
def test_an_instant_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadEntry, match=why):
        day_of(text, ZoneInfo)


NOVEMBER, DECEMBER = date(2026, 11, 24), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("2026-11-24>catch_up:2:14@2026-12-01", Decided(NOVEMBER, Plan.CATCH_UP, DECEMBER, 2, 14)),
        ("2026-11-24>restart@2026-12-01", Decided(NOVEMBER, Plan.RESTART, DECEMBER)),
        ("2026-11-24>as_planned@2026-12-01", Decided(NOVEMBER, Plan.AS_PLANNED, DECEMBER)),
        ("2026-11-24>skip", Decided(NOVEMBER, Plan.SKIP, None)),
        ("2026-11-24>counts@2026-12-01", Decided(NOVEMBER, Verdict.COUNTS, DECEMBER)),
        ("2026-11-24>does_not_count@2026-12-01", Decided(NOVEMBER, Verdict.DOES_NOT_COUNT, DECEMBER)),
    ],
)
def test_a_decision_is_its_day_and_what_was_decided(text: str, decided: Decided) -> None:
    assert decision_from(text) == decided


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-24", "“2026-11-24” is not a decision; write it like"),
        ("2026-11-24>wait@2026-12-01", "is not a decision"),
        ("2026-11-24>catch_up@2026-12-01", "is not a decision"),
        ("2026-11-24>catch_up:2@2026-12-01", "is not a decision"),
        ("2026-11-24>catch_up:0:14@2026-12-01", "is not a decision"),
        ("2026-11-24>catch_up:2:0@2026-12-01", "is not a decision"),
        ("2026-11-24>restart:2:14@2026-12-01", "is not a decision"),
        ("2026-11-24>restart", "every one but skip names a day"),
        ("2026-11-24>skip@2026-12-01", "every one but skip names a day"),
        ("soon>skip", "“soon” is not a date"),
        ("2026-11-24>restart@soon", "“soon” is not a date"),
    ],
)
def test_a_decision_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadEntry, match=why):
        decision_from(text)


def test_a_decision_follows_the_last_dose_given_on_an_earlier_day() -> None:
    given = attempts("2026-11-25 2026-11-10 2026-11-20:not_done")
    ruling = Ruling(day("2026-11-10"), day("2026-11-25"), Plan.RESTART, DECEMBER)

    assert rulings_from(given, [decision_from("2026-11-25>restart@2026-12-01")]) == (ruling,)
    (later,) = rulings_from(given, [decision_from("2026-11-26>restart@2026-12-01")])
    assert later.after == day("2026-11-25")
    (first,) = rulings_from(given, [decision_from("2026-11-10>restart@2026-12-01")])
    assert first.after is None


def test_decisions_count_in_the_order_in_which_they_were_made() -> None:
    decided = [decision_from(text) for text in ("2026-11-26>skip", "2026-11-25>restart@2026-12-01")]

    assert [ruling.plan for ruling in rulings_from((), decided)] == [Plan.RESTART, Plan.SKIP]


@pytest.mark.parametrize(("what", "outcome"), [("counts", "completed"), ("does_not_count", "not_done")])
def test_a_verdict_settles_the_partial_dose_of_its_day_and_no_other(what: str, outcome: str) -> None:
    given = attempts("2026-07-04:6:partial 2026-07-05:6:partial 2026-07-06")
    settled = with_verdicts(given, [decision_from(f"2026-07-07>{what}@2026-07-04")])

    assert [attempt.outcome.value for attempt in settled] == [outcome, "partial", "completed"]
    assert rulings_from(given, [decision_from(f"2026-07-07>{what}@2026-07-04")]) == ()


def test_a_verdict_on_a_day_without_a_partial_dose_is_refused() -> None:
    with pytest.raises(BadEntry, match=r"^There is no partial dose on 2026-07-06 to decide on\.$"):
        with_verdicts(attempts("2026-07-06"), [decision_from("2026-07-07>counts@2026-07-06")])
