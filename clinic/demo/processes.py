"""Processes that live and end together: started, watched, restarted where that is safe, ended by their own ids."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 8.0
PAUSE_SECONDS: Final = 0.1
RESTARTS_ALLOWED: Final = 5
RESTARTS_WITHIN_SECONDS: Final = 60.0
PARENT_DEATH_SIGNAL: Final = 1


class Ended(Exception):
    """Something ended that the rest cannot do without. The message names it and its log."""


@dataclass(frozen=True)
class Program:
    """What to run: its name for people, the command, its log, and whether it may be started again when it ends."""

    name: str
    command: Sequence[str]
    log: Path
    restarts: bool = False


@dataclass
class Child:
    """A program that has been started, and the moments (monotonic seconds) at which it was started again."""

    program: Program
    process: subprocess.Popen[bytes]
    restarted: list[float] = field(default_factory=list)


class Family:
    """The programs of one demonstration."""

    def __init__(self, environment: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> None:
        """Every child gets `environment` and works in `folder`; `say` tells the person what happened."""
        self._environment = dict(environment)
        self._folder = folder
        self._say = say
        self._children: list[Child] = []

    def start(self, program: Program) -> None:
        """Start a program; its output goes to the end of its log."""
        self._children.append(Child(program, self._spawn(program)))

    def look_after(self) -> None:
        """Start again what may be, once; raise :class:`Ended` for anything else that is no longer there."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                self._replace(child, code)

    def stop(self, patience: float = PATIENCE_SECONDS) -> None:
        """Ask every child to end, all at once, and after `patience` seconds end what is left of them."""
        for child in self._children:
            # To the leader alone: a worker lets its own pool finish what is in hand.
            child.process.terminate()
        until = time.monotonic() + patience
        while time.monotonic() < until and any(child.process.poll() is None for child in self._children):
            time.sleep(PAUSE_SECONDS)
        for child in self._children:
            _end_group(child.process)
            child.process.wait()
        self._children.clear()

    def _replace(self, child: Child, code: int) -> None:
        now = time.monotonic()
        child.restarted = [moment for moment in child.restarted if now - moment < RESTARTS_WITHIN_SECONDS]
        if not child.program.restarts or len(child.restarted) >= RESTARTS_ALLOWED:
            raise Ended(f"The {child.program.name} {_ending_in_words(code)}. Its log: {child.program.log}")
        self._say(f"The {child.program.name} {_ending_in_words(code)}; it is started again.")
        # Whatever the dead one left in its group would work beside the new one.
        _end_group(child.process)
        child.restarted.append(now)
        child.process = self._spawn(child.program)

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with program.log.open("ab") as log:
            return subprocess.Popen(
                program.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches the parent alone, which then ends the children in order.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
            )


def _end_group(process: subprocess.Popen[bytes]) -> None:
    # A child leads a group of its own, so this ends what it started in turn, and nothing else.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    # Even a parent that is killed outright leaves nobody behind.
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _ending_in_words(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
