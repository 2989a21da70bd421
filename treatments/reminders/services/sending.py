"""Send what is due: claim, look again, hand over, record. Nothing is sent within a transaction.

Lost is nothing: what a sender that dies had in its hands is claimed again when its lease runs out. A copy is possible
when it dies between the server's answer and the record of it; it has the same Message-ID and says which attempt it is.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from treatments.reminders import emails
from treatments.reminders.models import LEASE
from treatments.reminders.services import claims
from treatments.reminders.services.carrier import Answer, Carrier, Outcome, Unreachable
from treatments.reminders.services.claims import Claim
from treatments.reminders.services.looking_again import look_again

logger = logging.getLogger(__name__)

BATCH = 20
PATIENCE = LEASE + timedelta(minutes=1)

Clock = Callable[[], datetime]
Stop = Callable[[], bool]


def never() -> bool:
    """Go on until there is nothing left to do."""
    return False


@dataclass(slots=True)
class Sent:
    """What a sender did: digests handed over, failed and put off, and lines that a second look ended."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    cancelled: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """How one sender tells the time, when it should stop, and how it waits; the rest is the same for all."""

    clock: Clock
    stop: Stop = never
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default=random.random)
    batch: int = BATCH


def send_due(sender: Sender) -> Sent:
    """Send every message that is due, in batches over one connection each, until none is left or it should stop.

    The mail in hand is always finished; what was claimed and not begun is given back. Database faults are raised,
    and leave the claims to their lease.
    """
    done = Sent(failed=claims.set_aside(sender.clock()))
    while not sender.stop() and (batch := claims.claim(sender.clock(), sender.batch)):
        with Carrier() as carrier:
            _send_batch(batch, carrier, sender, done)
    return done


def _send_batch(batch: Sequence[Claim], carrier: Carrier, sender: Sender, done: Sent) -> None:
    for position, claimed in enumerate(batch):
        if sender.stop():
            claims.give_back(batch[position:])
            return
        try:
            _send_one(claimed, carrier, sender, done)
        except Unreachable as error:
            # The others would meet the same closed door, each after its own time-out.
            for waiting in batch[position:]:
                _put_off(waiting, str(error), sender, done)
            return
        except (OperationalError, InterfaceError):
            _acquit(claimed)
            raise


def _acquit(claimed: Claim) -> None:
    """Try once to write that a message did not bring this sender down; the database did."""
    connection.close_if_unusable_or_obsolete()
    with suppress(OperationalError, InterfaceError):
        claims.acquit(claimed)


def _send_one(claimed: Claim, carrier: Carrier, sender: Sender, done: Sent) -> None:
    """Send one claimed message, and record what became of it."""
    try:
        if claimed.attempt > 1:
            claims.begin_again(claimed)
        looked = look_again(claimed, sender.clock())
        done.cancelled += looked.cancelled
        done.missed += looked.missed
        if looked.digest is None:
            return
        outcome = carrier.carry(emails.digest(looked.digest))
    except (DatabaseError, InterfaceError, Unreachable):
        raise
    except Exception as error:  # noqa: BLE001 - a message that cannot be made must not hold up the others
        # The class alone: the text of an error may quote what the message is about.
        outcome = Outcome(Answer.REFUSED, f"It could not be made or sent: {type(error).__name__}.")
    _record(claimed, outcome, sender, done)


def _record(claimed: Claim, outcome: Outcome, sender: Sender, done: Sent) -> None:
    if outcome.answer is Answer.TAKEN:
        done.sent += _insist(lambda: claims.hand_over(claimed, sender.clock()), sender)
    elif outcome.answer is Answer.REFUSED:
        done.failed += _insist(lambda: claims.fail(claimed, sender.clock(), outcome.reason), sender)
    else:
        _put_off(claimed, outcome.reason, sender, done)


def _put_off(claimed: Claim, reason: str, sender: Sender, done: Sent) -> None:
    done.put_off += _insist(
        lambda: claims.put_off(claimed, sender.clock(), reason=reason, jitter=sender.jitter()), sender
    )


def _insist(write: Callable[[], bool], sender: Sender) -> bool:
    """Write, and go on trying well past the lease while the database does not answer.

    The server has given its answer; if it is not written down, somebody sends a second copy.
    """
    for wait in _waits():
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database did not take a record (%s); trying again.", type(error).__name__)
            connection.close_if_unusable_or_obsolete()
            sender.pause(wait)
    return write()


def _waits() -> Iterator[float]:
    """Yield ever longer waits in seconds, ten at most, until patience is at its end."""
    spent, wait = 0.0, 0.2
    while spent < PATIENCE.total_seconds():
        yield wait
        spent += wait
        wait = min(wait * 2, 10.0)
