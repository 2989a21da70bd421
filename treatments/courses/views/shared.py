"""What the forms of this room have in common: the banner above, the way back, and the answer to a refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from clinic.patients.queries import Banner
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.records.conflicts import Conflict, conflict
from clinic.records.forms import Once
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.access import StaffRequest
from treatments.courses import queries
from treatments.courses.forms import ConfirmingForm
from treatments.courses.services import Unconfirmed

SAVED_BEFORE = "This was already saved; nothing was saved twice."


@dataclass(frozen=True, slots=True)
class Page:
    """One form's page: what it says, where Cancel leads, which template shows it."""

    title: str
    submit_label: str
    back: str
    lead: str = ""
    danger: bool = False
    template: str = "components/form_page.html"


def once(request: StaffRequest, action: str, subject: Any) -> Once:
    """Return what a form's key is bound to on this page."""
    return Once(user_id=request.user.pk, action=action, subject=str(subject.pk))


def chart(patient: Patient) -> str:
    """Return the address of the patient's chart."""
    return reverse("chart", args=[patient.pk])


def banner(patient: Patient, now: datetime) -> Banner:
    """Return the patient's banner with the course's step."""
    today = patient.site.today(now)
    course = queries.open_course(patient)
    dose = None if course is None else queries.next_dose(course)
    held = course is not None and queries.current_hold(course) is not None
    return queries.banner(patient, today, course=course, dose=dose, held=held)


def show(
    request: StaffRequest,
    form: forms.Form,
    page: Page,
    patient: Patient,
    *,
    now: datetime,
    status: int = 200,
    clash: Conflict | None = None,
    **context: Any,
) -> HttpResponse:
    """Render a form's page."""
    facts = {
        "form": form,
        "title": page.title,
        "lead": page.lead,
        "submit_label": page.submit_label,
        "cancel_url": page.back,
        "danger": page.danger,
        "patient": banner(patient, now),
        "conflict": clash,
    }
    return render(request, page.template, facts | context, status=status)


def save(
    request: StaffRequest,
    form: forms.Form,
    page: Page,
    patient: Patient,
    *,
    now: datetime,
    work: Callable[[dict[str, Any]], object],
    refusals: dict[type[Exception], str | None],
    done: str,
    **context: Any,
) -> HttpResponse:
    """Do the page's one piece of work with the form's values, or show the form again with what stands in the way.

    `refusals` maps an exception to the field it speaks of, or None for the whole form. On success the person goes
    back to where the form was opened, told `done`.
    """
    if not form.is_valid():
        return show(request, form, page, patient, now=now, status=422, **context)
    try:
        work(form.cleaned_data)
    except AlreadySubmitted:
        messages.info(request, SAVED_BEFORE)
        return redirect(page.back)
    except StaleRecord as stale:
        clash = conflict(form, stale)
        if clash.settled:
            messages.info(request, SAVED_BEFORE)
            return redirect(page.back)
        return show(request, form, page, patient, now=now, status=409, clash=clash, **context)
    except Unconfirmed as unconfirmed:
        cast("ConfirmingForm", form).ask(unconfirmed.cautions)
    except tuple(refusals) as refusal:
        form.add_error(refusals[type(refusal)], str(refusal))
    else:
        messages.success(request, done)
        return redirect(page.back)
    return show(request, form, page, patient, now=now, status=422, **context)


def today_at(patient: Patient, now: datetime) -> date:
    """Return the calendar day at the patient's site."""
    return patient.site.today(now)
