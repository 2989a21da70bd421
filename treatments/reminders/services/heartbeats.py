"""Write down that a process lives, so that its silence can be seen by whoever reads the database."""

from datetime import datetime

from treatments.reminders.models import Heartbeat, Runner


def show(who: Runner, now: datetime) -> None:
    """Record that this process lives."""
    _write(Heartbeat(who=who, at=now), "at")


def show_well(who: Runner, now: datetime) -> None:
    """Record that this process has just ended a turn in which nothing went wrong."""
    _write(Heartbeat(who=who, at=now, well_at=now), "at", "well_at")


def _write(beat: Heartbeat, *fields: str) -> None:
    # One statement, so that several processes of a kind never collide.
    Heartbeat.objects.bulk_create([beat], update_conflicts=True, unique_fields=["who"], update_fields=fields)
