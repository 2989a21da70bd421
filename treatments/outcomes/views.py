"""Record a motor score, and void one that was recorded wrongly."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.patients.access import patient_or_404
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses.views.shared import Page, Refusals, chart, once, save, show
from treatments.outcomes import forms, services
from treatments.outcomes.access import score_or_404
from treatments.outcomes.models import MotorScore
from treatments.rules.motor_scores import SCALES, in_words

_REFUSALS: Refusals = {
    services.OutOfRange: "value",
    services.AssessedOnSuchADay: "assessed_on",
    services.AlreadyScored: None,
}


@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Record a motor score."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.RECORD_SCORES, patient.site_id)
    now = timezone.now()
    page = Page("Record a motor score", "Save the score", chart(patient))
    form = forms.ScoreForm(
        request.POST or None,
        initial={"assessor": request.user.full_name},
        today=patient.site.today(now),
        once=once(request, "record a motor score", patient),
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        names = ("scale", "value", "assessed_on", "assessor", "conditions")
        services.record_score(
            patient=patient,
            score=services.Score(**{name: values[name] for name in names}),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done="The score was saved.")


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, score_id: uuid.UUID) -> HttpResponse:
    """Void a score."""
    score = score_or_404(request.user, score_id)
    require(request.user, Permission.RECORD_SCORES, score.site_id)
    now, patient = timezone.now(), score.patient
    if score.voided_at is not None:
        messages.info(request, "This score was voided already.")
        return redirect(chart(patient))
    page = Page("Void a motor score", "Void the score", chart(patient), _what(score), danger=True)
    form = forms.VoidForm(request.POST or None, initial={"version": score.version})
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.void_score(
            score=score, reason=values["reason"], expected=values["version"], by=person_actor(request.user), at=now
        )

    return save(request, form, page, patient, now=now, work=work, refusals={}, done="The score was voided.")


def _what(score: MotorScore) -> str:
    scale = SCALES[score.scale]
    when = formatting.day(score.assessed_on)
    return (
        f"{scale.name} {in_words(scale, score.value)}, assessed on {when}. It stays visible in the history with your"
        + " reason."
    )
