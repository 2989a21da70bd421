"""Questions about laboratory results: the newest of each analyte, and how they went over time."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from clinic import formatting
from clinic.patients.models import Patient
from treatments.courses.models import OfCourseQuerySet
from treatments.labs.models import LabResult
from treatments.rules.monitoring import ANALYTES, Analyte, Range, Standing, standing


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest standing value of one analyte, in the kept unit. `collected_on` is the local day at the site."""

    analyte: str
    collected_at: datetime
    collected_on: date
    comparator: str
    kept: Decimal
    reference: Range


@dataclass(frozen=True, slots=True)
class Earlier:
    """How an analyte was entered last time. `words` say the result and its day."""

    collected_at: datetime
    unit: str
    laboratory: str
    words: str


@dataclass(frozen=True, slots=True)
class Point:
    """One result of a trend: as the laboratory reported it, and in the kept unit with where it stands by its range."""

    id: uuid.UUID
    collected_at: datetime
    collected_on: date
    laboratory: str
    entered_by: str
    value: Decimal
    unit: str
    comparator: str
    kept: Decimal
    reference: Range
    standing: Standing


@dataclass(frozen=True, slots=True)
class Voided:
    """One result that no longer counts, as it was reported, and why."""

    collected_at: datetime
    words: str
    laboratory: str
    entered_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Every standing result of one analyte, oldest first; never empty. `voided` are those that no longer count."""

    analyte: Analyte
    points: tuple[Point, ...]
    voided: tuple[Voided, ...] = ()

    @property
    def last(self) -> Point:
        """Return the newest result."""
        return self.points[-1]


# In the order in which a point is read.
_FACTS = (
    "id",
    "collected_at",
    "collected_on",
    "laboratory",
    "entered_by__full_name",
    "value",
    "unit",
    "comparator",
    "kept",
    "range_low",
    "range_high",
)


_SIGNS = dict(LabResult.COMPARATORS)


def latest(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Latest]]:
    """Return the newest standing result of each analyte for each of these patients. One query."""
    found: dict[uuid.UUID, dict[str, Latest]] = {}
    columns = ("patient_id", "analyte", "collected_at", "collected_on", "comparator", "kept", "range_low", "range_high")
    rows = _newest(LabResult.objects.standing().filter(patient_id__in=patient_ids))
    for patient_id, analyte, at, on, comparator, kept, low, high in rows.values_list(*columns):
        found.setdefault(patient_id, {})[analyte] = Latest(analyte, at, on, comparator, kept, Range(low, high))
    return found


def earlier(patient: Patient) -> dict[str, Earlier]:
    """Return how each analyte of this patient was entered last. One query."""
    columns = ("analyte", "collected_at", "collected_on", "comparator", "value", "unit", "laboratory")
    rows = _newest(LabResult.objects.standing().filter(patient=patient)).values_list(*columns)
    return {
        analyte: Earlier(at, unit, laboratory, f"{in_words(comparator, value, unit)} on {formatting.day(on)}")
        for analyte, at, on, comparator, value, unit, laboratory in rows
    }


def in_words(comparator: str, value: Decimal, unit: str) -> str:
    """Return a result as it is printed: "<0.05 g/L"."""
    return f"{_SIGNS.get(comparator, '')}{formatting.quantity(value, unit)}"


def _newest(results: OfCourseQuerySet[LabResult]) -> OfCourseQuerySet[LabResult]:
    """Keep the newest row per patient and analyte: PostgreSQL reads each from the index, SQLite numbers them."""
    if connection.vendor == "postgresql":
        return results.order_by("patient_id", "analyte", "-collected_at").distinct("patient_id", "analyte")
    place = Window(RowNumber(), partition_by=[F("patient_id"), F("analyte")], order_by=F("collected_at").desc())
    return results.annotate(place=place).filter(place=1)


def trends(patient: Patient) -> tuple[Trend, ...]:
    """Return the patient's standing results by analyte, in the order of the monitoring table. One query."""
    rows = LabResult.objects.filter(patient=patient).order_by("collected_at", "created_at")
    points: dict[str, list[Point]] = {}
    voided: dict[str, list[Voided]] = {}
    for analyte, void_reason, *facts in rows.values_list("analyte", "void_reason", *_FACTS):
        if void_reason:
            voided.setdefault(analyte, []).append(_voided(facts, void_reason))
        else:
            points.setdefault(analyte, []).append(_point(facts))
    return tuple(
        Trend(known, tuple(points[key]), tuple(voided.get(key, ()))) for key, known in ANALYTES.items() if key in points
    )


def _voided(facts: Sequence[Any], reason: str) -> Voided:
    _, collected_at, _, laboratory, entered_by, value, unit, comparator, *_ = facts
    return Voided(collected_at, in_words(comparator, value, unit), laboratory, entered_by, reason)


def _point(facts: Sequence[Any]) -> Point:
    pk, collected_at, collected_on, laboratory, entered_by, value, unit, comparator, kept, low, high = facts
    reference = Range(low, high)
    return Point(
        id=pk,
        collected_at=collected_at,
        collected_on=collected_on,
        laboratory=laboratory,
        entered_by=entered_by,
        value=value,
        unit=unit,
        comparator=comparator,
        kept=kept,
        reference=reference,
        standing=standing(kept, comparator, reference),
    )
