"""Take due messages, and record what became of them: only whoever holds the token may.

A claim is a lease with a new token. It is taken again before each mail; when it runs out, somebody else takes over,
and the late sender finds that its token no longer fits and changes nothing.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet

from treatments.reminders.models import LEASE, LONGEST_WAIT, MOST_TAKEOVERS, Message, MessageState, Reminder, free

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=30)
CLAIMING_ORDER = ("takeovers", "next_try_at", "id")
NOTHING_LEFT = "Nothing was left to say."
POISON = f"It was set aside: sending stopped short in the middle of it {MOST_TAKEOVERS + 1} times."


@dataclass(frozen=True, slots=True)
class Claim:
    """One message in a sender's hands. `attempt` counts from 1."""

    message_id: uuid.UUID
    token: uuid.UUID
    attempt: int


@transaction.atomic
def claim(now: datetime, limit: int) -> list[Claim]:
    """Take up to `limit` messages that are due, the longest waiting first, together with their lines.

    What senders may have died over comes after everything else, so that it cannot hold up the others.
    """
    token = uuid.uuid4()
    ids = free(Message.objects.claimable(now).order_by(*CLAIMING_ORDER)[:limit])
    # The condition is asked again: without row locks it alone decides between two senders.
    Message.objects.claimable(now).filter(pk__in=ids).update(
        state=MessageState.CLAIMED, lease_token=token, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    mine = Message.objects.filter(pk__in=ids, lease_token=token)
    _take_lines(mine)
    rows = mine.order_by(*CLAIMING_ORDER).values_list("id", "attempts")
    return [Claim(pk, token, attempt) for pk, attempt in rows]


def _take_lines(messages: QuerySet[Message]) -> None:
    """Let each recipient's waiting lines ride in their message.

    A message that was tried before keeps the lines it had: the server may have taken it although nobody heard the
    answer, and a second copy must not say anything new under the same Message-ID.
    """
    first_tried = messages.filter(attempts=1)
    theirs = first_tried.filter(recipient=OuterRef("recipient")).order_by("-local_day").values("pk")[:1]
    waiting = Reminder.objects.waiting()
    waiting.filter(recipient__in=first_tried.values("recipient")).update(state=MessageState.CLAIMED, message=theirs)
    waiting.filter(message__in=messages.filter(attempts__gt=1)).update(state=MessageState.CLAIMED)


@transaction.atomic
def set_aside(now: datetime) -> int:
    """Fail the messages over which one sender after the other has died, and their lines; return how many."""
    ids = free(Message.objects.poisonous(now))
    if not ids:
        return 0
    logger.error("Set aside, because sending stopped short in the middle of them: %s", ", ".join(map(str, ids)))
    failed = {"state": MessageState.FAILED, "reason": POISON}
    Reminder.objects.filter(message__in=ids, state=MessageState.CLAIMED).update(**failed, settled_at=now)
    return Message.objects.poisonous(now).filter(pk__in=ids).update(**failed, lease_token=None, lease_until=None)


def begin_again(claimed: Claim) -> None:
    """Write down, before a message is tried once more, that it may be what the last sender died of.

    Whatever becomes of it takes this back; only a sender that is never heard of leaves it standing.
    """
    held(claimed).update(takeovers=F("takeovers") + 1)


def acquit(claimed: Claim) -> None:
    """Take back that a message was begun again: the database failed, and the message is not to blame."""
    held(claimed).filter(takeovers__gt=0).update(takeovers=F("takeovers") - 1)


def held(claimed: Claim) -> QuerySet[Message]:
    """Return the message while this claim holds it, else nothing."""
    return Message.objects.filter(pk=claimed.message_id, lease_token=claimed.token, state=MessageState.CLAIMED)


def renew(claimed: Claim, now: datetime) -> bool:
    """Take the lease anew; False when somebody else has taken over."""
    return bool(held(claimed).update(lease_until=now + LEASE))


def hand_over(claimed: Claim, now: datetime) -> bool:
    """Record that the mail server took the mail; its lines went with it."""
    return _settle(claimed, now, MessageState.HANDED_OVER, handed_over_at=now)


def fail(claimed: Claim, now: datetime, reason: str) -> bool:
    """Record that this mail will not go: the server refused it for good, or it cannot even be made."""
    return _settle(claimed, now, MessageState.FAILED, reason=reason[:200])


def call_off(claimed: Claim, now: datetime) -> bool:
    """Record that the mail has nothing to say any more."""
    return _settle(claimed, now, MessageState.CANCELLED, reason=NOTHING_LEFT)


def let_pass(claimed: Claim, reason: str) -> bool:
    """Give up a mail whose day is over; its lines wait for another."""
    return _release(claimed, {"message": None}, state=MessageState.MISSED, reason=reason)


def put_off(claimed: Claim, now: datetime, *, reason: str, jitter: float) -> bool:
    """Let the mail be tried again later: the wait doubles with each attempt. `jitter` lies between 0 and 1."""
    wait = min(FIRST_WAIT * 2 ** min(claimed.attempt - 1, 10), LONGEST_WAIT) * (1 + jitter) / 2
    return _release(claimed, {}, state=MessageState.PLANNED, reason=reason[:200], next_try_at=now + wait)


def give_back(claims: Iterable[Claim]) -> None:
    """Let others send what this sender did not try."""
    for claimed in claims:
        untouched = {"attempts": F("attempts") - 1, "takeovers": F("takeovers")}
        _release(claimed, {"message": None}, state=MessageState.PLANNED, **untouched)


@transaction.atomic
def _settle(claimed: Claim, now: datetime, state: MessageState, *, reason: str = "", **more: Any) -> bool:
    """Write the end of a message and of the lines in it."""
    if not _let_go(claimed, state=state, reason=reason, **more):
        return False
    end: dict[str, Any] = {"state": state, "settled_at": now} | ({"reason": reason} if reason else {})
    Reminder.objects.filter(message=claimed.message_id, state=MessageState.CLAIMED).update(**end)
    return True


@transaction.atomic
def _release(claimed: Claim, lines: Mapping[str, Any], **values: Any) -> bool:
    """Let go of a message, and let its lines wait again; `lines` says what else is written to them."""
    if not _let_go(claimed, **values):
        return False
    rode = Reminder.objects.filter(message=claimed.message_id, state=MessageState.CLAIMED)
    rode.update(state=MessageState.PLANNED, **lines)
    return True


def _let_go(claimed: Claim, **values: Any) -> bool:
    """Write to the message while the claim holds; False, and nothing written, when somebody else has taken over."""
    if held(claimed).update(**{"takeovers": 0} | values, lease_token=None, lease_until=None):
        return True
    logger.warning("Message %s was taken over by another sender; nothing was recorded.", claimed.message_id)
    return False
