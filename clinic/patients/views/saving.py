"""What the forms of this room have in common: the banner above, the way back, and the answer to whatever happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html

from clinic.drafts import offering
from clinic.patients import queries
from clinic.patients.models import Patient, PatientPart, SmaProfile
from clinic.patients.services import IdentifierTaken, Refused
from clinic.records.conflicts import Conflict, conflict
from clinic.records.models import ClinicalRecord
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.access import StaffRequest

SAVED_BEFORE = "This was already saved; nothing was saved twice."

Saved = Patient | PatientPart | SmaProfile


class Show(Protocol):
    """Renders a form's page, with a status, and with both versions where two people met."""

    def __call__(self, *, status: int = 200, conflict: Conflict | None = None) -> HttpResponse:
        """Return the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one form about a patient: what it says, what it shows besides, and which template draws it."""

    title: str
    submit_label: str
    lead: str = ""
    danger: bool = False
    template: str = "components/form_page.html"


def chart_of(row: Saved) -> str:
    """Return the address of the chart of the patient whom a row of this room is about."""
    return reverse("chart", args=[row.audit_patient_id()])


def page_of(
    request: StaffRequest, form: forms.Form, page: Page, patient: Patient, *, now: datetime, **context: Any
) -> Show:
    """Return what renders this form's page under the patient's banner."""

    def show(*, status: int = 200, conflict: Conflict | None = None) -> HttpResponse:
        facts = {
            "form": form,
            "title": page.title,
            "lead": page.lead,
            "submit_label": page.submit_label,
            "danger": page.danger,
            "cancel_url": chart_of(patient),
            "patient": queries.banner(patient, patient.site.today(now)),
            "conflict": conflict,
        }
        return render(request, page.template, facts | context, status=status)

    return show


def save(
    request: StaffRequest,
    form: forms.Form,
    show: Show,
    *,
    work: Callable[[], Saved],
    done: str,
    names: Mapping[str, str] | None = None,
    draft: bool = False,
) -> HttpResponse:
    """Do the page's one piece of work, or show the page again with what stands in the way and everything typed.

    What was done leads to the chart. `names` gives the record's attributes that the form asks for by another name.
    `draft` says that the page kept what was typed, so that it goes once it is saved.
    """
    if not form.is_valid():
        return show(status=422)
    level = messages.SUCCESS
    try:
        row: ClinicalRecord = work()
    except AlreadySubmitted as before:
        row, level, done = before.record, messages.INFO, SAVED_BEFORE
    except StaleRecord as stale:
        clash = conflict(form, stale, names=names)
        if not clash.settled:
            return show(status=409, conflict=clash)
        row, level, done = stale.current, messages.INFO, SAVED_BEFORE
    except Refused as refused:
        tell(form, refused)
        return show(status=422)
    if draft:
        offering.drop(request)
    messages.add_message(request, level, done)
    return redirect(chart_of(cast("Saved", row)))


def tell(form: forms.Form, refused: Refused, field: str = "") -> None:
    """Put a refusal's sentences beside their fields, and a way to whoever has the number already."""
    for name, sentence in refused.problems.items():
        place = field or name
        form.add_error(place if place in form.fields else None, _with_way_out(sentence, refused))


def _with_way_out(sentence: str, refused: Refused) -> str:
    if not isinstance(refused, IdentifierTaken) or not refused.by_another:
        return sentence
    return format_html('{} <a href="{}">Open that patient</a>.', sentence, chart_of(refused.holder))
