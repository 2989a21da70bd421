"""Reminders about a dose: what is owed on a day, and to whom. Pure: no clock, no database; the day is an argument.

The rules are those of clinical-rules.md, "Reminders". Every figure in them is the site's policy, none is from a label:

- A dose coming up is announced 14, 7 and 1 days before the booked day, or before the target while nothing is booked,
  until it is given, held or stopped. Once the window has closed it is no longer coming up, it is overdue.
- An overdue dose is announced on the first day after its window closed and then every 7 days, until it is given, held
  or stopped. From 14 days overdue on, the lead clinician is told as well, at the same pace.
- Nothing is owed about somebody who is no longer in the site's care.

Such a day is a *point*. On any day at most the latest point of each kind is owed to each audience, however many went
by unheard: after an outage what still matters is said once, and the points before it were missed.

    >>> dose = DoseFacts(target=date(2026, 7, 15), closes=date(2026, 7, 22))
    >>> [(line.kind.value, line.due_on.isoformat()) for line in owed(dose, ReminderPolicy(), date(2026, 7, 10))]
    [('dose_upcoming', '2026-07-08')]
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum


class Kind(StrEnum):
    """What a line tells."""

    DOSE_UPCOMING = "dose_upcoming"
    DOSE_OVERDUE = "dose_overdue"


class Audience(StrEnum):
    """Who is told: the staff who receive the digest, or the site's lead clinician."""

    STAFF = "staff"
    LEAD = "lead"


class End(StrEnum):
    """How a line ends that was not sent: the facts changed, or its time went by."""

    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When a site tells its people, in days.

    `upcoming_days` are days before the dose, in any order. Raises ValueError for repeats without a day between them.
    """

    upcoming_days: tuple[int, ...] = (14, 7, 1)
    overdue_every_days: int = 7
    escalate_after_days: int = 14

    def __post_init__(self) -> None:
        """Refuse what would announce for ever within one day."""
        if self.overdue_every_days < 1:
            raise ValueError("Overdue doses are announced again after one day or more.")


@dataclass(frozen=True, slots=True)
class DoseFacts:
    """What a reminder depends on. Dates are calendar dates at the site; a missing one owes nothing.

    `closes` is the last day of the window. `replaced`: a correction took this dose out of the plan.
    """

    target: date | None
    closes: date | None
    booked_on: date | None = None
    given: bool = False
    held: bool = False
    stopped: bool = False
    replaced: bool = False
    in_care: bool = True

    @property
    def basis(self) -> date | None:
        """Return the day that is counted down to: the booked day, else the target."""
        return self.booked_on or self.target

    @property
    def silence(self) -> str:
        """Return why nothing is said about this dose on any day, or "" when something may be."""
        reasons = (
            (not self.in_care, "The patient is no longer in this site's care."),
            (self.given, "The dose was given."),
            (self.stopped, "The course was stopped."),
            (self.replaced, "The dose is no longer planned."),
            (self.held, "The course is on hold."),
        )
        return next((reason for applies, reason in reasons if applies), "")


@dataclass(frozen=True, slots=True)
class Owed:
    """One line owed on a day. `due_on` is the exact point, part of the ledger's key; `reason` says why that day."""

    kind: Kind
    due_on: date
    audience: Audience
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A planned line that is not to be sent, and why."""

    end: End
    reason: str


def owed(facts: DoseFacts, policy: ReminderPolicy, today: date) -> tuple[Owed, ...]:
    """Return what is owed about a dose on a day: the latest point of each kind, to each audience it concerns."""
    if facts.silence:
        return ()
    overdue = (_overdue(facts, policy, today, audience) for audience in Audience)
    return tuple(line for line in (_upcoming(facts, policy, today), *overdue) if line)


def passed_over(facts: DoseFacts, policy: ReminderPolicy, after: date, today: date) -> tuple[Owed, ...]:
    """Return the points after the day `after` and before `today` that a later one, or time, has overtaken.

    These are what nobody was there to announce when the ledger was last gone through on `after`, supposing that the
    facts were then what they are now. What is owed today is not among them.
    """
    current = {(line.kind, line.due_on, line.audience) for line in owed(facts, policy, today)}
    days = (after + timedelta(days=n) for n in range(1, (today - after).days))
    points = (line for day in days for line in owed(facts, policy, day) if line.due_on == day)
    return tuple(line for line in points if (line.kind, line.due_on, line.audience) not in current)


def ended(
    kind: Kind, due_on: date, audience: Audience, *, facts: DoseFacts, policy: ReminderPolicy, today: date
) -> Ended | None:
    """Return why a planned line is no longer to be sent on this day, or None while it still holds."""
    if facts.silence:
        return Ended(End.CANCELLED, facts.silence)
    now = [line for line in owed(facts, policy, today) if (line.kind, line.audience) == (kind, audience)]
    if any(line.due_on == due_on for line in now):
        return None
    if due_on > today or not _is_point(kind, due_on, audience, facts, policy):
        return Ended(End.CANCELLED, "The dates it was planned for have changed.")
    if now:
        return Ended(End.MISSED, "A later reminder took its place.")
    return Ended(End.MISSED, "Its time went by before it was sent.")


def digest_at(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, at which a day's digest is due: the full hour on the clock of that place.

    An hour that the clock skips begins when the skipping is over; of an hour that comes twice the first counts.
    """
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def _upcoming(facts: DoseFacts, policy: ReminderPolicy, today: date) -> Owed | None:
    basis = facts.basis
    if basis is None or today > basis or (facts.closes is not None and today > facts.closes):
        return None
    reached = [days for days in policy.upcoming_days if days >= (basis - today).days]
    if not reached:
        return None
    before = min(reached)
    reason = f"{_days(before)} before the {'booked day' if facts.booked_on else 'target'}."
    return Owed(Kind.DOSE_UPCOMING, basis - timedelta(days=before), Audience.STAFF, reason)


def _overdue(facts: DoseFacts, policy: ReminderPolicy, today: date, audience: Audience) -> Owed | None:
    """Return the latest point on or before today of those that begin when this audience is first told."""
    if facts.closes is None:
        return None
    over, first = (today - facts.closes).days, _first_day_over(audience, policy)
    if over < first:
        return None
    since = (over - first) % policy.overdue_every_days
    why = " Told to the lead clinician." if audience is Audience.LEAD else ""
    return Owed(Kind.DOSE_OVERDUE, today - timedelta(days=since), audience, f"{_days(over - since)} overdue.{why}")


def _first_day_over(audience: Audience, policy: ReminderPolicy) -> int:
    """Return how many days overdue a dose is when this audience is first told; the lead never before the staff."""
    return max(1, policy.escalate_after_days) if audience is Audience.LEAD else 1


def _is_point(kind: Kind, due_on: date, audience: Audience, facts: DoseFacts, policy: ReminderPolicy) -> bool:
    """Say whether the day is a point of the dates as they stand, whether or not it has been overtaken."""
    if kind is Kind.DOSE_UPCOMING:
        return facts.basis is not None and (facts.basis - due_on).days in policy.upcoming_days
    latest = _overdue(facts, policy, due_on, audience)
    return latest is not None and latest.due_on == due_on


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
