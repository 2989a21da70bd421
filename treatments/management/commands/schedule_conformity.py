"""Check the schedule engine against a table of worked cases."""

from collections.abc import Iterable, Iterator

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
        return check(regimens_known(self.stderr.write), cases)
