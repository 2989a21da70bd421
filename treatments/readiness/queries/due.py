"""Whose laboratory values are due: the dose is near, and its laboratory light is red and not passed.

Derived from the dose each time, never stored. It feeds the worklist and the reminders `labs_due`.
"""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Coalesce

from clinic.patients.choices import CareStatus
from clinic.staff.models import Site
from treatments.courses.models import Dose, Hold, OfCourseQuerySet
from treatments.labs.queries import Asked, asked
from treatments.readiness.queries.doses import DoseReadiness, readiness_of
from treatments.rules.lights import Light, Signal
from treatments.rules.readiness import Need

# How many doses are read at once: SQLite takes no more than 32,766 values in one query.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class LabsDue:
    """One dose whose laboratory values are due. `on` is its booked day or target; `reason` says what is missing."""

    dose_id: uuid.UUID
    patient_id: uuid.UUID
    site_id: uuid.UUID
    on: date
    reason: str


def labs_due(sites: Collection[Site], now: datetime, within_days: int) -> tuple[LabsDue, ...]:
    """Return the doses of these sites due within so many days whose values are due, the soonest first.

    Overdue doses are among them; doses on hold, and of patients no longer in care, are not. Six queries for each
    thousand doses, and one more.
    """
    doses = dated(_planned()).filter(near(sites, now, within_days))
    due = [line for lot in _lots(asked(doses, now)) for line in _due(lot, now)]
    return tuple(sorted(due, key=lambda line: (line.on, line.dose_id)))


def missing_values(dose_ids: Collection[uuid.UUID], now: datetime) -> frozenset[uuid.UUID]:
    """Return which of these doses, as far as they come next, lack values, however far away they are. Seven queries."""
    rows = asked(Dose.objects.standing().filter(pk__in=dose_ids, is_next=True), now)
    found = readiness_of(rows, now, only=(Light.LABS,))
    return frozenset(dose_id for dose_id, readiness in found.items() if are_labs_due(readiness))


def are_labs_due(readiness: DoseReadiness) -> bool:
    """Say whether the values of one dose are due, however far away it is."""
    judged = readiness.judged(Light.LABS)
    asks = readiness.asking.needs[Light.LABS] is not Need.OFF
    return asks and judged.lit.signal is Signal.NOT_READY and judged.passed_by is None


def _due(asked_doses: list[Asked], now: datetime) -> Iterator[LabsDue]:
    for dose_id, found in readiness_of(asked_doses, now, only=(Light.LABS,)).items():
        if are_labs_due(found):
            about, labs = found.asked, found.judged(Light.LABS)
            yield LabsDue(dose_id, about.patient_id, about.site_id, about.dose.on, labs.lit.reason)


def _lots(rows: list[Asked]) -> Iterator[list[Asked]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def near(sites: Collection[Site], now: datetime, within_days: int) -> Q:
    """Return the condition for doses whose `basis` is reached within so many days, each site by its own day.

    Those on hold are not among them. The doses must be `dated`.
    """
    reached = Q(pk__in=[])
    for site in sites:
        reached |= Q(site=site, basis__lte=site.today(now) + timedelta(days=within_days))
    return reached & ~Q(Exists(Hold.objects.standing().filter(course=OuterRef("course"), ended_on=None)))


def dated(doses: OfCourseQuerySet[Dose]) -> OfCourseQuerySet[Dose]:
    """Return the doses with the day they are planned for as `basis`: the booked one, else the target."""
    booked = FilteredRelation("bookings", condition=Q(bookings__cancelled_at=None, bookings__voided_at=None))
    found: OfCourseQuerySet[Dose] = doses.annotate(booked=booked).annotate(basis=Coalesce(F("booked__on"), "target"))
    return found


def _planned() -> OfCourseQuerySet[Dose]:
    return Dose.objects.standing().filter(
        is_next=True,
        course__stopped_on=None,
        course__voided_at=None,
        patient__care_status=CareStatus.ACTIVE,
        patient__voided_at=None,
    )
