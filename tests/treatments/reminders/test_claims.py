"""A claim is a lease with a token: who holds the token records what happened, everybody else changes nothing."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, line, message, noon, plan_on
from treatments.reminders.models import LEASE, LONGEST_WAIT, Message, MessageState, Reminder
from treatments.reminders.services import claims
from treatments.reminders.services.claims import Claim, claim

NOW = noon(DAY)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def planned(site: Site, nurse: User) -> Message:
    """Return a digest with one line, due since seven this morning."""
    builders.dose(site)
    plan_on(DAY)
    return message()


def taken(now: datetime = NOW) -> Claim:
    (one,) = claim(now, limit=10)
    return one


RECORDS: list[tuple[str, Callable[[Claim], bool]]] = [
    ("hand_over", lambda late: claims.hand_over(late, NOW)),
    ("fail", lambda late: claims.fail(late, NOW, "late")),
    ("call_off", lambda late: claims.call_off(late, NOW)),
    ("let_pass", lambda late: claims.let_pass(late, "late")),
    ("put_off", lambda late: claims.put_off(late, NOW, reason="late", jitter=1.0)),
    ("renew", lambda late: claims.renew(late, NOW)),
]


class TestClaiming:
    def test_takes_the_message_and_its_lines_with_a_lease_and_a_token(self, planned: Message) -> None:
        one = taken()
        assert (one.message_id, one.attempt) == (planned.pk, 1)
        held = message()
        assert (held.state, held.lease_token, held.lease_until) == ("claimed", one.token, NOW + LEASE)
        assert line().state == MessageState.CLAIMED

    def test_nobody_else_gets_it_then(self, planned: Message) -> None:
        taken()
        assert claim(NOW, limit=10) == []
        assert claim(NOW + LEASE, limit=10) == []

    def test_it_is_not_taken_before_it_is_due(self, planned: Message) -> None:
        assert claim(planned.due_at - MOMENT, limit=10) == []
        assert len(claim(planned.due_at, limit=10)) == 1

    def test_a_lease_that_ran_out_is_taken_over_with_a_new_token(self, planned: Message) -> None:
        first = taken()
        second = taken(NOW + LEASE + MOMENT)
        assert second.message_id == first.message_id
        assert second.token != first.token
        assert second.attempt == 2

    def test_a_lease_impossibly_far_ahead_is_taken_over_too(self, planned: Message) -> None:
        """The clock went back two hours; waiting for the old one would leave the digest lying for as long."""
        taken(NOW + timedelta(hours=2))
        assert taken(NOW).attempt == 2

    def test_a_lease_just_ahead_is_not(self, planned: Message) -> None:
        taken(NOW + LEASE)
        assert claim(NOW, limit=10) == []

    def test_a_wait_impossibly_far_ahead_is_not_waited_for(self, planned: Message) -> None:
        claims.put_off(taken(), NOW + timedelta(hours=3), reason="451", jitter=1.0)
        assert taken(NOW).attempt == 2

    def test_the_longest_wait_is(self, planned: Message) -> None:
        late = replace(taken(), attempt=30)
        claims.put_off(late, NOW, reason="451", jitter=1.0)
        assert message().next_try_at == NOW + LONGEST_WAIT
        assert claim(NOW, limit=10) == []

    def test_the_longest_waiting_go_first_and_no_more_than_asked_for(
        self, site: Site, person: Callable[..., User]
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        plan_on(DAY)
        ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
        Message.objects.filter(pk=ids[2]).update(next_try_at=NOW - timedelta(days=1))
        assert [one.message_id for one in claim(NOW, limit=2)] == [ids[2], ids[0]]
        assert [one.message_id for one in claim(NOW, limit=2)] == [ids[1]]

    @pytest.mark.parametrize("state", ["handed_over", "failed", "cancelled", "missed"])
    def test_what_has_ended_is_never_taken(self, planned: Message, state: str) -> None:
        at = NOW if state == "handed_over" else None
        Message.objects.update(state=state, reason="Done.", handed_over_at=at, attempts=1)
        assert claim(NOW + timedelta(days=1), limit=10) == []

    def test_a_claim_takes_the_lease_only_from_a_message_as_it_found_it(self, planned: Message) -> None:
        """The condition is asked again in the update: without row locks it alone decides between two senders."""
        first = taken()
        again = Message.objects.claimable(NOW).filter(pk__in=[planned.pk])
        assert again.update(lease_token=uuid.uuid4()) == 0
        assert message().lease_token == first.token

    def test_without_that_condition_two_senders_hold_one_message(self, planned: Message) -> None:
        """The twin: the same update by key alone takes the message away from whoever is sending it."""
        first = taken()
        assert Message.objects.filter(pk__in=[planned.pk]).update(lease_token=uuid.uuid4()) == 1
        assert not claims.hand_over(first, NOW)


class TestTheLateSender:
    @pytest.mark.parametrize(("name", "record"), RECORDS, ids=[name for name, _ in RECORDS])
    def test_changes_nothing_once_somebody_else_has_taken_over(
        self, planned: Message, name: str, record: Callable[[Claim], bool], caplog: pytest.LogCaptureFixture
    ) -> None:
        late = taken()
        owner = taken(NOW + LEASE + MOMENT)
        before = (Message.objects.values().get(), Reminder.objects.values().get())
        assert record(late) is False
        assert (Message.objects.values().get(), Reminder.objects.values().get()) == before
        assert message().lease_token == owner.token
        assert ("taken over" in caplog.text) is (name != "renew")

    def test_gives_nothing_back_that_is_not_its_own(self, planned: Message) -> None:
        late = taken()
        owner = taken(NOW + LEASE + MOMENT)
        claims.give_back([late])
        assert (message().lease_token, message().attempts) == (owner.token, 2)

    @pytest.mark.parametrize(("name", "record"), RECORDS, ids=[name for name, _ in RECORDS])
    def test_would_change_it_with_the_owners_token(
        self, planned: Message, name: str, record: Callable[[Claim], bool]
    ) -> None:
        """The twin: the same records, fenced by nothing, are written."""
        late = taken()
        owner = taken(NOW + LEASE + MOMENT)
        assert record(replace(late, token=owner.token)) is True, name

    def test_may_still_record_when_nobody_took_over(self, planned: Message) -> None:
        late = taken()
        assert claims.hand_over(late, NOW + 3 * LEASE)
        assert message().state == MessageState.HANDED_OVER

    def test_is_fenced_when_the_day_was_given_up(self, planned: Message) -> None:
        late = taken()
        plan_on(DAY + timedelta(days=1))
        assert not claims.hand_over(late, NOW)
        assert Message.objects.get(local_day=DAY).state == MessageState.MISSED


class TestRecording:
    def test_handing_over_ends_message_and_lines(self, planned: Message) -> None:
        assert claims.hand_over(taken(), NOW)
        done = message()
        assert (done.state, done.handed_over_at, done.lease_token, done.lease_until) == ("handed_over", NOW, None, None)
        assert (line().state, line().settled_at, line().reason) == ("handed_over", NOW, "7 days before the target.")

    def test_only_the_lines_that_were_in_it_end_with_it(self, planned: Message, site: Site) -> None:
        one = taken()
        late = builders.dose(site)
        plan_on(DAY)
        claims.hand_over(one, NOW)
        assert line(dose=late).state == MessageState.PLANNED

    def test_failing_ends_both_with_the_reason(self, planned: Message) -> None:
        claims.fail(taken(), NOW, "550 no")
        assert (message().state, message().reason) == ("failed", "550 no")
        assert (line().state, line().reason) == ("failed", "550 no")

    def test_putting_off_lets_both_wait(self, planned: Message) -> None:
        claims.put_off(taken(), NOW, reason="451", jitter=1.0)
        assert (message().state, message().reason, message().attempts) == ("planned", "451", 1)
        assert (line().state, line().settled_at) == ("planned", None)

    def test_giving_back_leaves_no_trace(self, planned: Message) -> None:
        before = (Message.objects.values().get(), Reminder.objects.values().get())
        claims.give_back([taken()])
        assert (Message.objects.values().get(), Reminder.objects.values().get()) == before


class TestTheDatabaseItselfRefuses:
    @pytest.mark.parametrize(
        "values",
        [
            {"lease_token": uuid.uuid4(), "lease_until": NOW},
            {"state": "claimed"},
            {"state": "claimed", "lease_token": uuid.uuid4()},
            {"state": "handed_over"},
            {"handed_over_at": NOW},
            {"state": "failed"},
            {"state": "cancelled"},
            {"state": "missed"},
        ],
    )
    def test_a_message_in_two_minds(self, planned: Message, values: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.update(**values)

    @pytest.mark.parametrize(
        "values",
        [
            {"state": "failed", "reason": "", "settled_at": NOW},
            {"state": "missed", "reason": "", "settled_at": NOW},
            {"state": "handed_over"},
            {"settled_at": NOW},
            {"recipient": None},
        ],
    )
    def test_a_line_in_two_minds(self, planned: Message, values: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.update(**values)

    def test_a_second_digest_of_a_person_and_day(self, planned: Message) -> None:
        again = {"recipient": planned.recipient, "local_day": planned.local_day, "due_at": NOW, "next_try_at": NOW}
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.create(**again)
        Message.objects.create(**(again | {"local_day": planned.local_day + timedelta(days=1)}))


def test_rows_name_nobody_when_they_are_logged(planned: Message, site: Site) -> None:
    from treatments.reminders.models import Sweep  # noqa: PLC0415

    assert str(planned) == "digest of 2026-07-08, planned"
    assert str(line()) == "dose_upcoming due 2026-07-08, planned"
    assert str(Sweep.objects.get(site=site)) == "swept 2026-07-08 12:00"
