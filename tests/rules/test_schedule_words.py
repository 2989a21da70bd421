"""The sentence that says why: it names the dates, and who decides."""

from typing import Any

import pytest

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import EU, HIGH, HIGH_LOADED, LOADED, US, coming, day, made_up, series
from treatments.rules.schedule import forecast
from treatments.rules.schedule_switch import switch_to
from treatments.rules.schedule_words import in_words, number, span


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("given", "on", "regimen", "why"),
    [
        ("", "2026-01-05", US, "No dose has been given and no start is planned."),
        (
            "2026-01-05 2026-01-19",
            "2026-01-20",
            US,
            "14 days after loading dose L2 on 19 Jan 2026; due between 2 Feb and 9 Feb 2026.",
        ),
        (
            "2026-01-05 2026-01-19 2026-02-02",
            "2026-02-03",
            EU,
            "35 days after loading dose L3 on 2 Feb 2026; due between 9 Mar and 16 Mar 2026.",
        ),
        (
            LOADED,
            "2026-03-05",
            US,
            "Four months after the last loading dose on 4 Mar 2026; due between 27 Jun and 18 Jul 2026.",
        ),
        (
            LOADED,
            "2026-07-19",
            US,
            """Four months after the last loading dose on 4 Mar 2026; the window closed on 18 Jul 2026:
            give it as soon as possible.""",
        ),
        (
            f"{LOADED} 2026-07-04",
            "2026-07-05",
            US,
            """Every four months from the last loading dose on 4 Mar 2026, this time on 4 Nov 2026;
            due between 28 Oct and 18 Nov 2026.""",
        ),
        (
            f"{LOADED} 2026-06-26",
            "2026-06-27",
            US,
            "Four months after the early dose on 26 Jun 2026; due between 19 Oct and 9 Nov 2026.",
        ),
        (
            f"{LOADED} 2026-10-28",
            "2026-10-29",
            US,
            """14 days after the last dose on 28 Oct 2026, because the planned day, 4 Nov 2026, comes too soon after it;
            due between 11 Nov and 25 Nov 2026; a person confirms this day.""",
        ),
        (
            LOADED,
            "2026-11-04",
            US,
            """Eight months or more after the last dose on 4 Mar 2026 the late-dose rule asks for two doses
            14 days apart; a prescriber decides.""",
        ),
        (
            LOADED,
            "2027-07-04",
            US,
            """16 months or more after the last dose on 4 Mar 2026 the late-dose rule asks for three doses
            14 days apart; a prescriber decides.""",
        ),
        (
            LOADED,
            "2029-07-04",
            US,
            """40 months or more after the last dose on 4 Mar 2026 the late-dose rule starts loading again;
            a prescriber decides.""",
        ),
        (
            f"{LOADED} 2026-11-10",
            "2026-11-11",
            US,
            "14 days after catch-up dose C1 of 2 on 10 Nov 2026; due between 24 Nov and 1 Dec 2026.",
        ),
        (
            f"{LOADED} 2026-11-10 2026-11-24",
            "2026-11-25",
            US,
            "Four months after the last catch-up dose on 24 Nov 2026; due between 17 Mar and 7 Apr 2027.",
        ),
        (
            "2026-01-05 2026-01-19",
            "2026-05-19",
            US,
            """Loading is not complete and four months or more have passed since L2 on 19 Jan 2026:
            a prescriber decides.""",
        ),
        (
            HIGH_LOADED,
            "2026-10-03",
            HIGH,
            """The window closed on 2 Oct 2026 and no late-dose rules are known for nusinersen-high-dose:
            a prescriber decides.""",
        ),
        (
            "2026-05-04",
            "2026-05-26",
            HIGH,
            """The window closed on 25 May 2026 and no late-dose rules are known for nusinersen-high-dose:
            a prescriber decides.""",
        ),
        (
            f"{HIGH_LOADED} 2026-11-01",
            "2026-11-02",
            HIGH,
            """Every four months from the last loading dose on 18 May 2026, this time on 18 Jan 2027;
            due between 11 Jan and 1 Feb 2027; the last dose was late and no late-dose rules are known,
            so a prescriber confirms this day.""",
        ),
        (
            f"{LOADED} 2026-07-04:partial 2026-07-11:partial",
            "2026-07-12",
            US,
            "It is not settled whether the partial dose on 11 Jul 2026 counts: a prescriber decides.",
        ),
    ],
)
def test_the_sentence_says_why(given: str, on: str, regimen: Regimen, why: str) -> None:
    assert coming(given, on, regimen).why == one_line(why)


@pytest.mark.parametrize(
    ("on", "facts", "why"),
    [
        ("2026-08-01", {"stopped": True}, "The course is stopped: no dose is due."),
        (
            "2026-03-05",
            {"held": True},
            """On hold; without the hold: four months after the last loading dose on 4 Mar 2026;
            due between 27 Jun and 18 Jul 2026.""",
        ),
        (
            "2026-11-04",
            {"held": True},
            """On hold; without the hold: eight months or more after the last dose on 4 Mar 2026 the late-dose rule
            asks for two doses 14 days apart; a prescriber decides.""",
        ),
        (
            "2026-03-05",
            {"held": True, "review": "The drug was changed elsewhere"},
            "On hold; without the hold: the drug was changed elsewhere: a prescriber decides.",
        ),
    ],
)
def test_a_hold_or_a_stop_comes_first(on: str, facts: dict[str, Any], why: str) -> None:
    assert coming(LOADED, on, **facts).why == one_line(why)


def test_a_planned_start_is_named() -> None:
    why = coming("", "2025-12-01", planned_start=day("2025-12-30")).why

    assert why == "The first dose is planned on 30 Dec 2025; due between 30 Dec 2025 and 6 Jan 2026."


def test_a_switch_dose_names_the_dose_it_replaces() -> None:
    following = switch_to(series(LOADED), HIGH, day("2026-03-05"))

    assert forecast(following, day("2026-03-05")).next.why == (
        "The switch dose takes the place of the dose planned on 4 Jul 2026; due between 27 Jun and 18 Jul 2026."
    )


def test_a_switch_dose_without_a_date_under_review_says_no_more_than_it_knows() -> None:
    dose = coming("", "2026-01-05", HIGH, switched=True, review="The switch was made before maintenance")

    assert dose.why == "The switch was made before maintenance: a prescriber decides."


def test_an_interval_of_one_is_written_in_the_singular() -> None:
    regimen = made_up(maintenance={"mg": 2, "ml": 1, "every": "1 month"})

    assert coming("2026-01-05", "2026-01-06", regimen).why.startswith("One month after the last loading dose")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-06-27", "2026-07-18", "between 27 Jun and 18 Jul 2026"),
        ("2026-12-27", "2027-01-18", "between 27 Dec 2026 and 18 Jan 2027"),
        ("2026-07-04", "2026-07-04", "on 4 Jul 2026"),
    ],
)
def test_a_span_is_written_as_short_as_it_can_be(first: str, last: str, words: str) -> None:
    assert span(day(first), day(last)) == words


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_short_name(month: int) -> None:
    on = day(f"2026-{month:02}-09")

    assert in_words(on) == f"9 {on:%b} 2026"


@pytest.mark.parametrize(("count", "word"), [(1, "one"), (10, "ten"), (11, "11"), (40, "40")])
def test_small_numbers_are_words(count: int, word: str) -> None:
    assert number(count) == word
