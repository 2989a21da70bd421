"""Take back what was recorded of an attempt, or put it right. The old record stays visible; the series is replayed."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from treatments.courses import events
from treatments.courses.models import Administration, Course, Decision, Hold
from treatments.courses.series import series_of
from treatments.courses.services.deciding import ReasonMissing
from treatments.courses.services.giving import Given, administration_of, day_given, free_day
from treatments.courses.services.keeping import confirm, locked_open
from treatments.courses.services.replanning import replan
from treatments.rules import cautions
from treatments.rules.cautions import Caution, Plan
from treatments.rules.schedule import Series, forecast


class TakenBackAlready(Exception):
    """Somebody took this record back, or corrected it, before. The message says why they did."""


class NotCorrectable(Exception):
    """Only a dose given here is corrected; any other record is taken back and made anew."""


@transaction.atomic
def take_back(
    *, administration: Administration, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Administration:
    """Take a record back, as if it had never been made, and plan anew. What was decided about it goes with it.

    Raises ReasonMissing, TakenBackAlready, CourseStopped, StaleRecord, and AlreadySubmitted when it was taken back for
    that very reason.
    """
    course = locked_open(administration.course_id)
    row = still_stands(administration, reason)
    for decision in Decision.objects.standing().filter(administration=row):
        said = f"What it was about was taken back: {reason}"
        writing.void(decision, event=events.DECISION_WITHDRAWN, by=by, at=at, reason=said)
    row = writing.void(row, event=events.RECORD_TAKEN_BACK, by=by, at=at, reason=reason, expected=expected)
    replan(course, by=by, at=at)
    return row


@transaction.atomic
def correct_given(
    *,
    administration: Administration,
    given: Given,
    reason: str,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    besides: tuple[Caution, ...] = (),
    expected: int | None = None,
) -> Administration:
    """Put a dose that was given here on record as it was: a new row takes the place of the old one, which stays.

    `besides` are cautions to confirm that other rooms know of. Raises NotCorrectable, Unconfirmed, GivenInTheFuture,
    GivenOnSuchADay, and as `take_back` does.
    """
    course = locked_open(administration.course_id)
    old = still_stands(administration, reason)
    if old.outcome != Administration.Outcome.COMPLETED or old.elsewhere:
        raise NotCorrectable("Only a dose given here is corrected; take this record back and make it anew.")
    given_on = day_given(course, given, at)
    writing.void(old, event=events.RECORD_CORRECTED, by=by, at=at, reason=reason, expected=expected)
    free_day(course, given_on)
    said = confirm((*_cautions(course, given, given_on), *besides), confirmed)
    row = administration_of(course, old.dose, given, given_on)
    row = writing.add(row, event=events.DOSE_GIVEN, by=by, at=at, reason=said)
    replan(course, by=by, at=at)
    return row


def without(series: Series, administration: Administration) -> Series:
    """Return a course as if this record had never been made."""
    key = str(administration.pk)
    return replace(series, attempts=tuple(one for one in series.attempts if one.key != key))


def _cautions(course: Course, given: Given, given_on: date) -> tuple[Caution, ...]:
    """Compare with the plan of that day, as what is known now makes it; what was given later says nothing of it."""
    series = series_of(course)
    earlier = tuple(one for one in series.attempts if one.on < given_on)
    coming = forecast(replace(series, attempts=earlier), given_on).next
    return cautions.giving(
        Plan(coming.mg, coming.ml, coming.previous_on, coming.floor, coming.opens, coming.closes),
        given_on=given_on,
        mg=given.mg,
        ml=given.ml,
        vial_expires_on=given.vial_expires_on,
        held=_was_held(course, given_on),
    )


def _was_held(course: Course, on: date) -> bool:
    """Say whether the course was on hold on that day; a hold that began later says nothing of the dose."""
    holds = Hold.objects.standing().filter(course=course, from_on__lte=on)
    return holds.filter(Q(ended_on=None) | Q(ended_on__gt=on)).exists()


def still_stands(administration: Administration, reason: str) -> Administration:
    """Return the record as it is now. Ask with the course locked: the second of two has waited for the first.

    Raises ReasonMissing, TakenBackAlready, AlreadySubmitted.
    """
    if not reason.strip():
        raise ReasonMissing("Say what was wrong with the record.")
    row = Administration.objects.select_related("dose", "site").get(pk=administration.pk)
    if row.voided_at is None:
        return row
    if row.void_reason == reason:
        raise AlreadySubmitted(row)
    raise TakenBackAlready(f"This record was taken back already: {row.void_reason}")
