"""Starts senders quickly: one process that has read everything, and forks itself for each.

A sender is a process of its own from the fork on, with its own connections, signals and death; only reading Django
anew, a second of two processors' time, is saved, which four hundred kills would otherwise spend four hundred times.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

from tests.faults.ledger import wait_for
from tests.faults.rigging import Orders, rig

ROOT = Path(__file__).resolve().parents[2]
UNSET = ("SECRET_KEY", "EMAIL_", "DATABASE_URL", "DJANGO_SETTINGS")


class Nursery:
    """The bench's end: start a process, hear how it ended, and end it by its number."""

    def __init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(UNSET)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env=kept | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._born: list[int] = []
        self.codes: dict[int, int] = {}
        self.alive: set[int] = set()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def start(self, orders: Orders) -> int:
        """Start a process and return its number."""
        assert self._process.stdin is not None
        before = len(self._born)
        self._process.stdin.write(json.dumps(asdict(orders)) + "\n")
        assert wait_for(lambda: len(self._born) > before, 60), "the nursery does not answer"
        return self._born[-1]

    def send(self, pid: int, number: int) -> bool:
        """Send a signal to a process that was started here and not yet seen to end; say whether it could be."""
        if pid not in self.alive:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait(self, pid: int, seconds: float) -> int | None:
        """Return how a process ended, None when it did not in time."""
        wait_for(lambda: pid in self.codes, seconds)
        return self.codes.get(pid)

    def clear(self) -> None:
        """End everything that still runs."""
        for pid in list(self.alive):
            self.send(pid, signal.SIGKILL)
        assert wait_for(lambda: not self.alive, 30), f"still there: {self.alive}"

    def close(self) -> None:
        """End everything, the nursery too."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "code" in said:
                self.codes[said["pid"]] = said["code"]
                self.alive.discard(said["pid"])
            else:
                self.codes.pop(said["pid"], None)
                self.alive.add(said["pid"])
                self._born.append(said["pid"])


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    """Keep a nursery until the block ends."""
    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.close()


# --- The other end ---------------------------------------------------------------------------------------------------


def main() -> None:
    """Fork for every line of orders, and say who began and who ended, until nobody is left to listen."""
    import django  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    import_module("treatments.reminders.tasks")
    import_module("treatments.management.commands.send_reminders")
    import_module("psycopg")
    _warm_up()
    children: set[int] = set()
    waiting = b""
    while True:
        if select.select([0], [], [], 0.01)[0]:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, waiting = (waiting + read).split(b"\n")
            children.update(_fork(json.loads(line)) for line in lines)
        _bury(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _warm_up() -> None:
    """Write a mail that nobody gets: templates and addresses are then read once, and not by every sender anew."""
    from treatments.reminders import emails  # noqa: PLC0415
    from treatments.rules.reminders import Audience, Kind  # noqa: PLC0415

    nobody, day = uuid.UUID(int=0), date(2026, 7, 8)
    line = emails.DigestLine(nobody, "Nowhere", Kind.DOSE_UPCOMING, Audience.STAFF, day, booked=False, today=day)
    at = datetime(2026, 7, 8, tzinfo=UTC)
    emails.digest(emails.Digest(nobody, 1, "nobody@clinic.example", at, (line,))).message().as_bytes()


def _fork(orders: dict[str, object]) -> int:
    pid = os.fork()
    if pid == 0:
        _live(Orders(**{**orders, "arguments": tuple(orders["arguments"]), "off": tuple(orders["off"])}))  # type: ignore[arg-type]
    _say({"pid": pid})
    return pid


def _bury(children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _say({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _live(orders: Orders) -> None:
    """Be a sender, and never come back."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(orders.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, target in ((0, nothing), (1, log), (2, log)):
            os.dup2(target, number)
        rig(orders)
        time.sleep(max(0.0, orders.start_at - time.monotonic()))
        _run(orders)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - it is a process: what it could not handle is in its log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(orders: Orders) -> None:
    if orders.call:
        module, _, name = orders.call.partition(":")
        getattr(import_module(module), name)(*orders.arguments)
        return
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(["manage.py", *orders.arguments])


if __name__ == "__main__":
    main()
