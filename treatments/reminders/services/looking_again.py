"""Look again, just before a mail is sent, whether each of its lines still holds."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from treatments.reminders.emails import Digest, DigestLine
from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.queries.lines import Line, LineKey
from treatments.reminders.queries.sites import SiteDay, morning_of, open_sites
from treatments.reminders.queries.subjects import facts_of
from treatments.reminders.services import claims
from treatments.reminders.services.claims import Claim
from treatments.reminders.services.digests import DAY_IS_OVER
from treatments.reminders.services.planning import SITE_CLOSED
from treatments.reminders.services.surveying import end_of
from treatments.rules.reminders import Audience, AuthorisationFacts, DoseFacts, End, Ended, Facts, Kind, VialFacts


@dataclass(frozen=True, slots=True)
class Looked:
    """What a second look found: the mail to send, or None, and how many lines it ended."""

    digest: Digest | None = None
    cancelled: int = 0
    missed: int = 0


@transaction.atomic
def look_again(claimed: Claim, now: datetime) -> Looked:
    """Return what may be sent of a claimed message at this instant.

    Lines that no longer hold end with their reason. When none is left, or the day is over, the message ends too and
    there is nothing to send; nor is there when another sender has taken over.
    """
    if not claims.renew(claimed, now):
        return Looked()
    message = Message.objects.select_related("recipient").get(pk=claimed.message_id)
    lines = _lines(message)
    sites = _sites(message, {site_id for site_id, _ in lines}, now)
    morning = morning_of(message.recipient_id, message.recipient.home_site_id, sites)
    if morning and morning.day > message.local_day:
        claims.let_pass(claimed, DAY_IS_OVER)
        return Looked()
    ends, kept = _sorted_out(lines, sites)
    cancelled, missed = _end(ends, now)
    if not kept:
        claims.call_off(claimed, now)
        return Looked(None, cancelled, missed)
    digest = Digest(message.pk, claimed.attempt, message.recipient.email, now, tuple(kept))
    return Looked(digest, cancelled, missed)


def _lines(message: Message) -> list[tuple[uuid.UUID, Line]]:
    """Return the message's lines, each with its site."""
    rows = Reminder.objects.filter(message=message, state=MessageState.CLAIMED)
    columns = ("site_id", "id", "what", "kind", "due_on")
    return [
        (site_id, Line(pk, LineKey(what, Kind(kind), due_on, message.recipient_id), MessageState.CLAIMED))
        for site_id, pk, what, kind, due_on in rows.values_list(*columns)
    ]


def _sites(message: Message, site_ids: set[uuid.UUID], now: datetime) -> dict[uuid.UUID, SiteDay]:
    """Return the open sites that matter to this message; all of them when the recipient has no open home."""
    home = message.recipient.home_site_id
    near = open_sites(now, only=site_ids | ({home} if home else set()))
    return near if home in near else open_sites(now)


def _sorted_out(
    lines: list[tuple[uuid.UUID, Line]], sites: Mapping[uuid.UUID, SiteDay]
) -> tuple[list[tuple[Line, Ended]], list[DigestLine]]:
    """Divide the lines into those that have ended and those to be told."""
    facts = _facts(lines, sites)
    ends, kept = [], []
    for site_id, line in lines:
        site, about = sites.get(site_id), facts.get(line.key.what)
        if site is None or about is None:
            ends.append((line, Ended(End.CANCELLED, SITE_CLOSED)))
        elif end := end_of(site, line.key, about):
            ends.append((line, end))
        else:
            kept.append(told(site, line.key, about))
    return ends, kept


def _facts(lines: list[tuple[uuid.UUID, Line]], sites: Mapping[uuid.UUID, SiteDay]) -> dict[uuid.UUID, Facts]:
    """Return the facts of the lines' subjects, as on the day of each one's site."""
    by_site: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for site_id, line in lines:
        by_site[site_id].add(line.key.what)
    return {
        what: facts
        for site_id, subjects in by_site.items()
        if site_id in sites
        for what, facts in facts_of(subjects, sites[site_id]).items()
    }


def told(site: SiteDay, key: LineKey, facts: Facts) -> DigestLine:
    """Return a line as the mail tells it. It still holds, so its day is known."""
    return DigestLine(
        what=key.what,
        site=site.name,
        kind=key.kind,
        audience=site.audience_of(key.recipient_id, key.kind) or Audience.STAFF,
        day=_day(key, facts) or key.due_on,
        booked=isinstance(facts, DoseFacts) and facts.booked_on is not None,
        today=site.today,
    )


def _day(key: LineKey, facts: Facts) -> date | None:
    """Return the day that a line speaks of."""
    if isinstance(facts, AuthorisationFacts):
        return facts.ends_on
    if isinstance(facts, VialFacts):
        return facts.expires_on
    if key.kind is Kind.REVIEW_NEEDED:
        return key.due_on
    return facts.closes if key.kind is Kind.DOSE_OVERDUE else facts.basis


def _end(ends: list[tuple[Line, Ended]], now: datetime) -> tuple[int, int]:
    """Write the ends; return how many lines were cancelled and how many missed."""
    by_end: dict[Ended, list[uuid.UUID]] = defaultdict(list)
    for line, end in ends:
        by_end[end].append(line.id)
    done = {End.CANCELLED: 0, End.MISSED: 0}
    for end, ids in by_end.items():
        rows = Reminder.objects.filter(pk__in=ids, state=MessageState.CLAIMED)
        done[end.end] += rows.update(state=end.end.value, reason=end.reason, settled_at=now)
    return done[End.CANCELLED], done[End.MISSED]
