"""Find an override within what the person may see, or answer 404."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.readiness.models import Override


def override_or_404(user: User, pk: uuid.UUID) -> Override:
    """Return the override, withdrawn or not, with its dose, site and patient, and who gave it."""
    joined = ("site", "patient__site", "dose__patient__site", "by", "second")
    return get_object_or_404(Override.objects.seen_by(user).select_related(*joined), pk=pk)
