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
from treatments.courses.queries import NextDoseCard
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn

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
    now = timezone.now()
    today = row.site.today(now)
    card = queries.card_now(row.pk, today)
    page = _page("Book dose {}", "Book", row, card)
    suggested = today if row.target is None else max(today, row.target)
    form = forms.BookForm(request.POST or None, initial={"on": suggested}, once=once(request, "book a dose", row))
    if request.method != "POST":
        if closed := _closed(row) or _not_in_care(row) or _booked(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

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
        beside=lambda: {"card": queries.card_now(row.pk, today)},
    )


@require_http_methods(["GET", "POST"])
def move(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Move an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    today = row.site.today(now)
    card = queries.card_now(row.dose_id, today)
    page = _page("Move the booking of dose {}", "Move", row.dose, card)
    initial = {"on": row.on, "at_time": row.at_time, "place": row.place, "version": row.version}
    form = forms.MoveForm(request.POST or None, initial=initial)
    if request.method != "POST":
        if closed := _closed(row.dose) or _not_in_care(row.dose) or _cancelled(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

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
        beside=lambda: {"card": queries.card_now(row.dose_id, today)},
    )


@require_http_methods(["GET", "POST"])
def cancel(request: StaffRequest, booking_id: uuid.UUID) -> HttpResponse:
    """Cancel an appointment."""
    row = booking_or_404(request.user, booking_id)
    require(request.user, Permission.BOOK_DOSES, row.site_id)
    now = timezone.now()
    today = row.site.today(now)
    card = queries.card_now(row.dose_id, today)
    page = _page(
        "Cancel the booking of dose {}",
        "Cancel the booking",
        row.dose,
        card,
        danger=True,
        cancel_label="Keep the booking",
        stored_as={"reason": "cancel_reason"},
    )
    form = forms.ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        if closed := _closed(row.dose) or _cancelled(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

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
        beside=lambda: {"card": queries.card_now(row.dose_id, today)},
    )


def _page(title: str, submit_label: str, row: Dose, card: NextDoseCard | None, **more: Any) -> Page:
    label = row.label if card is None else card.label
    back, above = reverse("courses:dose", args=[row.pk]), f"Dose {label}"
    return Page(title.format(label), submit_label, back, template="courses/book.html", above_label=above, **more)


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
