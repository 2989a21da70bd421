"""The chart: one patient on one page."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.patients.access import patient_or_404
from clinic.patients.queries import details
from clinic.staff.access import StaffRequest
from clinic.staff.roles import Permission
from treatments.adverse_events import queries as adverse_events
from treatments.chart import actions, queries


@require_safe
def chart(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show what comes next and why, what was given, how the laboratory values went, and who the patient is."""
    patient = patient_or_404(request.user, patient_id)
    rights = request.user.rights[patient.site_id]
    sheet = queries.sheet(patient, timezone.now())
    context = {
        "sheet": sheet,
        "patient": sheet.banner,
        "patient_id": patient.pk,
        "site": patient.site.name,
        "in_care": patient.in_care,
        "details": details(patient),
        "actions": actions.daily(patient, sheet, rights),
        "course_actions": actions.of_the_course(patient, sheet.open, rights),
        "may_correct": Permission.REGISTER_PATIENTS in rights,
        "may_log_labs": Permission.RECORD_LABS in rights,
        "event_lines": adverse_events.panel(patient),
        "may_record_scores": Permission.RECORD_SCORES in rights,
        "may_record_events": Permission.RECORD_EVENTS in rights,
    }
    return render(request, "chart/chart.html", context)
