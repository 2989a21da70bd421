"""The readiness of one dose: six lights, the laboratory values behind the first, and the overrides."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.staff.access import StaffRequest
from clinic.staff.roles import Permission
from treatments.courses.access import dose_or_404
from treatments.courses.views.shared import banner_of
from treatments.readiness import queries


@require_safe
def dose(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show whether the dose can go ahead and what stands in its way; once it was given, only who overrode what."""
    row = dose_or_404(request.user, dose_id)
    now, rights = timezone.now(), request.user.rights.get(row.site_id, frozenset())
    planned = row.is_next and row.course.is_open and row.patient.in_care
    found = queries.readiness_of_dose(row.pk, now) if planned else None
    context = {
        "patient": banner_of(row, now),
        "dose": row,
        "board": None if found is None else queries.board_of(found, rights, request.user.pk),
        "not_indicated": queries.not_indicated(row) if found is None or found.asked.not_indicated else None,
        "overrides": queries.history(row, found, request.user.pk),
        "may_override": Permission.OVERRIDE_LIGHTS in rights,
        "may_confirm": Permission.SECOND in rights,
        "may_sign_off": Permission.SIGN_OFF in rights,
        "back_url": reverse("courses:dose", args=[row.pk]),
    }
    return render(request, "readiness/dose.html", context)
