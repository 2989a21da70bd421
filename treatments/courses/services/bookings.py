"""Book a dose, move the booking, cancel it."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, time

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from treatments.courses import events
from treatments.courses.models import Booking, Course, Dose
from treatments.courses.plans import plan_of
from treatments.courses.series import series_of
from treatments.courses.services.giving import DoseAlreadyGiven
from treatments.courses.services.keeping import PatientNotInCare, confirm, first_time, locked_open
from treatments.courses.services.two_people import is_allowed_too_soon
from treatments.rules import cautions
from treatments.rules.schedule import band_crossing
from treatments.rules.schedule_words import in_words


class AlreadyBooked(Exception):
    """The dose has a booking; move that one."""


class BookingCancelled(Exception):
    """The booking was cancelled; the dose can be booked anew. The message says why it was."""


class BookedInThePast(Exception):
    """The day lies before today."""


class BookedTooSoon(Exception):
    """The day lies before the earliest safe day. The message names it."""


@transaction.atomic
def book(
    *,
    dose: Dose,
    on: date,
    at_time: time | None,
    place: str,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Booking:
    """Make the appointment for a dose on a local day.

    Raises Unconfirmed for a day outside the window, beyond a late-dose boundary or during a hold; AlreadyBooked,
    BookedInThePast, BookedTooSoon, DoseAlreadyGiven, CourseStopped, PatientNotInCare, AlreadySubmitted.
    """
    course = locked_open(dose.course_id)
    first_time(Booking, submission)
    dose = _still_next(dose)
    if Booking.objects.standing().filter(dose=dose, cancelled_at=None).exists():
        raise AlreadyBooked("This dose has a booking already; move that one.")
    said = _checked(course, dose, on, at, confirmed)
    booking = Booking(dose=dose, site_id=dose.site_id, patient_id=dose.patient_id, on=on, at_time=at_time, place=place)
    return writing.add(booking, event=events.DOSE_BOOKED, by=by, at=at, reason=said, submission=submission)


@transaction.atomic
def move_booking(
    *,
    booking: Booking,
    on: date,
    at_time: time | None,
    place: str,
    reason: str,
    by: Actor,
    at: datetime,
    expected: int | None = None,
    confirmed: Collection[str] = frozenset(),
) -> Booking:
    """Move an appointment to another day or time. Raises as `book` does, and BookingCancelled, StaleRecord."""
    course = locked_open(booking.dose.course_id)
    dose = _still_next(booking.dose)
    _standing(booking)
    said = _checked(course, dose, on, at, confirmed)
    return writing.change(
        booking,
        event=events.BOOKING_MOVED,
        by=by,
        at=at,
        reason=f"{reason} {said}".rstrip(),
        expected=expected,
        on=on,
        at_time=at_time,
        place=place,
    )


@transaction.atomic
def cancel_booking(*, booking: Booking, reason: str, by: Actor, at: datetime, expected: int | None = None) -> Booking:
    """Cancel an appointment; the dose goes back to being without one.

    Raises DoseAlreadyGiven, BookingCancelled, CourseStopped, StaleRecord, and AlreadySubmitted when it was cancelled
    for that very reason.
    """
    locked_open(booking.dose.course_id)
    _still_next(booking.dose)
    _standing(booking, reason)
    return writing.change(
        booking,
        event=events.BOOKING_CANCELLED,
        by=by,
        at=at,
        reason=reason,
        expected=expected,
        cancelled_at=at,
        cancel_reason=reason,
    )


def _still_next(dose: Dose) -> Dose:
    """Return the dose as it is now, if it is still to be given."""
    dose = Dose.objects.get(pk=dose.pk)
    if not dose.is_to_come:
        raise DoseAlreadyGiven("This dose was given already.")
    return dose


def _standing(booking: Booking, reason: str | None = None) -> None:
    """Refuse a booking that was cancelled; for the same reason, the same form came twice."""
    stored = Booking.objects.get(pk=booking.pk)
    if stored.cancelled_at is None:
        return
    if stored.cancel_reason == reason:
        raise AlreadySubmitted(stored)
    raise BookingCancelled(f"This booking was cancelled already: {stored.cancel_reason}")


def _checked(course: Course, dose: Dose, on: date, at: datetime, confirmed: Collection[str]) -> str:
    """Return what was confirmed about this day, if it can be booked."""
    if not course.patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    today = course.site.today(at)
    if on < today:
        raise BookedInThePast(f"{in_words(on)} has passed; choose today or a later day.")
    if dose.floor and on < dose.floor and not is_allowed_too_soon(course, dose, on):
        raise BookedTooSoon(
            f"{in_words(on)} is too soon: before {in_words(dose.floor)} a prescriber and a second person must agree."
        )
    series = series_of(course)
    crosses = band_crossing(series, today, on)
    return confirm(cautions.booking(plan_of(dose), on=on, crosses_band=crosses, held=series.held), confirmed)
