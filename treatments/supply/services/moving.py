"""Move a vial: one row more in its ledger, and what lists read from it, in the caller's transaction."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from treatments.courses.models import Administration, Dose
from treatments.rules import vials as rules
from treatments.rules.vials import IllegalMove, Kind
from treatments.supply import events
from treatments.supply.models import Movement, Vial
from treatments.supply.queries.ledgers import move_of


class CannotMove(Exception):
    """The vial is not where this move begins, perhaps since somebody else moved it. The message says where it is."""


class MovedInTheFuture(Exception):
    """The move lies ahead of now."""


class NoReason(Exception):
    """The move ends a use of the vial, or the plan for it, and needs a reason."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be said of a move beside its kind. `at` is when it was done, None for now."""

    at: datetime | None = None
    dose: Dose | None = None
    administration: Administration | None = None
    in_carton: bool = True
    place: str = ""
    code: str = ""
    reason: str = ""


NOTHING = Facts()


@dataclass(frozen=True, slots=True)
class Held:
    """A vial locked until the transaction ends, with its ledger as it stands."""

    vial: Vial
    moves: tuple[rules.Move, ...]

    @property
    def standing(self) -> rules.Standing:
        """Return where the vial stands."""
        return rules.stand(self.moves)


@transaction.atomic
def move(
    *, vial: Vial, kind: Kind, by: Actor, at: datetime, facts: Facts = NOTHING, submission: uuid.UUID | None = None
) -> Movement:
    """Write one move of a vial. Raises CannotMove, MovedInTheFuture, NoReason, AlreadySubmitted.

    What concerns a dose has services of its own, which ask more: `reserve`, `draw_up`, `give` and `restore`.
    """
    held = hold(vial, submission)
    return append(held, kind, facts, by=by, at=at, submission=submission)


def release(*, vial: Vial, reason: str, by: Actor, at: datetime, submission: uuid.UUID | None = None) -> Movement:
    """End a vial's reservation; it is free for another dose. Raises as `move` does."""
    return move(vial=vial, kind=Kind.RELEASED, facts=Facts(reason=reason), by=by, at=at, submission=submission)


def take_out(
    *,
    vial: Vial,
    by: Actor,
    at: datetime,
    happened_at: datetime | None = None,
    in_carton: bool = True,
    place: str = "",
    submission: uuid.UUID | None = None,
) -> Movement:
    """Take a vial out of the refrigerator, in its carton or without it: from then on its clock runs."""
    facts = Facts(at=happened_at, in_carton=in_carton, place=place)
    return move(vial=vial, kind=Kind.TAKEN_OUT, facts=facts, by=by, at=at, submission=submission)


def unbox(*, vial: Vial, by: Actor, at: datetime, happened_at: datetime | None = None) -> Movement:
    """Take a vial that is out of the refrigerator out of its carton as well."""
    return move(vial=vial, kind=Kind.UNBOXED, facts=Facts(at=happened_at), by=by, at=at)


def put_back(*, vial: Vial, by: Actor, at: datetime, happened_at: datetime | None = None, place: str = "") -> Movement:
    """Put an unopened vial back into the refrigerator; what it has used of its time outside stays used."""
    return move(vial=vial, kind=Kind.PUT_BACK, facts=Facts(at=happened_at, place=place), by=by, at=at)


def waste(
    *,
    vial: Vial,
    code: str,
    reason: str,
    by: Actor,
    at: datetime,
    happened_at: datetime | None = None,
    submission: uuid.UUID | None = None,
) -> Movement:
    """Write a vial off, with a coded reason. Whoever it was reserved for has no vial any more."""
    facts = Facts(at=happened_at, code=code, reason=reason)
    return move(vial=vial, kind=Kind.WASTED, facts=facts, by=by, at=at, submission=submission)


def quarantine(*, vial: Vial, code: str, reason: str, by: Actor, at: datetime) -> Movement:
    """Hold a vial back until somebody has judged it; its reservation ends."""
    return move(vial=vial, kind=Kind.QUARANTINED, facts=Facts(code=code, reason=reason), by=by, at=at)


def free(*, vial: Vial, reason: str, by: Actor, at: datetime) -> Movement:
    """Release a vial from quarantine, to where it was; it is reserved for nobody."""
    return move(vial=vial, kind=Kind.FREED, facts=Facts(reason=reason), by=by, at=at)


def send_back(*, vial: Vial, reason: str, by: Actor, at: datetime) -> Movement:
    """Return a vial to whoever supplied it."""
    return move(vial=vial, kind=Kind.RETURNED, facts=Facts(reason=reason), by=by, at=at)


def hold(vial: Vial, submission: uuid.UUID | None = None) -> Held:
    """Return the vial locked, with its ledger. Raises CannotMove for a voided one, AlreadySubmitted."""
    locked = Vial.objects.select_for_update().get(pk=vial.pk)
    first = None if submission is None else Movement.objects.filter(submission=submission).first()
    if first is not None:
        raise AlreadySubmitted(first)
    if locked.voided_at is not None:
        raise CannotMove(f"This vial was taken out of the ledger: {locked.void_reason}")
    rows = Movement.objects.filter(vial=locked).order_by("number")
    return Held(locked, tuple(map(move_of, rows)))


def append(
    held: Held,
    kind: Kind,
    facts: Facts,
    *,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
    reserved: bool = True,
) -> Movement:
    """Add one row to a locked vial's ledger, and bring its own columns in line with it.

    Without `reserved` the vial's column names no dose, because the next row of the same transaction ends that.
    """
    done_at = facts.at or at
    if done_at > at:
        when = formatting.moment(done_at, held.vial.site.zone)
        raise MovedInTheFuture(f"{when} lies in the future; enter when it was done.")
    reason = facts.reason.strip() or (Movement.Code(facts.code).label if facts.code else "")
    if kind in rules.NEEDS_REASON and not reason:
        raise NoReason("Say why.")
    wanted = rules.Move(kind, done_at, "" if facts.dose is None else str(facts.dose.pk), facts.in_carton)
    try:
        standing = rules.after(held.standing if held.moves else None, wanted)
    except IllegalMove as refusal:
        raise CannotMove(str(refusal)) from None
    row = _row(held, kind, facts, standing, done_at=done_at, reason=reason, by=by)
    row = writing.add(row, event=events.VIAL_MOVED, by=by, at=at, reason=reason, submission=submission)
    columns = derived(standing if reserved else replace(standing, dose=""))
    writing.derive(held.vial, **columns, place=facts.place or held.vial.place)
    return row


def _row(
    held: Held, kind: Kind, facts: Facts, standing: rules.Standing, *, done_at: datetime, reason: str, by: Actor
) -> Movement:
    # Whatever befalls a vial that was reserved is told of that dose too.
    dose = facts.dose or held.vial.reserved_for
    return Movement(
        site_id=held.vial.site_id,
        vial=held.vial,
        number=len(held.moves) + 1,
        kind=kind.value,
        happened_at=done_at,
        state=standing.state.value,
        change=rules.CHANGE[kind],
        dose=dose,
        patient_id=None if dose is None else dose.patient_id,
        administration=facts.administration,
        in_carton=standing.in_carton,
        place=facts.place,
        reason_code=facts.code,
        reason=reason,
        done_by=by.name,
    )


def derived(standing: rules.Standing) -> dict[str, Any]:
    """Return a vial's columns as its ledger gives them."""
    dose = Dose.objects.get(pk=standing.dose) if standing.dose else None
    return {"state": standing.state.value, "reserved_for": dose}
