"""Send a digest again by hand, and a mail that only shows that mail leaves."""

import uuid
from datetime import datetime

from django.db import transaction

from clinic.audit import trail
from clinic.audit.trail import Actor
from clinic.staff.models import User
from treatments.reminders import emails, events
from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.services.carrier import Answer, Carrier, Unreachable

_ENDED = (MessageState.FAILED, MessageState.HANDED_OVER)


class NothingToSendAgain(Exception):
    """The digest is on its way, or has ended in another way than by failing or being handed over."""


class NoReason(Exception):
    """A digest is sent again for a reason."""


@transaction.atomic
def send_again(*, message: Message, reason: str, by: Actor, at: datetime) -> Message:
    """Put a digest that failed or was handed over back among those to be sent, with the lines it had.

    Its Message-ID stays the same, and each line is looked at once more before it leaves: what no longer holds is left
    out, and a digest of a day gone by gives its lines to the next one. Raises NothingToSendAgain, NoReason.
    """
    if not reason.strip():
        raise NoReason("Write why it is sent again.")
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.state not in _ENDED:
        raise NothingToSendAgain("This digest is on its way already, or has nothing to say any more.")
    before = row.state
    Reminder.objects.filter(message=row, state=before).update(
        state=MessageState.PLANNED, settled_at=None, reason="Sent again by hand."
    )
    row.state, row.reason, row.handed_over_at, row.next_try_at = MessageState.PLANNED, "", None, at
    row.takeovers = 0
    row.save(update_fields=["state", "reason", "handed_over_at", "next_try_at", "takeovers"])
    changes = {"state": [before, row.state]}
    trail.record(events.SENT_AGAIN, by=by, at=at, target=row, changes=changes, reason=reason)
    return row


def send_test(*, user: User, now: datetime) -> str:
    """Hand a mail that says nothing to the mail server, and return in one sentence what came of it."""
    mail = emails.trial(uuid.uuid4(), user.email, now)
    try:
        with Carrier() as carrier:
            outcome = carrier.carry(mail)
    except Unreachable as error:
        return str(error)
    if outcome.answer is Answer.TAKEN:
        return f"The mail server took a test mail to {user.email}. Whether it arrives is seen in the mailbox."
    return outcome.reason
