"""Look at every site and find what its ledger lacks, and what waits there that is no longer owed. Nothing is written.

The ledger is compared by point first; only subjects about which it differs are looked at line by line. So a sweep with
nothing to do stays cheap however much is waiting. What changes slowly and costs more to know, which values are missing,
which authorisations end and which vials expire, is looked at in the first sweep of a site's day; lines about it that
wait are looked at in every one.
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
from treatments.reminders.queries import lines, subjects
from treatments.reminders.queries.lines import Line, LineKey, Point
from treatments.reminders.queries.sites import SiteDay, Swept, last_swept
from treatments.rules.reminders import End, Ended, Facts, Owed, ended, owed, passed_over
from treatments.rules.schedule_words import in_words

logger = logging.getLogger(__name__)

NO_LONGER_TOLD = "This person is no longer told about this site."
PUT_OFF = "Somebody put it off until"
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

    @property
    def items(self) -> tuple[NewLine | Change, ...]:
        """Return every line that would be written or moved."""
        return (*self.new, *self.changes)

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.items)


def survey(sites: Mapping[uuid.UUID, SiteDay]) -> Iterator[SitePlan]:
    """Look at each site and yield what is to be done there. Reads only.

    A site whose data or policy makes no sense is left out and logged, so that it holds up no other; its time of the
    last sweep then stays behind, which the ledger page shows.
    """
    swept = last_swept(sites)
    by_day: dict[date, list[SiteDay]] = defaultdict(list)
    for site in sites.values():
        by_day[site.today].append(site)
    for there in by_day.values():
        rules = {site.site_id: rule for site in there for rule in _guarded(site, site.rule)}
        sensible = [site for site in there if site.site_id in rules]
        fresh = [site for site in sensible if not _was_looked_at(site, swept)]
        watched = subjects.watched(sensible, rules, daily=fresh)
        for site in sensible:
            yield from _guarded(site, partial(look, site, watched[site.site_id], swept.get(site.site_id)))


def _was_looked_at(site: SiteDay, swept: Mapping[uuid.UUID, Swept]) -> bool:
    """Say whether today's first sweep of a site was made."""
    last = swept.get(site.site_id)
    return last is not None and last.daily_on == site.today


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


def look(site: SiteDay, watched: Mapping[uuid.UUID, Facts], swept: Swept | None) -> SitePlan:
    """Return what is to be done at one site about these subjects, and about whatever else waits there.

    `swept` says when the site was last gone through, None before the first time.
    """
    policy = site.rule()
    answer = cache(lambda facts: owed(facts, policy, site.today))
    answers = {what: found for what, facts in watched.items() if (found := _aloud(site, what, answer(facts)))}
    days = {line.due_on for found in answers.values() for line in found}
    suspects = _suspects(site, answers, lines.points(site, days))
    new, changes = _decide(site, suspects, days) if suspects else ([], [])
    return SitePlan(site.site_id, (*new, *_overtaken(site, watched, swept)), tuple(changes))


def _aloud(site: SiteDay, what: uuid.UUID, found: Collection[Owed]) -> tuple[Owed, ...]:
    """Leave out what somebody put off."""
    return tuple(line for line in found if not site.is_quiet(what, line.kind, line.audience))


def _suspects(site: SiteDay, answers: Answers, known: Collection[Point]) -> set[uuid.UUID]:
    """Return the subjects of which the ledger holds less, or more, than is owed."""
    by_key = {(point.what, point.kind, point.due_on): point for point in known}
    due = {(what, line.kind, line.due_on, line.audience) for what, found in answers.items() for line in found}
    lacking = {
        what
        for what, kind, due_on, audience in due
        if (told := site.told(kind, audience))
        and ((point := by_key.get((what, kind, due_on))) is None or point.standing[audience] < len(told))
    }
    return lacking | {point.what for point in known if _is_stray(point, due)}


def _is_stray(point: Point, due: Collection[tuple[object, ...]]) -> bool:
    """Say whether lines of this point wait to be sent although they are not, or no longer, owed."""
    return bool(point.strangers) or any(
        count and (point.what, point.kind, point.due_on, audience) not in due
        for audience, count in point.waiting.items()
    )


def _decide(site: SiteDay, suspects: Set[uuid.UUID], days: Collection[date]) -> tuple[list[NewLine], list[Change]]:
    """Compare what is owed about these subjects with their lines, one by one; each is read anew, and whole."""
    facts, policy = subjects.facts_of(suspects, site), site.rule()
    owing = {what: _aloud(site, what, owed(found, policy, site.today)) for what, found in facts.items()}
    wanted = {
        LineKey(what, line.kind, line.due_on, who): line.reason
        for what, found in owing.items()
        for line in found
        for who in site.told(line.kind, line.audience)
    }
    changes: list[Change] = []
    for line in lines.lines(site, {*days, *(line.due_on for found in owing.values() for line in found)}):
        reason = wanted.pop(line.key, None)
        if line.state in NEVER_SENT and reason:
            changes.append(Change(line.id, line.key, MessageState.PLANNED, reason))
        elif line.state == MessageState.PLANNED and reason is None and line.key.what in facts:
            changes.extend(_end(site, line, facts[line.key.what]))
    return [NewLine(key, reason) for key, reason in wanted.items()], changes


def _end(site: SiteDay, line: Line, facts: Facts) -> Iterator[Change]:
    """Yield the end of a waiting line; nothing when it turns out to be owed after all."""
    end = end_of(site, line.key, facts)
    if end:
        yield Change(line.id, line.key, MessageState(end.end.value), end.reason)


def end_of(site: SiteDay, key: LineKey, facts: Facts) -> Ended | None:
    """Return why a line is no longer to be sent to its recipient on this site's day, or None while it still holds."""
    audience = site.audience_of(key.recipient_id, key.kind)
    if audience is None:
        return Ended(End.CANCELLED, NO_LONGER_TOLD)
    if site.is_quiet(key.what, key.kind, audience):
        return Ended(End.CANCELLED, f"{PUT_OFF} {in_words(site.put_off[key.what, key.kind])}.")
    return ended(key.kind, key.due_on, audience, facts=facts, policy=site.rule(), today=site.today)


def _overtaken(site: SiteDay, watched: Mapping[uuid.UUID, Facts], swept: Swept | None) -> Iterator[NewLine]:
    """Yield the lines that fell due, and lost their meaning, on days when nothing went through this site."""
    if swept is None or (site.today - swept.on).days < 2:
        return
    policy, known = site.rule(), lines.keys_between(site, swept.on, site.today)
    since = subjects.known_since(watched, site.zone)
    for what, facts in watched.items():
        # Before its dates were on record nobody could have been told.
        after = max(swept.on, since.get(what, swept.on) - timedelta(days=1))
        for line in _aloud(site, what, passed_over(facts, policy, after, site.today)):
            for who in site.told(line.kind, line.audience):
                key = LineKey(what, line.kind, line.due_on, who)
                if key not in known:
                    yield NewLine(key, NOBODY_THERE, MessageState.MISSED)
