"""Databases that do not answer, senders that die and senders that are told to stop: nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, digests, message, noon, plan_on, run_on, sender, states
from tests.treatments.reminders.post import PostOffice
from treatments.reminders.models import LEASE, Message, MessageState, Reminder
from treatments.reminders.services import claims, sending
from treatments.reminders.services.running import plan_and_send
from treatments.reminders.services.sending import send_due

Person = Callable[..., User]


class TestTheDatabaseFails:
    def test_before_the_mail_it_is_never_the_mails_fault(
        self, transactional_db: None, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_args: object) -> None:
            raise OperationalError

        builders.dose(site)
        plan_on(DAY)
        monkeypatch.setattr(sending, "look_again", down)
        with pytest.raises(OperationalError):
            send_due(sender(noon(DAY)))
        assert message().state == MessageState.CLAIMED
        monkeypatch.undo()
        assert send_due(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert len(post.mails) == 1

    def test_after_the_mail_the_record_is_tried_until_it_is_taken(
        self, transactional_db: None, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faults = [OperationalError(), OperationalError(), OperationalError()]
        real = claims.hand_over
        waits: list[float] = []

        def flaky(*args: Any) -> bool:
            if faults:
                raise faults.pop()
            return real(*args)

        monkeypatch.setattr(claims, "hand_over", flaky)
        builders.dose(site)
        assert plan_and_send(sender(noon(DAY), pause=waits.append)).sent == 1
        assert waits == [0.2, 0.4, 0.8]
        assert (message().state, len(post.mails)) == (MessageState.HANDED_OVER, 1)

    def test_patience_outlasts_the_lease_and_then_ends(
        self, transactional_db: None, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_args: object) -> bool:
            raise OperationalError

        waits: list[float] = []
        monkeypatch.setattr(claims, "hand_over", down)
        builders.dose(site)
        with pytest.raises(OperationalError):
            plan_and_send(sender(noon(DAY), pause=waits.append))
        assert LEASE.total_seconds() < sum(waits) < LEASE.total_seconds() + 90


class TestACrash:
    """A sender that dies is one whose exception nothing catches: no record, no giving back."""

    class Killed(BaseException):
        """As SIGKILL would, this passes every handler."""

    def crash(self, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        def dies(*_args: Any, **_facts: Any) -> None:
            raise self.Killed

        monkeypatch.setattr(where, name, dies)

    def test_between_the_mail_and_the_record_sends_a_copy_with_the_same_id(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, claims, "hand_over")
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert message().state == MessageState.CLAIMED
        assert plan_and_send(sender(noon(DAY) + LEASE)).sent == 0, "the lease still holds"
        assert plan_and_send(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert len(post.mails) == 2
        assert len(set(post.ids())) == 1
        assert [mail["X-Attempt"] for mail in post.mails] == [None, "2"]

    @pytest.mark.parametrize("name", ["look_again", "_record"])
    def test_elsewhere_loses_nothing(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, sending, name)
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert plan_and_send(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert set(post.ids()) == {f"<{message().pk}@clinic.example>"}

    def test_whose_day_ends_meanwhile_gives_its_lines_to_tomorrow(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, sending, "look_again")
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert run_on(DAY + timedelta(days=1)).sent == 1
        assert digests() == [("2026-07-08", "missed"), ("2026-07-09", "handed_over")]
        assert states() == [("dose_upcoming", "2026-07-08", "handed_over")]


class TestStopping:
    def test_the_mail_in_hand_is_finished_and_the_rest_given_back(
        self, site: Site, person: Person, post: PostOffice
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        plan_on(DAY)
        done = send_due(sender(noon(DAY), stop=lambda: bool(post.mails)))
        assert done.sent == 1
        assert sorted(Message.objects.values_list("state", "attempts")) == [
            ("handed_over", 1),
            ("planned", 0),
            ("planned", 0),
        ]
        assert Reminder.objects.filter(state=MessageState.PLANNED).count() == 2
        assert send_due(sender(noon(DAY))).sent == 2
        assert all("X-Attempt" not in mail for mail in post.mails)

    def test_asked_before_it_began_it_claims_nothing(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        plan_on(DAY)
        assert send_due(sender(noon(DAY), stop=lambda: True)).sent == 0
        assert message().state == MessageState.PLANNED
