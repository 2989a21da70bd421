"""Find a result within what the person may see, or answer 404: fetching and checking cannot be separated."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.labs.models import LabResult


def result_or_404(user: User, pk: uuid.UUID) -> LabResult:
    """Return the result, voided or not, with its site and patient."""
    return get_object_or_404(LabResult.objects.seen_by(user).select_related("site", "patient__site"), pk=pk)
