"""Log a sample's results, correct one that was logged wrongly, and void what should not be there."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting, statuses
from clinic.audit.trail import person_actor
from clinic.patients.access import patient_or_404
from clinic.patients.models import Patient
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses.views.shared import Page, chart, once, save, show, turn
from treatments.labs import forms, queries, services
from treatments.labs.access import result_or_404
from treatments.labs.models import LabResult

_SAMPLE_REFUSALS: dict[type[Exception], str | None] = {
    services.SameSample: None,
    services.CollectedLater: "collected_on",
    services.CollectedBeforeBirth: "collected_on",
}
_CORRECT_REFUSALS = _SAMPLE_REFUSALS | {services.NothingDiffers: None, services.AlreadyVoided: None}


@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Log the results of one sample."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.RECORD_LABS, patient.site_id)
    now = timezone.now()
    page = Page(
        "Log laboratory results",
        "Save the results",
        chart(patient),
        "One sample at a time, as the report prints it. Rows left empty are ignored.",
        template="labs/add.html",
        draft=True,
    )
    form = forms.SampleForm(
        request.POST or None,
        born_on=patient.born_on,
        zone=patient.site.zone,
        now=now,
        earlier=queries.earlier(patient),
        once=once(request, "log laboratory results", patient),
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {name: values[name] for name in ("collected_at", "laboratory", "values", "submission")}
        services.log_results(patient=patient, by=person_actor(request.user), at=now, **facts)

    def done() -> str:
        return f"The results were saved.{_asking(patient, now)}"

    return save(request, form, page, patient, now=now, work=work, refusals=_SAMPLE_REFUSALS, done=done)


def _asking(patient: Patient, now: datetime) -> str:
    """Say which values ask for an answer, for whoever has just typed them."""
    found = [
        f"{reading.name} ({statuses.LAB[reading.level].label.lower()})"
        for reading in queries.open_readings(queries.sheet_of(patient, now))
        if reading.level is not None
    ]
    return f" To look at: {', '.join(found)}." if found else ""


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, result_id: uuid.UUID) -> HttpResponse:
    """Put the right result in the place of a wrong one."""
    result = result_or_404(request.user, result_id)
    require(request.user, Permission.RECORD_LABS, result.site_id)
    now, patient = timezone.now(), result.patient
    if result.voided_at is not None and request.method != "POST":
        return turn(request, "This result was voided already.", chart(patient))
    page = Page(
        f"Correct a result: {result.get_analyte_display()}",
        "Save the correction",
        chart(patient),
        "The wrong result stays visible with your reason. What was answered for it does not answer for the new one.",
        template="labs/correct.html",
        draft=True,
    )
    form = forms.CorrectForm(
        request.POST or None,
        result=result,
        zone=result.site.zone,
        now=now,
        once=once(request, "correct a laboratory result", result),
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {name: values[name] for name in ("collected_at", "laboratory", "reason", "submission")}
        services.correct_result(
            result=result,
            value=values["values"][0],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
            **facts,
        )

    done = "The result was corrected."
    return save(request, form, page, patient, now=now, work=work, refusals=_CORRECT_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, result_id: uuid.UUID) -> HttpResponse:
    """Void a result."""
    result = result_or_404(request.user, result_id)
    require(request.user, Permission.RECORD_LABS, result.site_id)
    now, patient = timezone.now(), result.patient
    if result.voided_at is not None:
        return turn(request, "This result was voided already.", chart(patient))
    page = Page("Void a result", "Void the result", chart(patient), _what(result), danger=True)
    form = forms.VoidForm(request.POST or None, initial={"version": result.version})
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.void_result(
            result=result,
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, page, patient, now=now, work=work, refusals={}, done="The result was voided.")


def _what(result: LabResult) -> str:
    value = queries.in_words(result.comparator, result.value, result.unit)
    when = formatting.moment(result.collected_at, result.site.zone)
    return (
        f"{result.get_analyte_display()} {value}, collected {when}. It stays visible in the history with your reason."
    )
