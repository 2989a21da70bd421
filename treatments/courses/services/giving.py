"""Record that a dose was given, here or elsewhere. The next date moves in the same transaction."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses import events
from treatments.courses.models import Administration, Course, Decision, Dose
from treatments.courses.plans import plan_of
from treatments.courses.series import series_of
from treatments.courses.services.keeping import confirm, first_time, locked_open
from treatments.courses.services.replanning import replan
from treatments.rules import cautions
from treatments.rules.schedule import Series, forecast
from treatments.rules.schedule_words import in_words


class DoseAlreadyGiven(Exception):
    """Somebody else recorded this dose first."""


class GivenInTheFuture(Exception):
    """The time given lies ahead of now."""


class GivenOnSuchADay(Exception):
    """The patient has a dose recorded on that day already, or was not born yet. The message says which."""


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
    besides: tuple[cautions.Caution, ...] = (),
    submission: uuid.UUID | None = None,
) -> Administration:
    """Record a dose given at this site, and plan the one after it. The site's zone decides the day of `given.at`.

    `besides` are cautions to confirm that other rooms know of.
    Raises Unconfirmed, DoseAlreadyGiven, GivenInTheFuture, GivenOnSuchADay, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(dose.course_id)
    first_time(Administration, submission)
    dose = still_to_come(dose)
    given_on = day_given(course, given, at)
    free_day(course, given_on)
    said = confirm((*_cautions(series_of(course), dose, given, given_on), *besides), confirmed)
    row = administration_of(course, dose, given, given_on)
    row = writing.add(row, event=events.DOSE_GIVEN, by=by, at=at, reason=said, submission=submission)
    replan(course, by=by, at=at)
    return row


def administration_of(course: Course, dose: Dose, given: Given, given_on: date) -> Administration:
    """Return the row that says a dose was given here. Nothing is written yet."""
    return Administration(
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


def still_to_come(dose: Dose) -> Dose:
    """Return the dose as it stands, if nobody recorded it. Ask with the course locked. Raises DoseAlreadyGiven."""
    dose = Dose.objects.select_related("site", "patient").get(pk=dose.pk)
    if not dose.is_to_come:
        raise DoseAlreadyGiven("This dose was recorded in the meantime; nothing of yours was saved.")
    return dose


def day_given(course: Course, given: Given, at: datetime) -> date:
    """Return the local day of what was given. Raises GivenInTheFuture."""
    if given.at > at:
        when = formatting.moment(given.at, course.site.zone)
        raise GivenInTheFuture(f"{when} lies in the future; enter when the dose was given.")
    return given.at.astimezone(course.site.zone).date()


def _cautions(series: Series, dose: Dose, given: Given, given_on: date) -> tuple[cautions.Caution, ...]:
    """Compare with the dose as it is on the day it was given: a late-dose band may have changed its amount."""
    coming = forecast(series, given_on).next
    return cautions.giving(
        replace(plan_of(dose), mg=coming.mg, ml=coming.ml),
        given_on=given_on,
        mg=given.mg,
        ml=given.ml,
        vial_expires_on=given.vial_expires_on,
        held=series.held,
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
    first_time(Administration, submission)
    if given_on > course.site.today(at):
        raise GivenInTheFuture(f"{in_words(given_on)} lies in the future; enter when the dose was given.")
    free_day(course, given_on)
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
    row = writing.add(row, event=events.DOSE_GIVEN_ELSEWHERE, by=by, at=at, submission=submission)
    replan(course, by=by, at=at)
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


def free_day(course: Course, given_on: date) -> None:
    """Refuse a day before birth, and a day on which the patient was given a dose, whatever course it belonged to."""
    if given_on < course.patient.born_on:
        raise GivenOnSuchADay(f"{in_words(given_on)} lies before the patient was born.")
    tried = Administration.objects.standing().filter(patient_id=course.patient_id, given_on=given_on)
    counts = Q(decisions__plan=Decision.Plan.COUNTS, decisions__voided_at=None)
    if tried.filter(Q(outcome=Administration.Outcome.COMPLETED) | counts).exists():
        raise GivenOnSuchADay(
            f"A dose is recorded on {in_words(given_on)} already; two doses on one day cannot both count."
        )
