"""Whether anything looks after the reminders, judged by the signs of life that its processes leave.

Beat wakes the worker every minute; the command `send_reminders` needs neither. What counts is that one of the two that
do the work is there, and that its turns end well. Beat is not judged with them: when it is silent, so is the worker.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

LATE_AFTER = timedelta(minutes=5)
"""A process that shows nothing for longer is late; a turn takes 200 seconds at most, and one begins every minute."""

FAILING_AFTER = timedelta(minutes=15)
"""When no turn has ended well for longer, the turns fail."""

SILENT_AFTER = timedelta(days=1)
"""When nothing has run for longer, everybody is told."""

UNSENT_AFTER = timedelta(hours=1)
"""A message that is due for longer is late, although it may be tried again: the longest wait is half an hour."""


class Life(IntEnum):
    """How it stands, from well to worst."""

    ALIVE = 0
    LATE = 1
    SILENT = 2


@dataclass(frozen=True, slots=True)
class Sign:
    """When a process last showed that it lives, and when it last ended a turn well."""

    at: datetime
    well_at: datetime | None = None


def life(at: datetime | None, now: datetime, late_after: timedelta = LATE_AFTER) -> Life:
    """Judge one instant; None is never. A sign that lies ahead was left by a clock that has since gone back."""
    if at is None or abs(now - at) > SILENT_AFTER:
        return Life.SILENT
    return Life.LATE if abs(now - at) > late_after else Life.ALIVE


def verdict(workers: Collection[Sign], now: datetime) -> Life:
    """Judge everything that does the work together: the best sign counts, and the best turn that ended well."""
    seen = min((life(sign.at, now) for sign in workers), default=Life.SILENT)
    went_well = min((life(sign.well_at, now, FAILING_AFTER) for sign in workers), default=Life.SILENT)
    return max(seen, went_well)
