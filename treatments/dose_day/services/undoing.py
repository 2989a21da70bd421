"""Take back or put right what was recorded of an attempt: vial and schedule together, the old record visible."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import services as courses
from treatments.courses.models import Administration
from treatments.courses.services import Given
from treatments.courses.services.correcting import still_stands
from treatments.courses.services.keeping import locked_open
from treatments.dose_day import events
from treatments.dose_day.models import Discharge
from treatments.dose_day.services.giving import NOTHING, SETTLED, Facts, prepared, settle
from treatments.supply import services as supply
from treatments.supply.models import Vial


@transaction.atomic
def take_back(
    *, administration: Administration, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Administration:
    """Take a record back: the schedule is counted as if it had never been made, and its vial is where it was before.

    Raises CannotMove of the vial, and as `courses.take_back` does.
    """
    course = locked_open(administration.course_id)
    vial = supply.used_at(administration)
    row = courses.take_back(administration=administration, reason=reason, by=by, at=at, expected=expected)
    if vial is not None:
        supply.restore(vial=vial, reason=reason, by=by, at=at)
    _forget_going_home(row, reason, by=by, at=at)
    supply.release_settled(course, reason=SETTLED, by=by, at=at)
    if vial is not None:
        supply.hold_back_recalled(vial, by=by, at=at)
    return row


@transaction.atomic
def correct(
    *,
    administration: Administration,
    given: Given,
    vial: Vial | None,
    facts: Facts = NOTHING,
    reason: str,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    expected: int | None = None,
) -> Administration:
    """Put a dose given here on record as it was; what hung on the old record, its vial first, follows.

    Raises as `give` and `courses.correct_given` do.
    """
    course = locked_open(administration.course_id)
    dose = still_stands(administration, reason).dose
    old_vial = supply.used_at(administration)
    if old_vial is not None:
        # Before anything else is asked, so that the same one can be chosen again.
        supply.restore(vial=old_vial, reason=reason, by=by, at=at)
    given, used, besides = prepared(course, dose, given, vial, facts, at)
    row = courses.correct_given(
        administration=administration,
        given=given,
        reason=reason,
        by=by,
        at=at,
        confirmed=confirmed,
        besides=besides,
        expected=expected,
    )
    settle(course, row, used, besides, facts, by=by, at=at)
    if old_vial is not None:
        supply.hold_back_recalled(old_vial, by=by, at=at)
    _take_along(administration, row, by=by, at=at)
    return row


def _forget_going_home(row: Administration, reason: str, *, by: Actor, at: datetime) -> None:
    """Void that somebody went home after what never was, unless another attempt of the same day stands."""
    others = Administration.objects.standing().filter(course_id=row.course_id, given_on=row.given_on, elsewhere=False)
    if others.exists():
        return
    for home in _homes(row):
        writing.void(home, event=events.DISCHARGE_VOIDED, by=by, at=at, reason=reason)


def _take_along(old: Administration, new: Administration, *, by: Actor, at: datetime) -> None:
    """Keep going home with the dose day when the day itself was corrected; a call still comes after it."""
    if old.given_on == new.given_on:
        return
    reason, earliest = "The day of the dose was corrected.", new.given_on + timedelta(days=1)
    gone = Discharge.objects.standing().filter(dose_id=new.dose_id, on=new.given_on).exists()
    for home in _homes(old):
        if gone:
            writing.void(home, event=events.DISCHARGE_VOIDED, by=by, at=at, reason=f"{reason} One of that day stands.")
            continue
        later, due = max(home.call_on, earliest), home.call_due_on
        event = events.DISCHARGE_CORRECTED
        row = writing.change(home, event=event, by=by, at=at, reason=reason, on=new.given_on, call_on=later)
        if due is not None:
            writing.derive(row, call_due_on=max(due, earliest))


def _homes(row: Administration) -> list[Discharge]:
    """Return how the patient went home after an attempt, locked: whoever calls them at this moment is waited for."""
    return list(Discharge.objects.standing().select_for_update().filter(dose_id=row.dose_id, on=row.given_on))
