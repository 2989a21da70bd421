"""What one person alone may not plan: a dose before the earliest safe day (rule 7)."""

import uuid
from datetime import date, datetime
from typing import cast

from django.db import transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses import events
from treatments.courses.models import Course, Decision, Dose
from treatments.courses.series import series_of
from treatments.courses.services.deciding import DecidedForTooSoon, NothingToDecide, ReasonMissing
from treatments.courses.services.keeping import PatientNotInCare, first_time, locked_open
from treatments.courses.services.replanning import last_given
from treatments.rules.schedule_words import in_words


class SamePerson(Exception):
    """The second person is always a different one."""


@transaction.atomic
def ask_for_too_soon(
    *, dose: Dose, day: date, reason: str, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Decision:
    """Ask that a dose may be booked on a day before the earliest safe one; a second person has to confirm it (rule 7).

    Raises NothingToDecide when the day is safe or the dose was given, ReasonMissing, DecidedForTooSoon for a day that
    has passed or already has a dose, PatientNotInCare, CourseStopped, AlreadySubmitted.
    """
    course = locked_open(dose.course_id)
    first_time(Decision, submission)
    if not course.patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    dose = Dose.objects.get(pk=dose.pk)
    if not dose.is_to_come or dose.floor is None or dose.previous_on is None or day >= dose.floor:
        raise NothingToDecide("That day needs nobody's permission; book it.")
    today = course.site.today(at)
    if day < today:
        raise DecidedForTooSoon(f"{in_words(day)} has passed; choose today or a later day.")
    if day <= dose.previous_on:
        raise DecidedForTooSoon(f"A dose was given on {in_words(dose.previous_on)}; choose a later day.")
    if not reason:
        raise ReasonMissing("Say why the dose cannot wait.")
    days = formatting.plural((day - dose.previous_on).days, "day")
    row = Decision(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        matter=Decision.Matter.TOO_SOON,
        answer=Decision.Answer.EDITED,
        plan=Decision.Plan.AS_PLANNED,
        day=day,
        after_on=dose.previous_on,
        made_on=today,
        rules=[7],
        proposal=f"The earliest safe day is {in_words(dose.floor)}; a dose sooner needs two people",
        source=course.regimen.rule().source[:200],
        answer_words=f"Give {dose.label} on {in_words(day)}, {days} after the last dose",
        reason=reason,
        decided_by=cast("User | None", by.person),
        needs_second=True,
    )
    return writing.add(row, event=events.DECIDED, by=by, at=at, reason=reason, submission=submission)


@transaction.atomic
def second(*, decision: Decision, by: Actor, at: datetime, expected: int | None = None) -> Decision:
    """Confirm, as another person, a decision that needs two.

    Raises NothingToDecide once it was confirmed or withdrawn, a dose was given, or its day has passed; SamePerson,
    CourseStopped, StaleRecord.
    """
    course = locked_open(decision.course_id)
    decision = Decision.objects.get(pk=decision.pk)
    if not is_awaited(decision, last_given(series_of(course)), course.site.today(at)):
        raise NothingToDecide("This waits for nobody any more.")
    if by.person is None or by.person.pk == decision.decided_by_id:
        raise SamePerson("A second person has to confirm this; you asked for it yourself.")
    return writing.change(
        decision,
        event=events.DECISION_SECONDED,
        by=by,
        at=at,
        expected=expected,
        second=by.person,
        seconded_at=at,
    )


def is_awaited(decision: Decision, last: date | None, today: date) -> bool:
    """Say whether a second person can still confirm it: no dose was given since, and its day has not passed."""
    waits = decision.voided_at is None and decision.needs_second and decision.second_id is None
    return waits and decision.after_on == last and (decision.day is None or decision.day >= today)


def is_allowed_too_soon(course: Course, dose: Dose, day: date) -> bool:
    """Say whether two people agreed that this dose may be given on this day before the earliest safe one."""
    agreed = Decision.objects.standing().filter(course=course, matter=Decision.Matter.TOO_SOON, day=day)
    return agreed.filter(after_on=dose.previous_on, second__isnull=False).exists()
