"""Book a dose, move the booking, cancel it."""

import uuid
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
from treatments.courses.views.shared import Page, once, save, show

_DAY_REFUSALS: dict[type[Exception], str | None] = {
    services.BookedInThePast: "on",
    services.BookedTooSoon: "on",
    services.AlreadyBooked: None,
    services.DoseAlreadyGiven: None,
    services.CourseStopped: None,
}


@require_http_methods(["GET", "POST"])
def book(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Make the appointment for a dose."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    page = _page(f"Book dose {row.label}", "Book", row)
    today = row.site.today(now)
    suggested = today if row.target is None else max(today, row.target)
    form = forms.BookForm(request.POST or None, initial={"on": suggested}, once=once(request, "book a dose", row))
    beside = _beside(row, now=now)
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now, **beside)

    def work(values: dict[str, Any]) -> None:
        services.book(dose=row, by=person_actor(request.user), at=now, **values)

    done = "The dose was booked."
    return save(request, form, page, row.patient, now=now, work=work, refusals=_DAY_REFUSALS, done=done, **beside)


@require_http_methods(["GET", "POST"])
def move(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Move an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    page = _page("Move the booking", "Move", row.dose)
    initial = {"on": row.on, "at_time": row.at_time, "place": row.place, "version": row.version}
    form = forms.MoveForm(request.POST or None, initial=initial)
    beside = _beside(row.dose, now=now)
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now, **beside)

    def work(values: dict[str, Any]) -> None:
        services.move_booking(
            booking=row, expected=values.pop("version"), by=person_actor(request.user), at=now, **values
        )

    done = "The booking was moved."
    return save(request, form, page, row.patient, now=now, work=work, refusals=_DAY_REFUSALS, done=done, **beside)


@require_http_methods(["GET", "POST"])
def cancel(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Cancel an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    page = _page("Cancel the booking", "Cancel the booking", row.dose, danger=True)
    form = forms.ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now, **_beside(row.dose, now=now))
    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=lambda values: _cancel(request, row, values, now=now),
        refusals={},
        done="The booking was cancelled.",
        **_beside(row.dose, now=now),
    )


def _cancel(request: StaffRequest, row: Booking, values: dict[str, Any], *, now: Any) -> None:
    services.cancel_booking(
        booking=row, reason=values["reason"], expected=values["version"], by=person_actor(request.user), at=now
    )


def _page(title: str, submit_label: str, row: Dose, *, danger: bool = False) -> Page:
    back = reverse("courses:dose", args=[row.pk])
    return Page(title, submit_label, back, danger=danger, template="courses/book.html")


def _beside(row: Dose, *, now: Any) -> dict[str, Any]:
    if not (row.is_next and row.course.is_open):
        return {"card": None}
    card = queries.next_dose_card(row.course, row, queries.standing_booking(row), row.site.today(now))
    return {"card": card}
