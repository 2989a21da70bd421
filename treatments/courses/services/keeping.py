"""Start, hold, resume and stop a course."""

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import SitePolicy
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import events
from treatments.courses.models import Booking, Course, Hold
from treatments.courses.services.replanning import replan
from treatments.rules.cautions import Caution


class OpenCourseExists(Exception):
    """The patient already has an open course; it must be stopped before another begins."""


class PatientNotInCare(Exception):
    """The patient was transferred, left or died."""


class NotAvailableHere(Exception):
    """The regimen is not in force, or the site has no policy yet. The message says which."""


class CourseStopped(Exception):
    """The course was stopped; nothing more is planned on it."""


class AlreadyOnHold(Exception):
    """The course is on hold already."""


class ResumedTooEarly(Exception):
    """The day lies before the hold began."""


class StoppedInTheFuture(Exception):
    """The day lies ahead; a course is stopped on the day it ends."""


class Unconfirmed(Exception):
    """Somebody must read and confirm these cautions first. Nothing was written."""

    def __init__(self, cautions: tuple[Caution, ...]) -> None:
        """Keep the cautions, so that the form can ask."""
        super().__init__(" ".join(caution.text for caution in cautions))
        self.cautions = cautions


def confirm(cautions: tuple[Caution, ...], confirmed: Collection[str]) -> None:
    """Raise Unconfirmed unless every caution's code was confirmed."""
    if any(caution.code not in confirmed for caution in cautions):
        raise Unconfirmed(cautions)


def locked(course_id: uuid.UUID) -> Course:
    """Return the course, locked until the transaction ends; SQLite's IMMEDIATE transactions queue by themselves."""
    return Course.objects.select_for_update().get(pk=course_id)


def locked_open(course_id: uuid.UUID) -> Course:
    """Return the course, locked. Raises CourseStopped."""
    course = locked(course_id)
    if not course.is_open:
        raise CourseStopped("This course was stopped; nothing more can be planned on it.")
    return course


@transaction.atomic
def start_course(
    *,
    patient: Patient,
    regimen: Regimen,
    planned_start: date,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Course:
    """Put a patient on a regimen: the first dose is planned for `planned_start`, a local day at the site.

    The course keeps this regimen version and the site policy in force today. Raises PatientNotInCare,
    NotAvailableHere, OpenCourseExists, AlreadySubmitted.
    """
    if not patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    if not monographs.is_in_force(regimen):
        raise NotAvailableHere("This regimen is not in force any more; choose another.")
    today = patient.site.today(at)
    try:
        policy = SitePolicy.objects.in_force(patient.site, today)
    except SitePolicy.DoesNotExist:
        raise NotAvailableHere("This site has no policy in force; an administrator must write one first.") from None
    course = Course(
        patient=patient, site_id=patient.site_id, regimen=regimen, policy=policy, planned_start=planned_start
    )
    try:
        with transaction.atomic():
            course = writing.add(course, event=events.COURSE_STARTED, by=by, at=at, submission=submission)
    except IntegrityError:
        raise OpenCourseExists("This patient already has an open course; stop it before another begins.") from None
    replan(course, on=planned_start, by=by, at=at)
    return course


@transaction.atomic
def hold_course(
    *,
    course: Course,
    from_on: date,
    reason: str,
    review_on: date,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Hold:
    """Pause a course. Nothing reminds of it until it is resumed; the review day says when somebody looks again."""
    course = locked_open(course.pk)
    hold = Hold(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        from_on=from_on,
        reason=reason,
        review_on=review_on,
    )
    try:
        with transaction.atomic():
            return writing.add(hold, event=events.COURSE_HELD, by=by, at=at, reason=reason, submission=submission)
    except IntegrityError:
        raise AlreadyOnHold("This course is on hold already.") from None


@transaction.atomic
def resume_course(*, hold: Hold, on: date, by: Actor, at: datetime, expected: int | None = None) -> Hold:
    """End a hold. The target stands where it stood: a hold moves no date by itself.

    Raises ResumedTooEarly, CourseStopped, StaleRecord.
    """
    locked_open(hold.course_id)
    if on < hold.from_on:
        raise ResumedTooEarly("The hold began later than that; resume on or after its first day.")
    return writing.change(hold, event=events.COURSE_RESUMED, by=by, at=at, expected=expected, ended_on=on)


@transaction.atomic
def stop_course(
    *, course: Course, on: date, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Course:
    """End a course for good: its booking is cancelled, its hold ended, nothing is planned any more.

    Raises StoppedInTheFuture, CourseStopped, StaleRecord.
    """
    course = locked_open(course.pk)
    if on > course.site.today(at):
        raise StoppedInTheFuture("That day lies in the future; stop the course on the day it ends.")
    standing = {"course": course, "voided_at": None}
    for hold in Hold.objects.filter(**standing, ended_on=None):
        writing.change(hold, event=events.COURSE_RESUMED, by=by, at=at, reason=reason, ended_on=max(on, hold.from_on))
    for booking in Booking.objects.standing().filter(dose__course=course, dose__is_next=True, cancelled_at=None):
        writing.change(
            booking, event=events.BOOKING_CANCELLED, by=by, at=at, cancelled_at=at, cancel_reason="Course stopped"
        )
    return writing.change(
        course,
        event=events.COURSE_STOPPED,
        by=by,
        at=at,
        reason=reason,
        expected=expected,
        stopped_on=on,
        stop_reason=reason,
    )
