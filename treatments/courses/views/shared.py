"""What the forms of this room have in common: the banner above, the way back, and the answer to a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.patients.queries import Banner
from clinic.records.conflicts import Conflict, conflict
from clinic.records.forms import Once
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.access import StaffRequest
from treatments.courses import queries
from treatments.courses.forms import ConfirmingForm
from treatments.courses.services import Unconfirmed

# What stands beside a form, and the field that an exception of a service speaks of.
Beside: TypeAlias = Callable[[], dict[str, Any]]
Refusals: TypeAlias = Mapping[type[Exception], str | None]

SAVED_BEFORE = "This was already saved; nothing was saved twice."


@dataclass(frozen=True, slots=True)
class Page:
    """One form's page: what it says, where it leads once saved, and which template shows it.

    `above` is the page it was opened from, where "back" and "Cancel" lead: the same unless said otherwise.
    `stored_as` names the record's attribute behind a field of another name, for whoever saved second.
    """

    title: str
    submit_label: str
    back: str
    lead: str = ""
    danger: bool = False
    template: str = "components/form_page.html"
    above: str = ""
    above_label: str = "Chart"
    cancel_label: str = "Cancel"
    stored_as: Mapping[str, str] = field(default_factory=dict)


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
    dose = None if course is None or not patient.in_care else queries.next_dose(course)
    held = course is not None and queries.current_hold(course) is not None
    return queries.banner(patient, today, course=course, dose=dose, held=held)


def show(
    request: StaffRequest,
    form: forms.Form,
    page: Page,
    patient: Patient | None,
    *,
    now: datetime,
    beside: Beside = dict,
    status: int = 200,
    clash: Conflict | None = None,
) -> HttpResponse:
    """Render a form's page, with what `beside` finds to stand beside the form; about nobody without a patient."""
    facts = {
        "form": form,
        "title": page.title,
        "lead": page.lead,
        "submit_label": page.submit_label,
        "cancel_url": page.above or page.back,
        "cancel_label": page.cancel_label,
        "back_url": page.above or page.back,
        "back_label": page.above_label,
        "danger": page.danger,
        "patient": None if patient is None else banner(patient, now),
        "conflict": clash,
    }
    return render(request, page.template, facts | beside(), status=status)


def save(
    request: StaffRequest,
    form: forms.Form,
    page: Page,
    patient: Patient | None,
    *,
    now: datetime,
    work: Callable[[dict[str, Any]], object],
    refusals: Refusals,
    done: str | Callable[[], str],
    beside: Beside = dict,
) -> HttpResponse:
    """Do the page's one piece of work with the form's values, or show the form again with what stands in the way.

    `refusals` maps an exception to the field it speaks of, or None for the whole form. On success the person goes
    on to `page.back`, told what was `done`. `beside` is asked after the work, so that it shows what somebody else
    saved meanwhile.
    """
    status, clash = 422, None
    if form.is_valid():
        try:
            work(form.cleaned_data)
        except AlreadySubmitted:
            return turn(request, SAVED_BEFORE, page.back)
        except StaleRecord as stale:
            status, clash = 409, conflict(form, stale, names=page.stored_as)
            if clash.settled:
                return turn(request, SAVED_BEFORE, page.back)
        except Unconfirmed as unconfirmed:
            cast("ConfirmingForm", form).ask(unconfirmed.cautions)
        except tuple(refusals) as refusal:
            form.add_error(refusals[type(refusal)], str(refusal))
        else:
            messages.success(request, done if isinstance(done, str) else done())
            return redirect(page.back)
    return show(request, form, page, patient, now=now, beside=beside, status=status, clash=clash)


def turn(request: StaffRequest, sentence: str, to: str) -> HttpResponse:
    """Lead to another page with a word on why: there is nothing to do, or nothing left to do, on this one."""
    messages.info(request, sentence)
    return redirect(to)


def today_at(patient: Patient, now: datetime) -> date:
    """Return the calendar day at the patient's site."""
    return patient.site.today(now)
