"""Start, hold, resume and stop a course."""

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.records.models import ClinicalRecord
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import SitePolicy
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import events
from treatments.courses.models import Booking, Course, Hold
from treatments.courses.series import series_of
from treatments.courses.services.replanning import last_given, replan
from treatments.rules.cautions import Caution
from treatments.rules.schedule_words import in_words


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


class HeldInTheFuture(Exception):
    """The day lies ahead; a course is put on hold on the day the hold begins."""


class ReviewedTooEarly(Exception):
    """The day to look again lies before today, or before the hold begins."""


class NotOnHold(Exception):
    """The hold has ended already."""


class ResumedTooEarly(Exception):
    """The day lies before the hold began."""


class ResumedInTheFuture(Exception):
    """The day lies ahead; a hold ends on the day somebody ends it."""


class StoppedInTheFuture(Exception):
    """The day lies ahead; a course is stopped on the day it ends."""


class StoppedBeforeADose(Exception):
    """A dose was given after that day. The message names it."""


class Unconfirmed(Exception):
    """Somebody must read and confirm these cautions first. Nothing was written."""

    def __init__(self, cautions: tuple[Caution, ...]) -> None:
        """Keep the cautions, so that the form can ask."""
        super().__init__(" ".join(caution.text for caution in cautions))
        self.cautions = cautions


def confirm(cautions: tuple[Caution, ...], confirmed: Collection[str]) -> str:
    """Return what was confirmed, for the trail. Raises Unconfirmed unless every caution was.

    A person confirms the very sentences they read, so that other figures are asked about anew; a program that writes
    down what happened long ago confirms by code.
    """
    if any(caution.text not in confirmed and caution.code not in confirmed for caution in cautions):
        raise Unconfirmed(cautions)
    return " ".join(["Confirmed:", *(caution.text for caution in cautions)]) if cautions else ""


def first_time(kind: type[ClinicalRecord], submission: uuid.UUID | None) -> None:
    """Refuse a form's second arrival, before the row it made is taken for somebody else's. Raises AlreadySubmitted.

    Ask with the course locked: of two arrivals at once, the second has waited for the first.
    """
    first = None if submission is None else kind._base_manager.filter(submission=submission).first()
    if first is not None:
        raise AlreadySubmitted(first)


def locked(course_id: uuid.UUID) -> Course:
    """Return the course, locked until the transaction ends; SQLite's IMMEDIATE transactions queue by themselves."""
    return Course.objects.select_for_update().get(pk=course_id)


def locked_open(course_id: uuid.UUID) -> Course:
    """Return the course, locked. Raises CourseStopped."""
    course = locked(course_id)
    if course.stopped_on is not None:
        raise CourseStopped(
            f"This course was stopped on {in_words(course.stopped_on)}; nothing more can be planned on it."
        )
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
    replan(course, by=by, at=at)
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
    """Pause a course from today or a day that has passed; the review day says when somebody looks again.

    Nothing reminds of the next dose until the course is resumed. Raises AlreadyOnHold, HeldInTheFuture,
    ReviewedTooEarly, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(course.pk)
    first_time(Hold, submission)
    if Hold.objects.standing().filter(course=course, ended_on=None).exists():
        raise AlreadyOnHold("This course is on hold already.")
    today = course.site.today(at)
    if from_on > today:
        raise HeldInTheFuture("That day lies in the future; put the course on hold on the day the hold begins.")
    if review_on < today:
        raise ReviewedTooEarly(f"{in_words(review_on)} has passed; choose today or a later day to look again.")
    hold = Hold(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        from_on=from_on,
        reason=reason,
        review_on=review_on,
    )
    return writing.add(hold, event=events.COURSE_HELD, by=by, at=at, reason=reason, submission=submission)


@transaction.atomic
def resume_course(*, hold: Hold, on: date, by: Actor, at: datetime, expected: int | None = None) -> Hold:
    """End a hold. The target stands where it stood: a hold moves no date by itself.

    Raises ResumedTooEarly, ResumedInTheFuture, NotOnHold, CourseStopped, StaleRecord, and AlreadySubmitted when the
    hold ended on that very day.
    """
    course = locked_open(hold.course_id)
    hold = Hold.objects.get(pk=hold.pk)
    if hold.ended_on == on:
        raise AlreadySubmitted(hold)
    if hold.ended_on is not None:
        raise NotOnHold(f"The hold ended on {in_words(hold.ended_on)} already.")
    if on < hold.from_on:
        raise ResumedTooEarly(f"The hold began on {in_words(hold.from_on)}; resume on or after that day.")
    if on > course.site.today(at):
        raise ResumedInTheFuture("That day lies in the future; resume on the day the hold ends.")
    return writing.change(hold, event=events.COURSE_RESUMED, by=by, at=at, expected=expected, ended_on=on)


@transaction.atomic
def stop_course(
    *, course: Course, on: date, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Course:
    """End a course for good: its booking is cancelled, its hold ended, nothing is planned any more.

    Raises StoppedInTheFuture, StoppedBeforeADose, CourseStopped, StaleRecord, and AlreadySubmitted when it was stopped
    on that very day for that very reason.
    """
    course = locked(course.pk)
    _stoppable(course, on, reason, course.site.today(at))
    for hold in Hold.objects.standing().filter(course=course, ended_on=None):
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


def _stoppable(course: Course, on: date, reason: str, today: date) -> None:
    """Refuse a stop that was made already, lies ahead, or lies before a dose that was given."""
    if course.stopped_on is not None:
        if (course.stopped_on, course.stop_reason) == (on, reason):
            raise AlreadySubmitted(course)
        raise CourseStopped(f"This course was stopped on {in_words(course.stopped_on)} already: {course.stop_reason}")
    if on > today:
        raise StoppedInTheFuture("That day lies in the future; stop the course on the day it ends.")
    last = last_given(series_of(course))
    if last is not None and on < last:
        raise StoppedBeforeADose(f"A dose was given on {in_words(last)}; stop the course on that day or later.")
