"""The dose page, and recording that a dose was given."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, may, require
from clinic.staff.queries import people_who_may
from clinic.staff.roles import Permission
from treatments.courses import forms, queries, services
from treatments.courses.access import dose_or_404
from treatments.courses.models import Dose
from treatments.courses.views.shared import Page, banner, chart, once, save, show


@require_safe
def dose(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show one dose: what is planned and why, its appointment, or what was recorded."""
    row = dose_or_404(request.user, dose_id)
    now, course = timezone.now(), row.course
    today = row.site.today(now)
    coming = row.is_next and course.is_open
    booking = queries.standing_booking(row) if coming else None
    site = row.site_id
    context = {
        "patient": banner(row.patient, now),
        "dose": row,
        "regimen": course.regimen,
        "card": queries.next_dose_card(course, row, booking, today) if coming else None,
        "given": None if row.is_next else queries.given_record(row),
        "stopped": not course.is_open,
        "may_book": coming and may(request.user, Permission.BOOK_DOSES, site),
        "may_give": coming and may(request.user, Permission.RECORD_DOSES, site),
        "may_log_labs": may(request.user, Permission.RECORD_LABS, site),
        "chart_url": chart(row.patient),
    }
    return render(request, "courses/dose.html", context)


@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record that a dose was given here; the next date moves with it."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    form = _give_form(request, row, now=now)
    page = Page(
        f"Record dose {row.label}",
        "Record as given",
        chart(row.patient),
        "What happened is recorded as it was, early, late or different from the plan.",
        template="courses/give.html",
    )
    if request.method != "POST":
        if not row.is_next:
            messages.info(request, "This dose was recorded already.")
            return redirect(reverse("courses:dose", args=[row.pk]))
        return show(request, form, page, row.patient, now=now, **_beside(row, now=now))

    def work(values: dict[str, Any]) -> None:
        names = ("mg", "ml", "lot", "vial_expires_on", "performer", "note")
        services.record_given(
            dose=row,
            given=services.Given(at=values["given_at"], **{name: values[name] for name in names}),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    refusals: dict[type[Exception], str | None] = {
        services.DoseAlreadyGiven: None,
        services.GivenInTheFuture: "given_on",
        services.GivenOnSuchADay: "given_on",
        services.CourseStopped: None,
    }
    done = "The dose was recorded. The next date has moved."
    beside = _beside(row, now=now)
    return save(request, form, page, row.patient, now=now, work=work, refusals=refusals, done=done, **beside)


def _give_form(request: StaffRequest, row: Dose, *, now: Any) -> forms.GiveForm:
    local = now.astimezone(row.site.zone)
    performers = people_who_may(Permission.RECORD_DOSES, row.site)
    initial = {
        "mg": row.mg.normalize(),
        "ml": row.ml.normalize(),
        "given_on": local.date(),
        "given_time": local.time().replace(second=0, microsecond=0),
        "performer": request.user.pk,
    }
    return forms.GiveForm(
        request.POST or None,
        initial=initial,
        performers=performers,
        zone=row.site.zone,
        once=once(request, "record a dose", row),
    )


def _beside(row: Dose, *, now: Any) -> dict[str, Any]:
    """Return what the person should have in sight while recording: the plan, or what somebody else recorded."""
    today = row.site.today(now)
    if row.is_next and row.course.is_open:
        return {"card": queries.next_dose_card(row.course, row, queries.standing_booking(row), today), "given": None}
    return {"card": None, "given": queries.given_record(row)}
