"""One vial's page: what it is, its clocks with what is left, and its whole ledger."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.db.models import F, FilteredRelation, Q

from clinic import formatting, statuses
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.statuses import Status
from monographs.rules.product import Storage, in_words
from treatments.courses.models import Dose
from treatments.rules import vials as rules
from treatments.rules.vials import Clock, Kind
from treatments.supply.models import Movement, Vial
from treatments.supply.queries.ledgers import facts_of
from treatments.supply.queries.stock import VialRow, row_of

MOST_DOSES = 12
_TOWARDS_A_DOSE = frozenset({Kind.RESERVED, Kind.DRAWN, Kind.GIVEN})


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One storage clock in words. `ends` says when it runs out, "" while it stands still."""

    about: str
    used: str
    limit: str
    left: str
    ends: str
    tone: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One move, ready to show. `undone` is why it was taken back, "" where it stands."""

    number: int
    when: str
    what: str
    state: Status
    details: tuple[str, ...]
    by: str
    dose_id: uuid.UUID | None
    dose: str
    patient: str
    undone: str


@dataclass(frozen=True, slots=True)
class VialPage:
    """Everything on one vial's page. `possible` are the moves that can be made, in the order of the work."""

    row: VialRow
    title: str
    facts: tuple[tuple[str, str], ...]
    clocks: tuple[ClockRow, ...]
    unconfirmed: str
    ledger: tuple[LedgerRow, ...]
    possible: tuple[Kind, ...]
    is_correctable: bool
    is_voidable: bool
    void_reason: str
    doses: tuple["DoseToCome", ...]


@dataclass(frozen=True, slots=True)
class DoseToCome:
    """A dose of this vial's strength at this site that has no vial yet."""

    id: uuid.UUID
    label: str
    patient: str
    when: str


def vial_page(vial: Vial, now: datetime) -> VialPage:
    """Return a vial as it is now; its site, product and what it is reserved for must be joined. Six queries."""
    facts = facts_of([vial], vial.site.today(now))[vial.pk]
    standing = rules.stand(facts.moves)
    zone, voided = vial.site.zone, vial.voided_at is not None
    row = row_of(vial, facts, now)
    legal = () if voided else rules.possible(standing)
    # What cannot be given is not drawn up either; it is wasted, returned or looked into.
    possible = tuple(kind for kind in legal if not (row.reasons and kind in _TOWARDS_A_DOSE))
    return VialPage(
        row=row,
        title=f"{formatting.quantity(vial.mg, 'mg')}, {f'lot {vial.lot}' if vial.lot else 'on order'}",
        facts=tuple(_facts(vial, facts.storage, facts.label)),
        clocks=tuple(_clock(clock, now, zone) for clock in rules.clocks(facts, now) if vial.lot),
        unconfirmed="" if facts.storage.confirmed else facts.storage.note,
        ledger=tuple(_ledger(vial, zone)),
        possible=possible,
        is_correctable=not voided and standing.state in {*rules.ON_HAND, rules.State.ORDERED},
        is_voidable=not voided and standing.state in {rules.State.ORDERED, rules.State.RECEIVED},
        void_reason=vial.void_reason,
        doses=_doses(vial) if Kind.RESERVED in possible and not row.reasons else (),
    )


def _facts(vial: Vial, storage: Storage, label: str) -> Iterable[tuple[str, str]]:
    yield "Product", vial.product.name
    yield "Lot", vial.lot or "not known yet"
    yield "Vial expiry", "not known yet" if vial.expires_on is None else formatting.day(vial.expires_on)
    yield "Serial number", vial.serial or formatting.NOT_RECORDED
    yield "GTIN", vial.gtin or formatting.NOT_RECORDED
    yield "Place", vial.place or formatting.NOT_RECORDED
    if vial.order_reference:
        yield "Order", vial.order_reference
    if vial.expected_on and not vial.lot:
        yield "Expected", formatting.day(vial.expected_on)
    yield "Refrigerator", f"{formatting.number(storage.coldest)} to {formatting.quantity(storage.warmest, '°C')}"
    yield "After drawing up", f"to be given within {in_words(storage.drawn_up_limit(label))}"


def _clock(clock: Clock, now: datetime, zone: tzinfo) -> ClockRow:
    tone = "neutral"
    if clock.is_over:
        tone = "danger"
    elif clock.running:
        tone = "attention"
    return ClockRow(
        about=clock.about,
        used=rules.duration(clock.used),
        limit=in_words(clock.limit),
        left="used up" if clock.is_over else rules.duration(clock.left),
        ends=formatting.moment(now + clock.left, zone) if clock.running and not clock.is_over else "",
        tone=tone,
    )


def _ledger(vial: Vial, zone: tzinfo) -> Iterable[LedgerRow]:
    """Yield the moves, the latest first."""
    rows = Movement.objects.filter(vial=vial).select_related("dose__patient").order_by("-number")
    for row in rows:
        yield LedgerRow(
            number=row.number,
            when=formatting.moment(row.happened_at, zone),
            what=_what(row),
            state=statuses.VIAL[row.state],
            details=tuple(_details(row, zone)),
            by=row.done_by,
            dose_id=row.dose_id,
            dose="" if row.dose is None else row.dose.label,
            patient="" if row.dose is None else _name(row.dose.patient),
            undone=row.void_reason,
        )


def _what(row: Movement) -> str:
    if row.kind == Movement.Kind.TAKEN_OUT:
        return f"{row.get_kind_display()}, {'in its carton' if row.in_carton else 'without its carton'}"
    return row.get_kind_display()


def _details(row: Movement, zone: tzinfo) -> Iterable[str]:
    if row.reason_code:
        yield row.get_reason_code_display()
    if row.reason and row.reason != row.get_reason_code_display():
        yield row.reason
    if row.place:
        yield row.place
    if row.created_at != row.happened_at:
        yield f"written down {formatting.moment(row.created_at, zone)}"


def _doses(vial: Vial) -> tuple[DoseToCome, ...]:
    """Return the next doses that this vial could be: the booked ones first, then by their target. One query."""
    booking = FilteredRelation("bookings", condition=Q(bookings__cancelled_at=None, bookings__voided_at=None))
    doses = Dose.objects.standing().filter(site=vial.site_id, mg=vial.mg, is_next=True, reserved_vials=None)
    doses = doses.filter(course__stopped_on=None, course__voided_at=None, patient__care_status=CareStatus.ACTIVE)
    if vial.expires_on is not None:
        doses = doses.filter(target__lte=vial.expires_on)
    dated = doses.annotate(booking=booking).annotate(booked_on=F("booking__on")).select_related("patient")
    found = dated.order_by(F("booked_on").asc(nulls_last=True), "target", "pk")[:MOST_DOSES]
    return tuple(DoseToCome(dose.pk, dose.label, _name(dose.patient), _when(dose, dose.booked_on)) for dose in found)


def _when(dose: Dose, booked_on: date | None) -> str:
    if booked_on is not None:
        return f"booked for {formatting.day(booked_on)}"
    return "no date" if dose.target is None else f"target {formatting.day(dose.target)}"


def _name(patient: Patient) -> str:
    return formatting.full_name(patient.family_name, patient.given_name)
