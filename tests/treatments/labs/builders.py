"""Laboratory results for the tests, logged through the service."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT
from treatments.labs import services
from treatments.labs.models import LabResult
from treatments.rules.monitoring import Range, Reported

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
