"""Say whether anything looks after the reminders, for the person or the program that watches this system."""

import json
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error
from django.utils import timezone

from treatments.reminders.queries.liveness import DOES_THE_WORK, Report, report

LATE, CANNOT_TELL = 1, 2


class Command(BaseCommand):
    """The command."""

    help = "Say whether reminders go out. Ends with 0 when all is well, 1 when something is late or set aside, else 2."
    # Nothing but the database's own answer is wanted, also when it is in no state to run anything else.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print how it stands; the exit status says it too."""
        now = timezone.now()
        try:
            found = report(now)
        except Error as error:
            self._say({"state": "unknown", "reason": f"The database did not answer ({type(error).__name__})."}, options)
            sys.exit(CANNOT_TELL)
        self._say(_told(found, now), options)
        if not found.is_fine(now):
            sys.exit(LATE)

    def _say(self, told: dict[str, Any], options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(told) if options["json"] else "\n".join(_lines(told)))


def _told(found: Report, now: datetime) -> dict[str, Any]:
    return {
        "state": "fine" if found.is_fine(now) else "late",
        "reminders": found.life.name.lower(),
        "heartbeats": {
            who.value: {"seen": _moment(sign.at)}
            | ({"went_well": _moment(sign.well_at)} if who in DOES_THE_WORK else {})
            for who, sign in found.signs.items()
        },
        "sites": [
            {"name": site.name, "gone_through": _moment(site.at), "state": site.life.name.lower()}
            for site in found.sites
        ],
        "due_and_unsent": found.unsent,
        "oldest_unsent": _moment(found.oldest_unsent),
        "failed_in_7_days": found.failed,
        "set_aside": [str(one) for one in found.set_aside],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _lines(told: dict[str, Any]) -> list[str]:
    """Return a line for each fact, in the words of the JSON."""
    lines = []
    for name, value in told.items():
        label = name.replace("_", " ")
        if isinstance(value, dict):
            lines += [f"{who}: {_pairs(facts)}" for who, facts in value.items()] or [f"{label}: never seen"]
        elif isinstance(value, list):
            lines.append(f"{label}: {len(value)}")
            lines += [f"  {_pairs(one) if isinstance(one, dict) else one}" for one in value]
        else:
            lines.append(f"{label}: {'none' if value is None else value}")
    return lines


def _pairs(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value or 'never'}" for name, value in facts.items())
