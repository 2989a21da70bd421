"""The command that checks monitoring and readiness against the table."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.rules.test_monitoring_conformity import HEAD, PLAIN
from treatments.management.conformity import ConformityCommand
from treatments.rules.conformity import BadTable


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("monitoring_conformity", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "cases.csv"


def test_without_a_file_its_own_table_is_checked_row_by_row_and_needs_no_database() -> None:
    *rows, totals = run().splitlines()

    assert all(row.startswith("pass  ") for row in rows)
    assert totals == f"{len(rows)} rows, {len(rows)} passed, 0 failed"
    assert {row.split()[1] for row in rows} >= {f"G{number}" for number in range(1, 13)}


def test_a_row_that_fails_is_shown_and_the_command_fails(table: Path) -> None:
    table.write_text(f"{HEAD}\n{PLAIN},,ready,not ready,\n")
    out = StringIO()

    with pytest.raises(CommandError, match=r"The rules do not agree with the table\."):
        call_command("monitoring_conformity", str(table), stdout=out)

    assert out.getvalue().splitlines() == [
        "FAIL  plain",
        "      answer: expected not ready, got ready",
        "1 rows, 0 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [("case,policy\n", "lacks the columns place, dose_on"), (HEAD, "The table has no rows")],
)
def test_a_file_that_is_no_table_is_refused(table: Path, content: str, why: str) -> None:
    table.write_text(content)

    with pytest.raises(CommandError, match=why):
        run(str(table))


def test_a_command_that_checks_nothing_says_so() -> None:
    with pytest.raises(BadTable):
        ConformityCommand().checked([])
