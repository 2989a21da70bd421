"""The conformity table that ships, row by row, and the reading of such a table."""

from zoneinfo import ZoneInfo

import pytest

from tests.rules.schedule_stage import REGIMENS, ROOT
from treatments.rules.conformity import ANSWERS, INPUTS, OPTIONAL, BadTable, Case, cases_from, check

TABLE = ROOT / "treatments/rules/data/schedule-cases.csv"
CASES = cases_from(TABLE.read_text(encoding="utf-8").splitlines())
HEAD = ",".join(INPUTS + ANSWERS)
SECOND = "second,nusinersen-12mg-us,2026-01-05,2026-01-10,2,loading,L2,12"
WINDOW = "2026-01-19,2026-01-19,2026-01-19,2026-01-26,upcoming"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_engine_agrees_with_the_table(case: Case) -> None:
    (result,) = check(REGIMENS, [case], ZoneInfo)

    assert result.differences == ()


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 100


def differences(*rows: str, head: str = HEAD) -> list[tuple[str, ...]]:
    return [result.differences for result in check(REGIMENS, cases_from([head, *rows]), ZoneInfo)]


def test_a_row_that_agrees_passes() -> None:
    (result,) = check(REGIMENS, cases_from([HEAD, f"{SECOND},{WINDOW},"]), ZoneInfo)

    assert result.passed
    assert result.case == "second"


def test_a_row_that_does_not_agree_says_each_column() -> None:
    (result,) = check(REGIMENS, cases_from([HEAD, f"{SECOND},,2026-01-20,2026-01-19,2026-01-26,due,tight"]), ZoneInfo)

    assert not result.passed
    assert result.differences == (
        "floor: expected nothing, got 2026-01-19",
        "target: expected 2026-01-20, got 2026-01-19",
        "status: expected due, got upcoming",
        "flags: expected tight, got nothing",
    )


def test_amounts_are_compared_as_numbers() -> None:
    assert differences(f"{SECOND}.0,{WINDOW},") == [()]


def test_flags_are_compared_in_any_order() -> None:
    given = "2026-01-05 2026-01-19 2026-02-02 2026-03-04 2026-06-28 2026-07-03"
    answer = "7,maintenance,M3,12,2026-07-17,2026-11-03,2026-10-27,2026-11-17,upcoming"

    row = f"early,nusinersen-12mg-us,{given},2026-07-04,{answer}"

    assert differences(f"{row},early_reanchored interval_short", f"{row},interval_short early_reanchored") == [(), ()]


def test_an_instant_is_the_day_that_it_was_at_the_site() -> None:
    row = SECOND.replace("2026-01-05", "2026-01-06T07:59Z@America/Los_Angeles:12")
    later = row.replace("07:59Z", "08:00Z")

    same, (first, *_) = differences(f"{row},{WINDOW},", f"{later},{WINDOW},")

    assert (same, first) == ((), "floor: expected 2026-01-19, got 2026-01-20")


def test_a_decision_is_respected_and_a_table_without_the_column_still_reads() -> None:
    given = "2026-01-05 2026-01-19 2026-02-02 2026-03-04 2026-10-28"
    asked = f"tight,nusinersen-12mg-us,{given},2026-10-30"
    answer = "6,maintenance,M2,12,2026-11-11,2027-03-04,2027-02-25,2027-03-18,upcoming,"
    tight = "6,maintenance,M2,12,2026-11-11,2026-11-11,2026-11-11,2026-11-25,upcoming,tight"
    with_decisions = ",".join([*INPUTS, OPTIONAL, *ANSWERS])

    rows = (f"{asked},2026-10-29>skip,{answer}", f"{asked},,{tight}")

    assert differences(*rows, head=with_decisions) == [(), ()]
    assert differences(f"{asked},{tight}") == [()]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("x,nusinersen-oral,,2026-01-10,1,loading,L1,12,,,,,not_started,", "There is no regimen “nusinersen-oral”"),
        ("x,nusinersen-12mg-us,yesterday,2026-01-10,1,loading,L1,12,,,,,not_started,", "“yesterday” is not a date"),
        ("x,nusinersen-12mg-us,,soon,1,loading,L1,12,,,,,not_started,", "“soon” is not a date"),
        ("x,nusinersen-12mg-us,,2026-01-10,1,loading,L1,much,,,,,not_started,", "“much” is not an amount"),
        (
            "x,nusinersen-12mg-us,2026-01-05T10:00@Europe/London,2026-01-10,1,loading,L1,12,,,,,not_started,",
            "“2026-01-05T10:00@Europe/London” is not an instant",
        ),
        (
            "x,nusinersen-12mg-us,,2026-01-10T10:00Z@Mars/Olympus,1,loading,L1,12,,,,,not_started,",
            "There is no time zone “Mars/Olympus”",
        ),
        (
            "x,nusinersen-12mg-us,2026-01-05 2026-01-05,2026-01-10,1,loading,L1,12,,,,,not_started,",
            "Two completed doses are recorded on 2026-01-05",
        ),
    ],
)
def test_a_row_without_an_answer_fails_and_says_why(row: str, why: str) -> None:
    ((difference,),) = differences(row)

    assert difference.startswith(f"no answer: {why}")


def test_a_row_that_ends_too_soon_reads_as_empty_cells() -> None:
    ((first, *_),) = differences("short,nusinersen-12mg-us,,2026-01-10,1,loading,L1,12")

    assert first == "status: expected nothing, got not_started"


def test_a_file_that_lacks_columns_is_refused_by_name() -> None:
    with pytest.raises(BadTable, match=r"lacks the columns on, target\."):
        cases_from([HEAD.replace(",on", "").replace(",target", "")])


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadTable):
        cases_from([])
