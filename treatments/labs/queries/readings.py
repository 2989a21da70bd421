"""How the laboratory values of one or many patients stand for their doses: a query count that does not grow."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from clinic.patients.models import Patient
from treatments.labs.models import LabResult, LabReview, MonitoringPolicy
from treatments.labs.models.policies import InForce
from treatments.labs.queries.asking import Asked, asked_of
from treatments.rules.labs_light import labs_light
from treatments.rules.lights import Lit
from treatments.rules.monitoring import Range
from treatments.rules.monitoring_defaults import DEFAULT
from treatments.rules.monitoring_reading import readings
from treatments.rules.monitoring_terms import LabPolicy, Level, Reading, Result, Review


@dataclass(frozen=True, slots=True)
class Sheet:
    """One patient's readings for a dose, the light that they make, and the policy they were read by.

    `newest_on` is the local day of the newest sample, counted or not; None where nothing was ever logged.
    """

    asked: Asked
    policy: LabPolicy
    readings: tuple[Reading, ...]
    lit: Lit
    newest_on: date | None


def sheets(asked: Sequence[Asked]) -> dict[uuid.UUID, Sheet]:
    """Return the sheet of each patient, by patient. Three queries, however many."""
    if not asked:
        return {}
    policies = policies_in_force({each.site_id: each.today for each in asked})
    results = _results([each.patient_id for each in asked])
    return {each.patient_id: _sheet(each, policies, results.get(each.patient_id, ())) for each in asked}


def sheet_of(patient: Patient, now: datetime) -> Sheet:
    """Return the sheet of one patient for the dose that comes next."""
    return sheets(asked_of([patient.pk], now))[patient.pk]


def reading_of(result: LabResult, now: datetime) -> Reading | None:
    """Return how a result stands now; None for one that a newer result of the same analyte has replaced."""
    for reading in sheet_of(result.patient, now).readings:
        if reading.result is not None and reading.result.key == str(result.pk):
            return reading
    return None


def policies_in_force(days: Mapping[uuid.UUID, date]) -> InForce[LabPolicy]:
    """Return what each site decided that counts on its day, else what the application proposes. One query."""
    rows = MonitoringPolicy.objects.in_force(days)
    return InForce({(row.site_id, row.regimen_key): row.rule() for row in rows}, DEFAULT)


def _sheet(asked: Asked, policies: InForce[LabPolicy], results: Iterable[Result]) -> Sheet:
    policy = policies.of(asked.site_id, asked.regimen_key)
    known = tuple(results)
    first = {result.analyte: result for result in sorted(known, key=_collected, reverse=True)}
    found = readings(asked.dose, known, policy, first)
    lit = labs_light(found, not_indicated=asked.not_indicated if policy.may_skip else "")
    return Sheet(asked, policy, found, lit, max((result.collected_on for result in known), default=None))


def _collected(result: Result) -> datetime:
    return result.collected_at


_ANSWERS = ("result_id", "pk", "level", "by__full_name", "second__full_name")
_FACTS = (
    "patient_id",
    "pk",
    "analyte",
    "collected_at",
    "collected_on",
    "kept",
    "comparator",
    "range_low",
    "range_high",
)


def _results(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Result]]:
    """Return the newest two standing results of each analyte, and the first on record, by patient. Two queries."""
    newest = Window(RowNumber(), partition_by=[F("patient_id"), F("analyte")], order_by=F("collected_at").desc())
    oldest = Window(RowNumber(), partition_by=[F("patient_id"), F("analyte")], order_by=F("collected_at").asc())
    standing = LabResult.objects.standing().filter(patient_id__in=patient_ids)
    rows = standing.annotate(newest=newest, oldest=oldest).filter(Q(newest__lte=2) | Q(oldest=1)).values_list(*_FACTS)
    facts = list(rows)
    reviews = _reviews([pk for _, pk, *_ in facts])
    found: dict[uuid.UUID, list[Result]] = {}
    for patient_id, pk, analyte, at, on, kept, comparator, low, high in facts:
        result = Result(analyte, at, on, kept, comparator, Range(low, high), tuple(reviews.get(pk, ())), str(pk))
        found.setdefault(patient_id, []).append(result)
    return found


def _reviews(result_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Review]]:
    """Return the standing reviews of these results, the one for the worst level first."""
    rows = LabReview.objects.standing().filter(result_id__in=result_ids)
    found: dict[uuid.UUID, list[Review]] = {}
    for result_id, pk, level, by, second in rows.values_list(*_ANSWERS):
        found.setdefault(result_id, []).append(Review(Level(level), by, second or "", str(pk)))
    return {pk: sorted(reviews, key=lambda each: each.level.rank, reverse=True) for pk, reviews in found.items()}
