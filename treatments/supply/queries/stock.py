"""The list of vials, what is on hand by strength, and what expires soon."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from clinic import formatting, statuses
from clinic.staff.models import Site, User
from clinic.statuses import Status
from treatments.rules import vials as rules
from treatments.supply.models import Vial, VialQuerySet
from treatments.supply.queries.ledgers import facts_of, policies_of

PAGE = 50
ALL, ON_HAND = "all", ""
_LAST = date(9999, 12, 31)
_ON_HAND = [state.value for state in rules.ON_HAND]
_USABLE = [state.value for state in rules.USABLE]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which vials are asked for; empty means all. `state` "" is what is on hand, "all" the whole ledger."""

    state: str = ON_HAND
    mg: Decimal | None = None
    lot: str = ""
    days: int | None = None
    site: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list, next to which a page begins: after it, or `backward` before it."""

    last_day: date
    vial_id: uuid.UUID
    backward: bool = False


@dataclass(frozen=True, slots=True)
class VialRow:
    """One vial of the list. `dose_id` and `patient` say whom it is reserved for; `stray`: that dose is past."""

    id: uuid.UUID
    name: str
    serial: str
    strength: str
    expires: str
    near: str
    status: Status
    reasons: tuple[str, ...]
    place: str
    site: str
    dose_id: uuid.UUID | None
    dose: str
    patient: str
    stray: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 vials, the first to expire first, and where the pages beside this one begin."""

    rows: tuple[VialRow, ...]
    previous: Cursor | None
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class StrengthLine:
    """What is there of one strength. `free` can be reserved today; `unusable` is on hand and cannot be given."""

    mg: Decimal
    strength: str
    free: int
    reserved: int
    quarantined: int
    unusable: int
    expiring: int
    ordered: int

    @property
    def on_hand(self) -> int:
        """Return how many stand on the shelves, usable or not."""
        return self.free + self.reserved + self.quarantined + self.unusable


@dataclass(frozen=True, slots=True)
class VialEnd:
    """When the expiry of a vial is to be told, for whoever reminds of it; `settled` says why nobody has to any more."""

    id: uuid.UUID
    site_id: uuid.UUID
    expires_on: date | None
    days_before: int
    settled: str
    created_at: datetime


def page(user: User, asked: Asked, cursor: Cursor | None, now: datetime) -> Page:
    """Return one page of the vials at the sites whose supply this person sees. Four queries."""
    backward = cursor is not None and cursor.backward
    vials = _asked(Vial.objects.seen_by(user).standing(), asked, now)
    by_day = vials.annotate(last_day=Coalesce("expires_on", Value(_LAST))).filter(_beyond(cursor))
    ordered = by_day.order_by("-last_day", "-pk") if backward else by_day.order_by("last_day", "pk")
    found = list(ordered.select_related("site", "product", "reserved_for__patient", "reserved_for__course")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if backward:
        found.reverse()
    facts = facts_of(found, now.date())
    ends = (_cursor(found[0], backward=True), _cursor(found[-1], backward=False)) if found else (None, None)
    return Page(
        rows=tuple(row_of(vial, facts[vial.pk], now) for vial in found),
        previous=ends[0] if (more if backward else cursor is not None) else None,
        next=ends[1] if (backward or more) else None,
    )


def _asked(vials: VialQuerySet, asked: Asked, now: datetime) -> VialQuerySet:
    if asked.state == ON_HAND:
        vials = vials.filter(state__in=_ON_HAND)
    elif asked.state != ALL:
        vials = vials.filter(state=asked.state)
    wanted = {"mg": asked.mg, "lot__iexact": asked.lot, "site": asked.site}
    vials = vials.filter(**{name: value for name, value in wanted.items() if value})
    if asked.days is not None:
        vials = vials.filter(expires_on__lte=now.date() + timedelta(days=asked.days))
    return vials


def _beyond(cursor: Cursor | None) -> Q:
    if cursor is None:
        return Q()
    side = "lt" if cursor.backward else "gt"
    same = Q(**{"last_day": cursor.last_day, f"pk__{side}": cursor.vial_id})
    return Q(**{f"last_day__{side}": cursor.last_day}) | same


def _cursor(vial: Vial, *, backward: bool) -> Cursor:
    return Cursor(vial.expires_on or _LAST, vial.pk, backward)


def row_of(vial: Vial, facts: rules.Vial, now: datetime) -> VialRow:
    """Return one vial, ready to show; what it is reserved for must be joined. No query."""
    today = vial.site.today(now)
    reasons, dose = unusable(vial, facts, today, now), vial.reserved_for
    return VialRow(
        id=vial.pk,
        name=vial.lot or vial.order_reference or "On order",
        serial=vial.serial,
        strength=formatting.quantity(vial.mg, "mg"),
        expires="" if vial.expires_on is None else formatting.day(vial.expires_on),
        near=_near(vial, today),
        status=statuses.VIAL["unusable" if reasons else vial.state],
        reasons=reasons,
        place=vial.place,
        site=vial.site.name,
        dose_id=vial.reserved_for_id,
        dose="" if dose is None else dose.label,
        patient="" if dose is None else formatting.full_name(dose.patient.family_name, dose.patient.given_name),
        stray=dose is not None and not (dose.is_to_come and dose.course.is_open and dose.patient.in_care),
    )


def unusable(vial: Vial, facts: rules.Vial, today: date, now: datetime) -> tuple[str, ...]:
    """Return why a vial that stands in stock cannot be given to anybody any more: its day or a clock has passed."""
    if vial.state not in _USABLE:
        return ()
    dose = "" if vial.reserved_for_id is None else str(vial.reserved_for_id)
    expired = vial.expires_on is not None and vial.expires_on < today
    day = vial.expires_on if expired and vial.expires_on else today
    over = rules.unfit(facts, mg=vial.mg, day=day, at=now, dose=dose)
    return ((f"Expired on {formatting.day(day)}.",) if expired else ()) + over


def _near(vial: Vial, today: date) -> str:
    if vial.expires_on is None:
        return "" if vial.expected_on is None else f"expected {formatting.day(vial.expected_on)}"
    if vial.state not in _ON_HAND:
        return ""
    if vial.expires_on < today:
        return f"expired {formatting.since(vial.expires_on, today)}"
    return f"expires {formatting.until(vial.expires_on, today)}"


def strengths(sites: Collection[Site], now: datetime) -> tuple[StrengthLine, ...]:
    """Return what is there by strength at these sites. Five queries, however many vials."""
    states = [Vial.State.ORDERED.value, *_ON_HAND]
    vials = Vial.objects.standing().filter(site__in=[site.pk for site in sites], state__in=states)
    found = list(vials.select_related("product", "site"))
    facts, policies = facts_of(found, now.date()), policies_of({site.pk for site in sites}, now.date())
    counts: dict[Decimal, Counter[str]] = defaultdict(Counter)
    for vial in found:
        counts[vial.mg].update(_counted(vial, facts[vial.pk], policies[vial.site_id].expiring_days, now))
    return tuple(_line(mg, counts[mg]) for mg in sorted(counts))


def _counted(vial: Vial, facts: rules.Vial, expiring_days: int, now: datetime) -> Iterable[str]:
    """Yield under what a vial is counted: one thing it is, and perhaps that it expires soon."""
    today = vial.site.today(now)
    if vial.state in {Vial.State.ORDERED, Vial.State.QUARANTINED}:
        yield vial.state
        return
    if unusable(vial, facts, today, now):
        yield "unusable"
        return
    yield "reserved" if vial.reserved_for_id else "free"
    if vial.expires_on is not None and vial.expires_on - timedelta(days=expiring_days) <= today:
        yield "expiring"


def _line(mg: Decimal, counts: Mapping[str, int]) -> StrengthLine:
    return StrengthLine(
        mg=mg,
        strength=formatting.quantity(mg, "mg"),
        free=counts["free"],
        reserved=counts["reserved"],
        quarantined=counts["quarantined"],
        unusable=counts["unusable"],
        expiring=counts["expiring"],
        ordered=counts["ordered"],
    )


def vial_ends(
    site_ids: Collection[uuid.UUID], day: date, only: Collection[uuid.UUID] | None = None
) -> tuple[VialEnd, ...]:
    """Return the vials on hand at these sites with what tells of their expiry, or those of `only`. Two queries."""
    policies = policies_of(set(site_ids), day)
    vials = Vial.objects.filter(site__in=site_ids)
    if only is None:
        furthest = max((policy.expiring_days for policy in policies.values()), default=0)
        vials = vials.standing().filter(state__in=_ON_HAND, expires_on__lte=day + timedelta(days=furthest))
    else:
        vials = vials.filter(pk__in=only)
    return tuple(
        VialEnd(
            id=vial.pk,
            site_id=vial.site_id,
            expires_on=vial.expires_on,
            days_before=policies[vial.site_id].expiring_days,
            settled=_settled(vial),
            created_at=vial.created_at,
        )
        for vial in vials.order_by("expires_on", "pk")
    )


def _settled(vial: Vial) -> str:
    if vial.voided_at is not None:
        return "The vial was taken out of the ledger."
    return "" if vial.state in _ON_HAND else f"The vial is no longer in stock: {vial.get_state_display().lower()}."
