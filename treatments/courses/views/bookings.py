"""Book a dose, move the booking, cancel it."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses import forms, queries, services
from treatments.courses.access import booking_or_404, dose_or_404
from treatments.courses.models import Booking, Dose
from treatments.courses.views.shared import Beside, Page, Refusals, once, save, show, turn

_REFUSALS: Refusals = {
    services.BookedInThePast: "on",
    services.BookedTooSoon: "on",
    services.AlreadyBooked: None,
    services.BookingCancelled: None,
    services.DoseAlreadyGiven: None,
    services.CourseStopped: None,
    services.PatientNotInCare: None,
}


@require_http_methods(["GET", "POST"])
def book(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Make the appointment for a dose."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now, page = timezone.now(), _page(f"Book dose {row.label}", "Book", row)
    today = row.site.today(now)
    suggested = today if row.target is None else max(today, row.target)
    form = forms.BookForm(request.POST or None, initial={"on": suggested}, once=once(request, "book a dose", row))
    if request.method != "POST":
        if closed := _closed(row) or _not_in_care(row) or _booked(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=_beside(row, now))

    def work(values: dict[str, Any]) -> None:
        services.book(dose=row, by=person_actor(request.user), at=now, **values)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The dose was booked.",
        beside=_beside(row, now),
    )


@require_http_methods(["GET", "POST"])
def move(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Move an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now, page = timezone.now(), _page(f"Move the booking of dose {row.dose.label}", "Move", row.dose)
    initial = {"on": row.on, "at_time": row.at_time, "place": row.place, "version": row.version}
    form = forms.MoveForm(request.POST or None, initial=initial)
    if request.method != "POST":
        if closed := _closed(row.dose) or _not_in_care(row.dose) or _cancelled(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=_beside(row.dose, now))

    def work(values: dict[str, Any]) -> None:
        expected = values.pop("version")
        services.move_booking(booking=row, expected=expected, by=person_actor(request.user), at=now, **values)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The booking was moved.",
        beside=_beside(row.dose, now),
    )


@require_http_methods(["GET", "POST"])
def cancel(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Cancel an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    page = _page(
        f"Cancel the booking of dose {row.dose.label}",
        "Cancel the booking",
        row.dose,
        danger=True,
        cancel_label="Keep the booking",
        stored_as={"reason": "cancel_reason"},
    )
    form = forms.ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        if closed := _closed(row.dose) or _cancelled(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=_beside(row.dose, now))

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.cancel_booking(booking=row, by=person_actor(request.user), at=now, **facts)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The booking was cancelled.",
        beside=_beside(row.dose, now),
    )


def _page(title: str, submit_label: str, row: Dose, **more: Any) -> Page:
    back = reverse("courses:dose", args=[row.pk])
    return Page(title, submit_label, back, template="courses/book.html", above_label=f"Dose {row.label}", **more)


def _closed(row: Dose) -> str:
    """Say why no booking of this dose can change any more; empty while it can."""
    if not row.course.is_open:
        return "The course was stopped; nothing is booked on it any more."
    return "" if row.is_next else "This dose was given already."


def _not_in_care(row: Dose) -> str:
    """Say why nothing is booked for somebody who left; a booking of theirs may still be cancelled."""
    return "" if row.patient.in_care else "This patient is no longer in the site's care."


def _booked(row: Dose) -> str:
    return "This dose has a booking already; move that one." if queries.standing_booking(row) else ""


def _cancelled(row: Booking) -> str:
    return "" if row.cancelled_at is None else f"This booking was cancelled already: {row.cancel_reason}"


def _beside(row: Dose, now: datetime) -> Beside:
    """Return what finds the plan and the booking of the dose as they are at that moment."""
    return lambda: {"card": queries.card_now(row.pk, row.site.today(now))}
