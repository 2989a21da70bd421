"""A message over which one sender after the other dies is set aside, and the others go out meanwhile."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, line, message, noon, plan_on, sender
from tests.treatments.reminders.post import PostOffice
from treatments.reminders import models
from treatments.reminders.models import LEASE, MOST_TAKEOVERS, Message, MessageState
from treatments.reminders.services import claims, sending
from treatments.reminders.services.claims import Claim
from treatments.reminders.services.looking_again import look_again
from treatments.reminders.services.sending import send_due

NOW = noon(DAY)
TURN = LEASE + timedelta(seconds=1)
Person = Callable[..., User]


class Killed(BaseException):
    """As SIGKILL would, this passes every handler."""


@pytest.fixture
def poison(site: Site, nurse: User, monkeypatch: pytest.MonkeyPatch) -> Message:
    """Return the only digest, over which every sender dies."""
    builders.dose(site)
    plan_on(DAY)
    kills(monkeypatch, message().pk)
    return message()


def kills(monkeypatch: pytest.MonkeyPatch, poison: UUID) -> None:
    real = look_again

    def dies_over_it(claimed: Claim, now: datetime) -> Any:
        if claimed.message_id == poison:
            raise Killed
        return real(claimed, now)

    monkeypatch.setattr(sending, "look_again", dies_over_it)


def turns(count: int, first: int = 0) -> int:
    """Let so many senders come one after the other, each when the last one's lease has run out; return the deaths."""
    deaths = 0
    for turn in range(first, first + count):
        try:
            send_due(sender(NOW + turn * TURN))
        except Killed:
            deaths += 1
    return deaths


def test_it_is_tried_once_and_taken_over_five_times(poison: Message) -> None:
    assert turns(MOST_TAKEOVERS + 1) == MOST_TAKEOVERS + 1
    assert (message().state, message().takeovers) == (MessageState.CLAIMED, MOST_TAKEOVERS)


def test_then_it_is_set_aside_with_its_lines_and_a_reason(poison: Message, caplog: pytest.LogCaptureFixture) -> None:
    turns(MOST_TAKEOVERS + 1)
    assert send_due(sender(NOW + (MOST_TAKEOVERS + 1) * TURN)).failed == 1
    failed = message()
    assert (failed.state, failed.lease_token, failed.lease_until) == (MessageState.FAILED, None, None)
    assert failed.reason == "It was set aside: sending stopped short in the middle of it 6 times."
    assert (line().state, line().reason) == (MessageState.FAILED, failed.reason)
    assert str(poison.pk) in caplog.text
    assert list(Message.objects.set_aside()) == [failed]


def test_without_the_figure_senders_would_die_over_it_for_ever(
    poison: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the guard off."""
    monkeypatch.setattr(models, "MOST_TAKEOVERS", 1000)
    assert turns(20) == 20


def test_it_is_not_set_aside_while_its_last_sender_may_live(poison: Message) -> None:
    turns(MOST_TAKEOVERS + 1)
    last = NOW + MOST_TAKEOVERS * TURN
    assert claims.set_aside(last + LEASE) == 0
    assert claims.set_aside(last + TURN) == 1


class TestTheOthers:
    @pytest.fixture
    def first_of_three(self, site: Site, person: Person, post: PostOffice, monkeypatch: pytest.MonkeyPatch) -> UUID:
        """Return the message that every sender claims before two others, and dies over."""
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        plan_on(DAY)
        first = Message.objects.order_by("pk").values_list("pk", flat=True)[0]
        kills(monkeypatch, first)
        return first

    def test_go_out_as_soon_as_two_senders_have_died(self, first_of_three: UUID, post: PostOffice) -> None:
        turns(2)
        assert post.mails == []
        turns(1, first=2)
        assert len(post.mails) == 2

    def test_are_not_blamed(self, first_of_three: UUID, post: PostOffice) -> None:
        turns(MOST_TAKEOVERS + 1)
        turns(1, first=MOST_TAKEOVERS + 1)
        states = dict(Message.objects.values_list("pk", "state"))
        assert states.pop(first_of_three) == MessageState.FAILED
        assert set(states.values()) == {MessageState.HANDED_OVER}
        assert set(Message.objects.exclude(pk=first_of_three).values_list("takeovers", flat=True)) == {0}

    def test_would_wait_behind_it_by_age_alone(
        self, first_of_three: UUID, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The twin: the same without its place at the end."""
        monkeypatch.setattr(claims, "CLAIMING_ORDER", ("next_try_at", "id"))
        turns(MOST_TAKEOVERS + 1)
        assert post.mails == []


class TestWhatIsNoPoison:
    @pytest.fixture
    def times(self) -> Iterator[datetime]:
        """Return the instants of tries that lie further apart than any wait."""
        return (NOW + timedelta(minutes=31) * turn for turn in range(MOST_TAKEOVERS * 2))

    def test_a_mail_server_that_is_away(self, site: Site, nurse: User, smtp: Any, times: Iterator[datetime]) -> None:
        builders.dose(site)
        plan_on(DAY)
        for now in times:
            assert send_due(sender(now)).put_off == 1
            assert (message().state, message().takeovers) == (MessageState.PLANNED, 0)

    @pytest.mark.parametrize(("acquitted", "counted"), [(True, 0), (False, MOST_TAKEOVERS)])
    def test_a_database_that_fails_unless_nobody_acquits_the_message(
        self,
        transactional_db: None,
        site: Site,
        nurse: User,
        monkeypatch: pytest.MonkeyPatch,
        acquitted: bool,
        counted: int,
    ) -> None:
        """With its twin: the guard off."""

        def gone(*_args: object) -> None:
            raise OperationalError

        builders.dose(site)
        plan_on(DAY)
        monkeypatch.setattr(sending, "look_again", gone)
        if not acquitted:
            monkeypatch.setattr(claims, "acquit", lambda _claimed: None)
        for turn in range(MOST_TAKEOVERS + 1):
            with pytest.raises(OperationalError):
                send_due(sender(NOW + turn * TURN))
        assert (message().state, message().takeovers) == (MessageState.CLAIMED, counted)

    def test_deaths_between_which_somebody_lived(self, poison: Message, monkeypatch: pytest.MonkeyPatch) -> None:
        turns(MOST_TAKEOVERS)
        (one,) = claims.claim(NOW + MOST_TAKEOVERS * TURN, limit=1)
        claims.put_off(one, NOW, reason="451", jitter=1.0)
        assert message().takeovers == 0

    def test_one_that_is_only_given_back_keeps_its_count(self, poison: Message) -> None:
        turns(3)
        assert message().takeovers == 2
        claims.give_back(claims.claim(NOW + 3 * TURN, limit=1))
        assert message().takeovers == 2
