"""Reminders: what is owed on a day, and to whom. Pure: no clock, no database; the day is an argument.

The rules are those of clinical-rules.md, "Reminders". Every figure in them is the site's policy, none is from a label:

- A dose coming up is announced 14, 7 and 1 days before the booked day, or before the target while nothing is booked,
  until it is given, held or stopped. Once the window has closed it is no longer coming up, it is overdue.
- An overdue dose is announced on the first day after its window closed and then every 7 days, until it is given, held
  or stopped. From 14 days overdue on, the lead clinician is told as well, at the same pace.
- Laboratory values are asked for 10 and 3 days before the dose, as long as their light is red.
- A prescriber is told on the day on which a course comes to wait for a decision, on which a hold is to be looked at
  again, or on which an appointment was made beyond a boundary of the late-dose rules; until that is settled.
- An authorisation is announced 45 days before its end, or when one dose is left of it, until it is renewed; a vial 60
  days before it expires, until it is used or returned.
- Nothing is owed about somebody who is no longer in the site's care.

Such a day is a *point*. On any day at most the latest point of each kind is owed to each audience, however many went
by unheard: after an outage what still matters is said once, and the points before it were missed.

    >>> dose = DoseFacts(target=date(2026, 7, 15), closes=date(2026, 7, 22))
    >>> [(line.kind.value, line.due_on.isoformat()) for line in owed(dose, ReminderPolicy(), date(2026, 7, 10))]
    [('dose_upcoming', '2026-07-08')]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TypeAlias

from treatments.rules.schedule_words import in_words


class Kind(StrEnum):
    """What a line tells."""

    DOSE_UPCOMING = "dose_upcoming"
    DOSE_OVERDUE = "dose_overdue"
    LABS_DUE = "labs_due"
    REVIEW_NEEDED = "review_needed"
    AUTHORISATION_ENDING = "authorisation_ending"
    VIAL_EXPIRING = "vial_expiring"


class Audience(StrEnum):
    """Who is told: the staff who receive the digest, the lead clinician, the prescribers, or the pharmacy."""

    STAFF = "staff"
    LEAD = "lead"
    PRESCRIBERS = "prescribers"
    PHARMACY = "pharmacy"


# Whom each kind concerns. Somebody who is in two of them is told as the first.
AUDIENCES: Mapping[Kind, tuple[Audience, ...]] = {
    Kind.DOSE_UPCOMING: (Audience.STAFF,),
    Kind.DOSE_OVERDUE: (Audience.STAFF, Audience.LEAD),
    Kind.LABS_DUE: (Audience.STAFF,),
    Kind.REVIEW_NEEDED: (Audience.PRESCRIBERS, Audience.STAFF, Audience.LEAD),
    Kind.AUTHORISATION_ENDING: (Audience.STAFF,),
    Kind.VIAL_EXPIRING: (Audience.PHARMACY,),
}
DOSE_KINDS = frozenset({Kind.DOSE_UPCOMING, Kind.DOSE_OVERDUE, Kind.LABS_DUE, Kind.REVIEW_NEEDED})


class End(StrEnum):
    """How a line ends that was not sent: the facts changed, or its time went by."""

    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When a site tells its people, in days.

    `upcoming_days` and `labs_days` are days before the dose, in any order. Raises ValueError for repeats without a day
    between them.
    """

    upcoming_days: tuple[int, ...] = (14, 7, 1)
    overdue_every_days: int = 7
    escalate_after_days: int = 14
    labs_days: tuple[int, ...] = (10, 3)

    def __post_init__(self) -> None:
        """Refuse what would announce for ever within one day."""
        if self.overdue_every_days < 1:
            raise ValueError("Overdue doses are announced again after one day or more.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """That a course waits for a prescriber: since which local day, and why, in one sentence."""

    since: date
    why: str


@dataclass(frozen=True, slots=True)
class DoseFacts:
    """What a reminder about a dose depends on. Dates are calendar dates at the site; a missing one owes nothing.

    `closes` is the last day of the window. `replaced`: a correction took this dose out of the plan. `labs_missing`: the
    laboratory light is red and nobody let the dose past it. `waiting` says what a prescriber has to decide or look at;
    of a course on hold, that the hold is to be looked at again.
    """

    target: date | None
    closes: date | None
    booked_on: date | None = None
    given: bool = False
    held: bool = False
    stopped: bool = False
    replaced: bool = False
    in_care: bool = True
    labs_missing: bool = False
    waiting: Waiting | None = None

    @property
    def basis(self) -> date | None:
        """Return the day that is counted down to: the booked day, else the target."""
        return self.booked_on or self.target

    @property
    def gone(self) -> str:
        """Return why nothing is said about this dose on any day, or "" when something may be."""
        reasons = (
            (not self.in_care, "The patient is no longer in this site's care."),
            (self.given, "The dose was given."),
            (self.stopped, "The course was stopped."),
            (self.replaced, "The dose is no longer planned."),
        )
        return next((reason for applies, reason in reasons if applies), "")

    def silence(self, kind: Kind) -> str:
        """Return why nothing of this kind is said, or "" when something may be. A hold leaves its own review."""
        if self.gone:
            return self.gone
        if kind is Kind.REVIEW_NEEDED:
            return "" if self.waiting else "Nothing is left to decide."
        if self.held:
            return "The course is on hold."
        return "The values are there." if kind is Kind.LABS_DUE and not self.labs_missing else ""


@dataclass(frozen=True, slots=True)
class AuthorisationFacts:
    """What a reminder about an authorisation depends on: since when it is ending, None while it is not, and its end.

    `settled` says why nobody has to act any more: it was renewed or voided, or the course has ended.
    """

    since: date | None
    ends_on: date | None = None
    settled: str = ""

    def silence(self, _kind: Kind) -> str:
        """Return why nothing is said, or "" when something may be."""
        return self.settled


@dataclass(frozen=True, slots=True)
class VialFacts:
    """What a reminder about a vial depends on: its last day, and from how many days before it is told of."""

    expires_on: date | None
    days_before: int
    settled: str = ""

    def silence(self, _kind: Kind) -> str:
        """Return why nothing is said, or "" when something may be."""
        return self.settled


Facts: TypeAlias = DoseFacts | AuthorisationFacts | VialFacts


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


def kinds_of(facts: Facts) -> tuple[Kind, ...]:
    """Return what can be told about such a subject."""
    if isinstance(facts, DoseFacts):
        return tuple(kind for kind in Kind if kind in DOSE_KINDS)
    return (Kind.AUTHORISATION_ENDING,) if isinstance(facts, AuthorisationFacts) else (Kind.VIAL_EXPIRING,)


def owed(facts: Facts, policy: ReminderPolicy, today: date) -> tuple[Owed, ...]:
    """Return what is owed about a subject on a day: the latest point of each kind, to each audience it concerns."""
    found = (
        _latest(kind, facts, policy, today, audience)
        for kind in kinds_of(facts)
        if not facts.silence(kind)
        for audience in AUDIENCES[kind]
    )
    return tuple(line for line in found if line)


def passed_over(facts: Facts, policy: ReminderPolicy, after: date, today: date) -> tuple[Owed, ...]:
    """Return the points after the day `after` and before `today` that a later one, or time, has overtaken.

    These are what nobody was there to announce when the ledger was last gone through on `after`, supposing that the
    facts were then what they are now. What is owed today is not among them.
    """
    current = {(line.kind, line.due_on, line.audience) for line in owed(facts, policy, today)}
    days = (after + timedelta(days=n) for n in range(1, (today - after).days))
    points = (line for day in days for line in owed(facts, policy, day) if line.due_on == day)
    return tuple(line for line in points if (line.kind, line.due_on, line.audience) not in current)


def ended(
    kind: Kind, due_on: date, audience: Audience, *, facts: Facts, policy: ReminderPolicy, today: date
) -> Ended | None:
    """Return why a planned line is no longer to be sent on this day, or None while it still holds."""
    if silence := facts.silence(kind):
        return Ended(End.CANCELLED, silence)
    now = [line for line in owed(facts, policy, today) if (line.kind, line.audience) == (kind, audience)]
    if any(line.due_on == due_on for line in now):
        return None
    if due_on > today or not _is_point(kind, due_on, audience, facts, policy):
        return Ended(End.CANCELLED, "The dates it was planned for have changed.")
    if now:
        return Ended(End.MISSED, "A later reminder took its place.")
    return Ended(End.MISSED, "Its time went by before it was sent.")


# For how many days at most a reminder is put off.
LONGEST_QUIET_DAYS = 14


def is_quiet(kind: Kind, audience: Audience, until: date | None, today: date) -> bool:
    """Say whether somebody put a reminder off beyond today; the lead clinician hears of an overdue dose anyway."""
    if until is None or today >= until:
        return False
    return not (kind is Kind.DOSE_OVERDUE and audience is Audience.LEAD)


def digest_at(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, at which a day's digest is due: the full hour on the clock of that place.

    An hour that the clock skips begins when the skipping is over; of an hour that comes twice the first counts.
    """
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def _latest(kind: Kind, facts: Facts, policy: ReminderPolicy, today: date, audience: Audience) -> Owed | None:
    """Return the latest point of a kind on or before today that still means something today."""
    if isinstance(facts, AuthorisationFacts):
        return _since(kind, facts.since, today, audience, "It ends, or is nearly used up.")
    if isinstance(facts, VialFacts):
        return _expiring(facts, today, audience)
    if kind is Kind.DOSE_UPCOMING:
        return _before(kind, facts, policy.upcoming_days, today)
    if kind is Kind.LABS_DUE:
        return _before(kind, facts, policy.labs_days, today)
    if kind is Kind.REVIEW_NEEDED:
        waiting = facts.waiting
        return None if waiting is None else _since(kind, waiting.since, today, audience, waiting.why)
    return _overdue(facts, policy, today, audience)


def _since(kind: Kind, since: date | None, today: date, audience: Audience, reason: str) -> Owed | None:
    """Return the one point of something that is told once, as long as it goes on."""
    return None if since is None or since > today else Owed(kind, since, audience, reason)


def _expiring(facts: VialFacts, today: date, audience: Audience) -> Owed | None:
    if facts.expires_on is None:
        return None
    since = facts.expires_on - timedelta(days=facts.days_before)
    return _since(Kind.VIAL_EXPIRING, since, today, audience, f"It expires on {in_words(facts.expires_on)}.")


def _before(kind: Kind, facts: DoseFacts, days_before: tuple[int, ...], today: date) -> Owed | None:
    """Return the latest of the days before the dose that has been reached, while the dose still lies ahead."""
    basis = facts.basis
    if basis is None or today > basis or (facts.closes is not None and today > facts.closes):
        return None
    reached = [days for days in days_before if days >= (basis - today).days]
    if not reached:
        return None
    before = min(reached)
    reason = f"{_days(before)} before the {'booked day' if facts.booked_on else 'target'}."
    return Owed(kind, basis - timedelta(days=before), Audience.STAFF, reason)


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


def _is_point(kind: Kind, due_on: date, audience: Audience, facts: Facts, policy: ReminderPolicy) -> bool:
    """Say whether the day is a point of the dates as they stand, whether or not it has been overtaken."""
    if isinstance(facts, DoseFacts) and kind in {Kind.DOSE_UPCOMING, Kind.LABS_DUE}:
        days = policy.upcoming_days if kind is Kind.DOSE_UPCOMING else policy.labs_days
        return facts.basis is not None and (facts.basis - due_on).days in days
    latest = _latest(kind, facts, policy, due_on, audience)
    return latest is not None and latest.due_on == due_on


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
