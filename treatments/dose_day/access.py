"""Find a row of a dose day within what the person may see, or answer 404."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.courses.models import Administration
from treatments.dose_day.models import Checklist, Discharge, Observation


def checklist_or_404(user: User, pk: uuid.UUID) -> Checklist:
    """Return the list with its dose, its people, site and patient."""
    joined = ("site", "patient__site", "dose__course", "checked_by", "second")
    return get_object_or_404(Checklist.objects.seen_by(user).standing().select_related(*joined), pk=pk)


def administration_or_404(user: User, pk: uuid.UUID) -> Administration:
    """Return what was recorded of an attempt, taken back or not, with its dose, course, site and patient."""
    joined = ("site", "patient__site", "dose__site", "course__site", "course__regimen", "course__policy", "performer")
    return get_object_or_404(Administration.objects.seen_by(user).select_related(*joined), pk=pk)


def observation_or_404(user: User, pk: uuid.UUID) -> Observation:
    """Return the observation with its dose, site and patient."""
    joined = ("site", "patient__site", "dose")
    return get_object_or_404(Observation.objects.seen_by(user).standing().select_related(*joined), pk=pk)


def discharge_or_404(user: User, pk: uuid.UUID) -> Discharge:
    """Return how somebody went home, with the dose, site and patient."""
    joined = ("site", "patient__site", "dose__site")
    return get_object_or_404(Discharge.objects.seen_by(user).standing().select_related(*joined), pk=pk)
