"""Record that a dose was given, here or elsewhere. The next date moves in the same transaction."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses import events
from treatments.courses.models import Administration, Course, Dose, Hold
from treatments.courses.plans import plan_of
from treatments.courses.services.keeping import confirm, locked_open
from treatments.courses.services.replanning import planned_from, replan
from treatments.rules import cautions
from treatments.rules.schedule_words import in_words


class DoseAlreadyGiven(Exception):
    """Somebody else recorded this dose first."""


class GivenInTheFuture(Exception):
    """The time given lies ahead of now."""


class GivenOnSuchADay(Exception):
    """A dose is recorded on that day already, or the day lies before the patient's birth. The message says which."""


@dataclass(frozen=True, slots=True)
class Given:
    """What happened: the instant, milligrams and millilitres, the vial, and who gave it."""

    at: datetime
    mg: Decimal
    ml: Decimal
    lot: str
    vial_expires_on: date
    performer: User
    note: str = ""


@transaction.atomic
def record_given(
    *,
    dose: Dose,
    given: Given,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Administration:
    """Record a dose given at this site, and plan the one after it. The site's zone decides the day of `given.at`.

    Raises Unconfirmed, DoseAlreadyGiven, GivenInTheFuture, GivenOnSuchADay, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(dose.course_id)
    dose = Dose.objects.get(pk=dose.pk)
    _not_twice(dose, submission)
    if given.at > at:
        raise GivenInTheFuture("The time given lies in the future; enter when the dose was given.")
    given_on = given.at.astimezone(course.site.zone).date()
    asked = _cautions(dose, given, given_on)
    confirm(asked, confirmed)
    row = Administration(
        course=course,
        dose=dose,
        site_id=course.site_id,
        patient_id=course.patient_id,
        outcome=Administration.Outcome.COMPLETED,
        given_on=given_on,
        given_at=given.at,
        mg=given.mg,
        ml=given.ml,
        lot=given.lot,
        vial_expires_on=given.vial_expires_on,
        performer=given.performer,
        note=given.note,
    )
    reason = " ".join(["Confirmed:", *(caution.text for caution in asked)]) if asked else ""
    row = _added(row, event=events.DOSE_GIVEN, by=by, at=at, reason=reason, submission=submission)
    replan(course, on=planned_from(course), by=by, at=at)
    return row


def _cautions(dose: Dose, given: Given, given_on: date) -> tuple[cautions.Caution, ...]:
    held = Hold.objects.standing().filter(course_id=dose.course_id, ended_on=None).exists()
    return cautions.giving(
        plan_of(dose),
        given_on=given_on,
        mg=given.mg,
        ml=given.ml,
        vial_expires_on=given.vial_expires_on,
        held=held,
    )


@transaction.atomic
def record_elsewhere(
    *,
    course: Course,
    given_on: date,
    mg: Decimal,
    place: str,
    by: Actor,
    at: datetime,
    note: str = "",
    submission: uuid.UUID | None = None,
) -> Administration:
    """Record a dose given elsewhere or before this record began; it counts, says so, and may be back-dated.

    Raises GivenInTheFuture, GivenOnSuchADay, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(course.pk)
    if given_on > course.site.today(at):
        raise GivenInTheFuture("That day lies in the future; enter when the dose was given.")
    dose = _place_in_series(course, mg, given_on, by=by, at=at)
    row = Administration(
        course=course,
        dose=dose,
        site_id=course.site_id,
        patient_id=course.patient_id,
        outcome=Administration.Outcome.COMPLETED,
        given_on=given_on,
        mg=mg,
        elsewhere=True,
        place=place,
        note=note,
    )
    row = _added(row, event=events.DOSE_GIVEN_ELSEWHERE, by=by, at=at, submission=submission)
    replan(course, on=planned_from(course), by=by, at=at)
    return row


def _place_in_series(course: Course, mg: Decimal, given_on: date, *, by: Actor, at: datetime) -> Dose:
    """Make the place that a dose given elsewhere takes; replanning labels it."""
    coming = Dose.objects.standing().get(course=course, is_next=True)
    place = Dose(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        is_next=False,
        ordinal=coming.ordinal,
        label=coming.label,
        phase=coming.phase,
        mg=mg,
        ml=coming.ml,
        why=f"Given elsewhere on {in_words(given_on)}.",
    )
    return writing.add(place, event=events.DOSE_PLANNED, by=by, at=at)


def _not_twice(dose: Dose, submission: uuid.UUID | None) -> None:
    """Refuse a dose that was given; a repeated form learns that it was the first to be saved."""
    if dose.is_next:
        return
    first = Administration.objects.filter(dose=dose, submission=submission).first() if submission else None
    if first:
        raise writing.AlreadySubmitted(first)
    raise DoseAlreadyGiven("Somebody else recorded this dose in the meantime.")


def _added(
    row: Administration, *, event: str, by: Actor, at: datetime, submission: uuid.UUID | None, reason: str = ""
) -> Administration:
    if row.given_on < row.patient.born_on:
        raise GivenOnSuchADay(f"{in_words(row.given_on)} lies before the patient was born.")
    try:
        with transaction.atomic():
            return writing.add(row, event=event, by=by, at=at, reason=reason, submission=submission)
    except IntegrityError:
        raise GivenOnSuchADay(
            f"A dose is recorded on {in_words(row.given_on)} already; two doses on one day cannot both count."
        ) from None
