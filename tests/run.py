"""Runs every test this machine can run; ``make test`` is this.

What needs no database runs once. What needs one runs on SQLite, which is always there, and, where PostgreSQL and Redis
answer, on them as well; there, each browser story is told in the wide window on PostgreSQL and in the narrow one on
SQLite, and everywhere else in both on SQLite. All of it runs at the same time and is shown one after the other.

What could not be run is said at the end, with the way to run it. With ``CI=true`` nothing may be missing, and every
line and branch of the clinical rules has to be reached. Arguments are handed to pytest.

``DATABASE_URL`` and ``CELERY_BROKER_URL`` say where PostgreSQL and Redis are; without them, the usual local ports are
tried. The tests make, empty and remove a database of their own beside the one named (``test_…``). Ctrl-C ends
everything, and leaves neither a process nor a database behind.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg
import redis
from psycopg import sql

ROOT: Final = Path(__file__).resolve().parent.parent
POSTGRESQL: Final = "postgresql://postgres@127.0.0.1:5432/clinic"
REDIS: Final = "redis://127.0.0.1:6379/15"
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
WAIT_SECONDS: Final = 3
ENDING_SECONDS: Final = 60
LOOK_SECONDS: Final = 0.2
NOTHING_CHOSEN: Final = 5
STOPPED: Final = 130
# What a real installation sets; the tests must not see it. Without the last one, every one of the many processes that
# the tests start would compile all of Django anew.
FOREIGN: Final = (
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "DEBUG",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "EMAIL_HOST",
    "PYTHONDONTWRITEBYTECODE",
)
RULES_ARE_COVERED: Final = (
    "--cov=monographs/rules",
    "--cov=treatments/rules",
    "--cov-branch",
    "--cov-report=term-missing",
    "--cov-fail-under=100",
)


@dataclass(frozen=True)
class Share:
    """A part of the suite that runs by itself: which tests, told by their marks, and with what around them."""

    name: str
    marks: str
    arguments: Sequence[str] = ()
    services: Mapping[str, str] = field(default_factory=dict)


def main(arguments: Sequence[str]) -> int:
    """Return 0 when everything that ran passed and, in CI, nothing was missing."""
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wish, signal.default_int_handler)
    services = {
        "DATABASE_URL": os.environ.get("DATABASE_URL") or POSTGRESQL,
        "CELERY_BROKER_URL": os.environ.get("CELERY_BROKER_URL") or REDIS,
    }
    missing = {**missing_browser(), **missing_services(*services.values())}
    in_ci = os.environ.get("CI") == "true"
    if missing and in_ci:
        print(report(missing))
        return 1
    parts = shares(None if "services" in missing else services, prove_rules=in_ci and not arguments)
    try:
        code = run_all(parts, *chosen(arguments, browser="browser" not in missing))
    except KeyboardInterrupt:
        print("\nStopped.")
        return STOPPED
    if missing:
        print(report(missing))
    return code


def shares(services: Mapping[str, str] | None, *, prove_rules: bool) -> list[Share]:
    """Return the parts of the suite on this machine."""
    once = Share("without a database", "not database", RULES_ARE_COVERED if prove_rules else ())
    if services is None:
        return [once, Share("on SQLite", "database")]
    return [
        once,
        Share("on SQLite", "database and not desktop"),
        Share("on PostgreSQL and Redis", "database and not phone", services=services),
    ]


def chosen(arguments: Sequence[str], *, browser: bool) -> tuple[str, list[str]]:
    """Return the marks and the other arguments of a person who chose some tests."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", dest="marks", default="")
    known, others = parser.parse_known_args(list(arguments))
    wishes = [f"({known.marks})"] if known.marks else []
    return " and ".join(wishes if browser else [*wishes, "not browser"]), others


def run_all(parts: Sequence[Share], marks: str, arguments: Sequence[str]) -> int:
    """Run all parts at the same time and show them as they come, one after the other; return the worst exit status."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        outputs = [Path(folder) / str(number) for number in range(len(parts))]
        running = stack.enter_context(started(parts, marks, arguments, outputs))
        for part, process, output in zip(parts, running, outputs, strict=True):
            show(part.name, process, output)
        ended = [
            (process.wait(), output.read_text().splitlines()) for process, output in zip(running, outputs, strict=True)
        ]
    return verdict(
        {part.name: (code, lines[-1] if lines else "") for part, (code, lines) in zip(parts, ended, strict=True)}
    )


@contextmanager
def started(
    parts: Sequence[Share], marks: str, arguments: Sequence[str], outputs: Sequence[Path]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start pytest for every part; when the context ends, nothing of it is left, however that came about."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for part, output in zip(parts, outputs, strict=True):
            running.append(pytest(part, marks, arguments, output))
        yield running
    finally:
        # Once, as Ctrl-C would: pytest then puts away what the tests made, and its database.
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for part, process in zip(parts, running, strict=False):
            end(process)
            if process.returncode < 0 and part.services:
                drop_test_database(part.services["DATABASE_URL"])


def pytest(part: Share, marks: str, arguments: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
    """Start pytest in the background, in a group of its own, which no Ctrl-C reaches but ours."""
    kept = {variable: value for variable, value in os.environ.items() if variable not in FOREIGN}
    both = f"({part.marks}) and {marks}" if marks else part.marks
    line = [sys.executable, "-m", "pytest", "-q", *part.arguments, *arguments, "-m", both]
    environment = {**kept, **part.services, "PYTHONUNBUFFERED": "1"}
    with output.open("wb") as file:
        return subprocess.Popen(
            line, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to end; then end whatever of its group is still there."""
    try:
        process.wait(ENDING_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def drop_test_database(url: str) -> None:
    """Drop the database that pytest, had it not been killed, would have dropped."""
    name = f"test_{unquote(urlsplit(url).path.lstrip('/'))}"
    with suppress(psycopg.Error), closing(psycopg.connect(url, dbname="postgres", autocommit=True)) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def show(name: str, process: subprocess.Popen[bytes], output: Path) -> None:
    """Print what a part says under its name, as it comes, until it has ended."""
    print(f"\n=== The tests {name} ===", flush=True)
    with output.open() as lines:
        ended = False
        while not ended:
            ended = process.poll() is not None
            print(lines.read(), end="", flush=True)
            time.sleep(0 if ended else LOOK_SECONDS)


def verdict(ended: Mapping[str, tuple[int, str]]) -> int:
    """Say how each part ended, the worst last, and return its status; a part without a chosen test is no fault."""
    nothing = all(code == NOTHING_CHOSEN for code, _ in ended.values())
    status = {name: 0 if code == NOTHING_CHOSEN and not nothing else code for name, (code, _) in ended.items()}
    print("\n=== All tests ===")
    for name in sorted(ended, key=lambda name: abs(status[name])):
        print(f"The tests {name}:\n{ended[name][1]}", flush=True)
    return max(status.values(), key=abs)


def missing_browser() -> dict[str, str]:
    """Say how to get a browser where there is none."""
    if any(shutil.which(name) for name in CHROMIUM):
        return {}
    return {"browser": "The browser tests were left out. Install Chromium: apt install chromium"}


def missing_services(database: str, broker: str) -> dict[str, str]:
    """Say how to get PostgreSQL and Redis where one of them does not answer."""
    silent = [trouble for trouble in (_postgresql_trouble(database), _redis_trouble(broker)) if trouble]
    if not silent:
        return {}
    way = "apt install postgresql redis-server, start both, and name them by DATABASE_URL and CELERY_BROKER_URL"
    return {"services": f"The tests on PostgreSQL and Redis were left out ({'; '.join(silent)}). To run them: {way}"}


def report(missing: Mapping[str, str]) -> str:
    """Return what could not be run, and how to make it run."""
    return "\n".join(["", *missing.values()])


def _postgresql_trouble(url: str) -> str:
    try:
        with closing(psycopg.connect(url, dbname="postgres", connect_timeout=WAIT_SECONDS)) as connection:
            row = connection.execute("select rolcreatedb or rolsuper from pg_roles where rolname = user").fetchone()
    except psycopg.Error:
        return "PostgreSQL does not answer"
    return "" if row and row[0] else "PostgreSQL does not let this user create databases"


def _redis_trouble(url: str) -> str:
    try:
        with closing(
            redis.Redis.from_url(url, socket_connect_timeout=WAIT_SECONDS, socket_timeout=WAIT_SECONDS)
        ) as client:
            client.ping()
    except redis.RedisError:
        return "Redis does not answer"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
