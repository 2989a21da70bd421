"""Motor scores for the tests, recorded through the service."""

from datetime import date, datetime
from typing import Any

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT
from treatments.outcomes import services
from treatments.outcomes.models import MotorScore
from treatments.rules.cautions import CODES

DAY = date(2026, 7, 2)


def score(
    patient: Patient,
    value: int = 30,
    on: date = DAY,
    *,
    scale: str = "hfmse",
    person: User | None = None,
    at: datetime = AT,
    **options: Any,
) -> MotorScore:
    """Record a score, confirming whatever is asked."""
    facts = {name: options.pop(name) for name in ("assessor", "conditions") if name in options}
    said = services.Score(scale, value, on, **({"assessor": "Fay Physio"} | facts))
    nurse = person or factories.user(Role.NURSE, site=patient.site)
    more: dict[str, Any] = {"confirmed": CODES} | options
    return services.record_score(patient=patient, score=said, by=person_actor(nurse), at=at, **more)
