"""Runs every test this machine can run; ``make test`` is this.

The whole suite runs on SQLite and the folder broker, which are always there, and, where PostgreSQL and Redis answer, at
the same time the whole suite again on them, shown afterwards. What could not be run is said at the end, with the way to
run it. With ``CI=true`` nothing may be missing, and coverage is measured, which doubles the time. Arguments are handed
to pytest.

``DATABASE_URL`` and ``CELERY_BROKER_URL`` say where PostgreSQL and Redis are; without them, the usual local ports are
tried. The tests make, empty and remove a database of their own beside the one named (``test_…``).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Final

import psycopg
import redis

ROOT: Final = Path(__file__).resolve().parent.parent
POSTGRESQL: Final = "postgresql://postgres@127.0.0.1:5432/clinic"
REDIS: Final = "redis://127.0.0.1:6379/15"
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
WAIT_SECONDS: Final = 3
# What a real installation sets; the tests must not see it.
FOREIGN: Final = (
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "DEBUG",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "EMAIL_HOST",
)


def main(arguments: Sequence[str]) -> int:
    """Return 0 when everything that ran passed and, in CI, nothing was missing."""
    services = {
        "DATABASE_URL": os.environ.get("DATABASE_URL") or POSTGRESQL,
        "CELERY_BROKER_URL": os.environ.get("CELERY_BROKER_URL") or REDIS,
    }
    missing = {**missing_browser(), **missing_services(*services.values())}
    in_ci = os.environ.get("CI") == "true"
    if missing and in_ci:
        print(report(missing))
        return 1
    chosen = [*arguments, *(["-m", "not browser"] if "browser" in missing else [])]
    code = run_all(chosen, None if "services" in missing else services, coverage=in_ci and not arguments)
    if missing:
        print(report(missing))
    return code


def run_all(arguments: Sequence[str], services: Mapping[str, str] | None, *, coverage: bool) -> int:
    """Run the suite once, or twice at the same time; return the worst exit status, shown last whatever came first."""
    with ExitStack() as stack, tempfile.TemporaryFile("w+") as aside:
        second = stack.enter_context(pytest(arguments, services, aside)) if services else None
        measured = ["--cov", "--cov-report=term", *arguments] if coverage else arguments
        first = stack.enter_context(pytest(measured, {}, subprocess.PIPE))
        closing_line = show("SQLite and a folder", first.stdout or ())
        if second is None:
            return first.wait()
        second.wait()
        aside.seek(0)
        show("PostgreSQL and Redis", aside)
        if first.wait() > second.wait():
            print(f"\nOn SQLite and a folder:\n{closing_line}", end="")
        return max(first.wait(), second.wait())


@contextmanager
def pytest(
    arguments: Sequence[str], services: Mapping[str, str], output: IO[str] | int
) -> Iterator[subprocess.Popen[str]]:
    """Start pytest in the background; end it when it is still running as the context ends."""
    kept = {variable: value for variable, value in os.environ.items() if variable not in FOREIGN}
    line = [sys.executable, "-m", "pytest", "-q", *arguments]
    environment = {**kept, **services, "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def show(name: str, lines: Iterable[str]) -> str:
    """Print a run under its name as it comes, and return its last line."""
    print(f"\n=== The tests on {name} ===", flush=True)
    last = ""
    for last in lines:
        print(last, end="", flush=True)
    return last


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
