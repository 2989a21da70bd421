"""Is there a vial for this dose? For one dose in full, for a list of them in a constant number of queries."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q

from clinic import formatting, statuses
from clinic.statuses import Status
from treatments.courses.models import Booking, Dose
from treatments.rules import vials as rules
from treatments.rules.lights import Lit
from treatments.rules.supply import DrugFacts, drug_light
from treatments.supply.models import Vial
from treatments.supply.queries.authorisations import Wanted, authorisation_lights
from treatments.supply.queries.ledgers import facts_of

_KEPT = [Vial.State.ORDERED.value, *sorted(state.value for state in rules.ON_HAND)]


@dataclass(frozen=True, slots=True)
class Choice:
    """A vial that might be reserved for a dose. `reasons` say why it cannot; it is offered without any.

    `is_chosen`: it is reserved for this very dose already.
    """

    id: uuid.UUID
    name: str
    place: str
    expires: str
    status: Status
    reasons: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class LightLine:
    """One light ready for `components/light.html`."""

    about: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class DosePanel:
    """What a dose's own page shows of its supply. `vial_id` is the reserved vial's, None without one."""

    dose_id: uuid.UUID
    patient_id: uuid.UUID
    drug: LightLine
    authorisation: LightLine
    vial_id: uuid.UUID | None
    vial: str


def wanted_for(doses: Sequence[Dose], now: datetime) -> tuple[Wanted, ...]:
    """Return what each of these doses wants: its booked day, else its target, never before today. One query.

    The site must be joined.
    """
    bookings = Booking.objects.standing().filter(dose__in=[dose.pk for dose in doses], cancelled_at=None)
    booked = dict(bookings.values_list("dose_id", "on"))
    return tuple(_wanted(dose, booked.get(dose.pk), dose.site.today(now)) for dose in doses)


def _wanted(dose: Dose, booked_on: date | None, today: date) -> Wanted:
    planned = booked_on or dose.target
    day = today if planned is None else max(planned, today)
    return Wanted(dose.pk, dose.patient_id, dose.site_id, dose.mg, day)


def drug_lights(wanted: Collection[Wanted], now: datetime) -> dict[uuid.UUID, Lit]:
    """Return how the drug's light stands for each dose, by the dose's key. Four queries, however many doses."""
    if not wanted:
        return {}
    vials = _kept(wanted)
    facts = facts_of(vials, now.date())
    shelves: dict[tuple[uuid.UUID, Decimal], list[Vial]] = defaultdict(list)
    for vial in vials:
        shelves[vial.site_id, vial.mg].append(vial)
    reserved = {vial.reserved_for_id: vial for vial in vials if vial.reserved_for_id}
    return {
        one.dose_id: drug_light(
            _drug_facts(one, reserved.get(one.dose_id), shelves.get((one.site_id, one.mg), ()), facts, now)
        )
        for one in wanted
    }


def _kept(wanted: Iterable[Wanted]) -> list[Vial]:
    """Return every vial on order or on hand where these doses are given: of one strength or of the wrong one."""
    sites = {one.site_id for one in wanted}
    return list(Vial.objects.standing().filter(site__in=sites, state__in=_KEPT).select_related("product"))


def _drug_facts(
    one: Wanted, mine: Vial | None, shelf: Sequence[Vial], facts: dict[uuid.UUID, rules.Vial], now: datetime
) -> DrugFacts:
    """Return what stands ready for one dose, from what stands on its shelf."""
    key = str(one.dose_id)
    free = rejected = ordered = 0
    for vial in shelf:
        if vial.state == Vial.State.ORDERED:
            ordered += 1
        elif vial.reserved_for_id is None:
            usable = not rules.unfit(facts[vial.pk], mg=one.mg, day=one.day, at=now, dose=key)
            free, rejected = free + usable, rejected + (not usable)
    unfit: tuple[str, ...] = ()
    if mine is not None:
        unfit = rules.unfit(facts[mine.pk], mg=one.mg, day=one.day, at=now, dose=key, to_the_minute=False)
    return DrugFacts(one.mg, one.day, mine is not None, unfit, free, rejected, ordered)


def choices_for(one: Wanted, now: datetime) -> tuple[Choice, ...]:
    """Return the vials of the dose's strength on hand, those that can be chosen first, by their last day.

    Those that cannot are named with every reason: a vial that is on the shelf and not offered is asked about.
    """
    vials = [vial for vial in _kept([one]) if vial.mg == one.mg and vial.state != Vial.State.ORDERED]
    facts, key = facts_of(vials, now.date()), str(one.dose_id)
    found = []
    for vial in sorted(vials, key=lambda vial: (vial.expires_on or date.max, vial.lot, vial.pk)):
        reasons = rules.unfit(facts[vial.pk], mg=one.mg, day=one.day, at=now, dose=key)
        found.append(_choice(vial, reasons, is_chosen=vial.reserved_for_id == one.dose_id))
    return tuple(sorted(found, key=lambda choice: bool(choice.reasons)))


def _choice(vial: Vial, reasons: tuple[str, ...], *, is_chosen: bool) -> Choice:
    return Choice(
        id=vial.pk,
        name=f"Lot {vial.lot}" + (f", serial {vial.serial}" if vial.serial else ""),
        place=vial.place or formatting.NOT_RECORDED,
        expires=formatting.NOT_RECORDED if vial.expires_on is None else formatting.day(vial.expires_on),
        status=statuses.VIAL[vial.state],
        reasons=reasons,
        is_chosen=is_chosen,
    )


def vial_of_lot(dose: Dose, lot: str, expires_on: date) -> Vial | None:
    """Return a vial at the dose's site that is of this lot and day and can be given: the dose's own before a free one.

    None where the ledger has no such vial: what was given is recorded all the same.
    """
    free = Vial.objects.standing().filter(
        site_id=dose.site_id,
        lot__iexact=lot,
        expires_on=expires_on,
        state__in=[state.value for state in rules.USABLE],
    )
    own_first = F("reserved_for").asc(nulls_last=True)
    return free.filter(Q(reserved_for=None) | Q(reserved_for=dose)).order_by(own_first, "state", "pk").first()


def unfit_for(vial: Vial, dose: Dose, mg: Decimal, day: date, at: datetime) -> tuple[str, ...]:
    """Return why a vial should not be given for a dose, as sentences that stay the same while somebody reads them.

    Nothing is said of a vial that is gone, held back or another dose's: no reason lets that be recorded.
    """
    facts = facts_of([vial], day)[vial.pk]
    standing = rules.stand(facts.moves)  # the vial itself may have been read a while ago
    if standing.state not in rules.USABLE or standing.dose not in {"", str(dose.pk)}:
        return ()
    return rules.unfit(facts, mg=mg, day=day, at=at, dose=str(dose.pk), to_the_minute=False)


def dose_panel(dose: Dose, now: datetime) -> DosePanel:
    """Return what a dose's page shows of its vial and its authorisation. Nine queries."""
    (one,) = wanted_for([dose], now)
    vial = Vial.objects.standing().filter(reserved_for=dose).first()
    return DosePanel(
        dose_id=dose.pk,
        patient_id=dose.patient_id,
        drug=_line("Drug", drug_lights([one], now)[dose.pk]),
        authorisation=_line("Authorisation", authorisation_lights([one])[dose.pk]),
        vial_id=None if vial is None else vial.pk,
        vial="" if vial is None else str(vial),
    )


def _line(about: str, lit: Lit) -> LightLine:
    return LightLine(about, statuses.LIGHT[lit.signal.value], lit.reason)
