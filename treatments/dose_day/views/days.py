"""The dose day of one dose, everybody's dose day today, and the sheet that goes home with the patient."""

import uuid
from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from clinic import formatting
from clinic.staff.access import StaffRequest, may, requires, sites
from clinic.staff.roles import Permission
from treatments.courses import queries as courses
from treatments.courses.access import counted_away, dose_or_404
from treatments.courses.models import Dose
from treatments.courses.views.shared import banner, chart, turn
from treatments.dose_day import queries


@require_safe
@requires(Permission.VIEW_PATIENTS)
def today(request: StaffRequest) -> HttpResponse:
    """Show every dose of today at the person's sites, and whom to call."""
    here, now = sites(request.user, Permission.VIEW_PATIENTS), timezone.now()
    days = sorted({site.today(now) for site in here})
    context = {
        "day": " or ".join(formatting.weekday(day) for day in days),
        "rows": queries.doses_of_day(here, now),
        "calls": queries.calls_due(here, now),
        "several_sites": len(here) > 1,
        "may_call_at": {site.pk for site in here if may(request.user, Permission.RECORD_EVENTS, site.pk)},
    }
    return render(request, "dose_day/today.html", context)


@require_safe
def day(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show one dose on one day, step by step in the order of the work."""
    try:
        row = dose_or_404(request.user, dose_id)
    except Http404:
        gone = counted_away(request.user, dose_id)
        if gone is None:
            raise
        return turn(request, "The series is counted without this dose now.", chart(gone.patient))
    now, rights = timezone.now(), request.user.rights.get(row.site_id, frozenset())
    on = asked_day(request, row, row.site.today(now))
    page = queries.day_page(row, on, now, rights, request.user.pk)
    records = Permission.RECORD_DOSES in rights
    checklist = page.checklist
    goes_on = row.is_next and row.course.is_open
    offered: dict[str, bool] = {
        "may_check": records and goes_on and page.is_today,
        "may_confirm": checklist is not None
        and not checklist.is_confirmed
        and goes_on
        and page.is_today
        and Permission.SECOND in rights
        and checklist.checked_by_id != request.user.pk,
        "may_choose_vial": goes_on and Permission.MANAGE_SUPPLY in rights,
        "may_record": records and goes_on,
        "may_put_right": records and row.course.is_open,
        "may_observe": records,
        "may_book": Permission.BOOK_DOSES in rights,
        "may_call": Permission.RECORD_EVENTS in rights,
        "may_record_events": Permission.RECORD_EVENTS in rights,
    }
    context = {
        "patient": banner(row.patient, now),
        "dose": row,
        "page": page,
        "address": f"?on={on.isoformat()}",
        "next": _next(page, offered),
    }
    return render(request, "dose_day/day.html", context | offered)


def _next(page: queries.DayPage, offered: dict[str, bool]) -> str:
    """Return what this person is to do next, which is the one button that stands out; "" where others are to act."""
    to_come, here = page.record is None, page.record is not None and page.home is None
    steps = {
        "confirm": offered["may_confirm"],
        "checklist": offered["may_check"] and to_come and page.checklist is None,
        "give": offered["may_record"] and to_come and page.checklist is not None and page.checklist.is_confirmed,
        "observe": here and offered["may_observe"] and page.is_today and page.watched_until and not page.observations,
        "book": here and offered["may_book"] and page.after is not None and not page.after.is_booked,
        "home": here and offered["may_observe"],
        "call": page.home is not None and offered["may_call"] and page.home.is_call_due,
    }
    return next((step for step, wanted in steps.items() if wanted), "")


@require_safe
def advice(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show the sheet that goes home with the patient, ready to print."""
    row = dose_or_404(request.user, dose_id)
    now = timezone.now()
    on = asked_day(request, row, row.site.today(now))
    attempt = queries.latest_attempt(row, on)
    if attempt is None:
        return turn(
            request, "Nothing was recorded of this dose on that day; the sheet comes after it.", address_of(row)
        )
    coming = courses.next_dose(row.course) if row.course.is_open and row.patient.in_care else None
    booking = None if coming is None else queries.next_date(coming, on)
    context = {
        "patient": banner(row.patient, now),
        "given": attempt.outcome != attempt.Outcome.NOT_DONE,
        "name": formatting.full_name(row.patient.family_name, row.patient.given_name),
        "day": formatting.weekday(on),
        "site": row.site,
        "next_visit": "" if booking is None else formatting.weekday(booking.on),
        "next_time": "" if booking is None or booking.at_time is None else formatting.clock(booking.at_time),
        "medicine": row.course.regimen.version.monograph.generic_name or row.course.regimen.version.monograph.title,
        "back_url": address_of(row, on),
    }
    return render(request, "dose_day/advice.html", context)


def asked_day(request: StaffRequest, dose: Dose, today: date) -> date:
    """Return the day in the address, else the one that the dose's page is about. A day to come has no dose day yet."""
    try:
        wanted = parse_date(request.GET.get("on", ""))
    except ValueError:
        wanted = None
    return wanted if wanted is not None and wanted <= today else queries.day_of(dose, today)


def address_of(dose: Dose, on: date | None = None) -> str:
    """Return the address of a dose's day."""
    url = reverse("dose_day:day", args=[dose.pk])
    return url if on is None else f"{url}?on={on.isoformat()}"
