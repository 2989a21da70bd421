"""What a newer version of a regimen or of a clinic's policy would change about a running course (rules 10 and 11).

A published version moves no running course: this says what would move if a prescriber let the course take it.
"""

from dataclasses import dataclass, replace
from datetime import date

from monographs.rules.regimen import Regimen
from treatments.rules.comparing import Pair, as_planned, compare
from treatments.rules.schedule import forecast
from treatments.rules.schedule_terms import NextDose, Policy, Series


@dataclass(frozen=True, slots=True)
class Change:
    """The next dose as it is today under either version, and the doses to come as planned, side by side."""

    before: NextDose
    after: NextDose
    pairs: tuple[Pair, ...]

    @property
    def moved(self) -> tuple[Pair, ...]:
        """Return the doses to come that get another day, or lose or gain one."""
        return tuple(pair for pair in self.pairs if pair.moves != 0)

    @property
    def differing(self) -> tuple[Pair, ...]:
        """Return the doses to come of which anything changes: the day, the place or the amount."""
        return tuple(pair for pair in self.pairs if pair.differs)

    @property
    def furthest(self) -> int:
        """Return by how many days a dose moves at most, to either side; 0 where none goes from one day to another."""
        return max((abs(pair.moves) for pair in self.pairs if pair.moves is not None), default=0)

    @property
    def next_differs(self) -> bool:
        """Say whether anything about the next dose changes: what is given, when it may be, or how the course stands."""
        return facts_of(self.before) != facts_of(self.after)

    @property
    def moves_nothing(self) -> bool:
        """Say whether the course goes on exactly as it would have."""
        return not self.differing and not self.next_differs


def change(before: Series, regimen: Regimen, policy: Policy, on: date, count: int) -> Change:
    """Compare a course today with itself under another version; `count` doses to come are looked at.

    Raises NoSwitch where the course began with a switch that the other version does not know.
    """
    after = replace(before, regimen=regimen, policy=policy)
    return Change(
        before=forecast(before, on).next,
        after=forecast(after, on).next,
        pairs=compare(as_planned(before, on, count), as_planned(after, on, count)),
    )


def facts_of(dose: NextDose) -> tuple[object, ...]:
    """Return what somebody acts on: place, amount, days and status, not the words and rule numbers behind them."""
    when = (dose.floor, dose.target, dose.opens, dose.closes)
    return (dose.label, dose.of, dose.mg, dose.ml, *when, dose.status, dose.underlying)
