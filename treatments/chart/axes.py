"""The shared time axis of the chart's pictures, and the scale of each. x is in percent of the width, y in pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from clinic.formatting import MONTHS
from monographs.rules.dates import add_months

# Room on the left for the scale's numbers, on the right for the last mark.
LEFT, RIGHT = 9.0, 98.5
MOST_TICKS = 8
_STEPS_IN_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True, slots=True)
class Tick:
    """A date written under the pictures. A `minor` one is left out where there is little room."""

    x: str
    label: str
    minor: bool


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The days that all pictures span, both included; always at least one day apart."""

    first: date
    last: date

    def x(self, day: date) -> float:
        """Return where a day lies, in percent."""
        share = (day - self.first) / (self.last - self.first)
        return LEFT + (RIGHT - LEFT) * share

    def ticks(self) -> tuple[Tick, ...]:
        """Return the firsts of months to write, at most about eight."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next((step for step in _STEPS_IN_MONTHS if months <= step * MOST_TICKS), _STEPS_IN_MONTHS[-1])
        return tuple(
            Tick(percent(self.x(day)), f"{MONTHS[day.month - 1]} {day.year}", minor=place % 2 == 1)
            for place, day in enumerate(self._firsts(step))
        )

    def _firsts(self, step: int) -> Iterator[date]:
        """Yield the firsts of every `step`-th month, counted from a January, that lie on the axis."""
        day = add_months(date(self.first.year, 1, 1), (self.first.month - 1) // step * step)
        while day <= self.last:
            if day >= self.first:
                yield day
            day = add_months(day, step)


def time_axis(days: list[date]) -> TimeAxis:
    """Return the axis that spans these days, at least four weeks long. `days` is not empty."""
    first, last = min(days), max(days)
    return TimeAxis(first, max(last, first + timedelta(days=28)))


@dataclass(frozen=True, slots=True)
class Scale:
    """The values that one picture spans, drawn between `top` and `bottom`, in pixels from above."""

    low: Decimal
    high: Decimal
    top: int
    bottom: int

    def y(self, value: Decimal) -> float:
        """Return where a value lies, in pixels; what the scale does not reach is drawn at its edge."""
        inside = min(max(value, self.low), self.high)
        return self.bottom - float((inside - self.low) / (self.high - self.low)) * (self.bottom - self.top)


def scale(values: list[Decimal], top: int, bottom: int) -> Scale:
    """Return a scale with some air above and below the values; a single value lies in the middle."""
    low, high = min(values), max(values)
    air = (high - low) / 8 or high / 4 or Decimal(1)
    return Scale(max(low - air, Decimal(0)), high + air, top, bottom)


def percent(x: float) -> str:
    """Return "12.3%"."""
    return f"{x:.1f}%"


def pixels(y: float) -> str:
    """Return "12.3"."""
    return f"{y:.1f}"
