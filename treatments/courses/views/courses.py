"""Start, hold, resume and stop a course; add doses given elsewhere."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.patients.access import patient_or_404
from clinic.patients.models import Patient
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import forms, queries, services
from treatments.courses.access import course_or_404
from treatments.courses.views import previews
from treatments.courses.views.shared import Page, Refusals, chart, once, save, show, today_at, turn

_START_REFUSALS: Refusals = {
    services.PatientNotInCare: None,
    services.NotAvailableHere: "regimen",
    services.OpenCourseExists: None,
}
_HOLD_REFUSALS: Refusals = {
    services.AlreadyOnHold: None,
    services.CourseStopped: None,
    services.HeldInTheFuture: "from_on",
    services.ReviewedTooEarly: "review_on",
}
_RESUME_REFUSALS: Refusals = {
    services.NotOnHold: None,
    services.CourseStopped: None,
    services.ResumedTooEarly: "on",
    services.ResumedInTheFuture: "on",
}
_STOP_REFUSALS: Refusals = {
    services.CourseStopped: None,
    services.StoppedInTheFuture: "on",
    services.StoppedBeforeADose: "on",
}
_ELSEWHERE_REFUSALS: Refusals = {
    services.GivenInTheFuture: "given_on",
    services.GivenOnSuchADay: "given_on",
    services.CourseStopped: None,
}
_STOPPED = "The course was stopped; nothing more is planned on it."


@require_http_methods(["GET", "POST"])
def start(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Put a patient on a regimen."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.MANAGE_COURSES, patient.site_id)
    now = timezone.now()
    page = Page("Start a course", "Start the course", chart(patient), "The site's policy in force today applies.")
    regimens = monographs.startable_regimens()
    form = forms.StartForm(
        request.POST or None,
        regimens=regimens,
        initial={"regimen": regimens[0] if regimens else None},
        once=once(request, "start a course", patient),
    )
    if request.method != "POST":
        if closed := _not_startable(patient, regimens):
            return turn(request, closed, page.back)
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.start_course(patient=patient, by=person_actor(request.user), at=now, **values)

    done = "The course was started."
    return save(request, form, page, patient, now=now, work=work, refusals=_START_REFUSALS, done=done)


def _not_startable(patient: Patient, regimens: list[Regimen]) -> str:
    """Say why no course can be started; empty when one can."""
    if not patient.in_care:
        return "This patient is no longer in the site's care."
    if queries.open_course(patient) is not None:
        return "This patient already has an open course; stop it before another begins."
    return "" if regimens else "No regimen is in force yet; an administrator must publish a monograph that carries one."


@require_http_methods(["GET", "POST"])
def hold(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """Pause a course."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.MANAGE_COURSES, course.site_id)
    now, patient = timezone.now(), course.patient
    page = Page(
        "Put the course on hold",
        "Put on hold",
        chart(patient),
        "Nobody is reminded of the next dose while the course is on hold. A booking stays until somebody cancels it.",
        previewed=True,
    )
    form = forms.HoldForm(
        request.POST or None, initial={"from_on": today_at(patient, now)}, once=once(request, "hold a course", course)
    )
    if request.method != "POST":
        if not course.is_open:
            return turn(request, _STOPPED, page.back)
        if queries.current_hold(course) is not None:
            return turn(request, "This course is on hold already.", page.back)
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.hold_course(course=course, by=person_actor(request.user), at=now, **values)

    return save(
        request,
        form,
        page,
        patient,
        now=now,
        work=work,
        refusals=_HOLD_REFUSALS,
        done="The course is on hold.",
        first=lambda values: previews.of_hold(course, values["review_on"], today_at(patient, now)),
    )


@require_http_methods(["GET", "POST"])
def resume(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """End a hold."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.MANAGE_COURSES, course.site_id)
    now, patient = timezone.now(), course.patient
    held = queries.last_hold(course)
    if held is None or (held.ended_on is not None and request.method != "POST"):
        return turn(request, "This course is not on hold.", chart(patient))
    page = Page(
        "Resume the course",
        "Resume",
        chart(patient),
        "The next dose keeps the date it had; if that has passed, the dose is overdue from the moment you resume.",
        template="courses/resume.html",
        stored_as={"on": "ended_on"},
        previewed=True,
    )
    form = forms.ResumeForm(request.POST or None, initial={"on": today_at(patient, now), "version": held.version})
    beside = {"hold": queries.hold_line(held)}
    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        facts = {"on": values["on"], "expected": values["version"]}
        services.resume_course(hold=held, by=person_actor(request.user), at=now, **facts)

    return save(
        request,
        form,
        page,
        patient,
        now=now,
        work=work,
        refusals=_RESUME_REFUSALS,
        done="The course goes on.",
        beside=lambda: beside,
        first=lambda values: previews.of_resume(course, values["on"], today_at(patient, now)),
    )


@require_http_methods(["GET", "POST"])
def stop(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """End a course."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.MANAGE_COURSES, course.site_id)
    now, patient = timezone.now(), course.patient
    page = Page(
        "Stop the course",
        "Stop the course",
        chart(patient),
        "No further dose is planned, the booking is cancelled and nobody is reminded. What was given stays on record.",
        danger=True,
        cancel_label="Keep the course",
        stored_as={"on": "stopped_on", "reason": "stop_reason"},
        previewed=True,
    )
    form = forms.StopForm(request.POST or None, initial={"on": today_at(patient, now), "version": course.version})
    if request.method != "POST":
        if not course.is_open:
            return turn(request, _STOPPED, page.back)
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {"on": values["on"], "reason": values["reason"], "expected": values["version"]}
        services.stop_course(course=course, by=person_actor(request.user), at=now, **facts)

    return save(
        request,
        form,
        page,
        patient,
        now=now,
        work=work,
        refusals=_STOP_REFUSALS,
        done="The course was stopped.",
        first=lambda values: previews.of_stop(course, values["on"], today_at(patient, now)),
    )


@require_http_methods(["GET", "POST"])
def elsewhere(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """Add a dose given elsewhere, or before this record began."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.RECORD_DOSES, course.site_id)
    now, patient = timezone.now(), course.patient
    page = Page(
        "Add a dose given elsewhere",
        "Add the dose",
        chart(patient),
        "It counts like any other: the whole series is worked out again from it.",
    )
    initial = {"mg": formatting.number(queries.next_dose(course).mg)}
    form = forms.ElsewhereForm(
        request.POST or None, initial=initial, once=once(request, "add a dose given elsewhere", course)
    )
    if request.method != "POST":
        if not course.is_open:
            return turn(request, _STOPPED, page.back)
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.record_elsewhere(course=course, by=person_actor(request.user), at=now, **values)

    return save(
        request,
        form,
        page,
        patient,
        now=now,
        work=work,
        refusals=_ELSEWHERE_REFUSALS,
        done=lambda: f"The dose was added. {queries.next_words(queries.next_dose(course))}",
    )
