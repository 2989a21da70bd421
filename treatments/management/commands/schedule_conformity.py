"""Check the schedule engine against a table of worked cases."""

from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from treatments.management.regimens import regimens_known
from treatments.rules.conformity import BadTable, RowResult, cases_from, check


class Command(BaseCommand):
    """Prints pass or fail for each row and the totals; the exit status is 1 when a row fails."""

    help = "Check the schedule engine against a table of worked cases, by default the one that ships with it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the table's path."""
        parser.add_argument("file", nargs="?", help="a table in CSV; without it, the application's own")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check every row and say how many passed."""
        try:
            cases = cases_from(_lines(options["file"]))
        except (BadTable, OSError, UnicodeDecodeError) as refused:
            raise CommandError(str(refused)) from None
        results = tuple(check(regimens_known(self.stderr.write), cases, zone_of))
        for result in results:
            self._show(result)
        failed = sum(not result.passed for result in results)
        self.stdout.write(f"{len(results)} rows, {len(results) - failed} passed, {failed} failed")
        if failed or not results:
            raise CommandError("The engine does not agree with the table." if failed else "The table has no rows.")

    def _show(self, result: RowResult) -> None:
        self.stdout.write(f"{'pass' if result.passed else 'FAIL'}  {result.case}")
        for difference in result.differences:
            self.stdout.write(f"      {difference}")


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name. Raises LookupError where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # a folder of zones, or no name at all
        raise LookupError(name) from None


def _lines(file: str | None) -> list[str]:
    own = resources.files("treatments.rules") / "data" / "schedule-cases.csv"
    source = Path(file) if file else own
    return source.read_text(encoding="utf-8-sig").splitlines(keepends=True)
