"""What the commands have in common that check a rule against a table of worked cases."""

from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from treatments.rules.conformity import BadTable, RowResult


class ConformityCommand(BaseCommand):
    """Prints pass or fail for each row and the totals; the exit status is 1 when a row fails.

    `table` names the table that ships with the application, `what` the thing that is checked.
    """

    requires_system_checks = []
    table = ""
    what = ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the table's path."""
        parser.add_argument("file", nargs="?", help="a table in CSV; without it, the application's own")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check every row and say how many passed."""
        try:
            results = tuple(self.checked(_lines(options["file"], self.table)))
        except (BadTable, OSError, UnicodeDecodeError) as refused:
            raise CommandError(str(refused)) from None
        for result in results:
            self._show(result)
        failed = sum(not result.passed for result in results)
        self.stdout.write(f"{len(results)} rows, {len(results) - failed} passed, {failed} failed")
        if failed or not results:
            raise CommandError(f"{self.what} not agree with the table." if failed else "The table has no rows.")

    def checked(self, lines: Iterable[str]) -> Iterator[RowResult]:
        """Return what became of each row of the table; a subclass knows the rule. Raises BadTable."""
        raise BadTable(f"Nothing is checked against {self.table}.")

    def _show(self, result: RowResult) -> None:
        self.stdout.write(f"{'pass' if result.passed else 'FAIL'}  {result.case}")
        for difference in result.differences:
            self.stdout.write(f"      {difference}")


def _lines(file: str | None, table: str) -> list[str]:
    own = resources.files("treatments.rules") / "data" / table
    source = Path(file) if file else own
    return source.read_text(encoding="utf-8-sig").splitlines(keepends=True)
