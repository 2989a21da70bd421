"""Check the schedule engine against a table of worked cases."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from treatments.management.conformity import ConformityCommand
from treatments.management.regimens import regimens_known
from treatments.rules.conformity import RowResult, cases_from, check


class Command(ConformityCommand):
    """Checks the schedule engine."""

    help = "Check the schedule engine against a table of worked cases, by default the one that ships with it."
    table = "schedule-cases.csv"
    what = "The engine does"

    def checked(self, lines: Iterable[str]) -> Iterator[RowResult]:
        """Compare each row with the engine's answer."""
        cases = cases_from(lines)
        return check(regimens_known(self.stderr.write), cases, zone_of)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name. Raises LookupError where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # a folder of zones, or no name at all
        raise LookupError(name) from None
