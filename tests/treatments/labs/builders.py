"""Laboratory results for the tests, logged through the service."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from treatments.labs import services
from treatments.labs.models import LabResult, LabReview, MonitoringPolicy
from treatments.rules.monitoring import Range, Reported
from treatments.rules.monitoring_terms import Level

COLLECTED = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)


def reported(analyte: str = "platelets", value: str = "212", unit: str = "10*9/L", **facts: Any) -> Reported:
    """Return a result as a laboratory reports it; `low` and `high` make its range."""
    ends = [None if facts.get(end) is None else Decimal(facts.pop(end)) for end in ("low", "high")]
    return Reported(analyte, Decimal(value), unit, reference=Range(*ends), **facts)


def log(
    patient: Patient,
    *values: Reported,
    collected_at: datetime = COLLECTED,
    laboratory: str = "Northfield Pathology",
    person: User | None = None,
    at: datetime = AT,
    submission: UUID | None = None,
) -> tuple[LabResult, ...]:
    """Log one sample; without values, 212 platelets."""
    return services.log_results(
        patient=patient,
        collected_at=collected_at,
        laboratory=laboratory,
        values=values or (reported(),),
        by=person_actor(person or factories.user(Role.NURSE, site=patient.site)),
        at=at,
        submission=submission,
    )


def whole_set(
    patient: Patient, *, collected_at: datetime = COLLECTED, at: datetime = AT, **changed: Reported | None
) -> dict[str, LabResult]:
    """Log a whole set in order but for what is changed or left out; return the rows by analyte."""
    values: dict[str, Reported | None] = {
        "platelets": reported(),
        "inr": reported("inr", "1.0", "{INR}"),
        "aptt": reported("aptt", "30", "s", low="25", high="38"),
        "urine_protein": reported("urine_protein", "0.10", "g/L"),
    }
    told = [value for value in (values | changed).values() if value is not None]
    return {row.analyte: row for row in log(patient, *told, collected_at=collected_at, at=at)}


def review(
    result: LabResult,
    level: Level,
    *,
    reason: str = "Known and stable",
    person: User | None = None,
    at: datetime = AT,
    submission: UUID | None = None,
) -> LabReview:
    """Answer for a result; without a person, by a new prescriber."""
    return services.review_result(
        result=result,
        level=level,
        reason=reason,
        by=person_actor(person or factories.user(Role.PRESCRIBER, site=result.site)),
        at=at,
        submission=submission,
    )


def policy(site: Site, *, since: date = date(2020, 1, 1), **values: Any) -> MonitoringPolicy:
    """Write down a site's laboratory policy; what is left out is as proposed."""
    return services.set_monitoring_policy(site=site, effective_from=since, source="Ward round", by=BY, at=AT, **values)


# A whole set with platelets at which a site stops.
STOPPING = (
    reported(value="49"),
    reported("inr", "1.0", "{INR}"),
    reported("aptt", "30", "s", low="25", high="38"),
    reported("urine_protein", "0.10", "g/L"),
)
