"""Starting, watching and ending processes."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clinic.demo import processes
from clinic.demo.processes import Ended, Family, Program

SLEEPS = "import time; print('awake', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
WAIT_SECONDS = 10.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait a bounded time until something holds."""
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def look_until(family: Family, holds: Callable[[], bool]) -> None:
    """Look after the family, a bounded time, until something holds."""

    def looked() -> bool:
        family.look_after()
        return holds()

    wait_until(looked)


@pytest.fixture
def said() -> list[str]:
    """What the family told the person."""
    return []


@pytest.fixture
def family(tmp_path: Path, said: list[str]) -> Iterator[Family]:
    """A family that is ended with the test."""
    made = Family({**os.environ, "GREETING": "hello"}, tmp_path, said.append)
    yield made
    made.stop(patience=0)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    """A maker of programs from Python code."""

    def make(code: str, *, restarts: bool = False) -> Program:
        return Program("worker", (sys.executable, "-c", code), tmp_path / "worker.log", restarts)

    return make


def lines(program: Program) -> list[str]:
    return program.log.read_text().splitlines()


def pid_of(family: Family) -> int:
    return family._children[0].process.pid


def alive(pid: int) -> bool:
    """Say whether the process runs; one that has ended but that nobody has asked about does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_child_has_the_environment_the_folder_and_its_log(
    family: Family, program: Callable[..., Program], tmp_path: Path
) -> None:
    shows = program("import os; print(os.environ['GREETING'], os.getcwd(), flush=True); import time; time.sleep(60)")
    family.start(shows)
    wait_until(lambda: lines(shows) == [f"hello {tmp_path}"])


def test_ctrl_c_reaches_the_parent_alone(family: Family, program: Callable[..., Program]) -> None:
    family.start(program(SLEEPS))
    assert os.getpgid(pid_of(family)) == pid_of(family) != os.getpgid(0)


def test_nothing_happens_while_all_are_well(family: Family, program: Callable[..., Program], said: list[str]) -> None:
    family.start(program(SLEEPS))
    family.look_after()
    assert said == []


def test_one_that_may_is_started_again(family: Family, program: Callable[..., Program], said: list[str]) -> None:
    sleeps = program(SLEEPS, restarts=True)
    family.start(sleeps)
    first = pid_of(family)
    os.kill(first, signal.SIGKILL)
    look_until(family, lambda: pid_of(family) != first)
    assert said == ["The worker was ended by SIGKILL; it is started again."]
    wait_until(lambda: lines(sleeps) in (["awake"], ["awake", "awake"]) and alive(pid_of(family)))


def test_one_that_may_not_ends_it_all(family: Family, program: Callable[..., Program]) -> None:
    ends = program("raise SystemExit(3)")
    family.start(ends)
    wait_until(lambda: family._children[0].process.poll() is not None)
    with pytest.raises(Ended, match=rf"The worker ended with exit status 3. Its log: {ends.log}"):
        family.look_after()


def test_one_that_keeps_ending_is_given_up(
    family: Family, program: Callable[..., Program], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RESTARTS_ALLOWED", 2)
    family.start(program("raise SystemExit(1)", restarts=True))

    with pytest.raises(Ended):
        look_until(family, lambda: len(said) > 2)
    assert len(said) == 2


def test_restarts_long_ago_are_forgiven(
    family: Family, program: Callable[..., Program], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "RESTARTS_ALLOWED", 1)
    monkeypatch.setattr(processes, "RESTARTS_WITHIN_SECONDS", 0.0)
    family.start(program("raise SystemExit(1)", restarts=True))
    look_until(family, lambda: len(said) > 2)


def test_all_end_when_asked(family: Family, program: Callable[..., Program]) -> None:
    sleeps = program(SLEEPS)
    family.start(sleeps)
    pid = pid_of(family)
    began = time.monotonic()
    family.stop()
    assert not alive(pid)
    assert time.monotonic() - began < 5


def test_one_that_will_not_end_is_ended_with_what_it_started(family: Family, program: Callable[..., Program]) -> None:
    starts = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]).pid); {DEAF}"
    deaf = program(starts)
    family.start(deaf)
    wait_until(lambda: lines(deaf).count("awake") == 2)
    own, started = pid_of(family), int(next(line for line in lines(deaf) if line.isdigit()))
    family.stop(patience=0.2)
    assert not alive(own)
    wait_until(lambda: not alive(started))


# Elsewhere nothing tells a child that its parent died.
if sys.platform == "linux":

    def test_a_parent_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
        code = f"""
import os, pathlib, sys, time
from clinic.demo.processes import Family, Program
folder = pathlib.Path({str(tmp_path)!r})
family = Family(os.environ, folder, print)
family.start(Program("worker", (sys.executable, "-c", {SLEEPS!r}), folder / "log"))
(folder / "pid").write_text(str(family._children[0].process.pid))
time.sleep(60)
"""
        outer = Family({**os.environ, "PYTHONPATH": str(Path(processes.__file__).parents[2])}, tmp_path, print)
        outer.start(Program("parent", (sys.executable, "-c", code), tmp_path / "parent.log"))
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        outer._children[0].process.kill()
        orphan = int((tmp_path / "pid").read_text())
        wait_until(lambda: not alive(orphan))
        outer.stop(patience=0)
