"""A patient to write about, and a database that several threads can reach."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from django.db import connections

from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import Site
from tests.factories import AT, BY


@pytest.fixture
def patient(site: Site) -> Patient:
    """Return Ana Berg, at version 1."""
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    return writing.add(row, event="patients.registered", by=BY, at=AT)


@pytest.fixture
def several_connections(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Let every thread have a connection of its own: on SQLite the test's database moves from memory to a file."""
    tested = connections["default"]
    if tested.vendor != "sqlite":
        yield
        return
    file = str(tmp_path / "clinic.sqlite3")
    tested.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        tested.connection.backup(copy)
    # The live server shares this connection and closes it whenever a browser hangs up, also one of an earlier test. In
    # memory that does nothing, so it must not be told of the file: with its last connection the database would go.
    of_all = tested.settings_dict
    in_memory = tested.settings_dict["NAME"]
    tested.settings_dict = {**of_all}
    of_all["NAME"] = file
    connections["default"] = connections.create_connection("default")
    yield
    connections["default"].close()
    connections["default"] = tested
    tested.settings_dict = of_all
    of_all["NAME"] = in_memory
