"""Fill in the checklist before a dose, and confirm it as the second person."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import StaleRecord
from clinic.staff.models import User
from treatments.courses.models import Course, Dose
from treatments.courses.series import series_of
from treatments.courses.services.giving import still_to_come
from treatments.courses.services.keeping import first_time, locked_open
from treatments.dose_day import events
from treatments.dose_day.models import Checklist
from treatments.dose_day.queries.people import person_of
from treatments.rules import dose_day as rules
from treatments.rules.dose_day import Said
from treatments.rules.schedule import forecast
from treatments.supply.models import Vial


class NobodyChecked(Exception):
    """A program checks nobody: a person fills in a checklist, and another one confirms it."""


class NotAnswered(Exception):
    """A question has no answer, or an answer that needs a word has none. `check` is the question's key."""

    def __init__(self, sentence: str, check: str) -> None:
        """Keep which question it is about."""
        super().__init__(sentence)
        self.check = check


class ChecklistMade(Exception):
    """Somebody else made this day's checklist first."""


class SamePerson(Exception):
    """Whoever filled the list in cannot confirm it."""


class AlreadyConfirmed(Exception):
    """A second person confirmed the list before."""


class NotToday(Exception):
    """The list is of another day."""


@transaction.atomic
def save_checklist(
    *,
    dose: Dose,
    answers: Mapping[str, Said],
    vial: Vial | None,
    by: Actor,
    at: datetime,
    expected: int | None = None,
    submission: uuid.UUID | None = None,
) -> Checklist:
    """Write down today's answers for the dose that comes next. A list that is there already is changed.

    `expected` is the version of the list that the person had on screen, None where there was none. A change takes the
    second person's confirmation back. Raises NotAnswered, ChecklistMade, NobodyChecked, DoseAlreadyGiven,
    CourseStopped, StaleRecord, AlreadySubmitted.
    """
    course = locked_open(dose.course_id)
    first_time(Checklist, submission)
    values = _values(course, still_to_come(dose), answers, vial, by, at)
    today = course.site.today(at)
    found = Checklist.objects.standing().filter(dose=dose, on=today).first()
    if found is not None:
        if expected is None:
            raise ChecklistMade(f"{found.checked_by} made the checklist in the meantime; open it and look.")
        return writing.change(found, event=events.CHECKLIST_CHANGED, by=by, at=at, expected=expected, **values)
    row = Checklist(dose=dose, on=today, site_id=dose.site_id, patient_id=dose.patient_id)
    for name, value in values.items():
        setattr(row, name, value)
    try:
        return writing.add(row, event=events.CHECKLIST_MADE, by=by, at=at, submission=submission)
    except IntegrityError:
        raise ChecklistMade("Somebody else made the checklist in the meantime; open it and look.") from None


@transaction.atomic
def confirm_checklist(*, checklist: Checklist, by: Actor, at: datetime, expected: int) -> Checklist:
    """Confirm a list of today as the second person, as it stood on their screen.

    Raises SamePerson, AlreadyConfirmed, NotToday, NobodyChecked, DoseAlreadyGiven, CourseStopped, StaleRecord.
    """
    course = locked_open(checklist.dose.course_id)
    still_to_come(checklist.dose)
    row = Checklist.objects.select_for_update().get(pk=checklist.pk)
    person = _person(by)
    # Confirming makes a new version: whoever comes second is told who was first, not that the list was changed.
    if row.second_id is not None:
        raise AlreadyConfirmed(f"{row.second} confirmed this checklist already.")
    if row.version != expected or row.voided_at is not None:
        raise StaleRecord(row)
    if row.checked_by_id == person.pk:
        raise SamePerson("You filled this checklist in; somebody else has to confirm it.")
    if row.on != course.site.today(at):
        raise NotToday("This checklist is of another day; fill in one for today.")
    return writing.change(row, event=events.CHECKLIST_CONFIRMED, by=by, at=at, second=person, second_at=at)


def _values(
    course: Course, dose: Dose, answers: Mapping[str, Said], vial: Vial | None, by: Actor, at: datetime
) -> dict[str, Any]:
    """Return the list's columns, if it is complete."""
    today = course.site.today(at)
    asked = rules.asked_of(person_of(dose.patient), today)
    for check in rules.missing(asked, answers):
        raise NotAnswered("Choose an answer.", check.key)
    for check in rules.unexplained(asked, answers):
        raise NotAnswered("Write in a few words what is to be known, or what was done about it.", check.key)
    coming = forecast(series_of(course), today).next
    kept = {check.key: answers[check.key] for check in asked}
    return {
        "label": coming.label,
        "mg": coming.mg,
        "vial": vial,
        "answers": {key: [said.option, said.note.strip()] for key, said in kept.items()},
        "checked_by": _person(by),
        "second": None,
        "second_at": None,
    }


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyChecked("A person checks, and another person confirms.")
    return by.person
