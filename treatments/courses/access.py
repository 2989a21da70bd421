"""Find a record within what the person may see, or answer 404: fetching and checking cannot be separated."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.courses.models import Booking, Course, Decision, Dose


def course_or_404(user: User, pk: uuid.UUID) -> Course:
    """Return the course with its site, patient, regimen and policy."""
    courses = Course.objects.seen_by(user).standing()
    return get_object_or_404(courses.select_related("site", "patient__site", "regimen__version", "policy"), pk=pk)


def dose_or_404(user: User, pk: uuid.UUID) -> Dose:
    """Return the dose with its course, site and patient."""
    doses = Dose.objects.seen_by(user).standing()
    joined = ("site", "patient__site", "course__site", "course__regimen__version__monograph", "course__policy")
    return get_object_or_404(doses.select_related(*joined), pk=pk)


def counted_away(user: User, pk: uuid.UUID) -> Dose | None:
    """Return a dose that the series was counted without since, for the address somebody still has of it."""
    return Dose.objects.seen_by(user).filter(pk=pk, voided_at__isnull=False).select_related("patient").first()


def booking_or_404(user: User, pk: uuid.UUID) -> Booking:
    """Return the booking, standing or cancelled, with its dose, site and patient."""
    bookings = Booking.objects.seen_by(user).standing()
    joined = ("site", "patient__site", "dose__site", "dose__course__regimen__version", "dose__course__policy")
    return get_object_or_404(bookings.select_related(*joined), pk=pk)


def decision_or_404(user: User, pk: uuid.UUID) -> Decision:
    """Return the decision, standing or withdrawn, with its course, people, site and patient."""
    joined = ("site", "patient__site", "course__site", "course__regimen__version", "course__policy")
    people = ("decided_by", "second", "administration")
    return get_object_or_404(Decision.objects.seen_by(user).select_related(*joined, *people), pk=pk)
