"""Recall a lot: hold back at once everything of it that is still there."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

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
