"""Open one digest per person and local day. Whoever claims it first takes the person's waiting lines along."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction

from treatments.reminders.models import Message, MessageState, Reminder, free
from treatments.reminders.queries.sites import Morning, SiteDay, mornings

DAY_IS_OVER = "Its day was over before it could be sent."


def open_digests(sites: Mapping[uuid.UUID, SiteDay], now: datetime) -> None:
    """Make sure that everybody with waiting lines has a digest today.

    A person has one digest a day: once it has left, what comes later waits for tomorrow's. Digests of days gone by
    are missed; their lines go on.
    """
    by_day = _by_day(mornings(_waiting() | _unfinished(), sites))
    for day, due_at in by_day.items():
        retire(due_at.keys(), day, now)
    waiting = _waiting()
    for day, due_at in by_day.items():
        _open({who: at for who, at in due_at.items() if who in waiting}, day)
        _keep_time(due_at, day)


def _waiting() -> set[int]:
    """Return who has lines that are to be sent and that no sender holds."""
    lines = Reminder.objects.waiting().filter(recipient__isnull=False)
    return set(lines.values_list("recipient", flat=True).distinct())


def _unfinished() -> set[int]:
    """Return who has a digest that is still to be sent or in a sender's hands."""
    messages = Message.objects.filter(state__in=[MessageState.PLANNED, MessageState.CLAIMED])
    return set(messages.values_list("recipient", flat=True).distinct())


@transaction.atomic
def retire(recipients: Collection[int], today: date, now: datetime) -> int:
    """Give up these people's digests of days gone by that nobody holds; their lines wait again. Return how many."""
    past = free(Message.objects.of_the_past(recipients, today, now))
    ended = Message.objects.filter(pk__in=past).update(
        state=MessageState.MISSED, reason=DAY_IS_OVER, lease_token=None, lease_until=None
    )
    if ended:
        rode = Reminder.objects.filter(recipient__in=recipients, message__state=MessageState.MISSED)
        rode.filter(state=MessageState.CLAIMED).update(state=MessageState.PLANNED, message=None)
    return ended


def _by_day(known: Mapping[int, Morning]) -> dict[date, dict[int, datetime]]:
    """Return who has which day, and when their digest is due; around the world there are two days, at times three."""
    found: dict[date, dict[int, datetime]] = defaultdict(dict)
    for who, morning in known.items():
        found[morning.day][who] = morning.due_at
    return found


def _open(due_at: Mapping[int, datetime], day: date) -> None:
    lacking = sorted(due_at.keys() - _has_one(due_at, day))
    rows = [Message(recipient_id=who, local_day=day, due_at=due_at[who], next_try_at=due_at[who]) for who in lacking]
    Message.objects.bulk_create(rows, ignore_conflicts=True)


def _has_one(people: Collection[int], day: date) -> set[int]:
    return set(Message.objects.filter(recipient__in=people, local_day=day).values_list("recipient", flat=True))


def _keep_time(due_at: Mapping[int, datetime], day: date) -> None:
    """Follow a site's new hour, or a person's new home, while nobody has tried the digest yet."""
    untried = Message.objects.filter(recipient__in=due_at, local_day=day, state=MessageState.PLANNED, attempts=0)
    for pk, who, at in untried.values_list("pk", "recipient", "due_at"):
        if at != due_at[who]:
            untried.filter(pk=pk).update(due_at=due_at[who], next_try_at=due_at[who])
