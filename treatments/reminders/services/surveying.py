"""Look at every site and find what its ledger lacks, and what waits there that is no longer owed. Nothing is written.

The ledger is compared by point first, in two queries; only doses about which it differs are looked at line by line.
So a sweep with nothing to do stays cheap however much is waiting.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import TypeVar

from django.db import DatabaseError

from treatments.reminders.models import NEVER_SENT, MessageState
from treatments.reminders.queries import doses, lines
from treatments.reminders.queries.lines import Line, LineKey, Point
from treatments.reminders.queries.sites import SiteDay, last_swept
from treatments.rules.reminders import DoseFacts, End, Ended, Owed, ended, owed, passed_over

logger = logging.getLogger(__name__)

NO_LONGER_TOLD = "This person is no longer told about this site."
NOBODY_THERE = "Nothing was running when this was due."

T = TypeVar("T")
Answers = Mapping[uuid.UUID, tuple[Owed, ...]]


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be written: planned, or recorded as missed because its time went by unheard."""

    key: LineKey
    reason: str
    state: MessageState = MessageState.PLANNED


@dataclass(frozen=True, slots=True)
class Change:
    """A line to be moved: to planned again, or to its end."""

    line_id: uuid.UUID
    key: LineKey
    state: MessageState
    reason: str


@dataclass(frozen=True, slots=True)
class SitePlan:
    """What one look at one site found to do. Empty when the ledger is as it should be."""

    site_id: uuid.UUID
    new: tuple[NewLine, ...] = ()
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.new or self.changes)


def survey(sites: Mapping[uuid.UUID, SiteDay]) -> Iterator[SitePlan]:
    """Look at each site and yield what is to be done there. Reads only.

    A site whose data or policy makes no sense is left out and logged, so that it holds up no other; its time of the
    last sweep then stays behind, which the ledger page shows.
    """
    swept = last_swept(sites)
    by_day: dict[date, list[SiteDay]] = defaultdict(list)
    for site in sites.values():
        by_day[site.today].append(site)
    for today, there in by_day.items():
        rules = {site.site_id: rule for site in there for rule in _guarded(site, site.rule)}
        furthest = max((days for rule in rules.values() for days in rule.upcoming_days), default=0)
        watched = doses.watched(there, today, furthest)
        for site in there:
            if site.site_id in rules:
                yield from _guarded(site, partial(look, site, watched[site.site_id], swept.get(site.site_id)))


def _guarded(site: SiteDay, work: Callable[[], T]) -> Iterator[T]:
    """Yield what the work returns; nothing, and a line in the log, when it fails. Database faults are raised."""
    try:
        done = work()
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other sites go on
        logger.error("Reminders of site %s were not planned: %s", site.site_id, type(error).__name__)  # noqa: TRY400
    else:
        yield done


def look(site: SiteDay, watched: Mapping[uuid.UUID, DoseFacts], swept_on: date | None) -> SitePlan:
    """Return what is to be done at one site about these doses, and about whatever else waits there.

    `swept_on` is the local day on which the site was last gone through, None before the first time.
    """
    policy = site.rule()
    answer = cache(lambda facts: owed(facts, policy, site.today))
    answers = {dose_id: found for dose_id, facts in watched.items() if (found := answer(facts))}
    days = {line.due_on for found in answers.values() for line in found}
    suspects = _suspects(site, answers, lines.points(site, days))
    new, changes = _decide(site, suspects, answers, watched, days) if suspects else ([], [])
    return SitePlan(site.site_id, (*new, *_overtaken(site, watched, swept_on)), tuple(changes))


def _suspects(site: SiteDay, answers: Answers, known: Collection[Point]) -> set[uuid.UUID]:
    """Return the doses of which the ledger holds less, or more, than is owed."""
    by_key = {(point.dose_id, point.kind, point.due_on): point for point in known}
    due = {(dose_id, line.kind, line.due_on, line.audience) for dose_id, found in answers.items() for line in found}
    lacking = {
        dose_id
        for dose_id, kind, due_on, audience in due
        if (told := site.told(audience))
        and ((point := by_key.get((dose_id, kind, due_on))) is None or point.standing[audience] < len(told))
    }
    return lacking | {point.dose_id for point in known if _is_stray(point, due)}


def _is_stray(point: Point, due: Collection[tuple[object, ...]]) -> bool:
    """Say whether lines of this point wait to be sent although they are not, or no longer, owed."""
    return bool(point.strangers) or any(
        count and (point.dose_id, point.kind, point.due_on, audience) not in due
        for audience, count in point.waiting.items()
    )


def _decide(
    site: SiteDay,
    suspects: Set[uuid.UUID],
    answers: Answers,
    watched: Mapping[uuid.UUID, DoseFacts],
    days: Collection[date],
) -> tuple[list[NewLine], list[Change]]:
    """Compare what is owed about these doses with their lines, one by one."""
    facts = {dose_id: watched[dose_id] for dose_id in suspects if dose_id in watched}
    facts |= doses.facts_of(suspects - facts.keys(), site.today)
    wanted = {
        LineKey(dose_id, line.kind, line.due_on, who): line.reason
        for dose_id in suspects
        for line in answers.get(dose_id, ())
        for who in site.told(line.audience)
    }
    changes: list[Change] = []
    for line in lines.lines(site, days):
        reason = wanted.pop(line.key, None)
        if line.state in NEVER_SENT and reason:
            changes.append(Change(line.id, line.key, MessageState.PLANNED, reason))
        elif line.state == MessageState.PLANNED and reason is None and line.key.dose_id in suspects:
            changes.extend(_end(site, line, facts[line.key.dose_id]))
    return [NewLine(key, reason) for key, reason in wanted.items()], changes


def _end(site: SiteDay, line: Line, facts: DoseFacts) -> Iterator[Change]:
    """Yield the end of a waiting line; nothing when it turns out to be owed after all."""
    end = end_of(site, line.key, facts)
    if end:
        yield Change(line.id, line.key, MessageState(end.end.value), end.reason)


def end_of(site: SiteDay, key: LineKey, facts: DoseFacts) -> Ended | None:
    """Return why a line is no longer to be sent to its recipient on this site's day, or None while it still holds."""
    audience = site.audience_of(key.recipient_id)
    if audience is None:
        return Ended(End.CANCELLED, NO_LONGER_TOLD)
    return ended(key.kind, key.due_on, audience, facts=facts, policy=site.rule(), today=site.today)


def _overtaken(site: SiteDay, watched: Mapping[uuid.UUID, DoseFacts], swept_on: date | None) -> Iterator[NewLine]:
    """Yield the lines that fell due, and lost their meaning, on days when nothing went through this site."""
    if swept_on is None or (site.today - swept_on).days < 2:
        return
    policy, known = site.rule(), lines.keys_between(site, swept_on, site.today)
    since = doses.known_since(watched.keys(), site.zone)
    for dose_id, facts in watched.items():
        # Before its dates were on record nobody could have been told.
        after = max(swept_on, since[dose_id] - timedelta(days=1))
        for line in passed_over(facts, policy, after, site.today):
            for who in site.told(line.audience):
                key = LineKey(dose_id, line.kind, line.due_on, who)
                if key not in known:
                    yield NewLine(key, NOBODY_THERE, MessageState.MISSED)
