"""What the coming months need of each strength, from every open course's projected doses, against what there is."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from clinic import formatting
from clinic.patients.choices import CareStatus
from clinic.staff.models import Site
from monographs.rules.dates import add_months
from treatments.courses.models import Administration, Booking, Course, Hold
from treatments.courses.series import attempts_of, policy_of
from treatments.rules import supply as rules
from treatments.rules import vials as vial_rules
from treatments.rules.schedule import Series, project
from treatments.rules.supply import Month, Need, Stocked
from treatments.supply.models import Vial
from treatments.supply.queries.ledgers import facts_of
from treatments.supply.queries.stock import unusable

MONTHS_AHEAD = 6
_KEPT = [Vial.State.ORDERED.value, *sorted(state.value for state in vial_rules.USABLE)]


@dataclass(frozen=True, slots=True)
class DemandRow:
    """One month of one strength, ready to show."""

    month: str
    needed: int
    booked: int
    projected: int
    from_stock: int
    from_order: int
    short: int


@dataclass(frozen=True, slots=True)
class DemandTable:
    """One strength over the months. `stock` and `ordered` are what can be used of it today."""

    strength: str
    stock: int
    ordered: int
    short: int
    rows: tuple[DemandRow, ...]


@dataclass(frozen=True, slots=True)
class DemandPage:
    """The demand of one site. `held` and `waiting` courses are left out, because their dates are not known."""

    tables: tuple[DemandTable, ...]
    courses: int
    held: int
    waiting: int


def demand_at(site: Site, now: datetime) -> DemandPage:
    """Return what a site's open courses need in the coming months. Eight queries, however many courses.

    A booked dose is needed on its booked day, any other on its target. Courses on hold, and those that wait for a
    prescriber, have no dates to count on.
    """
    today = site.today(now)
    courses = _courses(site)
    until = add_months(today.replace(day=1), MONTHS_AHEAD) - timedelta(days=1)
    booked = _booked(site)
    needs: list[Need] = []
    waiting = 0
    going_on = [(course, series) for course, series in courses if not series.held]
    for course, series in going_on:
        found = list(_needs(series, booked.get(course.pk), today, until))
        waiting += not found and not project(series, today, count=1)
        needs += found
    stock = _stock(site, today, now)
    months = rules.demand(needs, stock, today, MONTHS_AHEAD)
    return DemandPage(tuple(_tables(months, stock)), len(courses), len(courses) - len(going_on), waiting)


def _needs(series: Series, booked_on: date | None, today: date, until: date) -> Iterator[Need]:
    for place, dose in enumerate(project(series, today, until=until)):
        first_is_booked = place == 0 and booked_on is not None
        yield Need(dose.mg, booked_on if first_is_booked and booked_on else dose.target, booked=first_is_booked)


def _courses(site: Site) -> list[tuple[Course, Series]]:
    """Return every open course of a patient in care with its series. Three queries."""
    found = Course.objects.standing().filter(site=site, stopped_on=None, patient__care_status=CareStatus.ACTIVE)
    courses = list(found.select_related("regimen__version", "policy").order_by("pk"))
    keys = [course.pk for course in courses]
    attempts: dict[uuid.UUID, list[Administration]] = defaultdict(list)
    for row in Administration.objects.standing().filter(course__in=keys):
        attempts[row.course_id].append(row)
    held = set(Hold.objects.standing().filter(course__in=keys, ended_on=None).values_list("course_id", flat=True))
    return [
        (
            course,
            Series(
                regimen=course.regimen.rule(),
                attempts=attempts_of(attempts[course.pk]),
                policy=policy_of(course.policy),
                planned_start=course.planned_start,
                held=course.pk in held,
            ),
        )
        for course in courses
    ]


def _booked(site: Site) -> dict[uuid.UUID, date]:
    """Return the booked day of each course's next dose."""
    rows = Booking.objects.standing().filter(site=site, cancelled_at=None, dose__is_next=True)
    return dict(rows.values_list("dose__course_id", "on"))


def _stock(site: Site, today: date, now: datetime) -> list[Stocked]:
    """Return what can be used today or is on order; what is in quarantine counts for nothing. Four queries."""
    found = Vial.objects.standing().filter(site=site, state__in=_KEPT).select_related("product", "site")
    vials = list(found)
    facts = facts_of(vials, today)
    return [Stocked(vial.mg, vial.expires_on) for vial in vials if not unusable(vial, facts[vial.pk], today, now)]


def _tables(months: Iterable[Month], stock: Iterable[Stocked]) -> Iterator[DemandTable]:
    by_strength: dict[Decimal, list[Month]] = defaultdict(list)
    for month in months:
        by_strength[month.mg].append(month)
    for mg, found in by_strength.items():
        mine = [vial for vial in stock if vial.mg == mg]
        ordered = sum(vial.expires_on is None for vial in mine)
        yield DemandTable(
            strength=formatting.quantity(mg, "mg"),
            stock=len(mine) - ordered,
            ordered=ordered,
            short=sum(month.short for month in found),
            rows=tuple(_row(month) for month in found),
        )


def _row(month: Month) -> DemandRow:
    return DemandRow(
        month=f"{formatting.MONTHS[month.first.month - 1]} {month.first.year}",
        needed=month.needed,
        booked=month.booked,
        projected=month.projected,
        from_stock=month.from_stock,
        from_order=month.from_order,
        short=month.short,
    )
