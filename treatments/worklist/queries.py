"""The one selector of the worklist. List and counts share it, so that a count equals its rows.

The conditions are the rule's own comparison, `treatments.rules.schedule_status.status_on`, in SQL over the days that
are stored with each next dose. The engine stores target, opening and closing day together or not at all.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Concat

from clinic.patients.choices import CareStatus, IdentifierKind
from clinic.patients.models import Identifier
from clinic.staff.models import Site
from treatments.courses.models import Booking, Dose, Hold, OfCourseQuerySet
from treatments.worklist.tabs import ABOUT, RULED, Tab, last_upcoming

PAGE_SIZE = 50
# Nobody works through more in a day; counting further would make the page slower the more patients a site has.
COUNTED = 200


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends: the order's day and the dose of its last row. Rows lie strictly beyond it."""

    day: date | None
    dose_id: uuid.UUID
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One open course by its next dose, which carries its patient. `main_identifier` is "kind:number", or None."""

    dose: Dose
    booked_on: date | None
    booked_at: time | None
    held_from: date | None
    hold_review: date | None
    main_identifier: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a tab, with what lies before and after it."""

    listed: tuple[Listed, ...]
    previous: Cursor | None
    next: Cursor | None


# Every next dose that belongs on the list, whatever its days. Built once: each request only adds sites and days.
LISTED = Dose.objects.standing().filter(
    is_next=True,
    course__stopped_on=None,
    course__voided_at=None,
    patient__care_status=CareStatus.ACTIVE,
    patient__voided_at=None,
)
_BOOKED = Exists(Booking.objects.standing().filter(dose=OuterRef("pk"), cancelled_at=None))
_HELD = Exists(Hold.objects.standing().filter(course=OuterRef("course"), ended_on=None))


def select(sites: Sequence[Site], tab: Tab, now: datetime) -> OfCourseQuerySet[Dose]:
    """Return the next doses of one tab at these sites, each site by its own local day."""
    return LISTED.filter(anywhere(sites, tab, now))


def anywhere(sites: Sequence[Site], tab: Tab, now: datetime) -> Q:
    """Return the tab's condition for all sites: those whose calendars show the same day share one."""
    by_day: dict[date, list[uuid.UUID]] = defaultdict(list)
    for site in sites:
        by_day[site.today(now)].append(site.pk)
    here = [
        (Q(site_id=ids[0]) if len(ids) == 1 else Q(site_id__in=ids)) & in_tab(tab, today)
        for today, ids in by_day.items()
    ]
    return reduce(or_, here) if here else Q(pk__in=[])


def in_tab(tab: Tab, today: date) -> Q:
    """Return the condition under which a next dose stands in this tab on a day.

    Where the rules of the six lights decide, it is the condition under which they are asked at all.
    """
    held = Q(_HELD)
    decision = Q(needs_review=True) | Q(target__isnull=True)
    for turn in ("review_from", "interrupted_from", "restart_from"):
        decision |= Q(**{f"{turn}__lte": today})
    by_plan = {
        Tab.OVERDUE: Q(closes__lt=today),
        Tab.DUE: Q(closes__gte=today, opens__lte=today),
        Tab.UPCOMING: Q(opens__gt=today, target__gt=today, target__lte=last_upcoming(today)),
        Tab.LATER: Q(opens__gt=today, target__gt=last_upcoming(today)),
    }
    if tab is Tab.ON_HOLD:
        return held
    if tab is Tab.DECISION:
        return ~held & decision
    if tab in by_plan:
        return ~held & ~decision & by_plan[tab]
    falling_due = ~held & ~decision & (by_plan[Tab.OVERDUE] | by_plan[Tab.DUE] | by_plan[Tab.UPCOMING])
    return falling_due & ~Q(_BOOKED) if tab is Tab.NO_BOOKING else falling_due


class _CappedCount(Subquery):
    """How many rows a subquery has; the subquery's own limit is where counting ends."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def counts(sites: Sequence[Site], now: datetime) -> dict[Tab, int]:
    """Return how many rows each tab has that the rows alone decide. One query.

    COUNTED + 1 stands for any number above COUNTED.
    """
    tabs = [tab for tab in ABOUT if tab not in RULED]
    if not sites:
        return dict.fromkeys(tabs, 0)
    columns = [_CappedCount(select(sites, tab, now).values("pk")[: COUNTED + 1]) for tab in tabs]
    (row,) = Site.objects.filter(pk=sites[0].pk).values_list(*columns)
    return dict(zip(tabs, row, strict=True))


def page(sites: Sequence[Site], tab: Tab, now: datetime, cursor: Cursor | None) -> Page:
    """Return one page of a tab beyond the cursor, the first page without one. One query."""
    column, backward = ABOUT[tab].order, cursor is not None and cursor.backward
    found = list(from_here(_with_facts(select(sites, tab, now)), tab, cursor)[: PAGE_SIZE + 1])
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backward:
        found.reverse()
    return _paged(found, column, cursor, more=more)


def from_here(doses: OfCourseQuerySet[Dose], tab: Tab, cursor: Cursor | None) -> OfCourseQuerySet[Dose]:
    """Return the doses beyond the cursor in the tab's order, backwards where the cursor looks back."""
    about = ABOUT[tab]
    if cursor is not None:
        doses = doses.filter(beyond(cursor, about.order, always_dated=about.always_dated))
    if cursor is not None and cursor.backward:
        return doses.order_by(F(about.order).desc(nulls_first=True), "-pk")
    return doses.order_by(F(about.order).asc(nulls_last=True), "pk")


def listed(dose_ids: Sequence[uuid.UUID]) -> tuple[Listed, ...]:
    """Return these next doses in this order. One query."""
    rows = {dose.pk: _listed(dose) for dose in _with_facts(LISTED.filter(pk__in=dose_ids))}
    return tuple(rows[dose_id] for dose_id in dose_ids if dose_id in rows)


def _listed(dose: Dose) -> Listed:
    return Listed(dose, *(getattr(dose, fact) for fact in _FACTS))


def _paged(found: list[Dose], column: str, cursor: Cursor | None, *, more: bool) -> Page:
    """Say what lies around the page: behind the direction of travel there is always the page one came from."""
    backward = cursor is not None and cursor.backward
    before, after = (more, True) if backward else (cursor is not None, more)
    if not found:
        return Page((), None, None)
    first = Cursor(getattr(found[0], column), found[0].pk, backward=True)
    last = Cursor(getattr(found[-1], column), found[-1].pk)
    return Page(tuple(map(_listed, found)), first if before else None, last if after else None)


def beyond(cursor: Cursor, column: str, *, always_dated: bool) -> Q:
    """Return the condition for rows beyond the cursor; rows without a day come last."""
    side, day = ("lt" if cursor.backward else "gt"), cursor.day
    same_day = Q(**{f"{column}__isnull": True} if day is None else {column: day}, **{f"pk__{side}": cursor.dose_id})
    if day is None:
        return same_day | Q(**{f"{column}__isnull": False}) if cursor.backward else same_day
    beyond = Q(**{f"{column}__{side}": day}) | same_day
    if always_dated:
        # Said once more as a plain bound, so that the index is entered where the page begins.
        return Q(**{f"{column}__{side}e": day}) & beyond
    return beyond if cursor.backward else beyond | Q(**{f"{column}__isnull": True})


# What a row shows or derives its status from; everything else stays in the database.
_SHOWN = (
    "site_id",
    "course_id",
    "label",
    "mg",
    "previous_on",
    "target",
    "opens",
    "closes",
    "review_from",
    "interrupted_from",
    "restart_from",
    "needs_review",
    "patient__given_name",
    "patient__family_name",
    "patient__born_on",
)
# In the order of Listed's own fields.
_FACTS = ("booked_on", "booked_at", "held_from", "hold_review", "main_identifier")


def _with_facts(doses: OfCourseQuerySet[Dose]) -> OfCourseQuerySet[Dose]:
    booking = FilteredRelation("bookings", condition=Q(bookings__cancelled_at=None, bookings__voided_at=None))
    hold = FilteredRelation("course__holds", condition=Q(course__holds__ended_on=None, course__holds__voided_at=None))
    return (
        doses.annotate(booking=booking, hold=hold)
        .annotate(
            booked_on=F("booking__on"),
            booked_at=F("booking__at_time"),
            held_from=F("hold__from_on"),
            hold_review=F("hold__review_on"),
            main_identifier=Subquery(_identifiers()[:1]),
        )
        .select_related("patient")
        .only(*_SHOWN)
    )


def _identifiers() -> QuerySet[Identifier, Any]:
    """Return a patient's numbers as "kind:number", in the order of the kinds, then of entry."""
    order = Case(*(When(kind=kind, then=place) for place, kind in enumerate(IdentifierKind.values)))
    numbers = Identifier.objects.standing().filter(patient=OuterRef("patient_id"))
    return numbers.order_by(order, "created_at", "value").values(text=Concat("kind", Value(":"), "value"))
