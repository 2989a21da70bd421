"""The level of one value: which of its policy's limits it lies beyond.

Limits are strict: 50 platelets ask for sign-off, 49 stop. A value with a sign is read at the worst that it may stand
for: "<0.3" may be just under 0.3, ">20" may be anything above, because a laboratory prints a sign where its measuring
range ends. Where a limit counts multiples of the laboratory's range and none was printed, nobody can say that the value
lies within it: it is watched.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monographs.rules.dates import add_months
from treatments.rules.monitoring import Comparator, Range
from treatments.rules.monitoring_terms import Level, Limit, Limits, Result

_NOTHING, _ENDLESS = Decimal(0), Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Beyond:
    """The level of a value, the limit that it lies beyond, and that limit in the kept unit: None where unknown."""

    level: Level
    limit: Limit | None = None
    bound: Decimal | None = None


def level_of(limits: Limits, result: Result, *, born_on: date, before: Result | None = None) -> Beyond:
    """Return the level of a result. `before` is the sample before it that may make this one a repeat."""
    watch = _watch(limits, result, born_on)
    for level, limit in ((Level.STOP, limits.stop), (Level.SIGN_OFF, limits.sign_off)):
        if limit is not None and _is_beyond(limits, limit, result):
            return Beyond(level, limit, bound(limits, limit, result.reference))
    if bound(limits, watch, result.reference) is None:
        return Beyond(Level.WATCH, watch)
    if not _is_beyond(limits, watch, result):
        return Beyond(Level.WITHIN)
    again = limits.on_repeat and before is not None and _is_beyond(limits, watch, before)
    return Beyond(Level.SIGN_OFF if again else Level.WATCH, watch, bound(limits, watch, result.reference))


def bound(limits: Limits, limit: Limit, reference: Range) -> Decimal | None:
    """Return a limit in the kept unit; None where it counts from a range that the laboratory did not print."""
    if limit.of_upper:
        return None if reference.high is None else limit.at * reference.high
    printed = reference.low if limits.is_floor else reference.high
    return printed if limit.or_range and printed is not None else limit.at


def _watch(limits: Limits, result: Result, born_on: date) -> Limit:
    """Return the limit to watch from at the age on the day of collection."""
    young = limits.young
    if young is None or result.collected_on >= add_months(born_on, 12 * young.under_years):
        return limits.watch
    return young.watch


def _is_beyond(limits: Limits, limit: Limit, result: Result) -> bool:
    at = bound(limits, limit, result.reference)
    if at is None:
        return False
    if limits.is_floor:
        return (_NOTHING if result.comparator in {Comparator.BELOW, Comparator.AT_MOST} else result.kept) < at
    return (_ENDLESS if result.comparator in {Comparator.ABOVE, Comparator.AT_LEAST} else result.kept) > at
