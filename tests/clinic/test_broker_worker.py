"""The folder broker under a real worker and a real beat, each a process of its own."""

import importlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import pools

from clinic.demo.processes import Family, Program

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 30.0

pytestmark = pytest.mark.services


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait a bounded time until something holds."""
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def folder_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The application of `tests/clinic/folder_app.py` on a broker of its own."""
    monkeypatch.setenv("BROKER_FOLDER", str(tmp_path))
    yield importlib.reload(importlib.import_module("tests.clinic.folder_app"))
    # Kombu shares connections by address, and every folder has the same one.
    pools.reset()


@pytest.fixture
def start(tmp_path: Path, folder_app: Any) -> Iterator[Callable[..., Family]]:
    """A starter of `celery …` on that broker; what was started ends with the test."""
    families: list[Family] = []

    def starter(*arguments: str) -> Family:
        family = Family(dict(os.environ), ROOT, lambda _: None)
        families.append(family)
        command = (sys.executable, "-m", "celery", "-A", "tests.clinic.folder_app", *arguments)
        family.start(Program("celery", command, tmp_path / "log"))
        return family

    yield starter
    for family in families:
        family.stop(patience=0)


WORKER = ("worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat")


def notes(folder: Path) -> Counter[str]:
    """Count what the tasks left."""
    path = folder / "notes"
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()


def test_every_task_runs_once_also_those_sent_while_no_worker_was_there(
    folder_app: Any, start: Callable[..., Family], tmp_path: Path
) -> None:
    expected = Counter(str(number) for number in range(40))
    for number in range(20):
        folder_app.note.delay(str(number))
    start(*WORKER)
    wait_until(lambda: notes(tmp_path).total() >= 20)
    for number in range(20, 40):
        folder_app.note.delay(str(number))
    wait_until(lambda: notes(tmp_path).total() >= 40)
    assert notes(tmp_path) == expected


def test_a_worker_answers_when_it_is_asked(folder_app: Any, start: Callable[..., Family]) -> None:
    start(*WORKER)
    wait_until(lambda: bool(folder_app.app.control.inspect(timeout=1).ping()))


def test_beat_reaches_the_worker(start: Callable[..., Family], tmp_path: Path) -> None:
    start("beat", "--pidfile=", "-S", "celery.beat:Scheduler")
    start(*WORKER)
    wait_until(lambda: notes(tmp_path)["tick"] >= 2)
