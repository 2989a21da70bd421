"""Start, hold, resume and stop a course; add doses given elsewhere."""

import uuid
from typing import Any

from clinic.patients.access import patient_or_404
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from monographs import queries as monographs
from treatments.courses import forms, services
from treatments.courses.access import course_or_404, hold_or_404
from treatments.courses.queries import next_dose
from treatments.courses.views.shared import Page, chart, once, save, show, today_at


@require_http_methods(["GET", "POST"])
def start(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Put a patient on a regimen."""
    patient = patient_or_404(request.user, patient_id)
    require(request.user, Permission.MANAGE_COURSES, patient.site_id)
    now = timezone.now()
    regimens = monographs.startable_regimens()
    page = Page("Start a course", "Start the course", chart(patient), "The site's policy in force today applies.")
    initial = {"regimen": monographs.default_regimen(), "planned_start": today_at(patient, now)}
    form = forms.StartForm(
        request.POST or None, regimens=regimens, initial=initial, once=once(request, "start a course", patient)
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.start_course(patient=patient, by=person_actor(request.user), at=now, **values)

    refusals: dict[type[Exception], str | None] = {
        services.PatientNotInCare: None,
        services.NotAvailableHere: "regimen",
        services.OpenCourseExists: None,
    }
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The course was started.")


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
    )
    form = forms.HoldForm(
        request.POST or None, initial={"from_on": today_at(patient, now)}, once=once(request, "hold a course", course)
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.hold_course(course=course, by=person_actor(request.user), at=now, **values)

    refusals: dict[type[Exception], str | None] = {services.AlreadyOnHold: None, services.CourseStopped: None}
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The course is on hold.")


@require_http_methods(["GET", "POST"])
def resume(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """End a hold."""
    held = hold_or_404(request.user, course_id)
    require(request.user, Permission.MANAGE_COURSES, held.site_id)
    now, patient = timezone.now(), held.patient
    page = Page(
        "Resume the course",
        "Resume",
        chart(patient),
        "The next dose keeps the date it had; if that has passed, the dose is overdue from the moment you resume.",
    )
    initial = {"on": today_at(patient, now), "version": held.version}
    form = forms.ResumeForm(request.POST or None, initial=initial)
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.resume_course(
            hold=held, on=values["on"], expected=values["version"], by=person_actor(request.user), at=now
        )

    refusals: dict[type[Exception], str | None] = {services.CourseStopped: None, services.ResumedTooEarly: "on"}
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The course goes on.")


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
    )
    initial = {"on": today_at(patient, now), "version": course.version}
    form = forms.StopForm(request.POST or None, initial=initial)
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.stop_course(
            course=course,
            on=values["on"],
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    refusals: dict[type[Exception], str | None] = {services.CourseStopped: None, services.StoppedInTheFuture: "on"}
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The course was stopped.")


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
    initial = {"mg": next_dose(course).mg} if course.is_open else {}
    form = forms.ElsewhereForm(
        request.POST or None, initial=initial, once=once(request, "add a dose given elsewhere", course)
    )
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.record_elsewhere(course=course, by=person_actor(request.user), at=now, **values)

    refusals: dict[type[Exception], str | None] = {
        services.GivenInTheFuture: "given_on",
        services.GivenOnSuchADay: "given_on",
        services.CourseStopped: None,
    }
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done="The dose was added.")
