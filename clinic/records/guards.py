"""Guards in the database itself: clinical rows cannot be deleted, audit entries can neither change nor go.

Python already refuses both. These triggers hold against raw SQL, the admin and a mistaken shell as well.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.audit.models import Entry
from clinic.records.models import ClinicalRecord

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION clinic_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% of % is refused: clinical and audit rows are kept', TG_OP, TG_TABLE_NAME
USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def guarded() -> Iterator[tuple[str, str]]:
    """Yield (table, operation) for everything that the database must refuse."""
    for model in apps.get_models():
        if issubclass(model, ClinicalRecord):
            yield model._meta.db_table, "DELETE"
    yield Entry._meta.db_table, "DELETE"
    yield Entry._meta.db_table, "UPDATE"


def install_after_migrate(*, using: str, **_kwargs: Any) -> None:
    """Answer `post_migrate`."""
    install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every guard that is missing, for the tables that exist. Safe to repeat."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for table, operation in _kept(connection.vendor):
            if table in tables:
                cursor.execute(_statement(connection.vendor, table, operation))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop every guard, for a test database about to be emptied."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table, operation in _kept(connection.vendor):
            if table in tables:
                on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
                cursor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, operation)}"{on}')


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of guards that should be in the database and are not."""
    question = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(question)
        present = {row[0] for row in cursor.fetchall()}
    return {_name(table, operation) for table, operation in _kept(connection.vendor)} - present


def _kept(vendor: str) -> set[tuple[str, str]]:
    """Return (table, operation) for every guard; PostgreSQL can empty a table at once, past the guards of its rows."""
    wanted = set(guarded())
    return wanted | {(table, "TRUNCATE") for table, _ in wanted} if vendor == "postgresql" else wanted


def _name(table: str, operation: str) -> str:
    return f"{table}_keep_{operation.lower()}"


def _statement(vendor: str, table: str, operation: str) -> str:
    """Return the SQL for one guard. Table names come from our models, never from input."""
    name = _name(table, operation)
    if vendor != "postgresql":
        words = f"{operation} of {table} is refused: clinical and audit rows are kept"
        refuse = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        return f'CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE {operation} ON "{table}" {refuse}'
    each = "STATEMENT" if operation == "TRUNCATE" else "ROW"
    refuse = f"FOR EACH {each} EXECUTE FUNCTION clinic_refuse()"
    return f'CREATE OR REPLACE TRIGGER "{name}" BEFORE {operation} ON "{table}" {refuse}'


def clinical_models() -> list[type[models.Model]]:
    """Return every clinical model, for the checks that walk them."""
    return [model for model in apps.get_models() if issubclass(model, ClinicalRecord)]
