"""What stands in a cell of the conformity table, as a person writes it.

A day is a date, `2026-07-04`, or an instant with the site's time zone, `2026-07-05T06:30Z@America/Los_Angeles`, which
is the day it was there: 4 July. An attempt is `DAY[:MG][:OUTCOME]`: a day, then perhaps the amount in mg and what came
of it, one of completed (unless said otherwise), partial, not_done and entered_in_error.

A decision is the day on which a prescriber made it and what was decided, about the dose that followed the last one
given on an earlier day:

    2026-11-24>catch_up:2:14@2026-12-01     two catch-up doses 14 days apart, the first on 1 December
    2026-11-24>restart@2026-12-01           loading again, the first dose on 1 December
    2026-11-24>as_planned@2026-12-01        one dose on 1 December; then the calendar goes on
    2026-10-29>skip                         the next place in the calendar passes
    2026-07-05>counts@2026-07-04            the partial dose of 4 July counts
    2026-07-05>does_not_count@2026-07-04    it does not
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from treatments.rules.proposals import Verdict
from treatments.rules.schedule_entries import BadEntry, attempt_from, day_from
from treatments.rules.schedule_terms import Attempt, Outcome, Plan, Ruling

# From a name such as "Europe/London"; raises LookupError where there is none. Zones are files, which no rule reads.
ZoneOf = Callable[[str], tzinfo]

_OUTCOMES = {Verdict.COUNTS: Outcome.COMPLETED, Verdict.DOES_NOT_COUNT: Outcome.NOT_DONE}


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as written. `day` is the day set for a dose, or that of the partial dose a verdict is about."""

    made_on: date
    what: Plan | Verdict
    day: date | None
    doses: int = 0
    apart_days: int = 0


def day_of(text: str, zone_of: ZoneOf) -> date:
    """Read a date, or the local day of an instant. Raises BadEntry."""
    instant, at, zone = text.partition("@")
    return _local_day(text, instant, zone, zone_of) if at else day_from(text)


def attempt_of(text: str, zone_of: ZoneOf) -> Attempt:
    """Read an attempt on a date or at an instant. Raises BadEntry."""
    instant, at, rest = text.partition("@")
    if not at:
        return attempt_from(text)
    zone, *figures = rest.split(":")
    day = _local_day(text, instant, zone, zone_of)
    return attempt_from(":".join([day.isoformat(), *figures]))


def _local_day(text: str, instant: str, zone: str, zone_of: ZoneOf) -> date:
    try:
        return _moment(instant).astimezone(zone_of(zone)).date()
    except LookupError:
        raise BadEntry(f"There is no time zone “{zone}”.") from None
    except (OverflowError, ValueError):
        raise BadEntry(f"“{text}” is not an instant; write it like 2026-07-05T06:30Z@America/Los_Angeles.") from None


def _moment(instant: str) -> datetime:
    """Read an instant that says how far it is from UTC. Raises ValueError."""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is None:
        raise ValueError(instant)
    return moment


def decision_from(text: str) -> Decided:
    """Read one decision. Raises BadEntry."""
    made_on, _, rest = text.partition(">")
    what, at, day = rest.partition("@")
    name, *figures = what.split(":")
    try:
        kind = _kind(name)
        doses, apart_days = _run(kind, figures)
    except ValueError:
        raise BadEntry(f"“{text}” is not a decision; write it like 2026-11-24>catch_up:2:14@2026-12-01.") from None
    if bool(at) is (kind is Plan.SKIP):
        raise BadEntry(f"“{text}” is not a decision; every one but skip names a day, like restart@2026-12-01.")
    return Decided(day_from(made_on), kind, day_from(day) if at else None, doses, apart_days)


def _kind(name: str) -> Plan | Verdict:
    return Plan(name) if name in set(Plan) else Verdict(name)


def _run(kind: Plan | Verdict, figures: list[str]) -> tuple[int, int]:
    """Return the doses of a run and the days between them; only catch-up doses have them. Raises ValueError."""
    if kind is not Plan.CATCH_UP:
        if figures:
            raise ValueError(figures)
        return 0, 0
    doses, apart_days = map(int, figures)
    if doses < 1 or apart_days < 1:
        raise ValueError(figures)
    return doses, apart_days


def with_verdicts(attempts: Iterable[Attempt], decided: Iterable[Decided]) -> tuple[Attempt, ...]:
    """Return the attempts, each partial one as it was decided on. Raises BadEntry for a day without one."""
    verdicts = {each.day: each.what for each in decided if isinstance(each.what, Verdict)}
    settled = []
    for attempt in attempts:
        verdict = verdicts.pop(attempt.on, None) if attempt.outcome is Outcome.PARTIAL else None
        settled.append(attempt if verdict is None else attempt._replace(outcome=_OUTCOMES[verdict]))
    for day in verdicts:
        raise BadEntry(f"There is no partial dose on {day} to decide on.")
    return tuple(settled)


def rulings_from(attempts: Iterable[Attempt], decided: Iterable[Decided]) -> tuple[Ruling, ...]:
    """Return what the decisions say of doses to come, each after the last dose given on a day before it was made."""
    given = sorted(attempt.on for attempt in attempts if attempt.outcome is Outcome.COMPLETED)
    return tuple(
        Ruling(
            after=max((on for on in given if on < each.made_on), default=None),
            made_on=each.made_on,
            plan=each.what,
            day=each.day,
            doses=each.doses,
            apart_days=each.apart_days,
        )
        for each in sorted(decided, key=lambda each: each.made_on)
        if isinstance(each.what, Plan)
    )
