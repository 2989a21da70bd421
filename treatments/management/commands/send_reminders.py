"""Plan and send reminders without a broker: once, or again and again until told to stop."""

import logging
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from treatments.reminders.models import Runner
from treatments.reminders.services import heartbeats
from treatments.reminders.services.rehearsing import rehearse
from treatments.reminders.services.running import LONGEST_RUN, plan_and_send
from treatments.reminders.services.sending import Clock, Sender

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_TURNS = 5.0
FIRST_YEAR, LAST_YEAR = 2000, 2200


class Stopping:
    """Whether somebody asked us to stop. A bare flag: a signal handler may set it at any point."""

    def __init__(self) -> None:
        """Begin unasked."""
        self.asked = False

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Remember that we should stop."""
        self.asked = True

    def __call__(self) -> bool:
        """Say whether we should stop."""
        return self.asked

    def wait(self, seconds: float) -> None:
        """Wait that long, or until asked to stop."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


class Command(BaseCommand):
    """The command."""

    help = "Plan the reminders that are owed and send the digests that are due. Running it twice sends once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the options."""
        parser.add_argument(
            "--dry-run", action="store_true", help="Write and send nothing; print what would be, in ids and kinds."
        )
        parser.add_argument(
            "--at",
            metavar="DATETIME",
            help="Act as if it were this moment, such as 2026-07-04T07:00; UTC unless it says.",
        )
        parser.add_argument(
            "--loop", action="store_true", help="Go on until SIGTERM or SIGINT; the mail in hand is finished."
        )

    def handle(self, *_args: Any, dry_run: bool, at: str | None, loop: bool, **_options: Any) -> None:
        """Run once, or until asked to stop."""
        if loop and (dry_run or at):
            raise CommandError("--loop goes by the real clock and sends; leave out --at and --dry-run.", returncode=2)
        clock = _clock(at)
        if dry_run:
            self._rehearse(clock)
        elif loop:
            self._loop(clock)
        else:
            self._once(clock, real=at is None)

    def _rehearse(self, clock: Clock) -> None:
        rehearsal = rehearse(clock())
        if lines := str(rehearsal):
            self.stdout.write(lines)
        self.stdout.write(f"Would be: {rehearsal.tally()}")

    def _once(self, clock: Clock, *, real: bool) -> None:
        with _told_to_stop() as stopping:
            try:
                tally = plan_and_send(Sender(clock=clock, stop=stopping))
                if real:
                    heartbeats.show_well(Runner.LOOP, clock())
            except (OperationalError, InterfaceError) as error:
                raise CommandError(f"The database did not answer ({type(error).__name__}).") from None
        self.stdout.write(str(tally))

    def _loop(self, clock: Clock) -> None:
        with _told_to_stop() as stopping:
            while not stopping():
                self._turn(clock, stopping)
                stopping.wait(SECONDS_BETWEEN_TURNS)

    def _turn(self, clock: Clock, stopping: Stopping) -> None:
        """Do one turn, not too long a one; a database that does not answer is asked again at the next."""
        close_old_connections()
        until = clock() + LONGEST_RUN
        try:
            heartbeats.show(Runner.LOOP, clock())
            tally = plan_and_send(Sender(clock=clock, stop=lambda: stopping() or clock() > until))
            heartbeats.show_well(Runner.LOOP, clock())
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database did not answer (%s); trying again.", type(error).__name__)
            connection.close_if_unusable_or_obsolete()
        else:
            if tally:
                self.stdout.write(str(tally))


def _clock(at: str | None) -> Clock:
    """Return the real clock, or one that stands still. Raises CommandError for a moment that cannot be read."""
    if at is None:
        return timezone.now
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise CommandError(f"{at!r} is not a moment; write it like 2026-07-04T07:00.", returncode=2) from None
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise CommandError(f"The year of {at!r} must lie between {FIRST_YEAR} and {LAST_YEAR - 1}.", returncode=2)
    fixed = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return lambda: fixed


@contextmanager
def _told_to_stop() -> Iterator[Stopping]:
    """Listen for SIGTERM and SIGINT, and leave both as they were."""
    stopping = Stopping()
    before = {number: signal.signal(number, stopping.ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
