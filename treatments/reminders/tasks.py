"""The task that the beat table names. It carries no data: what is to be done stands in the database."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from treatments.reminders.services.running import plan_and_send as run
from treatments.reminders.services.sending import Sender

logger = logging.getLogger(__name__)

# Well before the worker's own limit of 300 seconds, which ends a task in the middle of a mail.
LONGEST_RUN = timedelta(seconds=200)


@shared_task
def plan_and_send() -> None:
    """Plan what is owed and send what is due. When the database fails, the next turn of the beat tries again."""
    until = timezone.now() + LONGEST_RUN
    try:
        tally = run(Sender(clock=timezone.now, stop=lambda: timezone.now() > until))
    except (OperationalError, InterfaceError) as error:
        logger.error("The database did not answer (%s).", type(error).__name__)  # noqa: TRY400 - its text quotes rows
        return
    if tally:
        logger.info("Reminders: %s", tally)
