"""Record an attempt that did not give the dose, or gave only part of it. The series does not move by itself."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses import events
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.series import series_of
from treatments.courses.services.deciding import ReasonMissing
from treatments.courses.services.giving import GivenInTheFuture, GivenOnSuchADay, still_to_come
from treatments.courses.services.keeping import first_time, locked_open
from treatments.courses.services.replanning import replan
from treatments.rules.schedule import forecast
from treatments.rules.schedule_words import in_words


class MoreThanTheDose(Exception):
    """As much as the whole dose, or more, is no partial dose; neither is nothing at all."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What happened: the local day, the coded reason, and who tried. `mg` is what went in, None when nothing did."""

    on: date
    reason: str
    mg: Decimal | None = None
    lot: str = ""
    performer: User | None = None
    note: str = ""


@transaction.atomic
def record_not_given(
    *, dose: Dose, attempted: Attempted, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Administration:
    """Record that a dose was not given on a day, and why; the plan stands as it stood.

    Raises ReasonMissing, DoseAlreadyGiven, GivenInTheFuture, GivenOnSuchADay, CourseStopped, AlreadySubmitted.
    """
    course, dose = _open_for(dose, attempted, at, submission)
    row = _row(course, dose, replace(attempted, mg=None), Administration.Outcome.NOT_DONE)
    return writing.add(row, event=events.DOSE_NOT_GIVEN, by=by, at=at, submission=submission)


@transaction.atomic
def record_partial(
    *, dose: Dose, attempted: Attempted, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Administration:
    """Record that only part of a dose went in: it counts for nothing until a prescriber decides (rule 8).

    Raises MoreThanTheDose, and as `record_not_given` does.
    """
    course, dose = _open_for(dose, attempted, at, submission)
    _part_of_the_dose(course, attempted)
    row = _row(course, dose, attempted, Administration.Outcome.PARTIAL)
    row = writing.add(row, event=events.DOSE_PARTLY_GIVEN, by=by, at=at, submission=submission)
    replan(course, by=by, at=at)
    return row


def _open_for(dose: Dose, attempted: Attempted, at: datetime, submission: uuid.UUID | None) -> tuple[Course, Dose]:
    """Return the course, locked, and the dose as it stands, if something can have been tried on that day."""
    course = locked_open(dose.course_id)
    first_time(Administration, submission)
    dose = still_to_come(dose)
    if not attempted.reason:
        raise ReasonMissing("Say why the dose was not given, or not whole.")
    if attempted.on > course.site.today(at):
        raise GivenInTheFuture(f"{in_words(attempted.on)} lies in the future; enter the day on which it was tried.")
    if attempted.on < course.patient.born_on:
        raise GivenOnSuchADay(f"{in_words(attempted.on)} lies before the patient was born.")
    return course, dose


def _part_of_the_dose(course: Course, attempted: Attempted) -> None:
    """Compare with the dose as it is on the day: a late-dose band may have changed its amount."""
    if attempted.mg is None or attempted.mg <= 0:
        raise MoreThanTheDose("Enter how much went in; where nothing did, record the dose as not given.")
    whole = forecast(series_of(course), attempted.on).next.mg
    if attempted.mg >= whole:
        raise MoreThanTheDose(f"A partial dose is less than {whole.normalize():f} mg; record a whole one as given.")


def _row(course: Course, dose: Dose, attempted: Attempted, outcome: str) -> Administration:
    return Administration(
        course=course,
        dose=dose,
        site_id=course.site_id,
        patient_id=course.patient_id,
        outcome=outcome,
        reason=attempted.reason,
        given_on=attempted.on,
        mg=attempted.mg,
        lot=attempted.lot,
        performer=attempted.performer,
        note=attempted.note,
    )
