"""Find a line of the ledger within what the person may see, or answer 404."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.reminders.models import Reminder


def line_or_404(user: User, pk: uuid.UUID) -> Reminder:
    """Return the line with its site, its dose and its message."""
    lines = Reminder.objects.seen_by(user).select_related("site", "dose__patient__site", "recipient", "message")
    return get_object_or_404(lines, pk=pk)
