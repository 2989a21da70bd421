"""Find a record of this room within what the person may see, or answer 404: one step, so that none is forgotten."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.labs.models import LabResult, LabReview, NotIndicated


def result_or_404(user: User, pk: uuid.UUID) -> LabResult:
    """Return the result, voided or not, with its site and patient."""
    return get_object_or_404(LabResult.objects.seen_by(user).select_related("site", "patient__site"), pk=pk)


def review_or_404(user: User, pk: uuid.UUID) -> LabReview:
    """Return the answer to a result, withdrawn or not, with the result, its site and patient, and who gave it."""
    joined = ("site", "patient__site", "result__site", "result__patient__site", "by", "second")
    return get_object_or_404(LabReview.objects.seen_by(user).select_related(*joined), pk=pk)


def not_indicated_or_404(user: User, pk: uuid.UUID) -> NotIndicated:
    """Return what was said of a dose, withdrawn or not, with its dose, site and patient."""
    return get_object_or_404(NotIndicated.objects.seen_by(user).select_related("site", "patient__site", "dose"), pk=pk)
