"""Let courses take the versions in force, each as a prescriber saw it: one alone, or several with one reason."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.records.writing import AlreadySubmitted, StaleRecord
from treatments.courses.models import Course, Decision
from treatments.courses.queries import versions
from treatments.courses.queries.versions import Shown
from treatments.courses.services.deciding import ReasonMissing
from treatments.courses.services.keeping import (
    CourseStopped,
    NotAvailableHere,
    PatientNotInCare,
    first_time,
    locked_open,
)
from treatments.courses.services.migrating import NothingNewer, migrate_course


class ChangedMeanwhile(Exception):
    """Something about the course, or about what is in force, is not as the person saw it."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one course: migrated, or the sentence that says why not. `before`: an earlier arrival did it."""

    course_id: uuid.UUID
    refusal: str = ""
    before: bool = False


REFUSALS = (
    ChangedMeanwhile,
    CourseStopped,
    NotAvailableHere,
    NothingNewer,
    PatientNotInCare,
    ReasonMissing,
    StaleRecord,
)
# A history that the newer rules refuse, or rows that cannot be as they are. A database that is gone ends the work.
_UNREPLAYABLE = (ArithmeticError, IntegrityError, LookupError, ValidationError, ValueError)


def migrate_together(
    *, shown: Iterable[Shown], reason: str, by: Actor, at: datetime, submission: uuid.UUID
) -> tuple[Came, ...]:
    """Migrate several courses, each in a transaction of its own, and say what came of each.

    A course that is refused is left as it was, and the next one follows. The form's key makes one for every course, so
    that a form that arrives twice migrates none of them twice.
    """
    return tuple(_came(each, reason, by=by, at=at, submission=submission) for each in shown)


def _came(shown: Shown, reason: str, *, by: Actor, at: datetime, submission: uuid.UUID) -> Came:
    key = uuid.uuid5(submission, str(shown.course_id))
    try:
        migrate_as_shown(shown=shown, reason=reason, by=by, at=at, submission=key)
    except AlreadySubmitted:
        return Came(shown.course_id, before=True)
    except REFUSALS as refusal:
        return Came(shown.course_id, str(refusal))
    except _UNREPLAYABLE:
        return Came(shown.course_id, "Its doses cannot be worked out anew under the newer version.")
    return Came(shown.course_id)


@transaction.atomic
def migrate_as_shown(
    *, shown: Shown, reason: str, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Course:
    """Put a course on the versions in force, if all is still as the person saw it.

    Raises ChangedMeanwhile, PatientNotInCare, and as `migrate_course` does.
    """
    locked_open(shown.course_id)
    first_time(Decision, submission)
    joined = ("site", "patient", "regimen__version", "policy")
    course = Course.objects.select_related(*joined).get(pk=shown.course_id)
    if not course.patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    found = versions.comparison(course, at)
    if found is None:
        raise NothingNewer("This course stands on the newest versions already.")
    if found.behind.mark != shown.mark:
        raise ChangedMeanwhile("This course, or what is in force, changed meanwhile; look at it again.")
    if found.behind.refusal:
        raise NotAvailableHere(found.behind.refusal)
    regimen, policy = versions.newer([course.site], at).of(course)
    return migrate_course(
        course=course, regimen=regimen, policy=policy, reason=reason, by=by, at=at, submission=submission
    )
