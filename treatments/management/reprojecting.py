"""Replay every open course and mend whatever no longer follows from what was given.

Courses are read a batch at a time and worked out in memory, by the same function as the service uses. Only one whose
stored doses differ goes through the service, which reads it again under its lock: whatever happened to it meanwhile
counts. One that was in order when it was read is in order still, for whoever changes a course replays it themselves.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, QuerySet, Sum

from clinic.audit.trail import Actor
from clinic.records.writing import StaleRecord
from clinic.staff.models import Site
from treatments.courses.batches import Histories, by_course, histories, join_versions
from treatments.courses.models import Course, Dose
from treatments.courses.services import CourseStopped
from treatments.courses.services.keeping import locked_open
from treatments.courses.services.replanning import intended, replan

BATCH = 200  # courses read at a time

# What nobody plans of a dose stays in the database.
_NOT_PLANNED = ("site", "patient", "version", "submission", "created_at", "voided_at", "void_reason")

# A history the rules refuse, or a row that cannot be as it is. A database that is gone ends the run instead.
UNREPLAYABLE = (
    ArithmeticError,
    DataError,
    IntegrityError,
    LookupError,
    ObjectDoesNotExist,
    StaleRecord,
    ValidationError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one course. `failure` names what went wrong without any clinical fact; empty when nothing did."""

    course_id: uuid.UUID
    changed: bool = False
    failure: str = ""


def open_courses(site: Site | None = None) -> QuerySet[Course]:
    """Return the open courses, of one site or of all."""
    courses = Course.objects.standing().filter(stopped_on=None)
    return courses if site is None else courses.filter(site=site)


def reproject(
    courses: QuerySet[Course], *, by: Actor, clock: Callable[[], datetime], dry_run: bool = False
) -> Iterator[Replayed]:
    """Replay the courses one by one, and say what came of each; one that is mended has a transaction of its own.

    A course that cannot be replayed is left as it was and the next one follows; one that was to be mended and was
    stopped meanwhile is left out. `dry_run` takes everything back. At most a batch of courses is held at a time, and
    none while somebody looks at what came of it.
    """
    for course_id, in_order in _looked_through(courses):
        if in_order:
            yield Replayed(course_id)
            continue
        try:
            changed = _replayed(course_id, by=by, at=clock(), dry_run=dry_run)
        except CourseStopped:
            continue
        except UNREPLAYABLE as refused:
            yield Replayed(course_id, failure=type(refused).__name__)
        else:
            yield Replayed(course_id, changed)


def _looked_through(courses: QuerySet[Course]) -> Iterator[tuple[uuid.UUID, bool]]:
    """Yield the keys in ascending order, each with whether its course is in order.

    A batch is read at a time, so that no cursor stays open while rows are written.
    """
    ordered = courses.order_by("pk")
    found = _in_order(list(ordered[:BATCH]))
    while found:
        yield from found.items()
        found = _in_order(list(ordered.filter(pk__gt=max(found))[:BATCH]))


def _in_order(courses: list[Course]) -> dict[uuid.UUID, bool]:
    """Say of each course whether its stored doses follow from it. Queries: six, and one more after any switch."""
    if not courses:
        return {}
    join_versions(courses)
    read = histories(courses)
    doses = by_course(Dose.objects.standing().filter(course__in=courses).defer(*_NOT_PLANNED))
    return {course.pk: _is_stored(course, read, doses.get(course.pk, [])) for course in courses}


def _is_stored(course: Course, read: Histories, doses: list[Dose]) -> bool:
    """Say whether there is nothing to write; what cannot be worked out here is tried again under the lock."""
    tried = {str(row.pk): row for row in read.administrations.get(course.pk, [])}
    try:
        return intended(course, read.series_of(course), doses, tried).is_stored
    except UNREPLAYABLE:
        return False


@transaction.atomic
def _replayed(course_id: uuid.UUID, *, by: Actor, at: datetime, dry_run: bool) -> bool:
    """Replay one course and say whether anything was written; every write raises a version or adds a dose."""
    locked_open(course_id)
    course = Course.objects.select_related("regimen__version", "policy").get(pk=course_id)
    before = _versions(course)
    replan(course, by=by, at=at)
    changed = _versions(course) != before
    if dry_run:
        transaction.set_rollback(True)
    return changed


def _versions(course: Course) -> dict[str, int | None]:
    return Dose.objects.filter(course=course).aggregate(doses=Count("pk"), versions=Sum("version"))
