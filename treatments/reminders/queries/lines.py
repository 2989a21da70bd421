"""What the ledger already holds about a site, counted by point so that a sweep with nothing to do reads little."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Count, Q

from treatments.reminders.models import NEVER_SENT, MessageState, Reminder
from treatments.reminders.queries.sites import SiteDay
from treatments.rules.reminders import AUDIENCES, Audience, Kind


@dataclass(frozen=True, slots=True)
class Point:
    """One point of one subject in the ledger: how many lines stand, and how many of them still wait to be sent.

    A line stands unless it was cancelled or missed. `strangers` are waiting lines of people who are no longer told.
    """

    what: uuid.UUID
    kind: Kind
    due_on: date
    standing: dict[Audience, int]
    waiting: dict[Audience, int]
    strangers: int


@dataclass(frozen=True, slots=True)
class LineKey:
    """What makes a line unique. `what` is the row that it is about."""

    what: uuid.UUID
    kind: Kind
    due_on: date
    recipient_id: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger."""

    id: uuid.UUID
    key: LineKey
    state: str


def points(site: SiteDay, due_on: Collection[date]) -> list[Point]:
    """Return the points in the ledger that fall on these days or still wait. One query, one row per point."""
    people = {audience: _told(site, audience) for audience in Audience}
    stands, waits = ~Q(state__in=NEVER_SENT), Q(state=MessageState.PLANNED)
    told = reduce(or_, people.values())
    rows = (
        _about(site, due_on)
        .values("what", "kind", "due_on")
        .annotate(strangers=Count("pk", filter=waits & ~told))
        .annotate(**{f"standing_{audience}": Count("pk", filter=stands & who) for audience, who in people.items()})
        .annotate(**{f"waiting_{audience}": Count("pk", filter=waits & who) for audience, who in people.items()})
    )
    return [
        Point(
            what=row["what"],
            kind=Kind(row["kind"]),
            due_on=row["due_on"],
            standing={audience: row[f"standing_{audience}"] for audience in Audience},
            waiting={audience: row[f"waiting_{audience}"] for audience in Audience},
            strangers=row["strangers"],
        )
        for row in rows
    ]


def _told(site: SiteDay, audience: Audience) -> Q:
    """Match the lines that go to somebody as this audience."""
    concerning = [kind for kind in Kind if audience in AUDIENCES[kind]]
    return reduce(or_, (Q(kind=kind.value, recipient__in=site.told(kind, audience)) for kind in concerning))


def lines(site: SiteDay, due_on: Collection[date]) -> Iterable[Line]:
    """Return every line behind `points`. One query."""
    columns = ("id", "what", "kind", "due_on", "recipient_id", "state")
    for pk, what, kind, day, recipient_id, state in _about(site, due_on).values_list(*columns):
        yield Line(pk, LineKey(what, Kind(kind), day, recipient_id), state)


def keys_between(site: SiteDay, after: date, before: date) -> set[LineKey]:
    """Return the keys in the ledger whose day lies strictly between two days."""
    rows = Reminder.objects.filter(site=site.site_id, due_on__gt=after, due_on__lt=before, recipient__isnull=False)
    columns = ("what", "kind", "due_on", "recipient_id")
    return {LineKey(what, Kind(kind), day, who) for what, kind, day, who in rows.values_list(*columns)}


def _about(site: SiteDay, due_on: Collection[date]):  # type: ignore[no-untyped-def]
    wanted = Q(due_on__in=due_on) | Q(state=MessageState.PLANNED)
    return Reminder.objects.filter(wanted, site=site.site_id, recipient__isnull=False)
