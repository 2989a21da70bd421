"""How the suite is shared out, told about, and put away when somebody stops it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import run

SERVICES = {"DATABASE_URL": "postgresql://postgres@127.0.0.1/clinic", "CELERY_BROKER_URL": "redis://127.0.0.1/15"}
# A process that starts another in its group, says both numbers and waits; `{}` is what it makes of an interruption.
PARENT = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
signal.signal(signal.SIGINT, {})
print(child.pid, flush=True)
time.sleep(60)
"""


def marked(share: run.Share, *marks: str) -> bool:
    """Say whether a test with these marks belongs to the share, as pytest would."""
    return bool(eval(share.marks, {name: name in marks for name in ("database", "desktop", "phone")}))  # noqa: S307


def alive(pid: int) -> bool:
    """Say whether a process is there and no mere remains of one."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def waited_for(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


class TestShares:
    @pytest.mark.parametrize(
        ("marks", "names"),
        [
            ((), ["without a database"]),
            (("database",), ["on SQLite", "on PostgreSQL and Redis"]),
            (("database", "phone"), ["on SQLite"]),
            (("database", "desktop"), ["on PostgreSQL and Redis"]),
        ],
    )
    def test_each_test_runs_where_it_may_differ(self, marks: Sequence[str], names: list[str]) -> None:
        assert [share.name for share in run.shares(SERVICES, prove_rules=False) if marked(share, *marks)] == names

    @pytest.mark.parametrize("marks", [(), ("database",), ("database", "phone"), ("database", "desktop")])
    def test_without_services_every_test_runs_exactly_once(self, marks: Sequence[str]) -> None:
        assert sum(marked(share, *marks) for share in run.shares(None, prove_rules=False)) == 1

    def test_only_postgresql_is_told_of_the_services(self) -> None:
        told = {share.name: share.services for share in run.shares(SERVICES, prove_rules=False)}
        assert told == {"without a database": {}, "on SQLite": {}, "on PostgreSQL and Redis": SERVICES}

    @pytest.mark.parametrize("prove", [True, False])
    def test_the_rules_are_measured_once_when_that_is_to_be_proved(self, prove: bool) -> None:
        measured = [
            share.name for share in run.shares(SERVICES, prove_rules=prove) if "--cov-branch" in share.arguments
        ]
        assert measured == (["without a database"] if prove else [])


class TestWhatSomebodyChose:
    @pytest.mark.parametrize(
        ("arguments", "browser", "chosen"),
        [
            ([], True, ("", [])),
            ([], False, ("not browser", [])),
            (["-k", "worklist", "-x"], True, ("", ["-k", "worklist", "-x"])),
            (["-m", "browser or services", "tests/clinic"], True, ("(browser or services)", ["tests/clinic"])),
            (["-mservices", "--durations=3"], False, ("(services) and not browser", ["--durations=3"])),
        ],
    )
    def test_marks_are_joined_and_the_rest_is_handed_on(
        self, arguments: list[str], browser: bool, chosen: tuple[str, list[str]]
    ) -> None:
        assert run.chosen(arguments, browser=browser) == chosen


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("codes", "verdict"),
        [
            ((0, 0, 0), 0),
            ((0, 1, 0), 1),
            ((2, 1, 0), 2),
            ((0, -9, 1), -9),
            ((5, 0, 5), 0),
            ((5, 5, 5), 5),
            ((5, 1, 0), 1),
        ],
    )
    def test_it_is_the_worst_and_stands_last(
        self, codes: Sequence[int], verdict: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ended = {f"part {number}": (code, f"ended with {code}") for number, code in enumerate(codes)}
        assert run.verdict(ended) == verdict
        lines = capsys.readouterr().out.splitlines()
        assert verdict in {0, int(lines[-1].split()[-1])}
        assert len(lines) == 2 + 2 * len(codes)

    def test_it_names_each_part(self, capsys: pytest.CaptureFixture[str]) -> None:
        run.verdict({"on SQLite": (1, "1 failed"), "without a database": (0, "2 passed")})
        assert capsys.readouterr().out == (
            "\n=== All tests ===\nThe tests without a database:\n2 passed\nThe tests on SQLite:\n1 failed\n"
        )


def test_what_a_part_says_is_shown_to_its_last_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "output"
    said = "import time; print('begun', flush=True); time.sleep(0.3); print('ended')"
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-c", said], stdout=file)
    run.show("on SQLite", process, output)
    assert capsys.readouterr().out == "\n=== The tests on SQLite ===\nbegun\nended\n"


class TestStopping:
    @pytest.mark.parametrize("answer", ["lambda *_: sys.exit(2)", "signal.SIG_IGN"], ids=["ends", "goes on"])
    def test_nothing_of_a_part_is_left(self, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "ENDING_SECONDS", 2 if "exit" in answer else 0.1)
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT.format(answer)], stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        with process.stdout:
            child = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        run.end(process)
        assert process.returncode == (2 if "exit" in answer else -signal.SIGKILL)
        assert waited_for(lambda: not alive(child))

    def test_ctrl_c_reaches_the_runner_alone(self, tmp_path: Path) -> None:
        part = run.Share("of nothing", "database")
        process = run.pytest(part, "", ["--version"], tmp_path / "output")
        assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
        run.end(process)
        assert process.returncode == 0
