"""The engine's rules once more, written slowly and plainly, to hold the real one against.

Slots are listed one by one and looked through, months are added by trying days; nothing is shared with the engine.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

_SLOTS = 150


@dataclass
class Naive:
    """A course worked out by hand. `gaps` are the days before each loading dose; `late`: bands are known.

    `due` is the planned start, or the day taken over by a switch; `switching`: the first dose replaces a maintenance
    dose. `day_set` and `settled` are what a prescriber decided about the dose that comes next: its day, and the worst
    band that was looked at.
    """

    gaps: list[int]
    late: bool
    due: date | None = None
    switching: bool = False
    day_set: date | None = None
    settled: int = 0
    last: date | None = None
    mode: str = "loading"
    steps: int = 0
    count: int = 0
    maintained: int = 0
    run: int = 0
    of: int = 0
    slots: list[date] = field(default_factory=list)
    satisfied: list[int] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)

    def target(self) -> date | None:
        if self.last is None:
            return self.due
        if self.day_set is not None:
            wanted = self.day_set
        elif self.switching and self.due is not None:
            wanted = self.due
        elif self.mode == "loading":
            wanted = self.last + timedelta(days=self.gaps[self.steps])
        elif self.mode == "catch_up":
            wanted = self.last + timedelta(days=14)
        else:
            wanted = self.slots[max(self.satisfied) + 1]
        return max(wanted, self.last + timedelta(days=14))

    def tight(self) -> bool:
        return self.mode == "maintenance" and not self.day_set and self.target() != self.slots[max(self.satisfied) + 1]

    def window(self) -> tuple[date, date] | None:
        target = self.target()
        if target is None:
            return None
        if self.mode != "maintenance" and not self.switching:
            return target, target + timedelta(days=7)
        if self.day_set is not None:
            return target, target + timedelta(days=14)
        if self.last is None:
            return target - timedelta(days=7), target + timedelta(days=14)
        return max(target - timedelta(days=7), self.last + timedelta(days=14)), target + timedelta(days=14)

    def band(self, on: date) -> int:
        """Return 0 for one ordinary dose, 2 or 3 for as many catch-up doses, 4 for loading anew."""
        window = self.window()
        if not self.late or self.last is None or self.mode == "loading" or window is None or on <= window[1]:
            return 0
        band = sum(on >= plus(self.last, months) for months in (8, 16, 40)) + (on >= plus(self.last, 8))
        return band if band > self.settled else 0

    def decide(self, made_on: date, plan: str, day: date | None, of: int = 0, gaps: list[int] | None = None) -> None:
        """Let a prescriber's decision take the place of the plan for the next dose."""
        self.settled, self.day_set = max(self.settled, self.band(made_on)), day
        if plan == "restart":
            self.mode, self.steps, self.switching, self.gaps = "loading", 0, False, gaps or self.gaps
        elif plan == "catch_up":
            self.mode, self.run, self.of = "catch_up", 0, of
        elif plan == "skip" and self.mode == "maintenance":
            self.satisfied.append(max(self.satisfied) + 1)

    def give(self, on: date) -> str:
        """Count a dose and return its label."""
        band = self.band(on)
        if band == 4:
            self.mode, self.steps = "loading", 0
        elif band:
            self.mode, self.run, self.of = "catch_up", 0, band
        if self.last is not None and (on - self.last).days < 14:
            self.flags.add("interval_short")
        label = self.label()
        if self.mode == "loading":
            self.steps += 1
            if self.steps == len(self.gaps):
                self.anchor(on)
        elif self.mode == "catch_up":
            self.run += 1
            if self.run == self.of:
                self.anchor(on)
        else:
            self.satisfy(on)
        self.last, self.day_set, self.settled, self.switching = on, None, 0, False
        self.count += 1
        return label

    def mg(self, on: date, loading: int, maintenance: int) -> int:
        """Return the amount of the next dose if it is given on that day."""
        restarts = self.band(on) == 4
        return loading if restarts or (self.mode == "loading" and not self.band(on)) else maintenance

    def label(self) -> str:
        if self.mode == "loading":
            return f"L{self.steps + 1}"
        return f"C{self.run + 1}" if self.mode == "catch_up" else f"M{self.maintained + 1}"

    def anchor(self, on: date) -> None:
        self.mode, self.slots, self.satisfied = "maintenance", [plus(on, 4 * k) for k in range(_SLOTS)], [0]

    def satisfy(self, on: date) -> None:
        self.maintained += 1
        reached = max(k for k, slot in enumerate(self.slots) if slot <= on)
        best = max(self.satisfied)
        if reached > best:
            if reached > best + 1:
                self.flags.add("slot_skipped")
            self.satisfied.append(reached)
        elif (self.slots[best + 1] - on).days <= 7:
            self.satisfied.append(best + 1)
        else:
            self.flags.add("early_reanchored")
            self.anchor(on)

    def status(self, on: date) -> str:
        """Return the status for the dates alone."""
        window = self.window()
        if window is None:
            return "not_started"
        if self.waits(on, window[1]):
            return "review"
        if on > window[1]:
            return {0: "overdue", 4: "restart"}.get(self.band(on), "interrupted")
        if on >= window[0]:
            return "due"
        return "not_started" if self.last is None else "upcoming"

    def waits(self, on: date, closes: date) -> bool:
        """Say whether a prescriber has to look: loading left incomplete, or past a window without a late-dose rule."""
        if on > closes and (self.switching or (not self.late and self.last is not None)):
            return True
        begun = self.mode == "loading" and self.last is not None and not self.switching
        return begun and on >= plus(self.day_set or self.last or on, 4)

    def next_label(self, on: date) -> str:
        band = self.band(on)
        return self.label() if not band else "L1" if band == 4 else "C1"


def plus(day: date, months: int) -> date:
    """Add months by trying the day number, then the one before it, and so on."""
    month = day.year * 12 + day.month - 1 + months
    for number in range(day.day, 0, -1):
        try:
            return date(month // 12, month % 12 + 1, number)
        except ValueError:
            continue
    raise AssertionError(day)
