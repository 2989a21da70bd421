"""The facts that reminders about doses depend on, read in sets: a query count that does not grow with doses."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.patients.choices import CareStatus
from clinic.staff.models import Site
from treatments.courses.models import Administration, Dose, Hold, OfCourseQuerySet
from treatments.readiness.queries import labs_due, missing_values
from treatments.reminders.queries.sites import SiteDay
from treatments.rules.reminders import DoseFacts, Waiting

AT_ONCE = 1000
"""How many ids go into one query; SQLite takes no more than 32,766 values."""


def watched(
    sites: Collection[SiteDay], furthest: int, daily: Collection[SiteDay] = ()
) -> dict[uuid.UUID, dict[uuid.UUID, DoseFacts]]:
    """Return the next doses that may be owed a reminder at these sites, which share a local day, by site.

    They are overdue, at most `furthest` days away, wait for a prescriber, or are on hold with a day to look at it that
    has come. What is stopped, given or out of care is left out. At the sites of `daily` each says whether values are
    missing. One query, and seven more with `daily`.
    """
    found: dict[uuid.UUID, dict[uuid.UUID, DoseFacts]] = {site.site_id: {} for site in sites}
    if not sites:
        return found
    today = next(iter(sites)).today
    planned = Dose.objects.standing().filter(_planned(), site_id__in=found.keys())
    near = Q(basis__lte=today + timedelta(days=furthest)) | Q(closes__lt=today) | _waits(today)
    missing = _missing(daily, furthest)
    zones = {site.site_id: site.zone for site in sites}
    for row in _with_facts(planned, today).filter(near).values(*_PLANNED_COLUMNS):
        facts = _planned_facts(row, today, zones[row["site_id"]], labs_missing=row["pk"] in missing)
        if not facts.held or facts.waiting is not None:
            found[row["site_id"]][row["pk"]] = facts
    return found


def _missing(sites: Collection[SiteDay], within_days: int) -> set[uuid.UUID]:
    """Return the doses near enough whose values are due at these sites, as far as a site asks for them."""
    asking = [site for site in sites if site.policy.labs_days]
    if not asking:
        return set()
    rows = list(Site.objects.filter(pk__in=[site.site_id for site in asking]))
    return {line.dose_id for line in labs_due(rows, asking[0].now, within_days)}


def _waits(today: date) -> Q:
    """Match what may wait for somebody's decision: the exact day is worked out from the row."""
    turned = Q(review_from__lte=today) | Q(interrupted_from__lte=today) | Q(restart_from__lte=today)
    crossing = Q(appointment__on__gte=F("interrupted_from")) | Q(appointment__on__gte=F("restart_from"))
    return turned | crossing | Q(needs_review=True) | Q(held_until__lte=today)


def known_since(dose_ids: Collection[uuid.UUID], zone: ZoneInfo) -> dict[uuid.UUID, date]:
    """Return the local day on which each dose, or its appointment if that is newer, was written down."""
    columns = ("pk", "created_at", "appointment__created_at")
    rows = (
        row
        for ids in in_lots(dose_ids)
        for row in _with_appointment(Dose.objects.filter(pk__in=ids)).values_list(*columns)
    )
    return {pk: max(at.astimezone(zone).date() for at in instants if at) for pk, *instants in rows}


def facts_of(dose_ids: Collection[uuid.UUID], site: SiteDay) -> dict[uuid.UUID, DoseFacts]:
    """Return the facts of these doses on a site's day, whatever has become of them. Eight queries per thousand."""
    return {pk: facts for ids in in_lots(dose_ids) for pk, facts in _facts(Dose.objects.filter(pk__in=ids), ids, site)}


def in_lots(ids: Iterable[Any]) -> Iterable[list[Any]]:
    """Yield the ids in lots that fit into a query."""
    rest = iter(ids)
    while lot := list(islice(rest, AT_ONCE)):
        yield lot


def _facts(
    doses: OfCourseQuerySet[Dose], ids: Collection[uuid.UUID], site: SiteDay
) -> Iterable[tuple[uuid.UUID, DoseFacts]]:
    given = Administration.objects.standing().filter(dose=OuterRef("pk"), outcome=Administration.Outcome.COMPLETED)
    rows = _with_facts(doses, site.today).annotate(
        was_given=Exists(given),
        stopped_on=F("course__stopped_on"),
        care=F("patient__care_status"),
        patient_void=F("patient__voided_at"),
        course_void=F("course__voided_at"),
    )
    lacking = missing_values(ids, site.now) if site.policy.labs_days else frozenset()
    for row in rows.values(*_PLANNED_COLUMNS, *_COLUMNS):
        facts = _planned_facts(row, site.today, site.zone, labs_missing=row["pk"] in lacking)
        yield (
            row["pk"],
            replace(
                facts,
                given=row["was_given"],
                stopped=row["stopped_on"] is not None,
                replaced=not row["is_next"] or row["voided_at"] is not None or row["course_void"] is not None,
                in_care=row["care"] == CareStatus.ACTIVE and row["patient_void"] is None,
            ),
        )


_COLUMNS = ("is_next", "voided_at", "was_given", "stopped_on", "care", "patient_void", "course_void")
_PLANNED_COLUMNS = (
    "site_id",
    "pk",
    "target",
    "closes",
    "booked_on",
    "booked_at",
    "on_hold",
    "held_until",
    "needs_review",
    "partly_on",
    "created_at",
    "review_from",
    "interrupted_from",
    "restart_from",
)
_TURNS = {
    "review_from": "A prescriber has to decide how the course goes on.",
    "interrupted_from": "The course is interrupted, and a prescriber decides.",
    "restart_from": "Loading begins again, and a prescriber decides.",
}


def _planned_facts(row: Mapping[str, Any], today: date, zone: ZoneInfo, *, labs_missing: bool) -> DoseFacts:
    return DoseFacts(
        target=row["target"],
        closes=row["closes"],
        booked_on=row["booked_on"],
        held=row["on_hold"],
        labs_missing=labs_missing,
        waiting=_waiting(row, today, zone),
    )


def _waiting(row: Mapping[str, Any], today: date, zone: ZoneInfo) -> Waiting | None:
    """Return what a prescriber has to look at, the latest of it; of a course on hold only the hold."""
    if row["on_hold"]:
        until = row["held_until"]
        return None if until is None or until > today else Waiting(until, "The hold is to be looked at again.")
    found = [Waiting(row[turn], why) for turn, why in _TURNS.items() if row[turn] is not None and row[turn] <= today]
    booked = row["booked_on"]
    if booked is not None and any(row[turn] and today < row[turn] <= booked for turn in _CROSSED):
        made = row["booked_at"].astimezone(zone).date()
        found.append(Waiting(min(made, today), "An appointment lies beyond a boundary of the late-dose rules."))
    if row["needs_review"] and not found:
        since = row["partly_on"] or row["created_at"].astimezone(zone).date()
        found.append(Waiting(min(since, today), "A prescriber has to decide about this course."))
    return max(found, key=lambda waiting: waiting.since, default=None)


_CROSSED = ("interrupted_from", "restart_from")


def _with_facts(doses: OfCourseQuerySet[Dose], today: date) -> OfCourseQuerySet[Dose]:
    """Join what the facts of a dose are made of."""
    hold = Hold.objects.standing().filter(course=OuterRef("course"), from_on__lte=today, ended_on__isnull=True)
    partly = Administration.objects.standing().filter(dose=OuterRef("pk"), outcome=Administration.Outcome.PARTIAL)
    joined: OfCourseQuerySet[Dose] = _with_appointment(doses).annotate(
        basis=Coalesce("appointment__on", "target"),
        booked_on=F("appointment__on"),
        booked_at=F("appointment__created_at"),
        on_hold=_held(today),
        held_until=Subquery(hold.values("review_on")[:1]),
        partly_on=Subquery(partly.order_by("-given_on").values("given_on")[:1]),
    )
    return joined


def _planned() -> Q:
    """Match doses that come next in an open course of somebody in care."""
    return Q(
        is_next=True,
        course__stopped_on__isnull=True,
        course__voided_at__isnull=True,
        patient__care_status=CareStatus.ACTIVE,
        patient__voided_at__isnull=True,
    )


def _held(today: date) -> Exists:
    """Match doses of a course whose hold has begun and was not ended."""
    return Exists(Hold.objects.standing().filter(course=OuterRef("course"), from_on__lte=today, ended_on__isnull=True))


def _with_appointment(doses: OfCourseQuerySet[Dose]) -> OfCourseQuerySet[Dose]:
    """Join the one booking that stands, if there is one."""
    standing = Q(bookings__cancelled_at__isnull=True, bookings__voided_at__isnull=True)
    joined: OfCourseQuerySet[Dose] = doses.annotate(appointment=FilteredRelation("bookings", condition=standing))
    return joined
