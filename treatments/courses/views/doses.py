"""The page of one dose."""

import uuid
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.staff.access import StaffRequest
from clinic.staff.roles import Permission
from treatments.courses import forms, queries
from treatments.courses.access import dose_or_404
from treatments.courses.series import series_of
from treatments.courses.views.previews import preview
from treatments.courses.views.shared import banner, chart
from treatments.rules.schedule import DoubleDose, Series


@require_safe
def dose(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show one dose: what is planned and why, its appointment, or what was recorded."""
    row = dose_or_404(request.user, dose_id)
    now, course = timezone.now(), row.course
    rights = request.user.rights.get(row.site_id, frozenset())
    goes_on = row.is_next and course.is_open
    planned = goes_on and row.patient.in_care
    today = row.site.today(now)
    booking = queries.standing_booking(row) if goes_on else None
    hold = queries.current_hold(course) if planned else None
    series = series_of(course) if planned else None
    asked = queries.asked_too_soon(row) if planned and row.floor is not None and today < row.floor else None
    context = {
        "patient": banner(row.patient, now),
        "dose": row,
        "regimen": course.regimen,
        "course": course,
        "card": None if series is None else queries.card_of(series, row, booking, today),
        "what_if": None if series is None else _what_if(request, series, today),
        "attempts": queries.attempts_at(row),
        "asked": None if asked is None else queries.decision_line(asked, row.site.zone),
        "may_decide": planned and hold is None and Permission.DECIDE in rights,
        "may_ask_too_soon": planned
        and asked is None
        and row.floor is not None
        and today < row.floor
        and Permission.DECIDE in rights,
        "booking": booking,
        "hold": None if hold is None else queries.hold_line(hold),
        "given": None if row.is_next else queries.given_record(row),
        "goes_on": goes_on,
        "may_book": planned and Permission.BOOK_DOSES in rights,
        "may_cancel": booking is not None and Permission.BOOK_DOSES in rights,
        "may_resume": Permission.MANAGE_COURSES in rights,
        "may_log_labs": planned and Permission.RECORD_LABS in rights,
        "chart_url": chart(row.patient),
    }
    return render(request, "courses/dose.html", context)


def _what_if(request: StaffRequest, series: Series, today: date) -> dict[str, Any]:
    """Return the question's form and, for a day that can be read, its answer. Nothing is saved, whatever is asked."""
    form = forms.WhatIfForm(request.GET if "if_on" in request.GET else None, initial={"if_on": today})
    facts: dict[str, Any] = {"form": form, "card": None, "preview": None}
    if form.is_bound and form.is_valid():
        try:
            facts["card"] = card = queries.what_if_card(series, today, form.cleaned_data["if_on"])
            facts["preview"] = preview(card.pairs)
        except DoubleDose:
            form.add_error("if_on", "A dose is recorded on that day; choose another.")
    return facts
