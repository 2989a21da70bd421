"""Add, correct and void what belongs to a patient; withdraw a consent. One shape serves all kinds."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.patients import parts, services
from clinic.patients.access import part_or_404, patient_to_change
from clinic.patients.forms import PART_FORMS, VoidForm, WithdrawForm
from clinic.patients.models import Consent, PatientPart
from clinic.patients.parts import PartKind
from clinic.patients.views.saving import Page, page_of, save
from clinic.records.forms import Once
from clinic.staff.access import StaffRequest

AnyKind = PartKind[Any, Any]


@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, patient_id: uuid.UUID, kind: AnyKind) -> HttpResponse:
    """Add an identifier, a carer, a consent, an allergy, an access plan, a measurement or another therapy."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    form = PART_FORMS[kind.slug].add(
        request.POST or None,
        born_on=patient.born_on,
        today=patient.site.today(now),
        once=Once(request.user.pk, f"add {kind.one}", str(patient.pk)),
    )
    show = page_of(request, form, Page(f"Add {kind.one}", "Add"), patient, now=now)
    if request.method == "GET":
        return show()

    def work() -> PatientPart:
        made: PatientPart = services.add_part(
            kind=kind,
            patient=patient,
            facts=form.facts(),
            submission=form.cleaned_data["submission"],
            by=person_actor(request.user),
            at=now,
        )
        return made

    return save(request, form, show, work=work, done=f"{kind.this.capitalize()} was added.")


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, patient_id: uuid.UUID, kind: AnyKind, part_id: uuid.UUID) -> HttpResponse:
    """Correct one part."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    part = part_or_404(patient, kind, part_id)
    form = PART_FORMS[kind.slug].correct(
        request.POST or None,
        born_on=patient.born_on,
        today=patient.site.today(now),
        initial=kind.facts.of(part).values() | {"version": part.version},
    )
    page = Page(f"Correct {kind.this}", "Save", template="patients/correct_part.html")
    void_url = reverse("patients:void_part", args=[patient.pk, kind, part.pk])
    show = page_of(request, form, page, patient, now=now, void_url=void_url, this=kind.this)
    if request.method == "GET":
        return show()

    def work() -> PatientPart:
        corrected: PatientPart = services.correct_part(
            kind=kind,
            part=part,
            facts=form.facts(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=person_actor(request.user),
            at=now,
        )
        return corrected

    return save(request, form, show, work=work, done=f"{kind.this.capitalize()} was saved.")


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, patient_id: uuid.UUID, kind: AnyKind, part_id: uuid.UUID) -> HttpResponse:
    """Take a part out of force that was entered in error."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    part = part_or_404(patient, kind, part_id)
    form = VoidForm(request.POST or None, initial={"version": part.version})
    lead = f"{part}. What is voided counts nowhere any more; the history keeps it, with your reason."
    page = Page(f"Void {kind.this}", "Void", lead, danger=True)
    show = page_of(request, form, page, patient, now=now)
    if request.method == "GET":
        return show()

    def work() -> PatientPart:
        voided: PatientPart = services.void_part(
            kind=kind,
            part=part,
            reason=form.cleaned_data["reason"],
            expected=form.cleaned_data["version"],
            by=person_actor(request.user),
            at=now,
        )
        return voided

    return save(request, form, show, work=work, done=f"{kind.this.capitalize()} was voided.")


@require_http_methods(["GET", "POST"])
def withdraw(request: StaffRequest, patient_id: uuid.UUID, part_id: uuid.UUID) -> HttpResponse:
    """End a consent on a day."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    consent, today = part_or_404(patient, parts.CONSENT, part_id), patient.site.today(now)
    form = WithdrawForm(request.POST or None, today=today, initial={"version": consent.version, "on": today})
    lead = f"{consent} by {consent.given_by}. It stops counting on the day you enter."
    page = Page("Withdraw the consent", "Withdraw", lead, danger=True)
    show = page_of(request, form, page, patient, now=now)
    if request.method == "GET":
        return show()

    def work() -> Consent:
        return services.withdraw_consent(
            consent=consent,
            on=form.cleaned_data["on"],
            reason=form.cleaned_data["reason"],
            expected=form.cleaned_data["version"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, show, work=work, done="The consent was withdrawn.", names={"on": "withdrawn_on"})
