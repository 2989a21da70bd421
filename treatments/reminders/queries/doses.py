"""The facts that reminders about doses depend on, read in sets: a query count that does not grow with doses."""

import uuid
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Coalesce

from clinic.patients.choices import CareStatus
from treatments.courses.models import Administration, Dose, Hold, OfCourseQuerySet
from treatments.reminders.queries.sites import SiteDay
from treatments.rules.reminders import DoseFacts

AT_ONCE = 1000
"""How many ids go into one query; SQLite takes no more than 32,766 values."""


def watched(sites: Collection[SiteDay], today: date, furthest: int) -> dict[uuid.UUID, dict[uuid.UUID, DoseFacts]]:
    """Return the next doses that nothing silences and that are overdue or at most `furthest` days away, by site.

    One query for all sites whose local day is `today`. What is on hold, stopped, given or out of care is left out.
    """
    found: dict[uuid.UUID, dict[uuid.UUID, DoseFacts]] = {site.site_id: {} for site in sites}
    planned = Dose.objects.standing().filter(_planned(), site_id__in=found.keys(), target__isnull=False)
    doses = _with_appointment(planned).annotate(basis=Coalesce("appointment__on", "target"))
    near = Q(basis__lte=today + timedelta(days=furthest)) | Q(closes__lt=today)
    columns = ("site_id", "pk", "target", "closes", "appointment__on")
    for site_id, pk, *dates in doses.filter(~_held(today), near).values_list(*columns):
        found[site_id][pk] = DoseFacts(*dates)
    return found


def known_since(dose_ids: Collection[uuid.UUID], zone: ZoneInfo) -> dict[uuid.UUID, date]:
    """Return the local day on which each dose, or its appointment if that is newer, was written down."""
    columns = ("pk", "created_at", "appointment__created_at")
    rows = (
        row
        for ids in in_lots(dose_ids)
        for row in _with_appointment(Dose.objects.filter(pk__in=ids)).values_list(*columns)
    )
    return {pk: max(at.astimezone(zone).date() for at in instants if at) for pk, *instants in rows}


def facts_of(dose_ids: Collection[uuid.UUID], today: date) -> dict[uuid.UUID, DoseFacts]:
    """Return the facts of these doses on a local day, whatever has become of them. One query per thousand."""
    return {pk: facts for ids in in_lots(dose_ids) for pk, facts in _facts(Dose.objects.filter(pk__in=ids), today)}


def in_lots(ids: Iterable[Any]) -> Iterable[list[Any]]:
    """Yield the ids in lots that fit into a query."""
    rest = iter(ids)
    while lot := list(islice(rest, AT_ONCE)):
        yield lot


def _facts(doses: OfCourseQuerySet[Dose], today: date) -> Iterable[tuple[uuid.UUID, DoseFacts]]:
    given = Administration.objects.standing().filter(dose=OuterRef("pk"), outcome=Administration.Outcome.COMPLETED)
    rows = _with_appointment(doses).annotate(
        was_given=Exists(given),
        on_hold=_held(today),
        stopped_on=F("course__stopped_on"),
        care=F("patient__care_status"),
        patient_void=F("patient__voided_at"),
        course_void=F("course__voided_at"),
        booked_on=F("appointment__on"),
    )
    for row in rows.values(
        "pk",
        "target",
        "closes",
        "is_next",
        "voided_at",
        "was_given",
        "on_hold",
        "stopped_on",
        "care",
        "patient_void",
        "course_void",
        "booked_on",
    ):
        yield (
            row["pk"],
            DoseFacts(
                target=row["target"],
                closes=row["closes"],
                booked_on=row["booked_on"],
                given=row["was_given"],
                held=row["on_hold"],
                stopped=row["stopped_on"] is not None,
                replaced=not row["is_next"] or row["voided_at"] is not None or row["course_void"] is not None,
                in_care=row["care"] == CareStatus.ACTIVE and row["patient_void"] is None,
            ),
        )


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
