"""Whether anything looks after the reminders: the signs of life, what waits, what failed and what was set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min

from clinic.staff.models import Site
from treatments.reminders.models import Heartbeat, Message, MessageQuerySet, MessageState, Runner, Sweep
from treatments.rules import liveness as rules
from treatments.rules.liveness import Life, Sign

FAILURES_COUNT_FOR = timedelta(days=7)
DOES_THE_WORK = (Runner.WORKER, Runner.LOOP)


@dataclass(frozen=True, slots=True)
class SiteSwept:
    """When an open site was last gone through, None for never."""

    name: str
    at: datetime | None
    life: Life


@dataclass(frozen=True, slots=True)
class Report:
    """Everything at once, for whoever runs the system. Messages are named by their id."""

    signs: Mapping[Runner, Sign]
    life: Life
    sites: tuple[SiteSwept, ...]
    unsent: int
    oldest_unsent: datetime | None
    failed: int
    set_aside: tuple[UUID, ...]

    def is_fine(self, now: datetime) -> bool:
        """Say whether nothing is late and nothing set aside; what a mail server refused does not count."""
        behind = self.oldest_unsent is not None and now - self.oldest_unsent > rules.UNSENT_AFTER
        late = max((site.life for site in self.sites), default=Life.ALIVE) > Life.ALIVE
        return self.life is Life.ALIVE and not (behind or late or self.set_aside)


def signs() -> dict[Runner, Sign]:
    """Return what each process that was ever seen left. One query."""
    rows = Heartbeat.objects.values_list("who", "at", "well_at")
    found = {Runner(who): Sign(at, well_at) for who, at, well_at in rows}
    return {who: found[who] for who in Runner if who in found}


def verdict(found: Mapping[Runner, Sign], now: datetime) -> Life:
    """Judge these signs together."""
    return rules.verdict([found[who] for who in DOES_THE_WORK if who in found], now)


def oldest_unsent() -> datetime | None:
    """Return since when the longest waiting message is to be sent, which may lie ahead. One query."""
    oldest: datetime | None = _unsent().aggregate(oldest=Min("due_at"))["oldest"]
    return oldest


def nothing_since(now: datetime) -> datetime | None:
    """Return since when nothing has run, if that is longer than a day; the installation's beginning when nothing did.

    One query, two when nothing ever ran.
    """
    ended = [sign.well_at for who, sign in signs().items() if who in DOES_THE_WORK and sign.well_at]
    last = max(ended, default=None) or _installed()
    return last if last and rules.life(last, now) is Life.SILENT else None


def report(now: datetime) -> Report:
    """Return how everything stands. Five queries."""
    found = signs()
    unsent = _unsent().filter(due_at__lte=now).values_list("due_at", flat=True)
    due = sorted(unsent)
    failed = Message.objects.filter(state=MessageState.FAILED, local_day__gte=(now - FAILURES_COUNT_FOR).date())
    return Report(
        signs=found,
        life=verdict(found, now),
        sites=_sites(now),
        unsent=len(due),
        oldest_unsent=due[0] if due else None,
        failed=failed.count(),
        set_aside=tuple(failed.set_aside().order_by("local_day", "pk").values_list("pk", flat=True)),
    )


def _unsent() -> MessageQuerySet:
    return Message.objects.filter(state__in=[MessageState.PLANNED, MessageState.CLAIMED])


def _sites(now: datetime) -> tuple[SiteSwept, ...]:
    names = Site.objects.filter(is_active=True).order_by("name", "pk").values_list("pk", "name")
    swept = dict(Sweep.objects.values_list("site", "at"))
    found = [(name, swept.get(site)) for site, name in names]
    return tuple(SiteSwept(name, at, rules.life(at, now, rules.FAILING_AFTER)) for name, at in found)


def _installed() -> datetime | None:
    """Return when this database first learnt to keep signs of life."""
    applied = MigrationRecorder.Migration.objects.filter(app="reminders", name__startswith="0004")
    begun: datetime | None = applied.aggregate(at=Min("applied"))["at"]
    return begun
