"""The calculator on the command line."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from tests.rules.schedule_stage import REGIMENS, attempts, day
from treatments.management.commands.dose_schedule import Command
from treatments.rules.calculator import calculate

pytestmark = pytest.mark.usefixtures("published")

QUESTION = [
    "--regimen",
    "nusinersen-12mg-us",
    "--given",
    "2026-01-05",
    "--given",
    "2026-01-19:12",
    "--on",
    "2026-02-20",
]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("dose_schedule", *arguments, stdout=out)
    return out.getvalue()


def answered(*arguments: str) -> dict[str, Any]:
    return json.loads(run(*arguments, "--json"))  # type: ignore[no-any-return]


def line(given: str, on: str = "2026-02-20") -> str:
    doses = [[entry, 12] for entry in given.split()]
    return json.dumps({"regimen": "nusinersen-12mg-us", "given": doses, "on": on})


def test_the_answer_is_that_of_the_calculator() -> None:
    found = answered(*QUESTION, "--until", "2027-12-31")

    expected = calculate(
        REGIMENS, "nusinersen-12mg-us", attempts("2026-01-05 2026-01-19"), day("2026-02-20"), day("2027-12-31")
    )
    assert found == json.loads(json.dumps(expected))
    assert found["projection"][-1]["target"] == "2027-11-22"


def test_doses_may_be_given_in_any_order() -> None:
    assert answered(*QUESTION[:2], *QUESTION[4:6], *QUESTION[2:4], *QUESTION[6:]) == answered(*QUESTION)


def test_the_default_regimen_and_today_are_taken_when_not_said() -> None:
    with time_machine.travel(datetime(2026, 7, 4, 12, tzinfo=UTC), tick=False):
        found = answered()

    assert (found["regimen"], found["on"]) == ("nusinersen-12mg-us", "2026-07-04")


def test_a_person_reads_it_line_by_line() -> None:
    head, *given, coming, why, projected = run(*QUESTION, "--given", "2026-01-30", "--until", "2026-03-31").splitlines()

    assert head == "nusinersen-12mg-us, version 1, on 2026-02-20"
    assert given == [
        "  given       1  L1   2026-01-05  12 mg",
        "  given       2  L2   2026-01-19  12 mg",
        "  given       3  L3   2026-01-30  12 mg [interval_short]",
    ]
    dose, window, floor = coming.split(", ")
    assert dose == "  next        4  L4   2026-03-01  12 mg [interval_short]"
    assert window == "due 2026-03-01 to 2026-03-08"
    assert floor == "not before 2026-02-13: upcoming"
    assert why.startswith("  why        30 days after loading dose L3 on 30 Jan 2026; due between")
    assert why.endswith("(rules 2, 7, 9)")
    assert projected == "  projected   4  L4   2026-03-01  12 mg"


def test_a_person_reads_that_there_is_no_date_yet() -> None:
    assert run("--on", "2026-01-05").splitlines()[1] == "  next        1  L1   no date  12 mg: not_started"


def test_a_person_reads_what_a_review_hides() -> None:
    text = run("--regimen", "nusinersen-high-dose", "--given", "2026-05-04", "--on", "2026-05-26")

    assert "review (without it: overdue)" in text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--regimen", "oral"], "There is no regimen “oral”"),
        (["--given", "2026-02-30"], "“2026-02-30” is not a date"),
        (["--given", "2026-01-05:much"], "“much” is not an amount"),
        (["--on", "today"], "“today” is not a date"),
        (["--until", "never"], "“never” is not a date"),
        (["--given", "2026-01-05", "--given", "2026-01-05"], "Two completed doses are recorded on 2026-01-05"),
        (["--batch", "/nowhere/lines.json"], "No such file"),
    ],
)
def test_a_question_that_is_not_sound_ends_with_2_and_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "dose_schedule", *arguments])

    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert captured.out == ""
    assert why in captured.err
    assert len(captured.err.splitlines()) == 1


def test_where_no_regimen_is_the_default_one_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    high = {"nusinersen-high-dose": REGIMENS["nusinersen-high-dose"]}
    monkeypatch.setattr("treatments.management.regimens.regimens_in_force", lambda: high)

    with pytest.raises(CommandError, match="There is no regimen “”; there are nusinersen-high-dose"):
        run("--on", "2026-01-05")


def test_a_file_is_answered_line_by_line_in_order(tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join([line("2026-01-05"), "nonsense", line("2026-01-05 2026-01-19")]) + "\n")

    found = [json.loads(text) for text in run("--batch", str(questions)).splitlines()]

    assert [entry.get("next", {}).get("label") for entry in found] == ["L2", None, "L3"]
    assert list(found[1]) == ["error"]


def test_the_projections_of_a_file_end_where_they_were_asked_to(tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(line("2026-01-05 2026-01-19"))

    (text,) = run("--batch", str(questions), "--until", "2026-02-20").splitlines()

    assert [dose["label"] for dose in json.loads(text)["projection"]] == ["L3"]


def test_a_byte_that_is_no_text_spoils_its_own_line_only(tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_bytes(b"\xff\n" + line("2026-01-05").encode())

    bad, good = run("--batch", str(questions)).splitlines()

    assert "error" in json.loads(bad)
    assert json.loads(good)["next"]["label"] == "L2"


def test_standard_input_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(line("2026-01-05") + "\n"))

    assert json.loads(run("--batch", "-"))["next"]["label"] == "L2"
