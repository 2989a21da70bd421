"""The liveness page answers while the process can answer at all; the readiness page says what it can serve."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import override_settings
from pytest_django import DjangoAssertNumQueries

from clinic import health
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from treatments.reminders.models import Heartbeat, Message, Runner

LIVE = "/health/live"
READY = "/health/ready"
NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)


def test_it_answers_without_any_database() -> None:
    """There is no database in this test: the runner refuses every connection."""
    page = Client().get(LIVE)
    assert (page.status_code, page.content, page["Content-Type"]) == (200, b"ok", "text/plain")


def test_it_leaves_no_cookie() -> None:
    assert not Client().get(LIVE).cookies


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_is_only_read(method: str) -> None:
    assert getattr(Client(), method)(LIVE).status_code == 405


def test_a_head_gets_the_same_without_the_word() -> None:
    page = Client().head(LIVE)
    assert (page.status_code, page.content) == (200, b"")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_it_answers_over_plain_http_where_everything_else_must_not() -> None:
    assert Client().get(LIVE).status_code == 200
    assert Client().get("/").status_code == 301


class TestReady:
    @pytest.fixture(autouse=True)
    def _now(self, db: None) -> Any:
        with time_machine.travel(NOW, tick=False):
            yield

    def asked(self, status: int = 200) -> dict[str, Any]:
        page = Client().get(READY)
        assert page.status_code == status
        found: dict[str, Any] = page.json()
        return found

    def test_before_anything_ran_pages_can_be_served(self) -> None:
        assert self.asked() == {
            "ready": True,
            "database": "answers",
            "migrations_missing": 0,
            "reminders": "silent",
            "heartbeat_seconds": {},
            "oldest_unsent_seconds": 0,
        }

    def test_it_tells_the_age_of_each_sign_and_of_what_waits(self, site: Site, person: Any) -> None:
        user: User = person(Role.NURSE)
        Heartbeat.objects.create(who=Runner.BEAT, at=NOW - timedelta(seconds=30))
        Heartbeat.objects.create(who=Runner.WORKER, at=NOW - timedelta(seconds=50), well_at=NOW - timedelta(seconds=40))
        due = NOW - timedelta(seconds=90)
        Message.objects.create(recipient=user, local_day=due.date(), due_at=due, next_try_at=NOW + timedelta(hours=1))
        found = self.asked()
        assert found["reminders"] == "alive"
        assert found["heartbeat_seconds"] == {"beat": 30, "worker": 50}
        assert found["oldest_unsent_seconds"] == 90

    def test_what_is_not_due_yet_does_not_wait(self, site: Site, person: Any) -> None:
        later = NOW + timedelta(hours=1)
        Message.objects.create(recipient=person(), local_day=later.date(), due_at=later, next_try_at=later)
        assert self.asked()["oldest_unsent_seconds"] == 0

    def test_a_migration_that_is_missing_is_counted(self) -> None:
        MigrationRecorder.Migration.objects.filter(app="reminders", name="0001_initial").delete()
        assert self.asked(503) == {"ready": False, "database": "answers", "migrations_missing": 1}

    def test_a_database_that_does_not_answer_is_no_fault_of_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def down() -> None:
            raise OperationalError("server of Ada Lovelace gone")

        monkeypatch.setattr(health, "_found", down)
        # The test's own transaction is on this connection.
        monkeypatch.setattr(health, "close_old_connections", lambda: None)
        assert self.asked(503) == {"ready": False, "database": "OperationalError"}

    def test_it_asks_little(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        self.asked()
        with django_assert_num_queries(7 if connection.vendor == "postgresql" else 6):
            self.asked()

    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_it_answers_over_plain_http_too(self) -> None:
        self.asked()

    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
    def test_it_is_only_read(self, method: str) -> None:
        assert getattr(Client(), method)(READY).status_code == 405
