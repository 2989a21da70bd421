"""What people decide about reminders: put one off for some days, switch a kind off for themselves."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction

from clinic.audit import trail
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.reminders import events
from treatments.reminders.models import Kind, Mute, PutOff, Reminder
from treatments.rules.reminders import LONGEST_QUIET_DAYS
from treatments.rules.schedule_words import in_words


class PutOffTooLong(Exception):
    """A reminder is put off until tomorrow at least, and for two weeks at most. The message names the last day."""


class NobodySaidWhy(Exception):
    """Putting a reminder off needs a reason and a person."""


@transaction.atomic
def put_off(
    *, line: Reminder, until: date, reason: str, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> PutOff:
    """Keep every reminder of a line's kind about the same thing quiet until a local day at its site.

    What waits to be sent is cancelled by the next sweep, and by the look before sending. Raises PutOffTooLong,
    NobodySaidWhy, AlreadySubmitted.
    """
    today = line.site.today(at)
    last = today + timedelta(days=LONGEST_QUIET_DAYS)
    if not today < until <= last:
        raise PutOffTooLong(f"Choose a day from tomorrow until {in_words(last)}.")
    if not reason.strip() or not isinstance(by.person, User):
        raise NobodySaidWhy("Write why it can wait.")
    row = PutOff(site_id=line.site_id, kind=line.kind, what=line.what, until=until, reason=reason, by=by.person)
    return writing.add(row, event=events.PUT_OFF, by=by, at=at, reason=reason, submission=submission)


@transaction.atomic
def set_preferences(*, user: User, off: Collection[Kind], by: Actor, at: datetime) -> None:
    """Switch these kinds off for a person, and every other one on."""
    before = set(Mute.objects.select_for_update().filter(user=user).values_list("kind", flat=True))
    wanted = {kind.value for kind in off}
    if before == wanted:
        return
    Mute.objects.filter(user=user, kind__in=before - wanted).delete()
    rows = [Mute(user=user, kind=kind) for kind in sorted(wanted - before)]
    Mute.objects.bulk_create(rows, ignore_conflicts=True)
    changes = {"switched off": [sorted(before), sorted(wanted)]}
    trail.record(events.PREFERENCES_SET, by=by, at=at, target=user, changes=changes)
