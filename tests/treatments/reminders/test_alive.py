"""Who does the work leaves signs of it, and their absence is told: on every page, by the command, to a monitor."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from celery import beat
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, noon, plan_on
from treatments.management.commands import reminders_status, send_reminders
from treatments.management.commands.send_reminders import Stopping
from treatments.reminders import context, scheduler, tasks
from treatments.reminders.models import MOST_TAKEOVERS, Heartbeat, Message, MessageState, Runner, Sweep
from treatments.reminders.queries import liveness
from treatments.reminders.services import heartbeats
from treatments.reminders.services.running import Tally
from treatments.rules.liveness import UNSENT_AFTER

NOW = noon(DAY)
MOMENT = timedelta(seconds=1)
IDLE = Tally(0, 0, 0, 0, 0, 0)
BANNER = "Nothing has looked after the reminders since"
SignedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _today(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """It is noon; and no connection is given up, for the test's transaction is on it."""
    for keeper in ("django.db", "clinic.health", "treatments.management.commands.send_reminders"):
        monkeypatch.setattr(f"{keeper}.close_old_connections", lambda: None)
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    with time_machine.travel(NOW, tick=False):
        yield


def down(_one: Any) -> Tally:
    """Be a turn that the database does not let end."""
    raise OperationalError("server of Ada Lovelace gone")


def signs() -> dict[str, tuple[datetime, datetime | None]]:
    return {row.who: (row.at, row.well_at) for row in Heartbeat.objects.all()}


class TestWhoLeavesSigns:
    def test_the_worker_when_its_turn_begins_and_when_it_has_ended_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        during: list[Any] = []

        def run(_one: Any) -> Tally:
            during.append(signs())
            return IDLE

        monkeypatch.setattr(tasks, "run", run)
        tasks.plan_and_send()
        assert during == [{"worker": (NOW, None)}]
        assert signs() == {"worker": (NOW, NOW)}

    def test_a_worker_whose_turn_fails_lives_but_is_not_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heartbeats.show_well(Runner.WORKER, NOW - timedelta(hours=2))
        monkeypatch.setattr(tasks, "run", down)
        tasks.plan_and_send()
        assert signs() == {"worker": (NOW, NOW - timedelta(hours=2))}

    @pytest.mark.parametrize(("turn", "well_at"), [(lambda _one: IDLE, NOW), (down, None)])
    def test_the_loop_likewise(
        self, monkeypatch: pytest.MonkeyPatch, turn: Callable[[Any], Tally], well_at: datetime | None
    ) -> None:
        monkeypatch.setattr(send_reminders, "plan_and_send", turn)
        monkeypatch.setattr(Stopping, "wait", lambda stopping, _seconds: stopping.ask())
        call_command("send_reminders", "--loop")
        assert signs() == {"loop": (NOW, well_at)}

    def test_the_command_run_once_by_the_real_clock_only(self, site: Site) -> None:
        call_command("send_reminders", "--at", "2026-07-01T12:00", stdout=StringIO())
        assert signs() == {}
        call_command("send_reminders", stdout=StringIO())
        assert signs() == {"loop": (NOW, NOW)}

    def test_a_turn_of_the_loop_ends_before_anybody_calls_it_silent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given: list[Any] = []

        def run(one: Any) -> Tally:
            given.append(one)
            return IDLE

        monkeypatch.setattr(send_reminders, "plan_and_send", run)
        send_reminders.Command()._turn(lambda: NOW + timedelta(seconds=len(given) * 201), Stopping())
        assert given[0].stop()


class TestBeat:
    @pytest.fixture
    def turning(self, monkeypatch: pytest.MonkeyPatch) -> scheduler.Scheduler:
        monkeypatch.setattr(beat.Scheduler, "tick", lambda *_: 7.0)
        return object.__new__(scheduler.Scheduler)

    def test_is_the_one_of_every_installation(self, settings: Settings) -> None:
        assert import_string(settings.CELERY_BEAT_SCHEDULER.replace(":", ".")) is scheduler.Scheduler

    @pytest.mark.parametrize(("seconds", "written"), [(29.9, False), (30.0, True)])
    def test_leaves_a_sign_no_more_often_than_every_30_seconds(
        self, turning: scheduler.Scheduler, monkeypatch: pytest.MonkeyPatch, seconds: float, written: bool
    ) -> None:
        monkeypatch.setattr("treatments.reminders.scheduler.time.monotonic", lambda: 100.0)
        assert turning.tick() == 7.0
        assert signs() == {"beat": (NOW, None)}
        Heartbeat.objects.all().delete()
        monkeypatch.setattr("treatments.reminders.scheduler.time.monotonic", lambda: 100.0 + seconds)
        turning.tick()
        assert bool(signs()) is written

    def test_turns_on_when_the_database_does_not_answer(
        self, turning: scheduler.Scheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def gone(*_args: Any) -> None:
            raise OperationalError("server of Ada Lovelace gone")

        monkeypatch.setattr(heartbeats, "show", gone)
        assert turning.tick() == 7.0
        assert "did not take beat's sign of life (OperationalError)" in caplog.text
        assert "Ada" not in caplog.text


class TestTheBanner:
    @pytest.fixture
    def shown(self, signed_in: SignedIn) -> Callable[[], str]:
        """Return a reader of the banner above a page, as a process that has not looked yet."""
        client = signed_in(Role.VIEWER)

        def read() -> str:
            cache.delete(context.KEY)
            found = BeautifulSoup(client.get(reverse("worklist")).content, "html.parser").select_one(".site-banner")
            return found.get_text() if found else ""

        return read

    @pytest.mark.parametrize("who", [Runner.WORKER, Runner.LOOP])
    def test_appears_when_nothing_has_run_for_a_day(self, shown: Callable[[], str], who: Runner) -> None:
        heartbeats.show_well(who, NOW - timedelta(days=1))
        assert shown() == ""
        Heartbeat.objects.update(well_at=NOW - timedelta(days=1, seconds=1))
        assert shown().startswith(f"{BANNER} 7 Jul 2026")

    def test_beat_alone_does_not_make_up_for_it(self, shown: Callable[[], str]) -> None:
        heartbeats.show_well(Runner.WORKER, NOW - timedelta(days=2))
        heartbeats.show(Runner.BEAT, NOW)
        assert shown()

    def test_a_new_installation_has_a_day(self, shown: Callable[[], str]) -> None:
        begun = MigrationRecorder.Migration.objects.filter(app="reminders", name__startswith="0004")
        assert begun.update(applied=NOW - timedelta(days=1)) == 1
        assert shown() == ""
        begun.update(applied=NOW - timedelta(days=1, seconds=1))
        assert shown().startswith(BANNER)

    def test_asks_once_a_minute(
        self, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries, rf: Any, person: Any
    ) -> None:
        request = rf.get("/")
        request.user = person(Role.NURSE)
        heartbeats.show_well(Runner.WORKER, NOW)
        cache.delete(context.KEY)
        with django_assert_num_queries(1):
            context.site_banner(request)
        with django_assert_num_queries(0):
            context.site_banner(request)
        with time_machine.travel(NOW + timedelta(seconds=61), tick=False), django_assert_num_queries(1):
            context.site_banner(request)

    def test_is_not_for_strangers(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        cache.delete(context.KEY)
        with django_assert_num_queries(0):
            page = client.get(reverse("account_login"))
        assert "site-banner" not in page.content.decode()

    def test_fails_no_page_when_the_database_cannot_say(
        self, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(context, "nothing_since", down)
        assert shown() == ""


class TestTheLedgerPage:
    def text(self, client: Client) -> str:
        return BeautifulSoup(client.get(reverse("reminders:ledger")).content, "html.parser").get_text(" ", strip=True)

    @pytest.mark.parametrize(("age", "late"), [(timedelta(minutes=5), False), (timedelta(minutes=5, seconds=1), True)])
    def test_says_when_the_worker_is_late_and_who_was_seen(
        self, site: Site, signed_in: SignedIn, age: timedelta, late: bool
    ) -> None:
        plan_on(DAY)
        heartbeats.show_well(Runner.WORKER, NOW - age)
        text = self.text(signed_in(Role.VIEWER))
        assert ("The reminders are late." in text) is late
        assert re.search(r"Worker seen 8 Jul 2026, 1[23]:\d\d", text)

    def test_without_any_sign_goes_by_the_sweeps(self, site: Site, signed_in: SignedIn) -> None:
        plan_on(DAY)
        assert "late" not in self.text(signed_in(Role.VIEWER))


class TestTheStatus:
    @pytest.fixture
    def well(self, site: Site, nurse: User) -> None:
        """All is well: gone through and shown a moment ago."""
        builders.dose(site)
        plan_on(DAY)
        Message.objects.update(due_at=NOW + timedelta(hours=1))
        heartbeats.show_well(Runner.WORKER, NOW)

    def asked(self, *options: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("reminders_status", *options, stdout=out)
        except SystemExit as ended:
            return int(str(ended.code)), out.getvalue()
        return 0, out.getvalue()

    def told(self) -> tuple[int, dict[str, Any]]:
        status, said = self.asked("--json")
        return status, json.loads(said)

    def test_all_is_well(self, well: None) -> None:
        assert self.told() == (
            0,
            {
                "state": "fine",
                "reminders": "alive",
                "heartbeats": {
                    "worker": {"seen": "2026-07-08T12:00:00+00:00", "went_well": "2026-07-08T12:00:00+00:00"}
                },
                "sites": [{"name": "Northfield", "gone_through": "2026-07-08T12:00:00+00:00", "state": "alive"}],
                "due_and_unsent": 0,
                "oldest_unsent": None,
                "failed_in_7_days": 0,
                "set_aside": [],
            },
        )

    def test_beat_has_no_turns_that_could_go_well(self, well: None) -> None:
        heartbeats.show(Runner.BEAT, NOW)
        assert self.told()[1]["heartbeats"]["beat"] == {"seen": NOW.isoformat()}

    def test_the_lines_say_the_same(self, well: None) -> None:
        status, said = self.asked()
        assert status == 0
        assert said.splitlines()[:4] == [
            "state: fine",
            "reminders: alive",
            "worker: seen 2026-07-08T12:00:00+00:00, went well 2026-07-08T12:00:00+00:00",
            "sites: 1",
        ]

    @pytest.mark.parametrize(("age", "status"), [(timedelta(minutes=5), 0), (timedelta(minutes=5, seconds=1), 1)])
    def test_a_late_worker_is_told(self, well: None, age: timedelta, status: int) -> None:
        Heartbeat.objects.update(at=NOW - age)
        assert self.asked()[0] == status

    @pytest.mark.parametrize(("age", "status"), [(timedelta(minutes=15), 0), (timedelta(minutes=15, seconds=1), 1)])
    def test_a_site_that_was_left_out_is_told(self, well: None, age: timedelta, status: int) -> None:
        Sweep.objects.update(at=NOW - age)
        assert self.asked()[0] == status

    @pytest.mark.parametrize(("age", "status"), [(UNSENT_AFTER, 0), (UNSENT_AFTER + MOMENT, 1)])
    def test_what_has_waited_for_more_than_an_hour_is_late(self, well: None, age: timedelta, status: int) -> None:
        Message.objects.update(due_at=NOW - age)
        code, told = self.told()
        assert (code, told["due_and_unsent"]) == (status, 1)

    @pytest.mark.parametrize(("days", "count"), [(7, 1), (8, 0)])
    def test_a_refusal_is_counted_for_a_week_and_is_not_late(self, well: None, days: int, count: int) -> None:
        Message.objects.update(state=MessageState.FAILED, reason="550 no", local_day=DAY - timedelta(days=days))
        code, told = self.told()
        assert (code, told["failed_in_7_days"], told["set_aside"]) == (0, count, [])

    def test_what_was_set_aside_is_listed_by_its_id(self, well: None) -> None:
        Message.objects.update(state=MessageState.FAILED, reason="Set aside.", takeovers=MOST_TAKEOVERS)
        code, told = self.told()
        assert (code, told["set_aside"]) == (1, [str(Message.objects.get().pk)])

    def test_a_closed_site_is_nobodys_business(self, well: None, other_site: Site) -> None:
        assert self.asked()[0] == 1
        type(other_site).objects.filter(pk=other_site.pk).update(is_active=False)
        assert self.asked()[0] == 0

    def test_a_database_that_does_not_answer_cannot_tell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reminders_status, "report", down)
        code, told = self.told()
        assert (code, told["state"]) == (2, "unknown")
        assert "Ada" not in str(told)

    def test_it_names_nobody(self, well: None, nurse: User) -> None:
        assert nurse.username not in self.asked()[1] + self.asked("--json")[1]

    def test_it_asks_the_same_whatever_there_is(
        self, well: None, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(6):
            liveness.report(NOW)
