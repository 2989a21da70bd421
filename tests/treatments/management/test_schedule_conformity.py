"""The command that checks the engine against the table."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.rules.test_conformity import HEAD, SECOND, WINDOW
from treatments.management.commands.schedule_conformity import Command

pytestmark = pytest.mark.usefixtures("published")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("schedule_conformity", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "cases.csv"


def test_without_a_file_its_own_table_is_checked_row_by_row() -> None:
    *rows, totals = run().splitlines()

    assert all(row.startswith("pass  ") for row in rows)
    assert totals == f"{len(rows)} rows, {len(rows)} passed, 0 failed"
    assert len(rows) >= 100


def test_a_row_that_fails_is_shown_with_its_differences(table: Path) -> None:
    table.write_text(f"{HEAD}\n{SECOND},{WINDOW},\n{SECOND.replace('second', 'wrong')},{WINDOW},tight\n")
    out = StringIO()

    with pytest.raises(CommandError, match="does not agree"):
        call_command("schedule_conformity", str(table), stdout=out)

    assert out.getvalue().splitlines() == [
        "pass  second",
        "FAIL  wrong",
        "      flags: expected tight, got nothing",
        "2 rows, 1 passed, 1 failed",
    ]


def test_the_exit_status_is_1_when_a_row_fails(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(f"{HEAD}\n{SECOND},{WINDOW},tight\n")

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "schedule_conformity", str(table)])

    assert ended.value.code == 1
    assert "1 rows, 0 passed, 1 failed" in capsys.readouterr().out


def test_a_table_saved_by_a_spreadsheet_is_read(table: Path) -> None:
    table.write_text(f"\ufeff{HEAD}\r\n{SECOND},{WINDOW},\r\n", encoding="utf-8")

    assert run(str(table)).endswith("1 rows, 1 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"case,given\n", "lacks the columns regimen, on"),
        (HEAD.encode(), "The table has no rows"),
        (b"\xff\xfe", "codec can't decode"),
    ],
)
def test_a_file_that_is_no_table_is_refused(table: Path, content: bytes, why: str) -> None:
    table.write_bytes(content)

    with pytest.raises(CommandError, match=why):
        run(str(table))


def test_a_file_that_is_not_there_is_refused(table: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(str(table))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "", "../secret"])
def test_a_zone_that_is_not_there_fails_the_row_by_name(table: Path, zone: str) -> None:
    row = SECOND.replace("2026-01-05", f"2026-01-05T12:00Z@{zone}")
    table.write_text(f"{HEAD}\n{row},{WINDOW},\n")
    out = StringIO()

    with pytest.raises(CommandError, match="does not agree"):
        call_command("schedule_conformity", str(table), stdout=out)

    assert f"no answer: There is no time zone “{zone}”." in out.getvalue()


def test_an_instant_is_read_in_its_zone(table: Path) -> None:
    row = SECOND.replace("2026-01-05", "2026-01-06T07:59Z@America/Los_Angeles")
    table.write_text(f"{HEAD}\n{row},{WINDOW},\n")

    assert run(str(table)).endswith("1 rows, 1 passed, 0 failed\n")
