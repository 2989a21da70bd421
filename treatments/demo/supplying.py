"""The demonstration's vials and authorisations, told to the same services as real ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import cycle
from typing import Any

from clinic.audit.trail import Actor
from clinic.patients.choices import CareStatus
from clinic.staff.models import Site
from monographs import queries as monographs
from monographs.models import Product
from treatments.courses.models import Administration, Booking, Course
from treatments.rules.vials import Kind
from treatments.supply import services
from treatments.supply.models import Vial

SINCE = date(2010, 1, 1)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One site's supply as it is being told: who moves vials, and when it is now."""

    site: Site
    now: datetime
    by: Actor
    products: Mapping[Decimal, Product]

    @property
    def today(self) -> date:
        """Return the day at the site."""
        return self.site.today(self.now)

    def at(self, days: int) -> datetime:
        """Return nine in the morning so many days from now, never later than now."""
        morning = datetime.combine(self.today + timedelta(days=days), time(9), tzinfo=self.site.zone)
        return min(self.now, morning.astimezone(UTC))

    def back(self, hours: int) -> datetime:
        """Return the instant so many hours ago."""
        return self.now - timedelta(hours=hours)

    def vials(self, lot: str, *states: str) -> list[Vial]:
        """Return the vials of a lot that stand in one of these states."""
        return list(Vial.objects.standing().filter(site=self.site, lot=lot, state__in=states).order_by("serial", "pk"))


def supply(facts: Mapping[str, Any], sites: Mapping[str, Site], *, now: datetime, by: Actor) -> dict[str, int]:
    """Tell of the vials of every site and of the authorisations; return how many of each."""
    products = {product.mg: product for product in monographs.products_in_force()}
    for told in facts["vials"]:
        _stock(Shelf(sites[told["site"]], now, by, products), told)
    return {"vials": Vial.objects.count(), "authorisations": _authorise(facts["authorisations"], now=now, by=by)}


def _stock(shelf: Shelf, told: Mapping[str, Any]) -> None:
    source = "Demonstration: the usual days, and the hours of the region’s label"
    services.set_policy(
        site=shelf.site, effective_from=SINCE, source=source, label=told["label"], by=shelf.by, at=shelf.at(-400)
    )
    for delivery in told["deliveries"]:
        _receive(shelf, delivery)
    for order in told["orders"]:
        _order(shelf, order)
    for move in told["moves"]:
        _MOVES[move["do"]](shelf, move)
    lots = _give(shelf, told["given"])
    if lots and "recalled" in told:
        _recall(shelf, lots[0], told["recalled"])


def _receive(shelf: Shelf, facts: Mapping[str, Any]) -> None:
    at, count = shelf.at(facts["received"]), facts["count"]
    received = services.Received(
        product=shelf.products[Decimal(facts["mg"])],
        lot=facts["lot"],
        expires_on=shelf.today + timedelta(days=facts["expires"]),
        count=count,
        received_at=at,
        gtin=facts.get("gtin", ""),
        serials=tuple(f"{facts['lot'][-4:]}{number:04d}" for number in range(1, count + 1) if "serials" in facts),
        place=facts["place"],
    )
    services.receive_vials(site=shelf.site, received=received, by=shelf.by, at=at)


def _order(shelf: Shelf, facts: Mapping[str, Any]) -> None:
    services.order_vials(
        site=shelf.site,
        product=shelf.products[Decimal(facts["mg"])],
        count=facts["count"],
        expected_on=shelf.today + timedelta(days=facts["expected"]),
        reference=facts["reference"],
        by=shelf.by,
        at=shelf.at(facts["ordered"]),
    )


def _reserve(shelf: Shelf, facts: Mapping[str, Any]) -> None:
    """Reserve vials for the next booked doses of their strength; as many as there are of both."""
    vials = shelf.vials(facts["lot"], "received")[: facts["count"]]
    bookings = Booking.objects.standing().filter(
        site=shelf.site,
        cancelled_at=None,
        on__gte=shelf.today,
        dose__is_next=True,
        dose__mg=vials[0].mg if vials else 0,
        dose__course__stopped_on=None,
        dose__reserved_vials=None,
        patient__care_status=CareStatus.ACTIVE,
    )
    for vial, booking in zip(vials, bookings.select_related("dose").order_by("on", "pk"), strict=False):
        services.reserve(vial=vial, dose=booking.dose, by=shelf.by, at=shelf.back(facts["hours"]))


def _take_out(shelf: Shelf, facts: Mapping[str, Any]) -> None:
    for vial in _some(shelf, facts, "reserved", "received"):
        bare = facts.get("bare", False)
        at = shelf.back(facts["hours"])
        services.take_out(vial=vial, in_carton=not bare, place="Day ward", by=shelf.by, at=at)


def _draw_up(shelf: Shelf, facts: Mapping[str, Any]) -> None:
    for vial in _some(shelf, facts, "out"):
        services.draw_up(vial=vial, by=shelf.by, at=shelf.back(facts["hours"]))


def _end(shelf: Shelf, facts: Mapping[str, Any], *, kind: Kind) -> None:
    for vial in _some(shelf, facts, "received"):
        said = services.Facts(code=facts.get("code", ""), reason=facts["reason"])
        services.move(vial=vial, kind=kind, facts=said, by=shelf.by, at=shelf.back(facts["hours"]))


def _some(shelf: Shelf, facts: Mapping[str, Any], *states: str) -> Iterator[Vial]:
    """Yield as many vials of the lot as are asked for, those in the first of the states before the others."""
    found = [vial for state in states for vial in shelf.vials(facts["lot"], state)]
    yield from found[: facts["count"]]


_MOVES: dict[str, Callable[[Shelf, Mapping[str, Any]], None]] = {
    "reserve": _reserve,
    "take_out": _take_out,
    "draw_up": _draw_up,
    "waste": partial(_end, kind=Kind.WASTED),
    "return": partial(_end, kind=Kind.RETURNED),
    "quarantine": partial(_end, kind=Kind.QUARANTINED),
}


def _give(shelf: Shelf, count: int) -> list[Vial]:
    """Enter the vials of the last doses given here, as their records name them, and say that they were given."""
    given = Administration.objects.standing().filter(site=shelf.site, elsewhere=False, given_at__isnull=False)
    vials = []
    for row in given.select_related("dose").order_by("-given_on", "pk")[:count]:
        if row.given_at is None or row.vial_expires_on is None or row.mg is None:
            continue
        at = row.given_at - timedelta(days=20)
        received = services.Received(
            product=shelf.products[row.mg],
            lot=row.lot,
            expires_on=row.vial_expires_on,
            count=1,
            received_at=at,
            place="Pharmacy refrigerator 1",
            off_the_order=False,
        )
        (vial,) = services.receive_vials(site=shelf.site, received=received, by=shelf.by, at=at)
        services.give(vial=vial, administration=row, by=shelf.by, at=max(row.given_at, row.created_at))
        vials.append(vial)
    return vials


def _recall(shelf: Shelf, given: Vial, facts: Mapping[str, Any]) -> None:
    """Put more vials of a lot that was given on the shelf, and hold them back as a recall does."""
    if given.expires_on is None:
        return
    at, recalled_at = shelf.back(24 * 30), shelf.back(facts["hours"])
    received = services.Received(
        product=given.product,
        lot=given.lot,
        expires_on=given.expires_on,
        count=facts["count"],
        received_at=at,
        place=facts["place"],
        off_the_order=False,
    )
    services.receive_vials(site=shelf.site, received=received, by=shelf.by, at=at)
    reason, sites = facts["reason"], [shelf.site.pk]
    services.quarantine_lot(lot=given.lot, sites=sites, reason=reason, by=shelf.by, at=recalled_at)


def _authorise(told: list[Any], *, now: datetime, by: Actor) -> int:
    """Give every open course one of the authorisations in turn."""
    courses = Course.objects.standing().filter(stopped_on=None, patient__care_status=CareStatus.ACTIVE)
    count = 0
    for course, facts in zip(
        courses.select_related("patient__site").order_by("patient__sort_name"), cycle(told), strict=False
    ):
        if facts != "none":
            count += 1
            _register(course, facts, count, now=now, by=by)
    return count


def _register(course: Course, facts: Mapping[str, Any], number: int, *, now: datetime, by: Actor) -> None:
    today = course.patient.site.today(now)
    register = partial(services.register_authorisation, patient=course.patient, by=by)

    def letter(said: Mapping[str, Any], reference: str) -> services.AuthorisationFacts:
        first, last = (today + timedelta(days=said[end]) for end in ("from", "until"))
        return services.AuthorisationFacts(facts["payer"], reference, first, last, said["doses"])

    reference = f"A{number:04d}"
    if "before" in facts:
        earlier = register(facts=letter(facts["before"], f"{reference}-1"), at=_then(now, facts["before"]["from"]))
        renewal = letter(facts, f"{reference}-2")
        services.renew_authorisation(renewed=earlier, facts=renewal, by=by, at=_then(now, facts["from"]))
        return
    if "wrong" in facts:
        slip = register(facts=letter(facts, f"{reference}-0"), at=_then(now, facts["from"]))
        reason = "Entered for the wrong patient"
        services.void_authorisation(authorisation=slip, reason=reason, by=by, at=_then(now, facts["wrong"]))
    register(facts=letter(facts, reference), at=_then(now, facts["from"]))


def _then(now: datetime, days: int) -> datetime:
    return now + timedelta(days=min(days, 0))
