"""Before and after: which dose moves, and by how much, before anybody confirms a change."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from treatments.rules.projection import project
from treatments.rules.replay import walk
from treatments.rules.schedule_terms import ProjectedDose, Ruling, Series


@dataclass(frozen=True, slots=True)
class Pair:
    """The n-th dose to come, as it was planned and as it would be; None on the side where there is none."""

    before: ProjectedDose | None
    after: ProjectedDose | None

    @property
    def moves(self) -> int | None:
        """Return by how many days the dose moves, later ones positive; None where one side has none."""
        if self.before is None or self.after is None:
            return None
        return (self.after.target - self.before.target).days

    @property
    def differs(self) -> bool:
        """Say whether anything about the dose is different afterwards."""
        return self.before != self.after


def compare(before: tuple[ProjectedDose, ...], after: tuple[ProjectedDose, ...]) -> tuple[Pair, ...]:
    """Put the doses to come side by side, the next one first."""
    return tuple(Pair(one, other) for one, other in zip_longest(before, after))


def as_planned(series: Series, count: int) -> tuple[ProjectedDose, ...]:
    """Return the doses to come as they were planned on the day of the last one, before anything was late or on hold."""
    last = walk(series).position.last or series.planned_start
    return () if last is None else project(replace(series, held=False), last, count=count)


def under(series: Series, ruling: Ruling, on: date, count: int) -> tuple[ProjectedDose, ...]:
    """Return the doses to come if a prescriber decides so on a day."""
    return project(replace(series, rulings=(*series.rulings, ruling), held=False), on, count=count)
