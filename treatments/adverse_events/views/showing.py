"""One patient's events, one event with its history, the summary for a regulator, and a site's report."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import formatting
from clinic.patients.access import patient_or_404
from clinic.patients.queries import history_of
from clinic.staff.access import StaffRequest, may, requires, sites
from clinic.staff.roles import Permission
from treatments.adverse_events import forms, queries
from treatments.adverse_events.access import event_or_404
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.views.shared import banner, chart


@dataclass(frozen=True, slots=True)
class Action:
    """One link that leads to a form."""

    label: str
    url: str
    primary: bool = False


@require_safe
def of_patient(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """List a patient's events, those open first."""
    patient, now = patient_or_404(request.user, patient_id), timezone.now()
    may_record = may(request.user, Permission.RECORD_EVENTS, patient.site_id)
    add = Action("Record an adverse event", reverse("adverse_events:add", args=[patient.pk]), primary=True)
    context = {
        "patient": banner(patient, now),
        "back_url": chart(patient),
        "actions": [add] if may_record else [],
        "lines": queries.events_of(patient),
    }
    return render(request, "adverse_events/of_patient.html", context)


@require_safe
def event(request: StaffRequest, event_id: uuid.UUID) -> HttpResponse:
    """Show one event as it is known now, and how it came to be known."""
    row, now = event_or_404(request.user, event_id), timezone.now()
    context = {
        "patient": banner(row.patient, now),
        "event": row,
        "status": queries.status_of(row),
        "sections": queries.sections(row),
        "history": history_of(row, row.site.zone),
        "zone": row.site.time_zone,
        "actions": _actions(row, may_record=may(request.user, Permission.RECORD_EVENTS, row.site_id)),
        "back_url": reverse("adverse_events:of_patient", args=[row.patient_id]),
    }
    return render(request, "adverse_events/event.html", context)


@require_safe
def summary(request: StaffRequest, event_id: uuid.UUID) -> HttpResponse:
    """Show an event on one page of A4, to copy into a regulator's own form; without the patient's name unless asked."""
    row, now = event_or_404(request.user, event_id), timezone.now()
    identified = request.GET.get("identified") == "yes"
    context = {
        "patient": banner(row.patient, now),
        "event": row,
        "sections": queries.summary(row, identified=identified),
        "identified": identified,
        "back_url": reverse("adverse_events:event", args=[row.pk]),
    }
    return render(request, "adverse_events/summary.html", context)


@require_safe
@requires(Permission.VIEW_PATIENTS)
def report(request: StaffRequest) -> HttpResponse:
    """Show how often each event followed a dose at a site, over the doses given there."""
    offered, now = sites(request.user, Permission.VIEW_PATIENTS), timezone.now()
    today = offered[0].today(now)
    form = forms.PeriodForm(request.GET, sites=offered, today=today)
    asked = {"first": request.GET.get("first", ""), "last": request.GET.get("last", ""), "site_id": ""}
    context: dict[str, Any] = asked | {"form": form, "report": None, "several_sites": len(offered) > 1}
    if not form.is_valid():
        return render(request, "adverse_events/report.html", context, status=422)
    site, first, last = form.site_chosen, form.cleaned_data["first"], form.cleaned_data["last"]
    context |= {
        "report": queries.report(site, first, last),
        "site": site.name,
        "period": formatting.day_range(first, last),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "site_id": str(site.pk),
    }
    return render(request, "adverse_events/report.html", context)


def _actions(row: AdverseEvent, *, may_record: bool) -> list[Action]:
    """Return what can be done with the event: close it first, while it is open."""
    steps = [("Summary for a regulator", "summary")]
    if may_record and row.voided_at is None:
        steps = [("Close", "close")] * row.is_open + [("Correct or add", "correct"), *steps, ("Void", "void")]
    return [
        Action(label, reverse(f"adverse_events:{name}", args=[row.pk]), primary=name == "close")
        for label, name in steps
    ]
