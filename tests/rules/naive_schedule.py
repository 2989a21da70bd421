"""The engine's rules once more, written slowly and plainly, to hold the real one against.

Slots are listed one by one and looked through, months are added by trying days; nothing is shared with the engine.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

_SLOTS = 150


@dataclass
class Naive:
    """A course worked out by hand. `gaps` are the days before each loading dose; `late`: bands are known."""

    gaps: list[int]
    late: bool
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
            return None
        if self.mode == "loading":
            wanted = self.last + timedelta(days=self.gaps[self.steps])
        elif self.mode == "catch_up":
            wanted = self.last + timedelta(days=14)
        else:
            wanted = self.slots[max(self.satisfied) + 1]
        return max(wanted, self.last + timedelta(days=14))

    def tight(self) -> bool:
        return self.mode == "maintenance" and self.target() != self.slots[max(self.satisfied) + 1]

    def window(self) -> tuple[date, date] | None:
        target = self.target()
        if target is None or self.last is None:
            return None
        if self.mode != "maintenance":
            return target, target + timedelta(days=7)
        return max(target - timedelta(days=7), self.last + timedelta(days=14)), target + timedelta(days=14)

    def band(self, on: date) -> int:
        """Return 0 for one ordinary dose, 2 or 3 for as many catch-up doses, 4 for loading anew."""
        window = self.window()
        if not self.late or self.last is None or self.mode == "loading" or window is None or on <= window[1]:
            return 0
        return sum(on >= plus(self.last, months) for months in (8, 16, 40)) + (on >= plus(self.last, 8))

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
        self.last = on
        self.count += 1
        return label

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
        window = self.window()
        if window is None or self.last is None:
            return "not_started"
        if self.mode == "loading" and on >= plus(self.last, 4):
            return "review"
        if on > window[1]:
            if not self.late:
                return "review"
            return {0: "overdue", 4: "restart"}.get(self.band(on), "interrupted")
        return "due" if on >= window[0] else "upcoming"

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
