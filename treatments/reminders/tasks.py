"""The task that the beat table names. It carries no data: what is to be done stands in the database."""

import logging

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from treatments.reminders.models import Runner
from treatments.reminders.services import heartbeats
from treatments.reminders.services.running import LONGEST_RUN
from treatments.reminders.services.running import plan_and_send as run
from treatments.reminders.services.sending import Sender

logger = logging.getLogger(__name__)


@shared_task
def plan_and_send() -> None:
    """Plan what is owed and send what is due. When the database fails, the next turn of the beat tries again."""
    until = timezone.now() + LONGEST_RUN
    try:
        heartbeats.show(Runner.WORKER, timezone.now())
        tally = run(Sender(clock=timezone.now, stop=lambda: timezone.now() > until))
        heartbeats.show_well(Runner.WORKER, timezone.now())
    except (OperationalError, InterfaceError) as error:
        logger.error("The database did not answer (%s).", type(error).__name__)  # noqa: TRY400 - its text quotes rows
        return
    if tally:
        logger.info("Reminders: %s", tally)
