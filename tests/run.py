"""Runs every test this machine can run; ``make test`` is this.

The whole suite runs on SQLite and the folder broker, which are always there, with coverage; then, where PostgreSQL
and Redis answer, the whole suite runs again on them. What could not be run is said at the end, with the way to run
it. With ``CI=true`` nothing may be missing. Arguments are handed to pytest.

``DATABASE_URL`` and ``CELERY_BROKER_URL`` say where PostgreSQL and Redis are; without them, the usual local ports are
tried. The tests make, empty and remove a database of their own beside the one named (``test_…``).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

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
    database = os.environ.get("DATABASE_URL") or POSTGRESQL
    broker = os.environ.get("CELERY_BROKER_URL") or REDIS
    missing = {**missing_browser(), **missing_services(database, broker)}
    if missing and os.environ.get("CI") == "true":
        print(report(missing))
        return 1
    chosen = [*arguments, *(["-m", "not browser"] if "browser" in missing else [])]
    code = suite("SQLite and a folder", {}, ["--cov", "--cov-report=term", *chosen])
    # After a failure there is no second run, so that the last line says what happened.
    if code == 0 and "services" not in missing:
        code = suite("PostgreSQL and Redis", {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}, chosen)
    if missing:
        print(report(missing))
    return code


def suite(name: str, services: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run pytest once and return its exit status; with no test found, that is not 0."""
    print(f"\n=== The tests on {name} ===", flush=True)
    kept = {variable: value for variable, value in os.environ.items() if variable not in FOREIGN}
    line = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(line, cwd=ROOT, env={**kept, **services}, check=False).returncode


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
