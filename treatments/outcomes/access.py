"""Find a score within what the person may see, or answer 404: fetching and checking cannot be separated."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.outcomes.models import MotorScore


def score_or_404(user: User, pk: uuid.UUID) -> MotorScore:
    """Return the score, voided or not, with its site and patient."""
    return get_object_or_404(MotorScore.objects.seen_by(user).select_related("site", "patient__site"), pk=pk)
