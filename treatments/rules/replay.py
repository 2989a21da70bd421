"""History, replayed from scratch: which dose each attempt was, and where the course stands after them.

A course rests at one of three places: inside a loading cycle, inside a run of catch-up doses, or on the maintenance
calendar. A dose moves it to the next place. Nothing is carried over between two calls, so a back-dated, corrected or
voided entry changes everything after it (rule 1 of clinical-rules.md; the numbers below are that document's).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from monographs.rules.dates import add_months
from monographs.rules.regimen import Band, Interval, Regimen, Step, Unit
from treatments.rules.late_doses import band_at, is_worse
from treatments.rules.schedule_terms import (
    Attempt,
    DoubleDose,
    Flag,
    GivenDose,
    NoSwitch,
    Outcome,
    Phase,
    Plan,
    Policy,
    Ruling,
    Series,
)

# Looked up once: through its class an enum member costs more than the arithmetic beside it.
_COMPLETED, _MONTHS = Outcome.COMPLETED, Unit.MONTHS
_LOADING, _CATCH_UP, _MAINTENANCE = Phase.LOADING, Phase.CATCH_UP, Phase.MAINTENANCE
_by_day = attrgetter("on")
days = lru_cache(maxsize=512)(timedelta)  # building the same few spans anew costs as much as adding them


class Anchor(StrEnum):
    """The dose from which the maintenance calendar is counted (rule 3), in words."""

    LOADING = "the last loading dose"
    CATCH_UP = "the last catch-up dose"
    SWITCH = "the switch dose"
    EARLY = "the early dose"


# Which dose it would be: phase, label, the number of catch-up doses in its run, and the step with mg and mL.
Planned = tuple[Phase, str, int | None, Step]

# What giving a dose leads to: the next place, and the flags and rules of the dose itself.
Moved = tuple["Place", tuple[Flag, ...], tuple[int, ...]]


class Window(NamedTuple):
    """The recommended day and the days around it. `wanted` is the plan's own day, before the floor moved it."""

    floor: date | None
    wanted: date | None
    target: date | None
    opens: date | None
    closes: date | None


# The places are named tuples, not data classes: a replay makes one for every dose, in a quarter of the time.


class Loading(NamedTuple):
    """Inside a loading cycle: `done` of `steps` given, the next wanted on `due` (None: nobody has set a start).

    `by_band`: the cycle begins anew because of a late-dose band.
    """

    steps: tuple[Step, ...]
    done: int
    due: date | None
    anchor: Anchor = Anchor.LOADING
    by_band: bool = False

    def planned(self, _: "Position") -> Planned:
        """Return the next dose of the cycle."""
        return _LOADING, f"L{self.done + 1}", None, self.steps[self.done]

    def tolerance(self, policy: Policy) -> tuple[int, int]:
        """Return the days of the window before and after the target; a switch dose has those of a maintenance dose."""
        if self.anchor is Anchor.SWITCH:
            return policy.maintenance_days_before, policy.maintenance_days_after
        return 0, policy.loading_days_after

    def give(self, position: "Position", day: date) -> Moved:
        """Rule 2: the next loading dose is counted from the day this one was given, late or not."""
        done = self.done + 1
        if done == len(self.steps):
            return anchored(position.regimen, day, self.anchor), (), (2, 3, 6) if self.by_band else (2, 3)
        due = slot_day(day, self.steps[done].after, 1)
        return Loading(self.steps, done, due, self.anchor), (), (2, 6) if self.by_band else (2,)


class CatchUp(NamedTuple):
    """Inside a run of `of` catch-up doses `apart` days from each other: `done` given, the next wanted on `due`."""

    of: int
    done: int
    apart: int
    due: date

    def planned(self, position: "Position") -> Planned:
        """Return the next dose of the run: the maintenance amount."""
        return _CATCH_UP, f"C{self.done + 1}", self.of, position.regimen.maintenance

    def tolerance(self, policy: Policy) -> tuple[int, int]:
        """Return the days of the window before and after the target."""
        return 0, policy.catch_up_days_after

    def give(self, position: "Position", day: date) -> Moved:
        """Rule 6: the doses of a run follow each other, and the calendar starts anew at the last of them."""
        done = self.done + 1
        if done == self.of:
            return anchored(position.regimen, day, Anchor.CATCH_UP), (), (3, 6)
        return CatchUp(self.of, done, self.apart, day + days(self.apart)), (), (6,)


class Maintenance(NamedTuple):
    """On the calendar: slot k lies k intervals after `anchor`. `slot` is the last satisfied, `due` the next."""

    anchor: date
    by: Anchor
    slot: int
    due: date

    def planned(self, position: "Position") -> Planned:
        """Return the next maintenance dose; its label counts on through the course."""
        return _MAINTENANCE, f"M{position.maintained + 1}", None, position.regimen.maintenance

    def tolerance(self, policy: Policy) -> tuple[int, int]:
        """Return the days of the window before and after the target."""
        return policy.maintenance_days_before, policy.maintenance_days_after

    def give(self, position: "Position", day: date) -> Moved:
        """Rule 4: satisfy the latest slot reached, else the next one when it is near, else count from here."""
        position.maintained += 1
        position.unruled = position.regimen.late is None and position.is_past(day)
        if self.due - day > days(position.policy.early_days):
            return anchored(position.regimen, day, Anchor.EARLY), (Flag.EARLY_REANCHORED,), (3, 4)
        interval, slot = position.regimen.maintenance.after, self.slot + 1
        due = slot_day(self.anchor, interval, slot + 1)
        while due <= day:
            slot += 1
            due = slot_day(self.anchor, interval, slot + 1)
        skipped = (Flag.SLOT_SKIPPED,) if slot > self.slot + 1 else ()
        return Maintenance(self.anchor, self.by, slot, due), skipped, (4,)


Place = Loading | CatchUp | Maintenance


def slot_day(anchor: date, interval: Interval, slot: int) -> date:
    """Return the day `slot` intervals after `anchor`: always counted from there, never from the slot before."""
    if interval.unit is _MONTHS:
        return add_months(anchor, slot * interval.count)
    return anchor + days(slot * interval.count)


def anchored(regimen: Regimen, day: date, by: Anchor) -> Maintenance:
    """Return the calendar that is counted from `day` (rule 3)."""
    return Maintenance(day, by, 0, slot_day(day, regimen.maintenance.after, 1))


@dataclass(slots=True)
class Position:
    """Where a course stands: `last` is the last dose that counts, `floor` the earliest safe day for the next.

    `maintained` is the number of M labels used up. `unruled`: the last dose came after its window under a regimen
    that says nothing about late doses. `ruling` is what a prescriber decided about the dose that comes next, `set_for`
    the day set for it, and `settled` the late-dose band that was decided on: only a worse one asks again.
    """

    regimen: Regimen
    policy: Policy
    place: Place
    last: date | None
    floor: date | None
    minimum: timedelta
    ordinal: int = 0
    maintained: int = 0
    unruled: bool = False
    ruling: Ruling | None = None
    set_for: date | None = None
    settled: Band | None = None

    def branch(self) -> "Position":
        """Return a copy to go on from, with this one left as it is."""
        return Position(
            self.regimen, self.policy, self.place, self.last, self.floor,
            self.minimum, self.ordinal, self.maintained, self.unruled,
            self.ruling, self.set_for, self.settled,
        )  # fmt: skip

    def wanted(self) -> date | None:
        """Return the day that a prescriber set for the next dose, or else the plan's own."""
        return self.place.due if self.set_for is None else self.set_for

    def target(self) -> date | None:
        """Return the recommended day of the next dose: the wanted day, but not before the floor (rule 5)."""
        wanted, floor = self.wanted(), self.floor
        return floor if wanted is not None and floor is not None and wanted < floor else wanted

    def window(self) -> Window:
        """Return the window of the next dose, which never opens before the floor."""
        floor, target = self.floor, self.target()
        if target is None:
            return Window(floor, None, None, None, None)
        before, after = self.tolerance()
        opens = target - days(before)
        if floor is not None and opens < floor:
            opens = floor
        return Window(floor, self.wanted(), target, opens, target + days(after))

    def tolerance(self) -> tuple[int, int]:
        """Return the days of the window before and after the target; a day that a prescriber set opens its window."""
        before, after = self.place.tolerance(self.policy)
        return (before, after) if self.set_for is None else (0, after)

    def is_past(self, day: date) -> bool:
        """Say whether the window of the next dose has closed before `day`."""
        target = self.target()
        return target is not None and day > target and day > target + days(self.place.tolerance(self.policy)[1])

    def band_on(self, day: date) -> Band | None:
        """Return the late-dose band for a dose on `day`, None while its window is open or no band is reached (6, 9).

        A band that a prescriber has decided on is reached no more; a worse one is.
        """
        due, late, last = self.place.due, self.regimen.late, self.last
        if due is None or day <= due:  # most doses are on time; settle those without working out a window
            return None
        if late is None or last is None or isinstance(self.place, Loading) or not self.is_past(day):
            return None
        band = band_at(late, last, day)
        return band if is_worse(band, self.settled) else None

    def follow(self, ruling: Ruling) -> None:
        """Let a prescriber's decision take the place of what the rules propose for the next dose (rule 10)."""
        self.settled = self.band_on(ruling.made_on) or self.settled
        self.ruling, self.set_for = ruling, ruling.day
        place = self.place
        if ruling.plan is Plan.RESTART:
            self.place = Loading(self.regimen.loading, 0, ruling.day, by_band=True)
        elif ruling.plan is Plan.CATCH_UP and ruling.day is not None:
            self.place = CatchUp(ruling.doses, 0, ruling.apart_days, ruling.day)
        elif ruling.plan is Plan.SKIP and isinstance(place, Maintenance):
            slot, interval = place.slot + 1, self.regimen.maintenance.after
            self.place = place._replace(slot=slot, due=slot_day(place.anchor, interval, slot + 1))

    def place_under(self, band: Band | None, day: date) -> Place:
        """Return the place that governs a dose on `day`: the plan's, or the one a late-dose band puts instead."""
        if band is None:
            return self.place
        if band.restart:
            return Loading(self.regimen.loading, 0, day, by_band=True)
        return CatchUp(band.doses, 0, band.apart_days, day)

    def give(self, attempt: Attempt) -> GivenDose:
        """Count a dose: say which one it was and move the course on."""
        day = attempt.on
        place = self.place_under(self.band_on(day), day)
        phase, label, of, step = place.planned(self)
        self.place, flags, rules = place.give(self, day)
        if self.floor is not None and day < self.floor:
            flags, rules = (Flag.INTERVAL_SHORT, *flags), (*rules, 7)
        self.last, self.floor = day, day + self.minimum
        self.ordinal += 1
        if self.ruling is not None:
            self.ruling = self.set_for = self.settled = None
        mg = step.mg if attempt.mg is None else attempt.mg
        return GivenDose(self.ordinal, label, phase, of, day, mg, flags, rules, attempt.elsewhere, attempt.key)


class Walk(NamedTuple):
    """A replay's result: the doses that count, where they led, and the partial doses nobody has decided on."""

    position: Position
    history: tuple[GivenDose, ...]
    partials: tuple[Attempt, ...]


def start_of(series: Series) -> Position:
    """Return the position before the first attempt. Raises NoSwitch where the regimen has no switch dose."""
    regimen = series.regimen
    if not series.switched:
        first = Loading(regimen.loading, 0, series.planned_start)
    elif regimen.switch is None:
        raise NoSwitch(f"{regimen.key} has no switch dose to begin with.")
    else:
        first = Loading((regimen.switch.first,), 0, series.planned_start, Anchor.SWITCH)
    last, minimum = series.previous_on, days(regimen.minimum_days)
    return Position(regimen, series.policy, first, last, None if last is None else last + minimum, minimum)


def walk(series: Series) -> Walk:
    """Replay every attempt that counts, in order of day. Raises DoubleDose for two completed doses on one date."""
    counting = [attempt for attempt in series.attempts if attempt.outcome == _COMPLETED]
    counting.sort(key=_by_day)
    for one, other in pairwise(counting):
        if one.on == other.on:
            raise DoubleDose(one.on)
    position = start_of(series)
    if series.rulings:
        history = tuple(_given_under(series.rulings, position, counting))
    else:
        history = tuple([position.give(attempt) for attempt in counting])
    partials = () if len(counting) == len(series.attempts) else _partials(series)
    return Walk(position, history, partials)


def _given_under(rulings: tuple[Ruling, ...], position: Position, counting: list[Attempt]) -> Iterator[GivenDose]:
    """Count the doses, each under the decisions made after the dose before it and no later than its own day."""
    for attempt in counting:
        for ruling in rulings:
            if ruling.after == position.last and ruling.made_on <= attempt.on:
                position.follow(ruling)
        yield position.give(attempt)
    for ruling in rulings:
        if ruling.after == position.last:
            position.follow(ruling)


def _partials(series: Series) -> tuple[Attempt, ...]:
    return tuple(sorted((attempt for attempt in series.attempts if attempt.outcome == Outcome.PARTIAL), key=_by_day))


def replay(series: Series) -> tuple[GivenDose, ...]:
    """Return the doses that count, each with its label, flags and rules. Raises DoubleDose and NoSwitch."""
    return walk(series).history
