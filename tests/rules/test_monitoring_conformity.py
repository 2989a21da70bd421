"""The conformity table of monitoring that ships, row by row, and the reading of such a table."""

import pytest

from tests.rules.schedule_stage import ROOT
from treatments.rules.conformity import BadTable
from treatments.rules.monitoring_conformity import COLUMNS, Case, cases_from, check

TABLE = ROOT / "treatments/rules/data/monitoring-cases.csv"
CASES = cases_from(TABLE.read_text(encoding="utf-8").splitlines())
HEAD = ",".join(COLUMNS)
START = "plain,us,maintenance,2026-07-04,2026-03-04,2020-05-17"
PLAIN = f"{START},normal @2026-06-25,,,,"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_rules_agree_with_the_table(case: Case) -> None:
    (result,) = check([case])

    assert result.differences == ()


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 100


def test_every_gate_case_of_the_reference_stands_in_the_table() -> None:
    named = {case.name.split()[0] for case in CASES}

    assert {f"G{number}" for number in range(1, 13)} <= named


def differences(row: str) -> tuple[str, ...]:
    (result,) = check(cases_from([HEAD, row]))
    return result.differences


def test_a_row_that_agrees_passes() -> None:
    assert differences(f"{PLAIN},inr=within,ready,ready,") == ()


def test_a_row_that_does_not_agree_says_each_column() -> None:
    assert differences(f"{PLAIN},inr=stop pt=within,attention,check,") == (
        "inr: expected stop, got within",
        "pt: expected within, got nothing",
        "light: expected attention, got ready",
        "answer: expected check, got ready",
    )


def test_a_result_that_should_be_refused_and_is_not_fails() -> None:
    assert differences(f"{PLAIN},,,,did you mean") == ("refused: expected did you mean, got an answer",)


def test_a_result_that_is_refused_for_another_reason_fails() -> None:
    (difference,) = differences(f"{START},platelets 250 10*6/L @2026-06-25,,,,,,,,did you mean")

    assert difference.startswith("refused: expected did you mean, got 10*6/L is not accepted for Platelets")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (PLAIN.replace("us", "mars"), "“mars” is none of eu, off, us"),
        (PLAIN.replace("maintenance", "later"), "“later” is none of catch_up, first"),
        (PLAIN.replace("2026-07-04", "soon"), "“soon” is not a date"),
        (f"{START},platelets lots,,,,", "“platelets lots” is not a result"),
        (f"{START},platelets many 10*9/L @2026-06-25,,,,", "“many” is not a number"),
        (f"{START},,,platelets=fine,,", "“fine” is none of sign_off, stop"),
        (f"{START},,,,weather=ready,", "“weather” is none of access_plan"),
        (f"{START},,,,drug=fine,", "“fine” is none of attention"),
    ],
)
def test_a_cell_that_cannot_be_read_fails_its_row_and_says_why(row: str, why: str) -> None:
    (difference,) = differences(f"{row},,ready,ready,")

    assert difference.startswith(f"refused: expected an answer, got {why}")


def test_a_file_that_lacks_columns_is_refused_by_name() -> None:
    with pytest.raises(BadTable, match=r"lacks the columns place, answer\."):
        cases_from([HEAD.replace(",place", "").replace(",answer,", ",")])
