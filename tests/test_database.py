"""What the suite does to its own database: emptied as if newly migrated, and left by everybody at the end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from clinic.audit.models import Entry
from clinic.records import guards
from clinic.staff.models import Site
from tests import database
from tests.clinic.records.conftest import several_connections
from tests.clinic.stage import one_of_each

__all__ = ["several_connections"]

ASKED = "SELECT 'whoever left this open'"


@contextmanager
def somebody_else() -> Iterator[BaseDatabaseWrapper]:
    """Connect to the test database a second time, as a thread of its own would."""
    other = connections.create_connection(connection.alias)
    with other.cursor() as cursor:
        cursor.execute(ASKED)
    yield other
    other.close()


def seen_inside_a_loop(handler: ConnectionHandler) -> Any:
    async def look() -> Any:
        return handler["default"]

    return asyncio.run(look())


class TestEmptying:
    def test_every_row_is_gone_and_every_guard_is_there(self, transactional_db: None, site: Site) -> None:
        one_of_each(site)
        database.empty(connection)
        assert [table for table in database._filled(connection) if table not in database.KEPT] == []
        assert not Entry.objects.exists()
        assert guards.missing(connection) == set()

    def test_what_is_left_is_what_djangos_own_flush_leaves(self, transactional_db: None, site: Site) -> None:
        one_of_each(site)
        database.empty(connection)
        ours = left()
        guards.remove(connection)
        call_command("flush", verbosity=0, interactive=False)
        assert left() == ours
        assert guards.missing(connection) == set()

    def test_rows_that_a_module_shares_are_not_swept_away(self, transactional_db: None) -> None:
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            database.empty(connection)

    def test_guards_that_a_test_took_away_are_back(self, transactional_db: None) -> None:
        guards.remove(connection)
        database.empty(connection)
        assert guards.missing(connection) == set()


def left() -> dict[str, Any]:
    """Return the rows in the database, those of Django's own tables by what they stand for."""
    return {
        "types": set(ContentType.objects.values_list("app_label", "model")),
        "permissions": set(Permission.objects.values_list("content_type__model", "codename", "name")),
        "else": database._filled(connection),
    }


class TestWhoIsLeft:
    @pytest.fixture(autouse=True)
    def _alone(self, transactional_db: None) -> None:
        """Begin when the threads of an earlier test have closed theirs."""
        database.release(connection, patience=5)

    def test_nobody_is_there_but_the_test(self) -> None:
        assert database.others(connection) == []
        database.release(connection, patience=0)

    def test_a_connection_left_open_is_told_with_its_last_words_and_ended(self) -> None:
        if connection.vendor != "postgresql":
            assert database.others(connection) == []
            return
        with somebody_else():
            assert [one.query for one in database.others(connection)] == [ASKED]
            with pytest.raises(database.LeftOpen, match=r"1 left open.*\n.*whoever left this open"):
                database.release(connection, patience=0.1)
            database.release(connection, patience=5)

    def test_one_that_is_just_closing_is_waited_for(self) -> None:
        with somebody_else() as other:
            other.inc_thread_sharing()
            closing = Timer(0.2, other.close)
            closing.start()
            database.release(connection, patience=10)
            closing.join()


class TestOneThreadHasOneConnection:
    """A browser leaves a loop running in the thread of the tests; what Django would make of it, and what we do."""

    def test_a_running_loop_meets_the_same_connection(self) -> None:
        assert seen_inside_a_loop(connections) is connections["default"]

    def test_as_django_comes_a_running_loop_meets_another(self) -> None:
        plain = ConnectionHandler()
        assert seen_inside_a_loop(plain) is not plain["default"]


@pytest.fixture
def shared(transactional_db: None) -> BaseDatabaseWrapper:
    """Return the connection that the tests share with the live server."""
    return connections["default"]


def test_a_browser_that_hangs_up_late_takes_no_database_with_it(
    shared: BaseDatabaseWrapper, several_connections: None
) -> None:
    """The live server then closes the shared connection, while another test has moved to a database in a file."""
    shared.ensure_connection()
    open_before = shared.connection
    shared.close()
    assert (shared.connection is open_before) is (shared.vendor == "sqlite")
