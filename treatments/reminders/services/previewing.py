"""Show somebody the digest they would get at an instant, and what a sweep would do then. Nothing is written."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from clinic.staff.models import User
from treatments.reminders import emails
from treatments.reminders.emails import Digest, DigestLine
from treatments.reminders.models import MessageState, Reminder
from treatments.reminders.queries.lines import LineKey
from treatments.reminders.queries.sites import SiteDay, morning_of, open_sites
from treatments.reminders.queries.subjects import facts_of
from treatments.reminders.services.looking_again import told
from treatments.reminders.services.surveying import SitePlan, survey
from treatments.rules.reminders import Kind

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Preview:
    """A person's digest at an instant, None when there is nothing to tell, and what would be done at their sites."""

    mail: EmailMultiAlternatives | None
    lines: int
    plans: tuple[SitePlan, ...]


def next_digest_at(user: User, now: datetime) -> datetime:
    """Return when a person's next daily digest is due; now, where they are told nothing."""
    morning = morning_of(user.pk, user.home_site_id, open_sites(now))
    if morning is None:
        return now
    return morning.due_at if now < morning.due_at else morning.due_at + timedelta(days=1)


def preview(user: User, site_ids: frozenset[UUID], now: datetime) -> Preview:
    """Return what would be told to a person at an instant, the ledger being what it is now.

    `plans` are those of the sites in `site_ids`, for whoever may see their ledgers.
    """
    sites = open_sites(now)
    plans = tuple(survey(sites))
    lines = tuple(_lines(user, sites, plans))
    digest = Digest(_NOBODY, 1, user.email, now, lines)
    mail = emails.digest(digest) if lines else None
    return Preview(mail, len(lines), tuple(plan for plan in plans if plan.site_id in site_ids and plan))


def _lines(user: User, sites: Mapping[UUID, SiteDay], plans: tuple[SitePlan, ...]) -> Iterator[DigestLine]:
    """Yield the lines that would wait for the person after the sweep, as the mail tells them."""
    for site_id, keys in _keys(user, plans).items():
        if site_id in sites:
            facts = facts_of({key.what for key in keys}, sites[site_id])
            yield from (told(sites[site_id], key, facts[key.what]) for key in keys if key.what in facts)


def _keys(user: User, plans: tuple[SitePlan, ...]) -> dict[UUID, set[LineKey]]:
    """Return the lines that wait for the person, and that the plans add or take away, by site."""
    keys: dict[UUID, set[LineKey]] = defaultdict(set)
    for site_id, what, kind, due_on in Reminder.objects.waiting().filter(recipient=user).values_list(*_COLUMNS):
        keys[site_id].add(LineKey(what, Kind(kind), due_on, user.pk))
    for plan in plans:
        mine = [item for item in plan.items if item.key.recipient_id == user.pk]
        keys[plan.site_id] |= {item.key for item in mine if item.state == MessageState.PLANNED}
        keys[plan.site_id] -= {item.key for item in mine if item.state != MessageState.PLANNED}
    return keys


_COLUMNS = ("site_id", "what", "kind", "due_on")
