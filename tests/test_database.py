"""The suite's own database is left by everybody at the end, and one thread has one connection to it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from tests import database

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
