"""Write down what is owed, and open the day's digest for everybody who has something to be told.

Safe to repeat, and to do several times at once: a line is unique by what, kind, day and recipient, a digest by person
and day, and every change says which state it starts from. Whoever comes second changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from treatments.reminders.models import NEVER_SENT, MessageState, Reminder, Sweep, free
from treatments.reminders.queries.doses import in_lots
from treatments.reminders.queries.sites import open_sites
from treatments.reminders.services.digests import open_digests
from treatments.reminders.services.surveying import Change, NewLine, SitePlan, survey
from treatments.rules.reminders import DOSE_KINDS

SITE_CLOSED = "The site is closed."


@dataclass(frozen=True, slots=True)
class Planned:
    """What one sweep wrote: lines planned (anew or again), cancelled and missed."""

    planned: int = 0
    cancelled: int = 0
    missed: int = 0


def plan(now: datetime) -> Planned:
    """Bring the ledger of every open site in line with what is owed on its local day, and open the digests.

    Changes nothing where nothing has changed. Database faults are raised; what is written by then is right as it is.
    """
    sites = open_sites(now)
    done: Counter[str] = Counter()
    swept = []
    for site_plan in survey(sites):
        if site_plan:
            done += carry_out(site_plan, now)
        swept.append(site_plan.site_id)
    done[MessageState.CANCELLED] += _cancel_at_closed_sites(now)
    _note({site_id: sites[site_id].today for site_id in swept}, now)
    open_digests(sites, now)
    return Planned(done[MessageState.PLANNED], done[MessageState.CANCELLED], done[MessageState.MISSED])


@transaction.atomic
def carry_out(site_plan: SitePlan, now: datetime) -> Counter[str]:
    """Write what a look at one site found, whole or not at all; return how many lines went to which state."""
    done: Counter[str] = Counter()
    if site_plan.new:
        _write(site_plan.site_id, site_plan.new, now)
        done.update(line.state for line in site_plan.new)
    for (state, reason), ids in _grouped(site_plan.changes).items():
        done[state] += move(ids, state, reason, now)
    return done


@transaction.atomic
def move(line_ids: Iterable[UUID], state: MessageState, reason: str, now: datetime) -> int:
    """Move waiting lines to their end, or lines that ended unsent back to planned; return how many moved.

    Lines that somebody else is writing at this moment are left to the next sweep, so that nobody waits for anybody.
    """
    back = state == MessageState.PLANNED
    starting = Reminder.objects.filter(state__in=NEVER_SENT) if back else Reminder.objects.waiting()
    values = {"state": state, "reason": reason, "settled_at": None if back else now}
    lots = (free(starting.filter(pk__in=ids)) for ids in in_lots(line_ids))
    return sum(Reminder.objects.filter(pk__in=rows).update(**values, message=None) for rows in lots)


def _write(site_id: UUID, new: Collection[NewLine], now: datetime) -> None:
    """Insert the lines in one fixed order, so that two sweeps at once wait for each other and never in a circle."""
    ordered = sorted(new, key=lambda line: (line.key.what, line.key.kind, line.key.due_on, line.key.recipient_id))
    rows = [
        Reminder(
            site_id=site_id,
            dose_id=line.key.what if line.key.kind in DOSE_KINDS else None,
            what=line.key.what,
            kind=line.key.kind.value,
            due_on=line.key.due_on,
            recipient_id=line.key.recipient_id,
            state=line.state,
            reason=line.reason,
            planned_at=now,
            settled_at=None if line.state == MessageState.PLANNED else now,
        )
        for line in ordered
    ]
    Reminder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def _grouped(changes: Iterable[Change]) -> dict[tuple[MessageState, str], list[UUID]]:
    grouped: dict[tuple[MessageState, str], list[UUID]] = defaultdict(list)
    for change in changes:
        grouped[change.state, change.reason].append(change.line_id)
    return grouped


def _cancel_at_closed_sites(now: datetime) -> int:
    waiting = list(Reminder.objects.waiting().filter(site__is_active=False).values_list("pk", flat=True))
    return move(waiting, MessageState.CANCELLED, SITE_CLOSED, now) if waiting else 0


def _note(days: Mapping[UUID, date], now: datetime) -> None:
    """Write down when these sites were gone through, each on which local day."""
    rows = [Sweep(site_id=site_id, at=now, daily_on=days[site_id]) for site_id in sorted(days)]
    Sweep.objects.bulk_create(rows, update_conflicts=True, unique_fields=["site"], update_fields=["at", "daily_on"])
