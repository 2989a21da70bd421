"""For which dose the laboratory values are asked: its day, its place in the series, and the dose before it."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery

from clinic.patients.models import Patient
from treatments.courses.models import Administration, Dose, OfCourseQuerySet
from treatments.rules.monitoring_terms import LabDose, Place
from treatments.rules.monitoring_validity import place_of


@dataclass(frozen=True, slots=True)
class Asked:
    """One patient's values, asked for the next dose; without an open course, for one that might be given today.

    `not_indicated` is who found the set unnecessary for this dose and why, or empty; `dose.on` is the booked day, else
    the target, and never before today; `mg` is how much will be given, None where no dose is planned.
    """

    patient_id: uuid.UUID
    site_id: uuid.UUID
    today: date
    dose: LabDose
    dose_id: uuid.UUID | None = None
    regimen_key: str = ""
    not_indicated: str = ""
    mg: Decimal | None = None


def asked(doses: OfCourseQuerySet[Dose], now: datetime) -> list[Asked]:
    """Return what is asked for these next doses. One query; a patient has at most one open course."""
    rows = _joined(doses).values(*_COLUMNS)
    return [_asked(row, now) for row in rows]


def asked_of(patient_ids: Collection[uuid.UUID], now: datetime) -> list[Asked]:
    """Return the same for these patients, with an open course or without. Two queries."""
    open_ones = Dose.objects.standing().filter(
        patient_id__in=patient_ids, is_next=True, course__stopped_on=None, course__voided_at=None
    )
    found = asked(open_ones, now)
    rest = set(patient_ids) - {each.patient_id for each in found}
    people = Patient.objects.filter(pk__in=rest) if rest else Patient.objects.none()
    return [*found, *(_without_course(*row, now=now) for row in people.values_list(*_OF_A_PERSON))]


_OF_A_PERSON = ("pk", "site_id", "site__time_zone", "born_on")
_COLUMNS = (
    "pk",
    "patient_id",
    "site_id",
    "site__time_zone",
    "course__regimen__key",
    "phase",
    "label",
    "mg",
    "target",
    "interrupted_from",
    "restart_from",
    "previous_on",
    "previous_at",
    "patient__born_on",
    "booked_on",
    "skipped_because",
    "skipped_by",
)


def _joined(doses: OfCourseQuerySet[Dose]) -> OfCourseQuerySet[Dose]:
    booking = FilteredRelation("bookings", condition=Q(bookings__cancelled_at=None, bookings__voided_at=None))
    skipped = FilteredRelation("labs_not_indicated", condition=Q(labs_not_indicated__voided_at=None))
    before = Administration.objects.standing().filter(
        patient=OuterRef("patient"),
        given_on=OuterRef("previous_on"),
        outcome=Administration.Outcome.COMPLETED,
    )
    joined: OfCourseQuerySet[Dose] = doses.annotate(appointment=booking, skipped=skipped).annotate(
        booked_on=F("appointment__on"),
        skipped_because=F("skipped__reason"),
        skipped_by=F("skipped__by__full_name"),
        previous_at=Subquery(before.values("given_at")[:1]),
    )
    return joined


def _asked(row: dict[str, Any], now: datetime) -> Asked:
    today = now.astimezone(ZoneInfo(row["site__time_zone"])).date()
    on = max(row["booked_on"] or row["target"] or today, today)
    dose = LabDose(on, _place(row, on), row["patient__born_on"], row["previous_on"], row["previous_at"])
    skipped = f"{row['skipped_because'].rstrip('.')} ({row['skipped_by']})." if row["skipped_because"] else ""
    regimen_key = row["course__regimen__key"]
    return Asked(row["patient_id"], row["site_id"], today, dose, row["pk"], regimen_key, skipped, row["mg"])


def _place(row: dict[str, Any], on: date) -> Place:
    """Return where the dose stands on its day: given late enough, a maintenance dose becomes a catch-up one."""
    if row["restart_from"] is not None and on >= row["restart_from"]:
        return Place.FIRST
    if row["interrupted_from"] is not None and on >= row["interrupted_from"]:
        return Place.CATCH_UP
    return place_of(row["phase"], row["label"])


def _without_course(
    patient_id: uuid.UUID, site_id: uuid.UUID, time_zone: str, born_on: date, *, now: datetime
) -> Asked:
    today = now.astimezone(ZoneInfo(time_zone)).date()
    return Asked(patient_id, site_id, today, LabDose(today, Place.FIRST, born_on))
