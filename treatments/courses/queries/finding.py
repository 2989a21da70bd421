"""Find what belongs to a course: its next dose, its hold, its appointment."""

from django.db.models import F

from clinic.patients.models import Patient
from treatments.courses.models import Booking, Course, Dose, Hold


def open_course(patient: Patient) -> Course | None:
    """Return the patient's open course with its regimen, policy and site, if there is one."""
    courses = Course.objects.standing().filter(patient=patient, stopped_on=None)
    return courses.select_related("regimen__version", "policy", "site").first()


def next_dose(course: Course) -> Dose:
    """Return the dose that comes next in an open course."""
    return Dose.objects.standing().get(course=course, is_next=True)


def current_hold(course: Course) -> Hold | None:
    """Return the hold that stands, if there is one."""
    return Hold.objects.standing().filter(course=course, ended_on=None).first()


def last_hold(course: Course) -> Hold | None:
    """Return the hold that stands or else the one before, so that a form sent twice finds what it did."""
    holds = Hold.objects.standing().filter(course=course).select_related("course")
    return holds.order_by(F("ended_on").desc(nulls_first=True), "-created_at").first()


def standing_booking(dose: Dose) -> Booking | None:
    """Return the dose's appointment, if there is one."""
    return Booking.objects.standing().filter(dose=dose, cancelled_at=None).first()
