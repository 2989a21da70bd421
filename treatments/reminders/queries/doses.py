"""The facts that reminders about doses depend on, read in sets: a query count that does not grow with doses."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Coalesce

from clinic.patients.choices import CareStatus
from treatments.courses.models import Administration, Dose, Hold, OfCourseQuerySet
from treatments.reminders.queries.sites import SiteDay
from treatments.rules.reminders import DoseFacts

AT_ONCE = 1000
"""How many ids go into one query; SQLite takes no more than 32,766 values."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A dose that may be owed something, with the local day since which its dates have been on record."""

    facts: DoseFacts
    known_since: date


def watched(site: SiteDay, furthest: int) -> dict[uuid.UUID, Watched]:
    """Return the site's next doses that nothing silences and that are overdue or at most `furthest` days away.

    One query. What is on hold, stopped, given or out of care is not among them.
    """
    doses = _with_appointment(Dose.objects.standing().filter(_planned(), site_id=site.site_id, target__isnull=False))
    doses = doses.annotate(basis=Coalesce("appointment__on", "target")).filter(
        ~_held(site.today), Q(basis__lte=site.today + timedelta(days=furthest)) | Q(closes__lt=site.today)
    )
    rows = doses.values_list("pk", "target", "closes", "appointment__on", "created_at", "appointment__created_at")
    return {row[0]: Watched(DoseFacts(*row[1:4]), _latest_day(site, row[4:])) for row in rows}


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


def _latest_day(site: SiteDay, instants: Iterable[datetime | None]) -> date:
    return max(at.astimezone(site.zone).date() for at in instants if at)
