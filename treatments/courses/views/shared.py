"""What the forms of this room have in common: the banner above, the way back, and the answer to a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clinic.drafts import offering
from clinic.patients.models import Patient
from clinic.patients.queries import Banner
from clinic.records.conflicts import Conflict, Stored, conflict
from clinic.records.forms import Once
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.access import StaffRequest
from treatments.courses import queries
from treatments.courses.forms import ConfirmingForm, PreviewedForm
from treatments.courses.models import Course, Dose
from treatments.courses.services import Unconfirmed
from treatments.courses.views.previews import Preview

# What stands beside a form, and the field that an exception of a service speaks of.
Beside: TypeAlias = Callable[[], dict[str, Any]]
Work: TypeAlias = Callable[[dict[str, Any]], object]
First: TypeAlias = Callable[[dict[str, Any]], Preview | None]
Refusals: TypeAlias = Mapping[type[Exception], str | None]

SHOW_FIRST = "Show what changes"
SAVED_BEFORE = "This was already saved; nothing was saved twice."


@dataclass(frozen=True, slots=True)
class Page:
    """One form's page: what it says, where it leads once saved, and which template shows it.

    `previewed`: what it changes is shown first, and saved when it is sent again with that in sight.
    `above` is the page it was opened from, where "back" and "Cancel" lead: the same unless said otherwise.
    `stored_as` says where the record keeps what a field of another name asks for, for whoever saved second.
    `draft`: what is typed is kept until it is saved, through the end of a session and a closed browser.
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
    previewed: bool = False
    stored_as: Mapping[str, Stored] = field(default_factory=dict)
    draft: bool = False


def once(request: StaffRequest, action: str, subject: Any) -> Once:
    """Return what a form's key is bound to on this page."""
    return Once(user_id=request.user.pk, action=action, subject=str(subject.pk))


def chart(patient: Patient) -> str:
    """Return the address of the patient's chart."""
    return reverse("chart", args=[patient.pk])


def banner(patient: Patient, now: datetime) -> Banner:
    """Return the patient's banner with the course's step."""
    course = queries.open_course(patient)
    dose = None if course is None or not patient.in_care else queries.next_dose(course)
    return _banner(patient, course, dose, now)


def banner_of(dose: Dose, now: datetime) -> Banner:
    """Return the banner of the patient whose dose it is; a dose that comes next is not looked for again.

    The dose is joined with its course, regimen and site, and with its patient.
    """
    planned = dose.is_next and dose.course.is_open and dose.patient.in_care
    return _banner(dose.patient, dose.course, dose, now) if planned else banner(dose.patient, now)


def _banner(patient: Patient, course: Course | None, dose: Dose | None, now: datetime) -> Banner:
    today = patient.site.today(now)
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
    shown: Preview | None = None,
) -> HttpResponse:
    """Render a form's page, with what `beside` finds to stand beside the form and what the change would do.

    Without a patient it is about nobody, and has no banner.
    """
    facts = {
        "form": form,
        "title": page.title,
        "lead": page.lead,
        "submit_label": SHOW_FIRST if page.previewed and shown is None else page.submit_label,
        "preview": shown,
        "cancel_url": page.above or page.back,
        "cancel_label": page.cancel_label,
        "back_url": page.above or page.back,
        "back_label": page.above_label,
        "danger": page.danger,
        "patient": None if patient is None else banner(patient, now),
        "conflict": clash,
        "draft": _draft(request, form, page, patient, now) if page.draft else None,
    }
    return render(request, page.template, facts | beside(), status=status)


def save(
    request: StaffRequest,
    form: forms.Form,
    page: Page,
    patient: Patient | None,
    *,
    now: datetime,
    work: Work,
    refusals: Refusals,
    done: str | Callable[[], str],
    beside: Beside = dict,
    first: First | None = None,
) -> HttpResponse:
    """Do the page's one piece of work with the form's values, or show the form again with what stands in the way.

    `first` works out what the change would do, None where there is nothing to look at; unless the form was sent with
    that very preview in sight, it is shown.

    `refusals` maps an exception to the field it speaks of, or None for the whole form. On success the person goes
    on to `page.back`, told what was `done`. `beside` is asked after the work, so that it shows what somebody else
    saved meanwhile.
    """
    status, clash, shown = 422, None, None
    if form.is_valid():
        try:
            shown = _done_or_shown(form, page, work, first)
        except AlreadySubmitted:
            return _go_on(request, page, messages.INFO, SAVED_BEFORE)
        except StaleRecord as stale:
            status, clash = 409, conflict(form, stale, names=page.stored_as)
        except Unconfirmed as unconfirmed:
            cast("ConfirmingForm", form).ask(unconfirmed.cautions)
        except tuple(refusals) as refusal:
            form.add_error(refusals[type(refusal)], str(refusal))
        else:
            if shown is None:
                return _go_on(request, page, messages.SUCCESS, done if isinstance(done, str) else done())
            status = 200
    return show(request, form, page, patient, now=now, beside=beside, status=status, clash=clash, shown=shown)


def _draft(
    request: StaffRequest, form: forms.Form, page: Page, patient: Patient | None, now: datetime
) -> offering.Offer:
    zone = None if patient is None else patient.site.zone
    return offering.offer(request, form, above=page.above or page.back, now=now, zone=zone)


def _go_on(request: StaffRequest, page: Page, level: int, sentence: str) -> HttpResponse:
    """Lead on once the work is done, now or before; what was typed is saved, so its draft goes."""
    if page.draft:
        offering.drop(request)
    messages.add_message(request, level, sentence)
    return redirect(page.back)


def _done_or_shown(form: forms.Form, page: Page, work: Work, first: First | None) -> Preview | None:
    """Do the work, or return what it would change when that has still to be looked at.

    A form whose every value is stored already, by whomever, counts as saved before.
    """
    try:
        return _carry_out(form, work, first)
    except StaleRecord as stale:
        if conflict(form, stale, names=page.stored_as).settled:
            raise AlreadySubmitted(stale.current) from None
        raise


def _carry_out(form: forms.Form, work: Work, first: First | None) -> Preview | None:
    """Do the work, unless its preview has to be seen first. Whatever stands in the way of it is told before that."""
    values = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
    if first is not None:
        rehearse(lambda: work(dict(values)))
        shown, previewed = first(values), cast("PreviewedForm", form)
        if shown is not None and not previewed.has_seen(shown.mark):
            previewed.show(shown.mark)
            return shown
    work(values)
    return None


@transaction.atomic
def rehearse(work: Callable[[], object]) -> None:
    """Do a piece of work and take it back, for the refusals it meets: the same as when it is done in earnest."""
    work()
    transaction.set_rollback(True)


def turn(request: StaffRequest, sentence: str, to: str) -> HttpResponse:
    """Lead to another page with a word on why: there is nothing to do, or nothing left to do, on this one."""
    messages.info(request, sentence)
    return redirect(to)


def today_at(patient: Patient, now: datetime) -> date:
    """Return the calendar day at the patient's site."""
    return patient.site.today(now)
