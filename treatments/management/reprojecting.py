"""Replay every open course and mend whatever no longer follows from what was given."""

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
from treatments.courses.models import Course, Dose
from treatments.courses.services import CourseStopped
from treatments.courses.services.keeping import locked_open
from treatments.courses.services.replanning import replan

BATCH = 200  # keys held at a time

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
    """Replay the courses one by one, each in a transaction of its own, and say what came of each.

    A course that cannot be replayed is left as it was and the next one follows; one that was stopped meanwhile is left
    out. `dry_run` takes everything back. At most a batch of keys is held at a time.
    """
    for course_id in _keys(courses):
        try:
            changed = _replayed(course_id, by=by, at=clock(), dry_run=dry_run)
        except CourseStopped:
            continue
        except UNREPLAYABLE as refused:
            yield Replayed(course_id, failure=type(refused).__name__)
        else:
            yield Replayed(course_id, changed)


def _keys(courses: QuerySet[Course]) -> Iterator[uuid.UUID]:
    """Yield the keys in ascending order, a batch at a time, so that no cursor stays open while rows are written."""
    ordered = courses.order_by("pk").values_list("pk", flat=True)
    batch = list(ordered[:BATCH])
    while batch:
        yield from batch
        batch = list(ordered.filter(pk__gt=batch[-1])[:BATCH])


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
