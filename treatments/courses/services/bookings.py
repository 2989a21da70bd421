"""Book a dose, move the booking, cancel it."""

import uuid
from collections.abc import Collection
from datetime import date, datetime, time

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import events
from treatments.courses.models import Booking, Dose
from treatments.courses.plans import plan_of
from treatments.courses.series import series_of
from treatments.courses.services.giving import DoseAlreadyGiven
from treatments.courses.services.keeping import confirm, locked_open
from treatments.rules import cautions
from treatments.rules.schedule import band_crossing
from treatments.rules.schedule_words import in_words


class AlreadyBooked(Exception):
    """The dose has a booking; move that one."""


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

    Raises Unconfirmed for a day outside the window or beyond a late-dose boundary, BookedInThePast, BookedTooSoon,
    AlreadyBooked, DoseAlreadyGiven, CourseStopped, AlreadySubmitted.
    """
    dose = _bookable(dose, on, at, confirmed)
    booking = Booking(dose=dose, site_id=dose.site_id, patient_id=dose.patient_id, on=on, at_time=at_time, place=place)
    try:
        with transaction.atomic():
            return writing.add(booking, event=events.DOSE_BOOKED, by=by, at=at, submission=submission)
    except IntegrityError:
        raise AlreadyBooked("This dose has a booking already; move that one.") from None


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
    """Move an appointment to another day or time. Raises as `book` does, and StaleRecord."""
    _bookable(booking.dose, on, at, confirmed)
    return writing.change(
        booking,
        event=events.BOOKING_MOVED,
        by=by,
        at=at,
        reason=reason,
        expected=expected,
        on=on,
        at_time=at_time,
        place=place,
    )


@transaction.atomic
def cancel_booking(*, booking: Booking, reason: str, by: Actor, at: datetime, expected: int | None = None) -> Booking:
    """Cancel an appointment; the dose goes back to being without one. Raises StaleRecord."""
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


def _bookable(dose: Dose, on: date, at: datetime, confirmed: Collection[str]) -> Dose:
    """Return the dose, its course locked, if this day can be booked for it."""
    course = locked_open(dose.course_id)
    dose = Dose.objects.get(pk=dose.pk)
    if not dose.is_next:
        raise DoseAlreadyGiven("This dose was given already.")
    today = course.site.today(at)
    if on < today:
        raise BookedInThePast(f"{in_words(on)} has passed; choose today or a later day.")
    if dose.floor and on < dose.floor:
        raise BookedTooSoon(
            f"{in_words(on)} is too soon after the last dose; the earliest safe day is {in_words(dose.floor)}."
        )
    crosses = band_crossing(series_of(course), today, on)
    confirm(cautions.booking(plan_of(dose), on=on, crosses_band=crosses), confirmed)
    return dose
