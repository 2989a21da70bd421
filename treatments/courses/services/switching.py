"""Change the regimen: one course is closed, the next one opened, and its first dose replaces the next one due."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import Site, SitePolicy, User
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import events
from treatments.courses.models import Booking, Course, Decision, Dose, Hold
from treatments.courses.series import policy_of, series_of
from treatments.courses.services.deciding import (
    COMPARED,
    DecidedForTooSoon,
    LookAgainMissing,
    NothingToDecide,
    ReasonMissing,
    kept,
)
from treatments.courses.services.keeping import (
    NotAvailableHere,
    PatientNotInCare,
    first_time,
    locked,
    locked_open,
    stop_course,
)
from treatments.courses.services.replanning import last_given, replan
from treatments.rules.comparing import as_planned
from treatments.rules.replay import start_of
from treatments.rules.schedule import NoSwitch, Series, project
from treatments.rules.schedule_switch import switch_to
from treatments.rules.schedule_words import in_words


class OnHold(Exception):
    """The course is on hold; it is resumed before its regimen changes."""


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch as the rules see it: the course before, the one that follows, and the day the rules give its first dose.

    `after.review` says why the rules doubt it; empty where they have no doubt.
    """

    before: Series
    after: Series
    due: date | None

    @property
    def is_as_proposed(self) -> bool:
        """Say whether this is what the rules propose: at the due date, and without a doubt."""
        return not self.after.review and self.after.planned_start == self.due


@transaction.atomic
def switch_course(
    *,
    course: Course,
    regimen: Regimen,
    day: date,
    reason: str,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Course:
    """Close a course and open the next on another regimen, its first dose on the local day `day`.

    A booking goes along. A switch that the rules doubt opens the new course under review. Raises ReasonMissing,
    NotAvailableHere, OnHold, PatientNotInCare, DecidedForTooSoon, CourseStopped, AlreadySubmitted.
    """
    # The first arrival of a form has closed the course that the second one names: ask before looking at that.
    locked(course.pk)
    first_time(Course, submission)
    course = locked_open(course.pk)
    if not course.patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    if Hold.objects.standing().filter(course=course, ended_on=None).exists():
        raise OnHold("This course is on hold; resume it before its regimen changes.")
    if not reason:
        raise ReasonMissing("Say why the regimen changes.")
    today = course.site.today(at)
    policy = policy_in_force(course.site, today)
    switched = switch_of(series_of(course), regimen, today, day=day, policy=policy)
    bookings = list(Booking.objects.standing().filter(dose__course=course, dose__is_next=True, cancelled_at=None))
    stop_course(course=course, on=today, reason=f"Changed to {regimen.name}", by=by, at=at)
    new = Course(
        patient=course.patient,
        site_id=course.site_id,
        regimen=regimen,
        policy=policy,
        planned_start=day,
        switched_from=course,
        doubt=switched.after.review,
    )
    new = writing.add(new, event=events.COURSE_SWITCHED, by=by, at=at, reason=reason, submission=submission)
    dose = replan(new, by=by, at=at)
    for booking in bookings:
        _carry(booking, dose, today, by=by, at=at)
    _record(new, switched, today, reason, by=by, at=at)
    return new


@transaction.atomic
def decline_switch(
    *,
    course: Course,
    regimen: Regimen,
    reason: str,
    by: Actor,
    at: datetime,
    look_again_on: date | None = None,
    submission: uuid.UUID | None = None,
) -> Decision:
    """Record that a change of regimen was considered and is not made now.

    Raises ReasonMissing, LookAgainMissing for a day that has passed, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(course.pk)
    first_time(Decision, submission)
    today = course.site.today(at)
    if not reason:
        raise ReasonMissing("Say why the regimen stays as it is.")
    if look_again_on is not None and look_again_on < today:
        raise LookAgainMissing(f"{in_words(look_again_on)} has passed; choose today or a later day, or none.")
    row = Decision(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        matter=Decision.Matter.SWITCH,
        answer=Decision.Answer.DECLINED,
        after_on=last_given(series_of(course)),
        made_on=today,
        rules=[10],
        proposal=f"Change to {regimen.name}",
        source=regimen.rule().source[:200],
        answer_words="The regimen stays as it is",
        reason=reason,
        look_again_on=look_again_on,
        decided_by=cast("User | None", by.person),
    )
    return writing.add(row, event=events.DECIDED, by=by, at=at, submission=submission)


def policy_in_force(site: Site, today: date) -> SitePolicy:
    """Return the policy under which a course begins today. Raises NotAvailableHere."""
    try:
        return SitePolicy.objects.in_force(site, today)
    except SitePolicy.DoesNotExist:
        raise NotAvailableHere("This site has no policy in force; an administrator must write one first.") from None


def switch_of(before: Series, regimen: Regimen, today: date, *, day: date | None, policy: SitePolicy) -> Switched:
    """Return a switch as decided today, its first dose on `day`, or on the due date without one.

    Raises NotAvailableHere where no switch is known or the regimen is not in force, NothingToDecide without any date,
    DecidedForTooSoon for a day that has passed or lies before the earliest safe one.
    """
    if not monographs.is_in_force(regimen):
        raise NotAvailableHere("This regimen is not in force any more; choose another.")
    try:
        after = replace(switch_to(before, regimen.rule(), today), policy=policy_of(policy))
    except NoSwitch:
        raise NotAvailableHere("No switch is known from the present regimen to this one.") from None
    due = after.planned_start
    if due is None:
        raise NothingToDecide("The present course has no date for its next dose yet.")
    if day is not None and day != due:
        _day_is_safe(after, day, today)
    return Switched(before, replace(after, planned_start=day or due), due)


def _day_is_safe(after: Series, day: date, today: date) -> None:
    floor = start_of(after).floor
    if day < today:
        raise DecidedForTooSoon(f"{in_words(day)} has passed; choose today or a later day.")
    if floor is not None and day < floor:
        raise DecidedForTooSoon(
            f"{in_words(day)} is too soon after the last dose; the earliest safe day is {in_words(floor)}."
        )


def _carry(booking: Booking, dose: Dose, today: date, *, by: Actor, at: datetime) -> None:
    """Book the dose that takes the other's place for the same appointment, which the stop has cancelled."""
    if booking.on < today:
        return
    row = Booking(
        dose=dose,
        site_id=dose.site_id,
        patient_id=dose.patient_id,
        on=booking.on,
        at_time=booking.at_time,
        place=booking.place,
    )
    reason = "Carried over with the change of regimen."
    writing.add(row, event=events.DOSE_BOOKED, by=by, at=at, reason=reason)


def _record(course: Course, switched: Switched, today: date, reason: str, *, by: Actor, at: datetime) -> None:
    """Keep the decision with the course that it opened."""
    accepted = switched.is_as_proposed
    first = course.regimen.rule().switch
    amount = "" if first is None else f"{first.first.mg.normalize():f} mg "
    row = Decision(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        matter=Decision.Matter.SWITCH,
        answer=Decision.Answer.ACCEPTED if accepted else Decision.Answer.EDITED,
        plan=Decision.Plan.AS_PLANNED,
        day=switched.after.planned_start,
        after_on=switched.after.previous_on,
        made_on=today,
        rules=[3, 10],
        proposal=f"Change to {course.regimen.name}: {amount}in place of the next dose",
        source=course.regimen.rule().source[:200],
        answer_words=f"{amount}on {in_words(course.planned_start)} in place of the next dose",
        reason=reason,
        before=kept(as_planned(switched.before, today, COMPARED)),
        after=kept(project(switched.after, today, count=COMPARED)),
        decided_by=cast("User | None", by.person),
    )
    writing.add(row, event=events.DECIDED, by=by, at=at)
