"""`manage.py send_reminders` and the task that the beat table names."""

import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from pytest_django import Settings

from clinic.celery import app
from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, DAY, TARGET, noon, plan_on, sender
from tests.treatments.reminders.post import PostOffice
from treatments.management.commands import send_reminders
from treatments.management.commands.send_reminders import Stopping
from treatments.reminders import tasks
from treatments.reminders.models import Message, MessageState, Reminder, Sweep
from treatments.reminders.services import claims
from treatments.reminders.services.running import LONGEST_RUN, Tally, plan_and_send

AT = "2026-07-08T12:00"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("send_reminders", *arguments, stdout=out)
    return out.getvalue()


class TestOnce:
    def test_it_plans_and_sends_and_says_so_in_one_line(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        assert run("--at", AT) == "planned 1, sent 1, cancelled 0, missed 0, failed 0, put off 0\n"
        assert len(post.mails) == 1

    def test_a_second_run_sends_nothing(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        run("--at", AT)
        assert run("--at", AT) == "planned 0, sent 0, cancelled 0, missed 0, failed 0, put off 0\n"
        assert len(post.mails) == 1

    def test_without_a_moment_it_goes_by_the_clock(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        with time_machine.travel(noon(DAY), tick=False):
            run()
        assert Message.objects.get().handed_over_at == noon(DAY)

    @pytest.mark.parametrize(
        ("at", "moment"),
        [
            ("2026-07-08T12:00", "2026-07-08T12:00+00:00"),
            ("2026-07-08 12:00:30", "2026-07-08T12:00:30+00:00"),
            ("2026-07-08T12:00Z", "2026-07-08T12:00+00:00"),
            ("2026-07-08T12:00+02:00", "2026-07-08T10:00+00:00"),
            ("2026-07-08", "2026-07-08T00:00+00:00"),
        ],
    )
    def test_a_moment_without_a_zone_is_utc(self, site: Site, post: PostOffice, at: str, moment: str) -> None:
        run("--at", at)
        assert Sweep.objects.get().at == datetime.fromisoformat(moment)

    @pytest.mark.parametrize("at", ["tomorrow", "2026-13-01", "08/07/2026", "", "2026-07-08T25:00"])
    def test_a_moment_that_cannot_be_read_is_refused_in_one_line(self, site: Site, at: str) -> None:
        with pytest.raises(CommandError) as refused:
            run(f"--at={at}")
        assert refused.value.returncode == 2
        assert str(refused.value) == f"{at!r} is not a moment; write it like 2026-07-04T07:00."
        assert not Sweep.objects.exists()

    @pytest.mark.parametrize("at", ["0001-01-01T00:00", "1999-12-31T23:59", "2200-01-01T00:00", "9999-12-31T23:59"])
    def test_a_moment_out_of_this_world_is_refused_too(self, site: Site, at: str) -> None:
        with pytest.raises(CommandError, match="must lie between 2000 and 2199") as refused:
            run("--at", at)
        assert refused.value.returncode == 2

    def test_signals_are_left_as_they_were(self, site: Site, post: PostOffice) -> None:
        before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        run("--at", AT)
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before

    def test_told_to_stop_in_the_middle_it_finishes_the_mail_in_hand(
        self, site: Site, person: Callable[..., User], post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        real = claims.hand_over

        def interrupted(*args: Any) -> bool:
            signal.raise_signal(signal.SIGTERM)
            return real(*args)

        monkeypatch.setattr(claims, "hand_over", interrupted)
        assert run("--at", AT).startswith("planned 3, sent 1,")
        assert Message.objects.filter(state=MessageState.PLANNED, attempts=0).count() == 2

    def test_a_database_that_does_not_answer_is_said_in_one_line(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(_one: Any) -> Tally:
            raise OperationalError("server of Ada Lovelace gone")

        monkeypatch.setattr(send_reminders, "plan_and_send", down)
        with pytest.raises(CommandError) as refused:
            run("--at", AT)
        assert (str(refused.value), refused.value.returncode) == ("The database did not answer (OperationalError).", 1)


class TestTheDryRun:
    def state(self) -> str:
        tables = [list(model.objects.order_by("pk").values()) for model in (Reminder, Message, Sweep)]
        return json.dumps(tables, default=str)

    def test_it_prints_what_would_be_in_ids_and_writes_nothing(self, site: Site, nurse: User, post: PostOffice) -> None:
        dose = builders.dose(site)
        about = f"dose_upcoming due 2026-07-08 about dose {dose.pk} for user {nurse.pk}"
        assert run("--dry-run", "--at", AT).splitlines() == [
            f"planned: {about}: 7 days before the target.",
            f"send: digest of 2026-07-08 to user {nurse.pk}, lines: 1",
            "Would be: planned 1, sent 1, cancelled 0, missed 0, failed 0, put off 0",
        ]
        assert (self.state(), post.connections) == ("[[], [], []]", 0)

    def test_it_names_nobody(self, site: Site, nurse: User, post: PostOffice) -> None:
        dose = builders.dose(site)
        said = run("--dry-run", "--at", AT)
        for name in (dose.patient.family_name, dose.patient.given_name, nurse.full_name, nurse.username, nurse.email):
            assert name.casefold() not in said.casefold()

    def test_with_nothing_to_do_it_says_only_that(self, site: Site, post: PostOffice) -> None:
        said = run("--dry-run", "--at", AT)
        assert said == "Would be: planned 0, sent 0, cancelled 0, missed 0, failed 0, put off 0\n"

    def test_what_it_says_is_what_then_happens(
        self, site: Site, other_site: Site, person: Callable[..., User], post: PostOffice
    ) -> None:
        leaver, nurse = person(Role.NURSE), person(Role.NURSE)
        person(Role.NURSE, at=other_site)
        held, kept = builders.dose(site), builders.dose(site)
        builders.dose(other_site, at=noon(TARGET - timedelta(days=20)))
        plan_on(TARGET - timedelta(days=14))
        builders.hold(held, DAY)
        Membership.objects.filter(user=leaver).delete()
        before = self.state()
        said = run("--dry-run", "--at", "2026-07-14T12:00")
        assert self.state() == before
        assert run("--at", "2026-07-14T12:00") == said.splitlines()[-1].removeprefix("Would be: ") + "\n"
        assert f"about dose {kept.pk} for user {nurse.pk}" in said

    def test_before_the_hour_nothing_would_be_sent(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        assert "planned 1, sent 0" in run("--dry-run", "--at", "2026-07-08T05:59")
        assert "planned 1, sent 1" in run("--dry-run", "--at", "2026-07-08T06:00")

    def test_after_todays_digest_nothing_more_would_be_sent(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        run("--at", AT)
        builders.dose(site)
        assert "planned 1, sent 0" in run("--dry-run", "--at", AT)
        assert "planned 1, sent 1" in run("--dry-run", "--at", "2026-07-09T12:00")

    def test_a_digest_put_off_would_be_sent_at_its_next_try(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.answers.append("451 later")
        plan_and_send(sender(noon(DAY)))
        assert "sent 0" in run("--dry-run", "--at", "2026-07-08T12:00:29")
        assert "sent 1" in run("--dry-run", "--at", "2026-07-08T12:00:30")

    def test_lines_that_would_be_cancelled_or_missed_are_told_with_their_reason(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.hold(builders.dose(site), DAY)
        builders.dose(site)
        plan_on(DAY - timedelta(days=1))
        said = run("--dry-run", "--at", AT)
        assert "cancelled: dose_upcoming due 2026-07-01" in said
        assert "The course is on hold." in said
        assert "missed: dose_upcoming due 2026-07-01" in said
        assert "A later reminder took its place." in said
        assert "planned 1, sent 1, cancelled 1, missed 1" in said


class TestTheLoop:
    @pytest.mark.parametrize("other", [["--at", AT], ["--dry-run"]])
    def test_goes_by_the_real_clock_and_sends(self, db: None, other: list[str]) -> None:
        with pytest.raises(CommandError, match="--loop goes by the real clock") as refused:
            run("--loop", *other)
        assert refused.value.returncode == 2

    def test_runs_until_it_is_told_to_stop_and_is_silent_when_idle(
        self, site: Site, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        turns = self.count_turns(monkeypatch, 3)
        assert run("--loop") == ""
        assert len(turns) == 3

    def test_goes_on_when_the_database_does_not_answer(
        self,
        site: Site,
        nurse: User,
        post: PostOffice,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.count_turns(monkeypatch, 2)
        builders.dose(site)
        faults = [OperationalError("server of Ada Lovelace gone")]

        def flaky(one: Any) -> Tally:
            if faults:
                raise faults.pop()
            return plan_and_send(one)

        monkeypatch.setattr(send_reminders, "plan_and_send", flaky)
        monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
        with time_machine.travel(noon(DAY), tick=False):
            assert run("--loop").startswith("planned 1, sent 1")
        assert "The database did not answer (OperationalError); trying again." in caplog.text
        assert "Ada" not in caplog.text

    def count_turns(self, monkeypatch: pytest.MonkeyPatch, last: int) -> list[float]:
        """Let the waits between turns pass at once, and be told to stop in the last one."""
        turns: list[float] = []

        def wait(stopping: Stopping, seconds: float) -> None:
            turns.append(seconds)
            if len(turns) == last:
                stopping.ask()

        monkeypatch.setattr(Stopping, "wait", wait)
        monkeypatch.setattr(send_reminders, "close_old_connections", lambda: None)
        return turns

    def test_a_wait_ends_early_when_told_to_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stopping, naps = Stopping(), []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            stopping.ask()

        monkeypatch.setattr(time, "sleep", nap)
        stopping.wait(5)
        assert len(naps) == 1
        assert 0 < naps[0] <= 0.2

    def test_a_wait_is_as_long_as_asked(self) -> None:
        stopping = Stopping()
        stopping.wait(0.01)
        assert not stopping()


class TestTheTask:
    def test_the_beat_table_names_a_task_that_the_worker_finds(self) -> None:
        app.loader.import_default_modules()
        names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
        assert tasks.plan_and_send.name in names
        assert names <= set(app.tasks)

    def test_it_carries_no_data_and_does_the_work(
        self, site: Site, nurse: User, post: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        builders.dose(site)
        with time_machine.travel(noon(DAY), tick=False), caplog.at_level("INFO"):
            tasks.plan_and_send.delay()
        assert len(post.mails) == 1
        assert "Reminders: planned 1, sent 1" in caplog.text

    def test_an_idle_turn_is_not_worth_a_line(
        self, site: Site, post: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO"):
            tasks.plan_and_send()
        assert "Reminders" not in caplog.text

    def test_a_database_that_does_not_answer_is_left_to_the_next_turn(
        self, db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def down(_one: Any) -> Tally:
            raise OperationalError("server of Ada Lovelace gone")

        monkeypatch.setattr(tasks, "run", down)
        tasks.plan_and_send()
        assert "The database did not answer (OperationalError)." in caplog.text
        assert "Ada" not in caplog.text

    def test_it_stops_well_before_the_worker_would_cut_it_off(
        self, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = []

        def noting(one: Any) -> Tally:
            given.append(one)
            return Tally(0, 0, 0, 0, 0, 0)

        monkeypatch.setattr(tasks, "run", noting)
        with time_machine.travel(noon(DAY), tick=False) as clock:
            tasks.plan_and_send()
            (one,) = given
            assert not one.stop()
            clock.shift(LONGEST_RUN)
            assert not one.stop()
            clock.shift(timedelta(seconds=1))
            assert one.stop()
        assert LONGEST_RUN.total_seconds() + 3 * settings.EMAIL_TIMEOUT < settings.CELERY_TASK_TIME_LIMIT


def test_an_overdue_and_an_upcoming_dose_are_told_in_one_mail(site: Site, nurse: User, post: PostOffice) -> None:
    builders.dose(site, target=CLOSES + timedelta(days=8))
    builders.dose(site)
    assert run("--at", "2026-07-23T12:00").startswith("planned 2, sent 1")
    (mail,) = post.mails
    assert mail["Subject"] == "2 things need you today – Northfield"
    assert mail["Date"] == datetime(2026, 7, 23, 12, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
