"""Several processes at once on one database, killed and told to stop: nothing lost, nothing doubled unexplained."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import Popen

import pytest
from django.db import connection

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, noon, plan_on
from tests.treatments.reminders.post import PostOffice
from tests.treatments.reminders.processes import Stage, lend
from treatments.reminders.models import LEASE, Message, MessageState, Reminder
from treatments.reminders.queries.sites import open_sites
from treatments.reminders.services import planning, surveying

AT = "2026-07-08T12:00"
PEOPLE = 20


@pytest.fixture
def others(transactional_db: None, post: PostOffice, tmp_path: Path) -> Iterator[Callable[[], Stage]]:
    """Return a way to lend the data, as it is then, to other processes."""
    stages: list[Stage] = []

    def lent() -> Stage:
        stages.append(lend(post, tmp_path))
        return stages[-1]

    yield lent
    for stage in stages:
        stage.clear()


@pytest.fixture
def crowd(transactional_db: None, site: Site, person: Callable[..., User]) -> list[User]:
    """Return twenty people to be told about two doses."""
    people = [person(Role.NURSE) for _ in range(PEOPLE)]
    for _ in range(2):
        builders.dose(site)
    return people


def finished(*started: Popen[str]) -> list[str]:
    """Wait for the processes; each must have ended well. Return what they printed."""
    said = []
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said.append(out)
    return said


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def test_three_processes_at_once_plan_and_send_everything_once(
    others: Callable[[], Stage], crowd: list[User], post: PostOffice
) -> None:
    lent = others()
    finished(*(lent.start("--at", AT) for _ in range(3)))
    lent.fetch()
    assert Counter(post.recipients) == Counter(person.email for person in crowd)
    assert len(set(post.ids())) == PEOPLE
    assert set(Message.objects.values_list("state", "attempts")) == {("handed_over", 1)}
    assert Reminder.objects.filter(state=MessageState.HANDED_OVER).count() == Reminder.objects.count() == 2 * PEOPLE


def test_a_sender_killed_in_the_middle_loses_nothing_and_a_copy_has_the_same_id(
    others: Callable[[], Stage], crowd: list[User], post: PostOffice
) -> None:
    lent = others()
    doomed = lent.start("--at", AT)
    wait_until(lambda: len(post.mails) >= 3)
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate(timeout=30)
    later = (noon(DAY) + LEASE + timedelta(seconds=1)).isoformat()
    finished(lent.start("--at", later))
    lent.fetch()
    assert set(post.recipients) == {person.email for person in crowd}
    assert len(set(post.ids())) == PEOPLE
    assert len(post.ids()) - PEOPLE <= 1, "at most the one mail that was in hand"
    assert set(Message.objects.values_list("state", flat=True)) == {"handed_over"}


def test_told_to_stop_it_finishes_the_mail_in_hand_and_gives_back_the_rest(
    others: Callable[[], Stage], transactional_db: None, post: PostOffice
) -> None:
    place = factories.site("Southfield", "UTC", digest_hour=0, labs_days=[])
    people = [factories.user(Role.NURSE, site=place) for _ in range(PEOPLE)]
    builders.dose(place, target=datetime.now(UTC).date() + timedelta(days=7))
    post.seconds_to_think = 0.1
    lent = others()
    running = lent.start("--loop")
    wait_until(lambda: len(post.mails) >= 3)
    running.send_signal(signal.SIGTERM)
    finished(running)
    lent.fetch()
    sent = len(post.mails)
    assert 3 <= sent < PEOPLE
    assert len(set(post.ids())) == sent
    assert Counter(Message.objects.values_list("state", "attempts")) == {
        ("handed_over", 1): sent,
        ("planned", 0): len(people) - sent,
    }


def test_the_loop_goes_on_until_it_is_told_to_stop(
    others: Callable[[], Stage], transactional_db: None, post: PostOffice
) -> None:
    place = factories.site("Southfield", "UTC", digest_hour=0, labs_days=[])
    factories.user(Role.NURSE, site=place)
    builders.dose(place, target=datetime.now(UTC).date() + timedelta(days=7))
    lent = others()
    running = lent.start("--loop")
    wait_until(lambda: len(post.mails) == 1)
    time.sleep(0.3)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    (said,) = finished(running)
    assert said == "planned 1, sent 1, cancelled 0, missed 0, failed 0, put off 0\n"


class TestTheKeyThatMakesALineOnce:
    """What happens to two sweeps that looked at the same moment, with the guard and without it."""

    def looks(self) -> list[surveying.SitePlan]:
        sites = open_sites(noon(DAY))
        return [look for _ in range(2) for look in surveying.survey(sites)]

    def test_with_it_each_person_has_one_line(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        for look in self.looks():
            planning.carry_out(look, noon(DAY))
        assert Reminder.objects.count() == 1

    def test_without_it_each_person_has_two(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX a_line_is_owed_once_to_a_person")
        for look in self.looks():
            planning.carry_out(look, noon(DAY))
        assert Reminder.objects.count() == 2


class TestTheKeyThatMakesADigestOnce:
    def test_with_it_two_sweeps_that_saw_none_open_one(
        self, site: Site, nurse: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from treatments.reminders.services import digests  # noqa: PLC0415

        builders.dose(site)
        plan_on(DAY)
        digests._open({nurse.pk: noon(DAY)}, DAY)
        before = Message.objects.get()
        monkeypatch.setattr(digests, "_has_one", lambda _due_at, _day: set())
        digests._open({nurse.pk: noon(DAY)}, DAY)
        assert Message.objects.get() == before

    def test_days_of_one_person_are_told_apart(self, site: Site, nurse: User) -> None:
        for day in (date(2026, 7, 8), date(2026, 7, 9)):
            Message.objects.create(recipient=nurse, local_day=day, due_at=noon(day), next_try_at=noon(day))
        assert Message.objects.count() == 2
