"""Before and after: which dose moves, and by how much, before anybody confirms a change."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from treatments.rules.projection import project
from treatments.rules.replay import walk
from treatments.rules.schedule_terms import Outcome, Plan, ProjectedDose, Ruling, Series


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


def as_planned(series: Series, on: date, count: int) -> tuple[ProjectedDose, ...]:
    """Return the doses to come as the plan has them on a day, whatever a hold or a late-dose rule says of them.

    The next dose stands at its own target, even where that has passed; those after it lie where they would if it were
    given on `on`, as one ordinary dose. A partial dose that is not decided on is left out.
    """
    settled = tuple(attempt for attempt in series.attempts if attempt.outcome is not Outcome.PARTIAL)
    position = walk(series).position
    target = position.target()
    if target is None:
        return ()
    doses = under(
        replace(series, attempts=settled), Ruling(position.last, on, Plan.AS_PLANNED, max(target, on)), on, count
    )
    return (doses[0]._replace(target=target), *doses[1:])


def under(series: Series, ruling: Ruling, on: date, count: int) -> tuple[ProjectedDose, ...]:
    """Return the doses to come if a prescriber decides so on a day."""
    decided = replace(series, rulings=(*series.rulings, ruling), held=False, stopped=False, review="")
    return project(decided, on, count=count)
