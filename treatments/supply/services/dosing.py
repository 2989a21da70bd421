"""A vial and a dose: reserve it, draw it up, give it, and take that back. Each checks the vial anew at its moment."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import queries as courses
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.services.keeping import locked, locked_open
from treatments.rules import vials as rules
from treatments.rules.vials import Kind
from treatments.supply import events
from treatments.supply.models import Movement, Vial
from treatments.supply.queries.ledgers import policy_at, storage_of, storages
from treatments.supply.services.moving import CannotMove, Facts, Held, append, hold


class UnfitVial(Exception):
    """The vial cannot be this dose. The message names the vial and says every reason."""


class DoseNotPlanned(Exception):
    """The dose was given already, or its course or the patient's care has ended: no vial is reserved for it."""


class DoseHasVial(Exception):
    """Another vial is reserved for this dose. The message names it."""


@transaction.atomic
def reserve(*, vial: Vial, dose: Dose, by: Actor, at: datetime, submission: uuid.UUID | None = None) -> Movement:
    """Reserve a vial for a dose that is still to come: for the day it is booked, else for its target.

    Raises UnfitVial, DoseNotPlanned, DoseHasVial, CannotMove, CourseStopped, AlreadySubmitted.
    """
    # The course first, as whoever records a dose does: of two who reserve for one dose, the second waits here.
    course = locked_open(dose.course_id)
    held = hold(vial, submission)
    dose = Dose.objects.select_related("patient", "site").get(pk=dose.pk)
    if not (dose.is_to_come and dose.patient.in_care):
        raise DoseNotPlanned("This dose is not planned any more; no vial can be reserved for it.")
    _same_site(held, dose)
    _none_yet(held, dose)
    today = course.site.today(at)
    _check(held, mg=dose.mg, day=day_of(dose, today), at=at, dose=dose)
    try:
        with transaction.atomic():
            return append(held, Kind.RESERVED, Facts(dose=dose), by=by, at=at, submission=submission)
    except IntegrityError:
        raise DoseHasVial("Another vial was reserved for this dose in the meantime.") from None


@transaction.atomic
def draw_up(
    *, vial: Vial, by: Actor, at: datetime, happened_at: datetime | None = None, submission: uuid.UUID | None = None
) -> Movement:
    """Draw a vial up: from then on it must be given within the hours of the label. Raises UnfitVial, CannotMove."""
    held = hold(vial, submission)
    done_at = happened_at or at
    _check(held, mg=held.vial.mg, day=held.vial.site.today(done_at), at=done_at, dose=held.vial.reserved_for)
    return append(held, Kind.DRAWN, Facts(at=happened_at), by=by, at=at, submission=submission)


@transaction.atomic
def give(*, vial: Vial, administration: Administration, by: Actor, at: datetime, despite: str = "") -> Movement:
    """Write that a dose was given from this vial, checked again as of the moment it was given.

    The row says when the dose was given, or when the vial last moved if that was written down as later.
    `despite` is the reason for which a person records a vial that should not have been given: what happened is never
    refused, but it is never silent either. A vial that is gone, held back or reserved for another dose stays refused.
    Raises UnfitVial, CannotMove.
    """
    held = hold(vial)
    dose = administration.dose
    _same_site(held, dose)
    done_at = administration.given_at or at
    if not despite.strip():
        # Less than was planned still comes from a vial of the planned strength.
        strength = dose.mg if administration.mg is None else max(administration.mg, dose.mg)
        _check(held, mg=strength, day=administration.given_on, at=done_at, dose=dose)
    facts = Facts(at=max(done_at, held.standing.at), dose=dose, administration=administration, reason=despite)
    try:
        with transaction.atomic():
            # Whoever moved it while this waited for the lock may have begun a moment later, by their own clock.
            return append(held, Kind.GIVEN, facts, by=by, at=max(at, held.standing.at))
    except IntegrityError:
        raise CannotMove("This dose was given from another vial; take that back first.") from None


@transaction.atomic
def restore(*, vial: Vial, reason: str, by: Actor, at: datetime) -> Movement:
    """Take back that a vial was given or wasted at a dose: it goes to the very state it had before; its clocks go on.

    The row that said so is voided and stays visible. If another vial was reserved for the dose meanwhile, this one
    comes back without its reservation. Raises CannotMove, NoReason.
    """
    used = Movement.objects.standing().filter(vial=vial, administration__isnull=False).select_related("dose").first()
    if used is not None and used.dose is not None:
        # As `reserve` does, so that nobody reserves another vial for the dose between the question and the answer.
        locked(used.dose.course_id)
    held = hold(vial)
    if used is None and held.standing.state in {rules.State.GIVEN, rules.State.WASTED}:
        raise CannotMove("This vial was not used up at a dose; nothing that was recorded of one can be taken back.")
    before = held.standing.before
    taken = before is not None and before.dose != "" and _another_for(before.dose, held.vial)
    if used is not None and reason.strip():
        writing.void(used, event=events.MOVE_VOIDED, by=by, at=at, reason=reason)
    facts = Facts(reason=reason, dose=None if used is None else used.dose)
    row = append(held, Kind.RESTORED, facts, by=by, at=at, reserved=not taken)
    if taken:
        append(hold(held.vial), Kind.RELEASED, Facts(reason="Another vial is reserved for this dose."), by=by, at=at)
    return row


@transaction.atomic
def waste_at(
    *, vial: Vial, administration: Administration, code: str, reason: str, by: Actor, at: datetime
) -> Movement:
    """Write a vial off that was opened for a dose which was not given.

    As when a dose is given, one that is held back or reserved for another dose is refused. Raises CannotMove, NoReason.
    """
    held = hold(vial)
    _same_site(held, administration.dose)
    if held.standing.state is rules.State.QUARANTINED:
        raise CannotMove("This vial is in quarantine; release it first, if it was opened for this dose.")
    facts = Facts(dose=administration.dose, administration=administration, code=code, reason=reason)
    return append(held, Kind.WASTED, facts, by=by, at=max(at, held.standing.at))


def used_at(administration: Administration) -> Vial | None:
    """Return the vial that was given or wasted at an attempt, None where the ledger knows of none."""
    rows = Movement.objects.standing().filter(administration=administration)
    row = rows.select_related("vial").first()
    return None if row is None else row.vial


@transaction.atomic
def release_settled(course: Course, *, reason: str, by: Actor, at: datetime) -> list[Movement]:
    """End the reservation of every vial whose dose on this course is not to come any more."""
    settled = (
        Vial.objects.standing()
        .filter(reserved_for__course=course)
        .exclude(reserved_for__is_next=True, reserved_for__voided_at=None)
    )
    # Whoever holds a vial back or wastes it asks for no course: its reservation may have ended while this waited.
    held = (hold(vial) for vial in settled.order_by("pk"))
    return [
        append(each, Kind.RELEASED, Facts(reason=reason), by=by, at=at) for each in held if each.vial.reserved_for_id
    ]


def day_of(dose: Dose, today: date) -> date:
    """Return the local day for which a vial must be good: the booked day, else the target, and never before today."""
    booking = courses.standing_booking(dose)
    planned = booking.on if booking is not None else dose.target
    return today if planned is None else max(planned, today)


def name_of(vial: Vial) -> str:
    """Name a vial so that it is found on the shelf: "Lot AB12, 12 mg, expires 31 Mar 2028"."""
    expiry = "" if vial.expires_on is None else f", expires {formatting.day(vial.expires_on)}"
    return f"Lot {vial.lot or 'not known yet'}, {formatting.quantity(vial.mg, 'mg')}{expiry}"


def _check(held: Held, *, mg: Decimal, day: date, at: datetime, dose: Dose | None) -> None:
    """Refuse a vial that is expired, too short-dated, of another strength, held back, taken, or over a clock."""
    vial = held.vial
    facts = rules.Vial(
        mg=vial.mg,
        expires_on=vial.expires_on,
        moves=held.moves,
        storage=storage_of(vial, storages()),
        label=policy_at(vial.site, day).label,
    )
    reasons = rules.unfit(facts, mg=mg, day=day, at=at, dose="" if dose is None else str(dose.pk))
    if reasons:
        raise UnfitVial(f"{name_of(vial)}: {' '.join(reasons)}")


def _same_site(held: Held, dose: Dose) -> None:
    if held.vial.site_id != dose.site_id:
        raise CannotMove("This vial stands at another site than the dose.")


def _none_yet(held: Held, dose: Dose) -> None:
    other = Vial.objects.filter(reserved_for=dose).exclude(pk=held.vial.pk).first()
    if other is not None:
        raise DoseHasVial(f"Another vial is reserved for this dose: {name_of(other)}. Release that one first.")


def _another_for(dose_id: str, vial: Vial) -> bool:
    return Vial.objects.filter(reserved_for=uuid.UUID(dose_id)).exclude(pk=vial.pk).exists()
