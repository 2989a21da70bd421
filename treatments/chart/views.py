"""The chart: one patient on one page."""

import uuid
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.patients.access import patient_or_404
from clinic.patients.queries import belongings, details
from clinic.staff.access import StaffRequest
from clinic.staff.roles import Permission
from monographs.queries import switches_from
from treatments.adverse_events import queries as adverse_events
from treatments.chart import actions, queries
from treatments.chart.timeline import LABELS, Kind, timeline


@require_safe
def chart(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show what comes next and why, what was given, how the laboratory values went, and who the patient is."""
    patient = patient_or_404(request.user, patient_id)
    rights = request.user.rights[patient.site_id]
    owned = belongings(patient)
    sheet = queries.sheet(patient, timezone.now(), owned)
    context = {
        "sheet": sheet,
        "patient": sheet.banner,
        "patient_id": patient.pk,
        "site": patient.site.name,
        "in_care": patient.in_care,
        "details": details(patient, owned),
        "actions": actions.daily(patient, sheet, rights),
        "course_actions": actions.of_the_course(patient, sheet.open, rights, changes=_changes(sheet, rights)),
        "may_correct": Permission.REGISTER_PATIENTS in rights,
        "may_log_labs": Permission.RECORD_LABS in rights,
        "event_lines": adverse_events.panel(patient),
        "may_record_scores": Permission.RECORD_SCORES in rights,
        "may_record_events": Permission.RECORD_EVENTS in rights,
    }
    return render(request, "chart/chart.html", context)


def _changes(sheet: queries.Sheet, rights: frozenset[Permission]) -> bool:
    """Say whether there is a regimen to change to, asked only for somebody who might change it."""
    return sheet.open is not None and Permission.DECIDE in rights and bool(switches_from(sheet.open.line.regimen_key))


@dataclass(frozen=True, slots=True)
class TabLink:
    """One kind of entries, as the timeline shows it."""

    label: str
    url: str
    current: bool
    count: str = ""
    tone: str = "neutral"


@require_safe
def history(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show what happened on the patient's courses, of one kind or of all."""
    patient = patient_or_404(request.user, patient_id)
    asked = request.GET.get("kind", "")
    kind = Kind(asked) if asked in set(Kind) else None
    here = reverse("timeline", args=[patient.pk])
    tabs = [TabLink("Everything", here, kind is None)]
    tabs += [TabLink(LABELS[each], f"{here}?kind={each.value}", kind is each) for each in Kind]
    context = {
        "patient": queries.banner_of(patient, timezone.now()),
        "entries": timeline(patient, kind),
        "tabs": tabs,
        "chart_url": reverse("chart", args=[patient.pk]),
    }
    return render(request, "chart/timeline.html", context)
