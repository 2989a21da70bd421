"""Record what happened at an attempt, with its vial, in one transaction."""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import services as courses
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.series import series_of
from treatments.courses.services import Attempted, Given
from treatments.courses.services.giving import still_to_come
from treatments.courses.services.keeping import first_time, locked_open
from treatments.dose_day import events
from treatments.dose_day.models import Checklist, Procedure
from treatments.dose_day.queries.lights import lights_that_keep
from treatments.rules import dose_day as rules
from treatments.rules.cautions import Caution
from treatments.rules.dose_day import Checked
from treatments.rules.schedule import forecast
from treatments.supply import queries as stock
from treatments.supply import services as supply
from treatments.supply.models import Movement, Vial

SETTLED = "The dose it was reserved for is no longer to come."


class EndsBeforeItBegins(Exception):
    """The injection cannot end before it began, nor in the future."""


class VialMissing(Exception):
    """Neither a vial of the ledger was chosen nor the lot of another one written down."""


class DrawnUp(Exception):
    """The vial of this dose is drawn up, so that it is used or wasted; it cannot have stayed as it was."""


@dataclass(frozen=True, slots=True)
class Facts:
    """How an attempt went. Volumes in mL; `ended_at` is when the injection ended. What is not known is empty."""

    csf_ml: Decimal | None = None
    csf_appearance: str = ""
    level: str = ""
    approach: str = ""
    guidance: str = ""
    needle: str = ""
    punctures: int | None = None
    ended_at: datetime | None = None
    sedation: str = ""
    complications: tuple[str, ...] = ()
    complication_note: str = ""
    next_step: str = ""


NOTHING = Facts()


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that did not give the whole dose: what happened to the series, and to the vial.

    `vial` is the one that was opened, None where none was. What went in partly came from it; otherwise it is wasted.
    """

    attempted: Attempted
    vial: Vial | None = None
    facts: Facts = NOTHING


@transaction.atomic
def give(
    *,
    dose: Dose,
    given: Given,
    vial: Vial | None,
    facts: Facts = NOTHING,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Administration:
    """Record a dose given here from a vial, take the vial out of the stock, and plan the dose after it.

    Without a vial of the ledger, `given` names lot and expiry as they were printed; a free vial of that lot is then
    taken. Raises EndsBeforeItBegins, VialMissing, Unconfirmed, CannotMove and UnfitVial of the vial, and as
    `courses.record_given` does.
    """
    course = locked_open(dose.course_id)
    # Whoever was second is told that before anything about the vial, which the first one took.
    first_time(Administration, submission)
    dose = still_to_come(dose)
    given, used, besides = prepared(course, dose, given, vial, facts, at)
    row = courses.record_given(
        dose=dose, given=given, by=by, at=at, confirmed=confirmed, besides=besides, submission=submission
    )
    settle(course, row, used, besides, facts, by=by, at=at)
    return row


def prepared(
    course: Course, dose: Dose, given: Given, vial: Vial | None, facts: Facts, at: datetime
) -> tuple[Given, Vial | None, tuple[Caution, ...]]:
    """Return what is to be recorded, from which vial, and what must be confirmed besides the schedule's cautions."""
    if facts.ended_at is not None and not given.at <= facts.ended_at <= at:
        raise EndsBeforeItBegins("The injection ends after it began, and not in the future; check both times.")
    used = vial or stock.vial_of_lot(dose, given.lot, given.vial_expires_on)
    if used is None and not given.lot.strip():
        raise VialMissing("This vial cannot be chosen any more; choose another, or enter its lot.")
    if used is not None and used.expires_on is not None:
        given = replace(given, lot=used.lot, vial_expires_on=used.expires_on)
    on = given.at.astimezone(course.site.zone).date()
    label, planned = _planned_on(course, dose, on)
    found = rules.cautions(
        checked_on(dose, on),
        on=on,
        label=label,
        mg=given.mg,
        vial="" if used is None else str(used.pk),
        started_at=given.at,
        ended_at=facts.ended_at,
        keeping=lights_that_keep(dose, at) if dose.is_next and on == course.site.today(at) else (),
        vial_unfit=() if used is None else stock.unfit_for(used, dose, max(given.mg, planned), on, given.at),
        lot_not_in_stock="" if used is not None else given.lot,
    )
    return given, used, found


def settle(
    course: Course,
    row: Administration,
    used: Vial | None,
    besides: tuple[Caution, ...],
    facts: Facts,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Take the vial out of the stock, free any other that waited for this dose, and keep how it went."""
    if used is not None:
        despite = next((one.text for one in besides if one.code == "vial_unfit"), "")
        supply.give(vial=used, administration=row, by=by, at=at, despite=despite)
    supply.release_settled(course, reason=SETTLED, by=by, at=at)
    record_procedure(row, facts, by=by, at=at)


@transaction.atomic
def not_given(
    *, dose: Dose, failed: Failed, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Administration:
    """Record an attempt that gave nothing, or part of the dose: the series stands, and an opened vial is gone.

    Raises DrawnUp, CannotMove, and as `courses.record_not_given` and `courses.record_partial` do.
    """
    locked_open(dose.course_id)
    attempted, partly = failed.attempted, failed.attempted.mg is not None
    if failed.vial is None:
        _nothing_is_drawn_up(dose)
    else:
        attempted = replace(attempted, lot=failed.vial.lot)
    record = courses.record_partial if partly else courses.record_not_given
    row = record(dose=dose, attempted=attempted, by=by, at=at, submission=submission)
    why = row.get_reason_display()
    if failed.vial is not None and partly:
        supply.give(vial=failed.vial, administration=row, by=by, at=at, despite=f"Part of it went in. {why}.")
    elif failed.vial is not None:
        punctured = attempted.reason == Administration.Reason.NO_ACCESS
        code = Movement.Code.FAILED if punctured else Movement.Code.CANCELLED
        supply.waste_at(vial=failed.vial, administration=row, code=code, reason=why, by=by, at=at)
    record_procedure(row, failed.facts, by=by, at=at)
    return row


def _nothing_is_drawn_up(dose: Dose) -> None:
    drawn = Vial.objects.standing().filter(reserved_for=dose, state=Vial.State.DRAWN).first()
    if drawn is not None:
        raise DrawnUp(f"Lot {drawn.lot} is drawn up for this dose, so it was used or is wasted; choose it.")


def record_procedure(row: Administration, facts: Facts, *, by: Actor, at: datetime) -> Procedure | None:
    """Keep how an attempt went; nothing where nothing was said."""
    if facts == NOTHING:
        return None
    values = asdict(facts) | {"complications": list(facts.complications)}
    procedure = Procedure(administration=row, site_id=row.site_id, patient_id=row.patient_id, **values)
    return writing.add(procedure, event=events.PROCEDURE_RECORDED, by=by, at=at)


def checked_on(dose: Dose, on: date) -> Checked | None:
    """Return the dose's checklist of a day as the rules read it, None without one."""
    row = Checklist.objects.standing().filter(dose=dose, on=on).first()
    if row is None:
        return None
    return Checked(
        row.on, row.label, row.mg, "" if row.vial_id is None else str(row.vial_id), row.second_id is not None
    )


def _planned_on(course: Course, dose: Dose, on: date) -> tuple[str, Decimal]:
    """Return the dose's number and amount as of the day: a late-dose band may have put another in its place."""
    if not dose.is_next:
        return dose.label, dose.mg
    coming = forecast(series_of(course), on).next
    return coming.label, coming.mg
