"""Import one monograph from a Markdown file."""

import json
import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.audit.trail import process_actor
from monographs import services
from monographs.management.documents import (
    REFUSED,
    Unreadable,
    prepare_database,
    read_document,
    refusal_lines,
    refusals,
)
from monographs.models import Version
from monographs.rules.document import Statement
from monographs.services import Imported, InvalidDocument, Summary


class Command(BaseCommand):
    """Reads a document, says what was understood, and keeps it as a version."""

    help = """Import a monograph from a Markdown file as a draft, or put it in force with --publish.
The same text again makes nothing. A refused document changes nothing and ends with status 2."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and how to answer."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--publish", action="store_true", help="put the version in force")
        parser.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, *_args: Any, file: Path, publish: bool, json: bool, **_options: Any) -> None:
        """Import, or refuse with every problem."""
        prepare_database()
        try:
            text = read_document(file)
            imported = services.import_document(
                text=text, publish=publish, by=process_actor("import_monograph"), at=timezone.now()
            )
        except refusals() as error:
            self._refuse(file, error, as_json=json)
        self.stdout.write(_json(as_object(imported.summary)) if json else _text(imported))

    def _refuse(self, file: Path, error: Exception, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(_json({"problems": _sentences(error)}))
        else:
            self.stderr.write("\n".join(refusal_lines(file, error)), self.style.ERROR)
        sys.exit(REFUSED)


def as_object(summary: Summary) -> dict[str, Any]:
    """Return the summary as the JSON object that scripts read."""
    return {
        "title": summary.title,
        "generic_name": summary.generic_name,
        "sections": summary.sections,
        "effects": summary.effects,
        "faqs": summary.faqs,
        "disclaimer": summary.disclaimer,
        "regimens": list(summary.regimens),
        "statements": [
            {
                "label": statement.label,
                "mg": _number(statement.mg),
                "interval": None if statement.interval is None else str(statement.interval),
                "count": statement.count,
            }
            for statement in summary.statements
        ],
        "problems": list(summary.problems),
    }


def outcome(imported: Imported) -> str:
    """Say in one sentence what became of the document."""
    number, state = imported.version.number, imported.version.state
    if imported.created:
        return (
            f"Made version {number} and put it in force." if imported.published else f"Made version {number}, a draft."
        )
    if imported.published:
        return f"Version {number} held this text as a draft; it is in force now."
    return f"Version {number} holds this text already ({Version.State(state).label.lower()}); nothing was made."


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _sentences(error: Exception) -> list[str]:
    if isinstance(error, InvalidDocument):
        return [str(problem) for problem in error.problems]
    return [f"The file {error}" if isinstance(error, Unreadable) else str(error)]


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _text(imported: Imported) -> str:
    summary = imported.summary
    effects = summary.effects
    lines = [
        f"{summary.title} (generic name {summary.generic_name})",
        f"  sections: {summary.sections}",
        f"  effects: {effects['common']} common, {effects['less_common']} less common, {effects['serious']} serious",
        f"  questions: {summary.faqs}",
        f"  disclaimer: {'yes' if summary.disclaimer else 'no'}",
        f"  regimens as data: {', '.join(summary.regimens) or 'none'}",
        *(f"  dosage: {_dosage(statement)}" for statement in summary.statements),
        *(f"  look at: {problem}" for problem in summary.problems),
        outcome(imported),
    ]
    return "\n".join(lines)


def _dosage(statement: Statement) -> str:
    interval = "" if statement.interval is None else f", {statement.interval}"
    count = "" if statement.count is None else f", {statement.count} ×"
    return f"{statement.label}: {_number(statement.mg)} mg{interval}{count}"
