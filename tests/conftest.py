"""The cast and the stage: one person per role at two sites, a fixed day, and a database that can be emptied."""

import functools
import gc
import os
import threading
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from clinic.audit.trail import Actor, process_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import database, factories

# Playwright's synchronous interface leaves a loop running in the test's own thread. Django would refuse its database
# there, and would keep the connections of code inside a loop apart from those outside: with a browser open, every test
# would use a second connection that nobody closes when the loop has gone. One thread has one connection here.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
connections._connections = threading.local()  # type: ignore[attr-defined]

# Every site that a test opens would have the folders of all time zones walked through.
zoneinfo.available_timezones = functools.cache(zoneinfo.available_timezones)

NOON = datetime(2026, 7, 4, 12, 0, tzinfo=UTC)
CLOSING_SECONDS = 5.0
OF_A_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may reach the database; pytest-django refuses it to everything else."""
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if item.get_closest_marker("django_db") or OF_A_DATABASE.intersection(fixtures):
            item.add_marker("database")


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what stays to the end: the modules, and the tests themselves.

    It would look through all of that again and again, which took an eighth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Refuse to end, on PostgreSQL, while somebody else still holds the test database.

    At the start it says what it can, before anybody counts queries: Django asks SQLite for JSON once a connection.
    """
    with django_db_blocker.unblock():
        assert connection.features.supports_json_field
    yield
    with django_db_blocker.unblock():
        database.release(connection, patience=CLOSING_SECONDS)


@pytest.fixture(scope="session", autouse=True)
def _emptying_is_allowed() -> Iterator[None]:
    """Empty the database after a test without a transaction in our own way, which knows the guards."""
    flushing = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def emptying(self: TransactionTestCase) -> None:
        for name in self._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
            database.empty(connections[name])

    TransactionTestCase._fixture_teardown = emptying  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = flushing  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the module's own fixtures write what all its tests see; each test still takes back what it writes itself."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _no_banner() -> None:
    """Let it be known that the reminders are looked after: no page of a test asks, or counts the question."""
    cache.set("reminders.banner", "", None)


@pytest.fixture
def now() -> datetime:
    """Return the instant at which every test takes place unless it says otherwise: noon UTC on 4 July 2026."""
    return NOON


@pytest.fixture
def system() -> Actor:
    """Return the process that sets the stage."""
    return process_actor("test stage")


@pytest.fixture
def site(db: None) -> Site:
    """Return the site where the cast works: London time, the default policy since 2020."""
    return factories.site("Northfield", "Europe/London")


@pytest.fixture
def other_site(db: None) -> Site:
    """Return a site where none of the cast works: New York time."""
    return factories.site("Southgate", "America/New_York")


@pytest.fixture
def person(site: Site) -> Callable[..., User]:
    """Return a maker of staff: `person(Role.NURSE)` works at `site`, `person(Role.NURSE, at=other_site)` elsewhere."""

    def make(*roles: Role, at: Site | None = None, **facts: Any) -> User:
        return factories.user(*roles, site=at or site, **facts)

    return make


@pytest.fixture
def signed_in(person: Callable[..., User]) -> Callable[..., Client]:
    """Return a maker of browsers: `signed_in(Role.NURSE)` is a client with a nurse of `site` signed in."""

    def make(*roles: Role, at: Site | None = None, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or person(*roles, at=at), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make
