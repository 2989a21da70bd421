"""What payers have approved: a patient's, those that end, and registering, renewing, correcting, voiding one."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.patients.access import patient_or_404
from clinic.patients.models import Patient
from clinic.staff.access import StaffRequest, may, require, requires
from clinic.staff.roles import Permission
from monographs import queries as monographs
from treatments.courses.forms import ReasonForm
from treatments.courses.views.shared import Page, Refusals, banner, chart, once, save, show, turn
from treatments.supply import forms, queries, services
from treatments.supply.access import authorisation_or_404
from treatments.supply.models import Authorisation

_REFUSALS: Refusals = {
    services.OutOfOrder: "ends_on",
    services.AlreadyRegistered: "reference",
    services.AlreadyRenewed: None,
    services.AuthorisationVoided: None,
    services.NoReason: "reason",
}
_FACTS = ("payer", "reference", "starts_on", "ends_on", "doses_approved", "mg", "note")


@requires(Permission.VIEW_SUPPLY)
@require_safe
def ending(request: StaffRequest) -> HttpResponse:
    """Show what asks for a letter to a payer, at all of the person's sites."""
    found = queries.ending_authorisations(request.user, timezone.now())
    return render(request, "supply/authorisations.html", {"ending": found})


@require_safe
def of_patient(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show a patient's authorisations, voided ones too."""
    patient, now = patient_or_404(request.user, patient_id), timezone.now()
    require(request.user, Permission.VIEW_SUPPLY, patient.site_id)
    context = {
        "patient": banner(patient, now),
        "patient_id": patient.pk,
        "chart_url": chart(patient),
        "rows": queries.authorisations_of(patient, patient.site.today(now)),
        "may_manage": may(request.user, Permission.MANAGE_AUTHORISATIONS, patient.site_id),
    }
    return render(request, "supply/of_patient.html", context)


@require_http_methods(["GET", "POST"])
def add(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Register an authorisation."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.MANAGE_AUTHORISATIONS, patient.site_id)
    now = timezone.now()
    page = _page(patient, "Register an authorisation", "Register", "As the payer’s letter states it.")
    once_for = once(request, "register an authorisation", patient)
    form = forms.AuthorisationForm(request.POST or None, strengths=_strengths(), once=once_for)
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.register_authorisation(
            patient=patient,
            facts=_facts(values),
            by=person_actor(request.user),
            at=now,
            submission=values["submission"],
        )

    done = "The authorisation was registered."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def renew(request: StaffRequest, authorisation_id: uuid.UUID) -> HttpResponse:
    """Register the authorisation that takes another's place."""
    row = authorisation_or_404(request.user, authorisation_id)
    require(request.user, Permission.MANAGE_AUTHORISATIONS, row.site_id)
    now, patient = timezone.now(), row.patient
    lead = f"It takes the place of the one for {formatting.day_range(row.starts_on, row.ends_on)}."
    page = _page(patient, "Renew the authorisation", "Register", lead)
    initial = {name: getattr(row, name) for name in ("payer", "doses_approved")}
    initial |= {"starts_on": row.ends_on + timedelta(days=1), "mg": _mg(row)}
    once_for = once(request, "renew an authorisation", row)
    form = forms.AuthorisationForm(request.POST or None, initial=initial, strengths=_strengths(), once=once_for)
    if request.method != "POST":
        return turn(request, _VOIDED, page.back) if row.voided_at else show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.renew_authorisation(
            renewed=row,
            facts=_facts(values),
            by=person_actor(request.user),
            at=now,
            submission=values["submission"],
        )

    done = "The renewal was registered."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, authorisation_id: uuid.UUID) -> HttpResponse:
    """Correct what was typed from the payer's letter."""
    row = authorisation_or_404(request.user, authorisation_id)
    require(request.user, Permission.MANAGE_AUTHORISATIONS, row.site_id)
    now, patient = timezone.now(), row.patient
    page = _page(patient, "Correct the authorisation", "Save the correction")
    initial = {name: getattr(row, name) for name in _FACTS} | {"mg": _mg(row), "version": row.version}
    form = forms.CorrectAuthorisationForm(request.POST or None, initial=initial, strengths=_strengths())
    if request.method != "POST":
        return turn(request, _VOIDED, page.back) if row.voided_at else show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.correct_authorisation(
            authorisation=row,
            facts=_facts(values),
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    done = "The authorisation was corrected."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, authorisation_id: uuid.UUID) -> HttpResponse:
    """Void an authorisation."""
    row = authorisation_or_404(request.user, authorisation_id)
    require(request.user, Permission.MANAGE_AUTHORISATIONS, row.site_id)
    now, patient = timezone.now(), row.patient
    lead = f"{row.payer}, {formatting.day_range(row.starts_on, row.ends_on)}. It stays visible with your reason."
    page = _page(patient, "Void the authorisation", "Void it", lead, danger=True)
    form = ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return turn(request, _VOIDED, page.back) if row.voided_at else show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.void_authorisation(
            authorisation=row,
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    done = "The authorisation was voided."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done)


_VOIDED = "This authorisation was voided already."


def _page(patient: Patient, title: str, submit_label: str, lead: str = "", *, danger: bool = False) -> Page:
    back = reverse("supply:of_patient", args=[patient.pk])
    return Page(title, submit_label, back, lead, danger=danger, above_label="Authorisations")


def _facts(values: dict[str, Any]) -> services.AuthorisationFacts:
    return services.AuthorisationFacts(**{name: values[name] for name in _FACTS})


def _mg(row: Authorisation) -> str:
    """Return the strength as the choice names it."""
    return "" if row.mg is None else formatting.number(row.mg)


def _strengths() -> list[Decimal]:
    return sorted({product.mg for product in monographs.products_in_force()})
