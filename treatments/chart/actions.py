"""What this person may do from the chart, by permission and by where the course stands."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from clinic.patients.models import Patient
from clinic.staff.roles import Permission
from treatments.chart.queries import OpenCourse, Sheet


@dataclass(frozen=True, slots=True)
class Action:
    """One link that leads to a form."""

    label: str
    url: str
    primary: bool = False


def daily(patient: Patient, sheet: Sheet, rights: Collection[Permission]) -> list[Action]:
    """Return what is done from day to day: book, record, log; or start a course where none is open."""
    actions: list[Action] = []
    if sheet.open is not None:
        actions = _for_the_dose(patient, sheet.open, rights)
    elif patient.in_care and Permission.MANAGE_COURSES in rights:
        actions = [_to("Start a course", "courses:start", patient.pk, primary=True)]
    if Permission.RECORD_LABS in rights:
        actions.append(_to("Log labs", "labs:add", patient.pk))
    return actions


def _for_the_dose(patient: Patient, course: OpenCourse, rights: Collection[Permission]) -> list[Action]:
    """Return what can be done for the next dose, first what its day calls for."""
    dose_id, booking = course.card.dose_id, course.card.booking
    may_book = Permission.BOOK_DOSES in rights and patient.in_care
    actions = []
    if Permission.DECIDE in rights and patient.in_care and course.card.waiting and course.hold is None:
        actions.append(_to("Decide", "courses:decide", course.line.id, primary=True))
    if may_book and booking is None:
        is_next_step = not course.is_proposal and course.hold is None
        actions.append(_to("Book", "courses:book", dose_id, primary=is_next_step))
    if Permission.RECORD_DOSES in rights:
        actions.append(_to("Dose day", "dose_day:day", dose_id, primary=course.is_dose_day and patient.in_care))
    if may_book and booking is not None:
        actions.append(_to("Move booking", "courses:move", booking.id))
        actions.append(_to("Cancel booking", "courses:cancel", booking.id))
    return actions


def of_the_course(
    patient: Patient, course: OpenCourse | None, rights: Collection[Permission], *, changes: bool
) -> list[Action]:
    """Return what changes the open course as a whole. `changes`: there is a regimen that it can change to."""
    if course is None:
        return []
    actions, course_id = [], course.line.id
    if Permission.RECORD_DOSES in rights:
        actions.append(_to("Add a dose given elsewhere", "courses:elsewhere", course_id))
    if Permission.MANAGE_COURSES not in rights:
        return actions
    if patient.in_care:
        pause = ("Resume", "courses:resume") if course.hold else ("Put on hold", "courses:hold")
        actions.append(_to(*pause, course_id))
    if changes and patient.in_care and course.hold is None:
        actions.append(_to("Change the regimen", "courses:switch", course_id))
    return [*actions, _to("Stop the course", "courses:stop", course_id)]


def _to(label: str, name: str, pk: uuid.UUID, *, primary: bool = False) -> Action:
    return Action(label, reverse(name, args=[pk]), primary)
