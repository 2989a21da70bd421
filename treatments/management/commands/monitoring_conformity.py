"""Check the rules of laboratory monitoring and readiness against a table of worked cases."""

from collections.abc import Iterable, Iterator

from treatments.management.conformity import ConformityCommand
from treatments.rules.conformity import RowResult
from treatments.rules.monitoring_conformity import cases_from, check


class Command(ConformityCommand):
    """Checks the rules under the policy that the application proposes; it needs no database."""

    help = "Check monitoring and readiness against a table of worked cases, by default the one that ships with it."
    table = "monitoring-cases.csv"
    what = "The rules do"

    def checked(self, lines: Iterable[str]) -> Iterator[RowResult]:
        """Compare each row with the rules' answer."""
        return check(cases_from(lines))
