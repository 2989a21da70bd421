"""Is this container doing its work? One command for the health checks of ``docker-compose.yml``.

    python -m clinic.probes web | worker | beat | mail

Exits with 0 when it is, and otherwise says what is wrong and exits with 1. The database and the broker are asked by
their own checks; these ask only the process beside them.
"""

import http.client
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from treatments.reminders import scheduler

WEB_PORT: Final = 8000
MAIL_PAGE_PORT: Final = 8025
LOOPBACK: Final = "127.0.0.1"
WAIT_SECONDS: Final = 5
# Beat wakes at least once a minute, for the sweep of reminders.
BEAT_SILENCE_SECONDS: Final = 180
SIGN_OF_LIFE: Final = Path(tempfile.gettempdir()) / "clinic-beat-turned"


class Unwell(Exception):
    """The process does not do its work; the message says what was seen."""


class Scheduler(scheduler.Scheduler):
    """The schedule of every installation, leaving a file as a sign of life besides, for the probe beside it.

    Run as ``beat -S clinic.probes:Scheduler``.
    """

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Do what is due and return the seconds until the next turn."""
        seconds: float = super().tick(*arguments, **options)
        SIGN_OF_LIFE.touch()
        return seconds


def web(environment: Mapping[str, str], port: int = WEB_PORT) -> None:
    """Raise :class:`Unwell` unless the web server beside answers its liveness page."""
    _expect_answer(port, "/health/live", environment["ALLOWED_HOSTS"].split(",")[0].strip())


def mail(port: int = MAIL_PAGE_PORT) -> None:
    """Raise :class:`Unwell` unless the mail capture beside shows its page."""
    _expect_answer(port, "/", LOOPBACK)


def worker() -> None:
    """Raise :class:`Unwell` unless a worker answers over the broker."""
    from clinic.celery import app  # noqa: PLC0415 - only this probe needs settings

    if not app.control.inspect(timeout=WAIT_SECONDS).ping():
        raise Unwell("no worker answers")


def schedule(now: float) -> None:
    """Raise :class:`Unwell` unless beat turned in the last minutes; `now` in seconds since the epoch."""
    try:
        silent = now - SIGN_OF_LIFE.stat().st_mtime
    except FileNotFoundError:
        raise Unwell("beat has not turned yet") from None
    if silent > BEAT_SILENCE_SECONDS:
        raise Unwell(f"beat has not turned for {silent:.0f} seconds")


def main(arguments: list[str]) -> int:
    """Ask the named process; return 0 when it is well, 1 when not, 2 for a wrong call."""
    probes: dict[str, Callable[[], None]] = {
        "web": lambda: web(os.environ),
        "worker": worker,
        "beat": lambda: schedule(time.time()),
        "mail": mail,
    }
    if len(arguments) != 1 or arguments[0] not in probes:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        probes[arguments[0]]()
    except Unwell as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


def _expect_answer(port: int, path: str, host: str) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=WAIT_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as silence:
        raise Unwell(f"nothing answers on port {port}: {silence}") from silence
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise Unwell(f"port {port} answers {status}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
