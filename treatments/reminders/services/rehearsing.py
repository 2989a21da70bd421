"""Say what a sweep at some instant would do, and write nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count

from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.queries.sites import SiteDay, mornings, open_sites
from treatments.reminders.services.running import Tally
from treatments.reminders.services.surveying import Change, NewLine, SitePlan, survey
from treatments.rules.reminders import DOSE_KINDS, Kind

_NOUNS = dict.fromkeys(DOSE_KINDS, "dose") | {Kind.AUTHORISATION_ENDING: "authorisation", Kind.VIAL_EXPIRING: "vial"}


@dataclass(frozen=True, slots=True)
class ComingDigest:
    """A digest that would be sent: whose, of which local day, and how many lines it would hold."""

    recipient_id: int
    local_day: date
    lines: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a sweep would do, in ids and kinds only."""

    plans: tuple[SitePlan, ...]
    digests: tuple[ComingDigest, ...]

    def tally(self) -> Tally:
        """Return the figures a sweep would print if every mail were taken."""
        states = Counter(item.state for item in self._items())
        return Tally(
            planned=states[MessageState.PLANNED],
            sent=len(self.digests),
            cancelled=states[MessageState.CANCELLED],
            missed=states[MessageState.MISSED],
            failed=0,
            put_off=0,
        )

    def __str__(self) -> str:
        """Return one line per thing that would happen."""
        return "\n".join(self._lines())

    def _items(self) -> Iterator[NewLine | Change]:
        for plan in self.plans:
            yield from plan.items

    def _lines(self) -> Iterator[str]:
        for item in self._items():
            key = item.key
            about = f"{key.kind} due {key.due_on} about {_NOUNS[key.kind]} {key.what} for user {key.recipient_id}"
            yield f"{item.state}: {about}: {item.reason}"
        for digest in self.digests:
            yield f"send: digest of {digest.local_day} to user {digest.recipient_id}, lines: {digest.lines}"


def rehearse(now: datetime) -> Rehearsal:
    """Look at every site as a sweep at this instant would, and at the digests that would leave then."""
    sites = open_sites(now)
    plans = tuple(survey(sites))
    return Rehearsal(plans, tuple(_digests(sites, plans, now)))


def _digests(sites: Mapping[UUID, SiteDay], plans: tuple[SitePlan, ...], now: datetime) -> Iterator[ComingDigest]:
    count = _waiting_after(plans)
    known = mornings(count.keys(), sites)
    today = Message.objects.filter(recipient__in=count, local_day__in={morning.day for morning in known.values()})
    done = set(today.exclude(pk__in=Message.objects.claimable(now)).values_list("recipient", "local_day"))
    for who, lines in sorted(count.items()):
        morning = known.get(who)
        if morning and lines > 0 and morning.due_at <= now and (who, morning.day) not in done:
            yield ComingDigest(who, morning.day, lines)


def _waiting_after(plans: tuple[SitePlan, ...]) -> Counter[int]:
    """Return how many lines each person would have waiting once the plans were written."""
    waiting = Reminder.objects.waiting().filter(recipient__isnull=False).values("recipient").annotate(lines=Count("pk"))
    count = Counter({row["recipient"]: row["lines"] for row in waiting})
    for plan in plans:
        count.update(line.key.recipient_id for line in plan.new if line.state == MessageState.PLANNED)
        for change in plan.changes:
            count[change.key.recipient_id] += 1 if change.state == MessageState.PLANNED else -1
    return count
