"""Answer for a value that asks for it, confirm as the second person, and say that a set is not indicated."""

import uuid
from datetime import datetime

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff.access import may
from clinic.staff.models import User
from clinic.staff.roles import Permission
from treatments.courses.models import Dose
from treatments.courses.services.keeping import first_time, locked_open
from treatments.labs import events, queries
from treatments.labs.models import LabResult, LabReview, NotIndicated
from treatments.labs.services.results import NobodyEntered, NoReason
from treatments.rules.monitoring_terms import Level, Reading


class NothingToAnswer(Exception):
    """The value asks for no answer: it lies within limits, a newer one replaced it, or it was voided."""


class AlreadyAnswered(Exception):
    """Somebody answered for it first. The message says who."""


class LevelChanged(Exception):
    """The value is read at another level than the one on screen. `level` is the present one."""

    def __init__(self, level: Level) -> None:
        """Keep the level, so that the page can show what it asks for now."""
        super().__init__("This value is read differently now; look at it again before you answer.")
        self.level = level


class PrescriberNeeded(Exception):
    """Only a prescriber answers for this."""


class SamePerson(Exception):
    """The second person is always another one than the first."""


class MayNotBeLeftOut(Exception):
    """The site's policy asks for the set before every dose."""


@transaction.atomic
def review_result(
    *,
    result: LabResult,
    level: Level,
    reason: str,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> LabReview:
    """Answer for a value at the level that was on screen.

    What is only watched needs somebody who reviews; from sign-off on a prescriber with a reason. At a stop it counts
    once a second person has confirmed. Raises NothingToAnswer, AlreadyAnswered, LevelChanged, PrescriberNeeded,
    NoReason, AlreadySubmitted.
    """
    person = _person(by)
    stored = LabResult.objects.select_for_update(of=("self",)).select_related("patient__site").get(pk=result.pk)
    first_time(LabReview, submission)
    reading = queries.reading_of(stored, at)
    _answerable(stored, reading, level)
    if level is not Level.WATCH:
        if not may(person, Permission.SIGN_OFF, stored.site_id):
            raise PrescriberNeeded("A prescriber signs this value off.")
        if not reason.strip():
            raise NoReason("Say why the dose can go ahead with this value.")
    review = LabReview(
        site_id=stored.site_id,
        patient_id=stored.patient_id,
        result=stored,
        level=level.value,
        reason=reason.strip(),
        by=person,
    )
    return writing.add(review, event=events.RESULT_REVIEWED, by=by, at=at, reason=reason, submission=submission)


def _answerable(result: LabResult, reading: Reading | None, level: Level) -> None:
    if result.voided_at is not None:
        raise NothingToAnswer("This result was voided; answer for the one that took its place.")
    if reading is None:
        raise NothingToAnswer("A newer result took its place; answer for that one.")
    if reading.level in {None, Level.WITHIN}:
        raise NothingToAnswer("This value lies within limits and asks for nothing.")
    if reading.level is not level:
        raise LevelChanged(reading.level or Level.WITHIN)
    standing = LabReview.objects.standing().filter(result=result, level=level.value).select_related("by").first()
    if standing is not None:
        raise AlreadyAnswered(f"{standing.by} answered for this value already.")


@transaction.atomic
def confirm_review(*, review: LabReview, by: Actor, at: datetime, expected: int | None = None) -> LabReview:
    """Confirm a prescriber's sign-off of a stop as the second person.

    Raises SamePerson, AlreadyAnswered, NothingToAnswer, and StaleRecord when it was withdrawn meanwhile.
    """
    person = _person(by)
    # Nothing is joined: PostgreSQL reads the locked row anew, but not what an outer join found before the wait.
    stored = LabReview.objects.select_for_update().get(pk=review.pk)
    if stored.by_id == person.pk:
        raise SamePerson("You signed this value off yourself; somebody else has to confirm it.")
    if stored.level != LabReview.Level.STOP:
        raise NothingToAnswer("This needs no second person.")
    if stored.result.voided_at is not None:
        raise NothingToAnswer("This result was voided; there is nothing left to confirm.")
    if stored.second_id == person.pk:
        raise AlreadySubmitted(stored)
    if stored.second is not None:
        raise AlreadyAnswered(f"{stored.second} confirmed this already.")
    return writing.change(
        stored, event=events.REVIEW_CONFIRMED, by=by, at=at, expected=expected, second=person, second_at=at
    )


@transaction.atomic
def withdraw_review(
    *, review: LabReview, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> LabReview:
    """Take an answer back; the value asks for one again. Raises NoReason, StaleRecord."""
    if not reason.strip():
        raise NoReason("Say why the answer is taken back.")
    return writing.void(review, event=events.REVIEW_WITHDRAWN, by=by, at=at, reason=reason, expected=expected)


@transaction.atomic
def mark_not_indicated(
    *, dose: Dose, reason: str, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> NotIndicated:
    """Say that the laboratory set is not indicated for a dose.

    Values that are there count all the same. Raises MayNotBeLeftOut, NoReason, AlreadyAnswered, CourseStopped,
    AlreadySubmitted.
    """
    person = _person(by)
    locked_open(dose.course_id)
    first_time(NotIndicated, submission)
    if not reason.strip():
        raise NoReason("Say why the set is not indicated for this dose.")
    if not queries.sheet_of(dose.patient, at).policy.may_skip:
        raise MayNotBeLeftOut("This site's policy asks for the set before every dose; override the light instead.")
    if NotIndicated.objects.standing().filter(dose=dose).exists():
        raise AlreadyAnswered("Somebody said so for this dose already.")
    row = NotIndicated(site_id=dose.site_id, patient_id=dose.patient_id, dose=dose, reason=reason.strip(), by=person)
    return writing.add(row, event=events.NOT_INDICATED, by=by, at=at, reason=reason, submission=submission)


@transaction.atomic
def withdraw_not_indicated(
    *, row: NotIndicated, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> NotIndicated:
    """Ask for the set again. Raises NoReason, StaleRecord."""
    if not reason.strip():
        raise NoReason("Say why the set is asked for again.")
    return writing.void(row, event=events.NOT_INDICATED_WITHDRAWN, by=by, at=at, reason=reason, expected=expected)


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyEntered("A person answers for a laboratory value.")
    return by.person
