"""Change the regimen of a course, or record that it stays as it is."""

import uuid
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import forms, queries, services
from treatments.courses.access import course_or_404
from treatments.courses.models import Course
from treatments.courses.series import series_of
from treatments.courses.services.deciding import COMPARED
from treatments.courses.views.previews import Preview, preview
from treatments.courses.views.shared import Page, Refusals, chart, once, save, show, turn
from treatments.rules.comparing import as_planned, compare
from treatments.rules.projection import project

_REFUSALS: Refusals = {
    services.NotAvailableHere: "regimen",
    services.NothingToDecide: None,
    services.DecidedForTooSoon: "day",
    services.ReasonMissing: "reason",
    services.LookAgainMissing: "look_again_on",
    services.OnHold: None,
    services.CourseStopped: None,
    services.PatientNotInCare: None,
}


@require_http_methods(["GET", "POST"])
def switch(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """Close the course and open the next on another regimen at the same due date."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.DECIDE, course.site_id)
    now, patient = timezone.now(), course.patient
    page = Page(
        "Change the regimen",
        "Record the decision",
        chart(patient),
        "This course is closed and the next one opened: its first dose takes the place of the next dose that is due.",
        template="courses/switch.html",
        previewed=True,
    )
    regimens = monographs.switches_from(course.regimen.key)
    form = _form(request, course, regimens)
    if request.method != "POST":
        if closed := _closed(course, regimens):
            return turn(request, closed, page.back)
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        given = {"course": course, "regimen": values["regimen"], "reason": values["reason"]}
        actor = {"by": person_actor(request.user), "at": now, "submission": values["submission"]}
        if values["answer"] == "change":
            services.switch_course(day=values["day"], **given, **actor)
        else:
            services.decline_switch(look_again_on=values["look_again_on"], **given, **actor)

    return save(
        request,
        form,
        page,
        patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The decision was recorded.",
        first=lambda values: _preview(course, values, course.site.today(now)),
    )


def _form(request: StaffRequest, course: Course, regimens: list[Regimen]) -> forms.SwitchForm:
    due = queries.next_dose(course).target
    initial = {"regimen": regimens[0] if len(regimens) == 1 else None, "day": due}
    return forms.SwitchForm(
        request.POST or None,
        initial=initial,
        regimens=regimens,
        due="an open date" if due is None else formatting.day(due),
        once=once(request, "change the regimen", course),
    )


def _closed(course: Course, regimens: list[Regimen]) -> str:
    """Say why the regimen cannot change now; empty when it can."""
    if not course.is_open:
        return "The course was stopped; its regimen does not change any more."
    if not course.patient.in_care:
        return "This patient is no longer in the site's care."
    if queries.current_hold(course) is not None:
        return "This course is on hold; resume it before its regimen changes."
    return "" if regimens else f"No change is known from {course.regimen.name} to another regimen in force."


def _preview(course: Course, values: dict[str, Any], today: date) -> Preview | None:
    """Show every dose to come on either side of the switch, and what the rules doubt about it."""
    if values["answer"] != "change":
        return None
    policy = services.policy_in_force(course.site, today)
    switched = services.switch_of(series_of(course), values["regimen"], today, day=values["day"], policy=policy)
    doubt = switched.after.review
    notes = [
        f"{doubt}: the new course begins under review, and a prescriber decides on its first dose." if doubt else "",
        "" if switched.is_as_proposed else "This is not what the rules propose; the reason is kept with the decision.",
    ]
    before = as_planned(switched.before, today, COMPARED)
    return preview(compare(before, project(switched.after, today, count=COMPARED)), notes=notes, of=values["day"])
