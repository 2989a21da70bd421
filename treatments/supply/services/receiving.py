"""Order vials, receive them, correct what was typed wrongly, and write down what the site decides."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff import services as staff
from clinic.staff.models import Site
from monographs.models import Product
from treatments.rules.vials import Kind
from treatments.supply import events
from treatments.supply.models import Movement, SupplyPolicy, Vial
from treatments.supply.services.moving import CannotMove, Facts, Held, MovedInTheFuture, NoReason, append, hold

MOST_AT_ONCE = 50
_CORRECTABLE = ("ordered", "received", "reserved", "out", "quarantined")
_VOIDABLE = ("ordered", "received")


class BadLot(Exception):
    """The number of vials and the serial numbers do not fit together, or there are too many. The message says how."""


class KnownSerial(Exception):
    """A vial with this product and serial number is in the ledger already. The message names it."""


class TooLate(Exception):
    """The vial had expired before it arrived; most often the date was typed wrongly."""


@dataclass(frozen=True, slots=True)
class Received:
    """What arrived: one product and one lot. `serials` may be fewer than `count`: not every carton carries one."""

    product: Product
    lot: str
    expires_on: date
    count: int
    received_at: datetime
    gtin: str = ""
    serials: tuple[str, ...] = ()
    place: str = ""
    off_the_order: bool = True


@transaction.atomic
def order_vials(
    *,
    site: Site,
    product: Product,
    count: int,
    expected_on: date | None,
    reference: str,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> tuple[Vial, ...]:
    """Write down that vials were ordered, one row each, all or none. Raises BadLot, AlreadySubmitted."""
    _check_count(count, ())
    vials = []
    for place in range(count):
        vial = Vial(
            site=site,
            product=product,
            mg=product.mg,
            order_reference=reference,
            expected_on=expected_on,
            state=Vial.State.ORDERED,
        )
        vials.append(_begin(vial, Kind.ORDERED, Facts(), by=by, at=at, submission=_key(submission, place)))
    return tuple(vials)


@transaction.atomic
def receive_vials(
    *, site: Site, received: Received, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> tuple[Vial, ...]:
    """Write down what arrived, one row per vial, all or none; vials on order are taken off it, the oldest first.

    Raises BadLot, KnownSerial, TooLate, MovedInTheFuture, AlreadySubmitted.
    """
    _check_count(received.count, received.serials)
    if received.received_at > at:
        when = formatting.moment(received.received_at, site.zone)
        raise MovedInTheFuture(f"{when} lies in the future; enter when they arrived.")
    if received.expires_on < site.today(received.received_at):
        raise TooLate(f"These expired on {formatting.day(received.expires_on)}, before they arrived; check the date.")
    first = None if submission is None else Movement.objects.filter(submission=_key(submission, 0)).first()
    if first is not None:
        raise AlreadySubmitted(first)
    ordered = _on_order(site, received) if received.off_the_order else []
    serials = [*received.serials, *[""] * received.count]
    return tuple(
        _receive(site, received, serials[place], waiting, by=by, at=at, submission=_key(submission, place))
        for place, waiting in enumerate([*ordered, *[None] * (received.count - len(ordered))])
    )


@transaction.atomic
def correct_vial(
    *, vial: Vial, values: dict[str, Any], reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Vial:
    """Correct lot, expiry, GTIN or serial number of a vial that is still there. Raises CannotMove, KnownSerial."""
    stored = Vial.objects.select_for_update().get(pk=vial.pk)
    if stored.state not in _CORRECTABLE:
        raise CannotMove("This vial is no longer in stock; what was recorded of it stays as it is.")
    _need(reason)
    event = events.VIAL_CORRECTED
    try:
        with transaction.atomic():
            return writing.change(stored, event=event, by=by, at=at, reason=reason, expected=expected, **values)
    except IntegrityError:
        raise KnownSerial(f"Another vial with serial number {values.get('serial')} is in the ledger.") from None


@transaction.atomic
def void_vial(*, vial: Vial, reason: str, by: Actor, at: datetime, expected: int | None = None) -> Vial:
    """Take a vial out of the ledger that was never there: entered by mistake, or an order that was cancelled.

    Raises CannotMove for one that was used in any way, NoReason, StaleRecord.
    """
    stored = Vial.objects.select_for_update().get(pk=vial.pk)
    _need(reason)
    if stored.voided_at is not None:
        raise CannotMove(f"This vial was taken out of the ledger already: {stored.void_reason}")
    if stored.state not in _VOIDABLE:
        raise CannotMove("This vial has been used; waste or return it instead, so that its ledger stays whole.")
    return writing.void(stored, event=events.VIAL_VOIDED, by=by, at=at, reason=reason, expected=expected)


def set_policy(
    *, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any
) -> SupplyPolicy:
    """Write down what the site decides about its supply from a day on. Earlier policies stay as they are."""
    policy = SupplyPolicy(site=site, effective_from=effective_from, source=source, **values)
    return staff.added(policy, event=events.POLICY_SET, by=by, at=at)


def _check_count(count: int, serials: Sequence[str]) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise BadLot(f"Enter between 1 and {MOST_AT_ONCE} vials at once.")
    if len(serials) > count:
        raise BadLot(f"There are {len(serials)} serial numbers for {formatting.plural(count, 'vial')}.")
    if len(set(serials)) < len(serials):
        raise BadLot("A serial number stands twice; every vial has its own.")


def _on_order(site: Site, received: Received) -> list[Vial]:
    """Return the vials on order that this delivery fills, locked, the oldest first."""
    waiting = Vial.objects.select_for_update().standing().filter(site=site, state=Vial.State.ORDERED)
    return list(waiting.filter(mg=received.product.mg).order_by("created_at", "pk")[: received.count])


def _receive(
    site: Site,
    received: Received,
    serial: str,
    waiting: Vial | None,
    *,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None,
) -> Vial:
    facts = Facts(at=received.received_at, place=received.place)
    values = {"lot": received.lot, "expires_on": received.expires_on, "gtin": received.gtin, "serial": serial}
    try:
        with transaction.atomic():
            if waiting is not None:
                return _fill(waiting, values, facts, by=by, at=at, submission=submission)
            vial = Vial(site=site, product=received.product, mg=received.product.mg, **values)
            vial.state = Vial.State.RECEIVED
            return _begin(vial, Kind.RECEIVED, facts, by=by, at=at, submission=submission)
    except IntegrityError:
        raise KnownSerial(f"A vial with serial number {serial} is in the ledger already.") from None


def _begin(vial: Vial, kind: Kind, facts: Facts, *, by: Actor, at: datetime, submission: uuid.UUID | None) -> Vial:
    """Add a vial with the first row of its ledger."""
    vial.clean_fields(exclude={"site", "product", "created_at", "place", "reserved_for", "expires_on", "expected_on"})
    event = events.VIAL_ORDERED if kind is Kind.ORDERED else events.VIAL_RECEIVED
    vial = writing.add(vial, event=event, by=by, at=at)
    append(Held(vial, ()), kind, facts, by=by, at=at, submission=submission)
    return vial


def _fill(
    waiting: Vial, values: dict[str, Any], facts: Facts, *, by: Actor, at: datetime, submission: uuid.UUID | None
) -> Vial:
    """Receive a vial that was on order: it gets its lot and expiry, and a row in its ledger."""
    vial = writing.change(waiting, event=events.VIAL_RECEIVED, by=by, at=at, **values)
    append(hold(vial), Kind.RECEIVED, facts, by=by, at=at, submission=submission)
    return vial


def _key(submission: uuid.UUID | None, place: int) -> uuid.UUID | None:
    return None if submission is None else uuid.uuid5(submission, str(place))


def _need(reason: str) -> None:
    if not reason.strip():
        raise NoReason("Say why.")
