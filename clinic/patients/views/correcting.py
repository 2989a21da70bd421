"""Correct who a patient is, what is known of their SMA, and whether this site treats them."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.patients import queries, services
from clinic.patients.access import patient_to_change, profile_or_404
from clinic.patients.choices import CareStatus
from clinic.patients.facts import PersonFacts, ProfileFacts
from clinic.patients.forms import CareStatusForm, PersonForm, ProfileForm
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.views.saving import Page, chart_of, page_of, save
from clinic.staff.access import StaffRequest

_CARE = Page(
    "Change the care status",
    "Continue",
    "Lists and reminders follow the care status. What the change means is shown before anything is saved.",
)
_QUESTIONS = {
    CareStatus.ACTIVE: "Take the patient back into our care?",
    CareStatus.TRANSFERRED: "Record that the patient was transferred?",
    CareStatus.LEFT: "Record that the patient left our care?",
    CareStatus.DIED: "Record that the patient died?",
}
_COMING_BACK = """The patient is on the worklist again, and reminders are sent again for what is due from now on. Look
at the course and its next dose: dates may have passed meanwhile."""
_LEAVING = """The patient leaves the worklist, and from now on no reminder about them is sent. Nothing is deleted: the
chart stays readable, the course stays as it is until somebody stops it, and appointments stay booked until somebody
cancels them."""


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Correct name, birth or sex."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    initial = PersonFacts.of(patient).values() | {"version": patient.version}
    form = PersonForm(request.POST or None, born_on=patient.born_on, today=patient.site.today(now), initial=initial)
    show = page_of(request, form, Page("Correct personal details", "Save"), patient, now=now)
    if request.method == "GET":
        return show()

    def work() -> Patient:
        return services.correct(
            patient=patient,
            person=PersonFacts.of(form.cleaned_data),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, show, work=work, done="The personal details were saved.")


@require_http_methods(["GET", "POST"])
def profile(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Write down what is known of the SMA."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    known = profile_or_404(patient)
    initial = ProfileFacts.of(known).values() | {"version": known.version}
    form = ProfileForm(request.POST or None, born_on=patient.born_on, today=patient.site.today(now), initial=initial)
    page = Page("SMA profile", "Save", "What is not recorded stays open; it never counts as none.")
    show = page_of(request, form, page, patient, now=now)
    if request.method == "GET":
        return show()

    def work() -> SmaProfile:
        return services.set_profile(
            profile=known,
            facts=ProfileFacts.of(form.cleaned_data),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, show, work=work, done="The SMA profile was saved.")


@require_http_methods(["GET", "POST"])
def care_status(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Say whether this site still treats the patient: first what and since when, then what that means."""
    patient, now = patient_to_change(request.user, patient_id), timezone.now()
    today = patient.site.today(now)
    form = CareStatusForm(
        request.POST or None,
        recorded=(patient.care_status, patient.care_status_on),
        born_on=patient.born_on,
        today=today,
        initial={"version": patient.version},
    )
    show = page_of(request, form, _CARE, patient, now=now)
    if request.method == "GET":
        return show()
    if form.is_valid() and not form.cleaned_data["confirmed"]:
        return _ask(request, form, patient, queries.banner(patient, today))

    def work() -> Patient:
        return services.change_care_status(
            patient=patient,
            to=CareStatus(form.cleaned_data["to"]),
            on=form.cleaned_data["on"],
            reason=form.cleaned_data["reason"],
            expected=form.cleaned_data["version"],
            by=person_actor(request.user),
            at=now,
        )

    names = {"to": "care_status", "on": "care_status_on"}
    return save(request, form, show, work=work, done="The care status was saved.", names=names)


def _ask(request: StaffRequest, form: CareStatusForm, patient: Patient, banner: queries.Banner) -> HttpResponse:
    """Say what the change means for lists and reminders, and ask for it a second time. Nothing is written yet."""
    to = CareStatus(form.cleaned_data["to"])
    since = formatting.day(patient.care_status_on) if patient.care_status_on else "registration"
    form.ask_again()
    context = {
        "form": form,
        "patient": banner,
        "question": _QUESTIONS[to],
        "meaning": _COMING_BACK if to == CareStatus.ACTIVE else _LEAVING,
        "rows": [
            ("Care status", patient.get_care_status_display(), to.label),
            ("Since", since, formatting.day(form.cleaned_data["on"])),
        ],
        "danger": to != CareStatus.ACTIVE,
        "cancel_url": chart_of(patient),
    }
    return render(request, "patients/care_status_confirm.html", context)
