"""What the suite asks of its own database: that nobody else holds it at the end."""

import time
from dataclasses import dataclass
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

POLL_SECONDS: Final = 0.05
_OTHERS: Final = """
SELECT pid, query FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
ORDER BY backend_start
"""


@dataclass(frozen=True)
class Session:
    """Somebody who is connected to the test database: a backend's process id and the last thing it was asked."""

    pid: int
    query: str


class LeftOpen(Exception):
    """A connection to the test database was left open, which would keep PostgreSQL from dropping it."""


def others(connection: BaseDatabaseWrapper) -> list[Session]:
    """Return who else is connected to this database; on SQLite nobody is."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        return [Session(*row) for row in cursor.fetchall()]


def release(connection: BaseDatabaseWrapper, *, patience: float) -> None:
    """Wait so many seconds for everybody else to go; end whoever stays, and say what they had asked last."""
    until = time.monotonic() + patience
    while (left := others(connection)) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if not left:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [[one.pid for one in left]])
    told = "\n".join(f"  {one.pid}: {one.query}" for one in left)
    raise LeftOpen(f"{len(left)} left open, with the last thing each was asked:\n{told}")
