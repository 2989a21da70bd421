"""The folder broker under a real worker and a real beat, each a process of its own."""

import importlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kombu import pools

from clinic.demo.processes import Family, Program

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60.0
CELERY = (sys.executable, "-m", "celery", "-A", "tests.clinic.folder_app")
WORKER = ("worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat")
BEAT = ("beat", "--pidfile=", "-S", "celery.beat:Scheduler")

pytestmark = pytest.mark.services


@dataclass
class Stage:
    """A running worker and beat, the application that talks to them, and where their tasks leave notes."""

    folder: Path
    module: Any

    def send(self, *words: str) -> None:
        """Send one task for each word."""
        for word in words:
            self.module.note.delay(word)

    def notes(self, *, numbers: bool) -> Counter[str]:
        """Count what the tasks left: the numbers that a test sent, or beat's ticks."""
        path = self.folder / "notes"
        words = path.read_text().splitlines() if path.exists() else []
        return Counter(word for word in words if word.isdigit() is numbers)


def numbers(first: int, last: int) -> list[str]:
    """Return the words of a test's tasks."""
    return [str(number) for number in range(first, last)]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait a bounded time until something holds."""
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A worker and beat on a broker of their own, started when twenty tasks were waiting already."""
    folder = tmp_path_factory.mktemp("broker")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BROKER_FOLDER", str(folder))
        made = Stage(folder, importlib.reload(importlib.import_module("tests.clinic.folder_app")))
        made.send(*numbers(0, 20))
        family = Family(dict(os.environ), ROOT, lambda _: None)
        for name, arguments in (("worker", WORKER), ("beat", BEAT)):
            family.start(Program(name, (*CELERY, *arguments), folder / "log"))
        yield made
        family.stop(patience=0)
    # Kombu shares connections by address, and every folder has the same one.
    pools.reset()


def test_every_task_runs_once_also_those_sent_while_no_worker_was_there(stage: Stage) -> None:
    wait_until(lambda: stage.notes(numbers=True).total() >= 20)
    stage.send(*numbers(20, 40))
    wait_until(lambda: stage.notes(numbers=True).total() >= 40)
    assert stage.notes(numbers=True) == Counter(numbers(0, 40))


def test_a_worker_answers_when_it_is_asked(stage: Stage) -> None:
    wait_until(lambda: bool(stage.module.app.control.inspect(timeout=1).ping()))


def test_beat_reaches_the_worker(stage: Stage) -> None:
    wait_until(lambda: stage.notes(numbers=False)["tick"] >= 2)
