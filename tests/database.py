"""What the suite does to its own database: empty it quickly, and let nobody else hold it at the end."""

import time
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.records import guards

# What every migrated database holds, and no test changes.
KEPT: Final = frozenset({ContentType._meta.db_table, Permission._meta.db_table})
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


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete every row that tests made, past the guards, which are all there again afterwards.

    Django's flush empties all tables and works out every permission anew, which takes PostgreSQL more than a second.
    """
    with transaction.atomic(using=connection.alias, durable=True):
        guards.remove(connection)
        with connection.cursor() as cursor:
            for table in _filled(connection):
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - table names come from our models
        connection.check_constraints()
        guards.install(connection)


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


def _filled(connection: BaseDatabaseWrapper) -> list[str]:
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in sorted(tables)]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [row[0] for row in cursor.fetchall()]
