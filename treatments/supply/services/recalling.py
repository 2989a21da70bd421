"""Recall a lot: hold back at once everything of it that is still there."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from clinic.audit.trail import Actor
from clinic.records.writing import AlreadySubmitted
from treatments.rules.vials import USABLE, Kind
from treatments.supply.models import Movement, Vial
from treatments.supply.services.moving import Facts, NoReason, append, hold


class NothingLeft(Exception):
    """No vial of the lot is in stock any more, or all are in quarantine already."""


@transaction.atomic
def quarantine_lot(
    *,
    lot: str,
    sites: Collection[uuid.UUID],
    reason: str,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> tuple[Movement, ...]:
    """Quarantine every vial of a lot at these sites that could still be given; reservations of them end.

    Raises NothingLeft, NoReason, AlreadySubmitted.
    """
    if not reason.strip():
        raise NoReason("Say why the lot is held back.")
    first = None if submission is None else Movement.objects.filter(submission=submission).first()
    if first is not None:
        raise AlreadySubmitted(first)
    usable = [state.value for state in USABLE]
    vials = Vial.objects.standing().filter(lot__iexact=lot.strip(), site__in=sites, state__in=usable)
    facts = Facts(code=Movement.Code.RECALL, reason=reason)
    moved: list[Movement] = []
    for vial in vials.order_by("pk"):
        key = submission if not moved else None
        moved.append(append(hold(vial), Kind.QUARANTINED, facts, by=by, at=at, submission=key))
    if not moved:
        raise NothingLeft("No vial of this lot is in stock outside quarantine.")
    return tuple(moved)


@transaction.atomic
def hold_back_recalled(vial: Vial, *, by: Actor, at: datetime) -> Movement | None:
    """Quarantine a vial that came back into stock although its lot is recalled here; nothing where it is not.

    The recall could not reach it while it was on record as given or wasted.
    """
    held = hold(vial)
    if held.vial.state not in {state.value for state in USABLE}:
        return None
    recalls = Movement.objects.filter(
        kind=Kind.QUARANTINED.value, reason_code=Movement.Code.RECALL, vial__site=held.vial.site_id
    )
    freed = Movement.objects.filter(vial=OuterRef("vial"), kind=Kind.FREED.value, number__gt=OuterRef("number"))
    recall = recalls.filter(vial__lot__iexact=held.vial.lot).exclude(Exists(freed)).order_by("created_at").last()
    if recall is None:
        return None
    facts = Facts(code=Movement.Code.RECALL, reason=recall.reason)
    return append(held, Kind.QUARANTINED, facts, by=by, at=at)
