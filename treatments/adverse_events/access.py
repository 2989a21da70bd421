"""Find an event within what the person may see, or answer 404: fetching and checking cannot be separated."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.adverse_events.models import AdverseEvent


def event_or_404(user: User, pk: uuid.UUID) -> AdverseEvent:
    """Return the event, voided or not, with its site, its patient and the text its term was compared with."""
    joined = ("site", "patient__site", "monograph_version__monograph", "recorded_by")
    return get_object_or_404(AdverseEvent.objects.seen_by(user).select_related(*joined), pk=pk)
