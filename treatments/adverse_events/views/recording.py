"""Record an event, follow it up, close it, void it."""

import uuid
from typing import Any

from django import forms as django_forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.patients.access import patient_or_404
from clinic.patients.models import Patient
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from monographs.queries import EffectList
from treatments.adverse_events import forms, queries, services
from treatments.adverse_events.access import event_or_404
from treatments.adverse_events.models import CAUSE_FIELDS, AdverseEvent
from treatments.courses.views.shared import Beside, Page, Refusals, chart, once, save, show, turn

_REFUSALS: Refusals = {services.Refused: None, services.NoReason: "reason"}
_VOIDED = "This event was voided; nothing can be changed in it any more."


@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Record an event; while its term is typed, similar earlier ones of this patient are shown."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.RECORD_EVENTS, patient.site_id)
    now, text = timezone.now(), queries.effects_for(patient)
    if _is_asking(request):
        return _similar(request, patient)
    page = Page(
        "Record an adverse event",
        "Record the event",
        reverse("adverse_events:of_patient", args=[patient.pk]),
        "Record what is known now; whatever becomes known later is added, and the version before is kept.",
        template="adverse_events/edit.html",
        draft=True,
        above=chart(patient),
    )
    today = patient.site.today(now)
    form = forms.RecordForm(
        request.POST if _is_sent(request) else None,
        initial={"known_on": today} | _kept(request, forms.RecordForm),
        text=text,
        born_on=patient.born_on,
        today=today,
        once=once(request, "record an adverse event", patient),
    )
    beside = _beside(request, patient, text)
    if not _is_sent(request):
        return show(request, form, page, patient, now=now, beside=beside)

    def work(values: dict[str, Any]) -> None:
        services.record_event(
            patient=patient,
            facts=forms.facts_of(values),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    done = "The event was recorded."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, event_id: uuid.UUID) -> HttpResponse:
    """Write down what is known by now; the version before stays in the history."""
    event, now = event_or_404(request.user, event_id), timezone.now()
    require(request.user, Permission.RECORD_EVENTS, event.site_id)
    if event.voided_at is not None:
        return turn(request, _VOIDED, _page_of(event))
    patient, text = event.patient, queries.effects_for(event.patient)
    if _is_asking(request):
        return _similar(request, patient, besides=event.pk)
    page = Page(
        "Correct or add to an adverse event",
        "Save",
        _page_of(event),
        "The version before is kept in the history, with your reason.",
        template="adverse_events/edit.html",
        draft=True,
        above_label="Adverse event",
    )
    form = forms.CorrectForm(
        request.POST if _is_sent(request) else None,
        initial=_initial(event, text) | _kept(request, forms.CorrectForm),
        text=text,
        born_on=patient.born_on,
        today=patient.site.today(now),
    )
    beside = _beside(request, patient, text, besides=event.pk)
    if not _is_sent(request):
        return show(request, form, page, patient, now=now, beside=beside)

    def work(values: dict[str, Any]) -> None:
        services.correct_event(
            event=event,
            facts=forms.facts_of(values),
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    done = "The event was saved; the version before is in its history."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)


@require_http_methods(["GET", "POST"])
def close(request: StaffRequest, event_id: uuid.UUID) -> HttpResponse:
    """Say how an open event ended."""
    event, now = event_or_404(request.user, event_id), timezone.now()
    require(request.user, Permission.RECORD_EVENTS, event.site_id)
    if not event.is_open:
        return turn(request, "This event is closed already.", _page_of(event))
    patient = event.patient
    today = patient.site.today(now)
    lead = f"{_named(event)} A death is recorded with “Correct or add”, because the grade changes with it."
    page = Page("Close an adverse event", "Close the event", _page_of(event), lead, above_label="Adverse event")
    form = forms.CloseForm(
        request.POST or None, initial={"version": event.version}, onset_on=event.onset_on, today=today
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.close_event(
            event=event,
            outcome=values["outcome"],
            ended_on=values["ended_on"],
            note=values["note"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    refusals: Refusals = {services.Refused: "ended_on", services.AlreadyClosed: None}
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The event was closed.")


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, event_id: uuid.UUID) -> HttpResponse:
    """Take an event out of force that never was."""
    event, now = event_or_404(request.user, event_id), timezone.now()
    require(request.user, Permission.RECORD_EVENTS, event.site_id)
    if event.voided_at is not None:
        return turn(request, "This event was voided already.", _page_of(event))
    lead = f"{_named(event)} What is voided counts nowhere any more; it stays visible with your reason."
    page = Page("Void an adverse event", "Void the event", _page_of(event), lead, danger=True, above_label="Event")
    form = forms.VoidForm(request.POST or None, initial={"version": event.version})
    if request.method != "POST":
        return show(request, form, page, event.patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.void_event(
            event=event, reason=values["reason"], expected=values["version"], by=person_actor(request.user), at=now
        )

    return save(request, form, page, event.patient, now=now, work=work, refusals={}, done="The event was voided.")


def _page_of(event: AdverseEvent) -> str:
    return reverse("adverse_events:event", args=[event.pk])


def _named(event: AdverseEvent) -> str:
    return f"{event.term}, which began on {formatting.day(event.onset_on)}."


def _is_asking(request: StaffRequest) -> bool:
    """Say whether a script asks for similar events while somebody types."""
    return bool(request.method == "POST" and request.htmx and "look" in request.POST)


def _is_sent(request: StaffRequest) -> bool:
    """Say whether the form is sent to be saved, and not to look for similar events first."""
    return request.method == "POST" and "look" not in request.POST


def _kept(request: StaffRequest, form: type[django_forms.Form]) -> dict[str, Any]:
    """Return what was typed when the page is opened again to look for similar events."""
    if "look" not in request.POST:
        return {}
    names = [name for name in {*form.base_fields, "version"} - {"submission"} if name in request.POST]
    kept: dict[str, Any] = {name: request.POST[name] for name in names}
    return kept | {"criteria": request.POST.getlist("criteria")}


def _similar(request: StaffRequest, patient: Patient, besides: uuid.UUID | None = None) -> HttpResponse:
    """Answer a script with the similar events alone."""
    typed = forms.typed_term(request.POST)
    found = queries.similar_to(patient, typed, besides=besides)
    return render(request, "adverse_events/_similar.html", {"similar": found, "typed": typed})


def _beside(
    request: StaffRequest, patient: Patient, text: EffectList | None, besides: uuid.UUID | None = None
) -> Beside:
    def beside() -> dict[str, Any]:
        typed = forms.typed_term(request.POST) if request.method == "POST" else ""
        return {"text": text, "typed": typed, "similar": queries.similar_to(patient, typed, besides=besides)}

    return beside


def _initial(event: AdverseEvent, text: EffectList | None) -> dict[str, Any]:
    """Return what is recorded, its term where the form asks for it."""
    known = event.facts
    in_list = text is not None and any(effect.term == event.term for effect in text.effects)
    return {
        "version": event.version,
        "term_listed": event.term if in_list else forms.UNLISTED,
        "term_other": "" if in_list else event.term,
        "criteria": event.criteria,
        **{name: getattr(event, name) for name in CAUSE_FIELDS.values()},
        **{name: getattr(known, name) for name in ("onset_on", "known_on", "severity", "action", "outcome")},
        "ended_on": known.ended_on,
        "narrative": known.narrative,
    }
