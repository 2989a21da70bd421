"""Celery's beat, which writes into the database that it lives. No fault of the database stops it."""

import logging
import time
from typing import Any, Final

from celery import beat

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_SIGNS: Final = 30.0


class Scheduler(beat.Scheduler):
    """Celery's in-memory schedule; at its turns, but no more often than every 30 seconds, it shows that it lives."""

    shown: float | None = None

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Do what is due and return the seconds until the next turn."""
        seconds: float = super().tick(*arguments, **options)
        moment = time.monotonic()
        if self.shown is None or moment - self.shown >= SECONDS_BETWEEN_SIGNS:
            self.shown = moment
            show()
        return seconds


def show() -> None:
    """Write that beat lives, if the database lets us."""
    # Celery names this class before Django is set up, and the probes import it without any settings.
    from django.db import Error, close_old_connections  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from treatments.reminders.models import Runner  # noqa: PLC0415
    from treatments.reminders.services import heartbeats  # noqa: PLC0415

    try:
        close_old_connections()
        heartbeats.show(Runner.BEAT, timezone.now())
    except Error as error:
        logger.warning("The database did not take beat's sign of life (%s).", type(error).__name__)
