"""The calculator on the command line: the next dose for a history, without any patient."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from monographs.rules.regimen import Regimen
from treatments.management.regimens import regimens_known
from treatments.rules.calculator import Answer, UnknownRegimen, batch, calculate
from treatments.rules.schedule import DoubleDose
from treatments.rules.schedule_entries import BadEntry, attempt_from, day_from

REFUSED = 2


class Command(BaseCommand):
    """Prints the history, the next dose and the projection; the exit status is 2 when the question is not sound."""

    help = "Say which dose comes next for a regimen and the doses given, and why."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the question, or a file of questions."""
        parser.add_argument("--regimen", metavar="KEY", help="the regimen's key; without it, the default regimen")
        parser.add_argument("--given", action="append", default=[], metavar="DATE[:MG]", help="a dose; may be repeated")
        parser.add_argument("--on", metavar="DATE", help="the day to answer for; without it, today")
        parser.add_argument("--until", metavar="DATE", help="the last day of the projection; without it, twelve months")
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")
        parser.add_argument("--batch", metavar="FILE", help="answer a file of JSON lines, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer one question, or each line of a file."""
        try:
            until = day_from(options["until"]) if options["until"] else None
            if options["batch"]:
                self._answer_file(options["batch"], until)
            else:
                self._answer(options, until)
        except (BadEntry, DoubleDose, UnknownRegimen, OSError) as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None

    def _answer_file(self, file: str, until: date | None) -> None:
        regimens = regimens_known(self.stderr.write)
        with _opened(file) as lines:
            for answer in batch(regimens, lines, until):
                self.stdout.write(answer)

    def _answer(self, options: Mapping[str, Any], until: date | None) -> None:
        regimens = regimens_known(self.stderr.write)
        on = day_from(options["on"]) if options["on"] else timezone.localdate()
        attempts = [attempt_from(entry) for entry in options["given"]]
        answer = calculate(regimens, options["regimen"] or _default(regimens), attempts, on, until)
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) if options["json"] else as_text(answer))


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == "-":
        yield sys.stdin
    else:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            yield lines


def _default(regimens: Mapping[str, Regimen]) -> str:
    return next((key for key, regimen in regimens.items() if regimen.is_default), "")


def as_text(answer: Answer) -> str:
    """Write an answer for a person to read, dates ISO, one dose a line."""
    coming = answer["next"]
    window = f", due {coming['opens']} to {coming['closes']}" if coming["opens"] else ""
    floor = f", not before {coming['floor']}" if coming["floor"] else ""
    hidden = f" (without it: {coming['underlying']})" if coming["underlying"] else ""
    lines = [
        f"{answer['regimen']}, version {answer['version']}, on {answer['on']}",
        *(f"  given      {_dose(dose, dose['given_on'])}" for dose in answer["history"]),
        f"  next       {_dose(coming, coming['target'] or 'no date')}{window}{floor}: {coming['status']}{hidden}",
        f"  why        {coming['why']} (rules {', '.join(map(str, coming['rules']))})",
        *(f"  projected  {_dose(dose, dose['target'])}" for dose in answer["projection"]),
    ]
    return "\n".join(lines)


def _dose(dose: Mapping[str, Any], day: str) -> str:
    flags = f" [{', '.join(dose['flags'])}]" if dose.get("flags") else ""
    return f"{dose['ordinal']:>2}  {dose['label']:<3}  {day}  {dose['mg']} mg{flags}"
