"""How a patient's motor scores went over time, scale by scale."""

import uuid
from dataclasses import dataclass
from datetime import date

from clinic.patients.models import Patient
from treatments.outcomes.models import MotorScore
from treatments.rules.motor_scores import SCALES, Scale


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """One score."""

    id: uuid.UUID
    assessed_on: date
    value: int
    assessor: str
    conditions: str


@dataclass(frozen=True, slots=True)
class ScoreTrend:
    """Every standing score of one scale, oldest first; never empty."""

    scale: Scale
    points: tuple[ScorePoint, ...]

    @property
    def first(self) -> ScorePoint:
        """Return the score that later ones are compared with."""
        return self.points[0]

    @property
    def last(self) -> ScorePoint:
        """Return the newest score."""
        return self.points[-1]


def score_trends(patient: Patient) -> tuple[ScoreTrend, ...]:
    """Return the patient's standing scores by scale, in the order of the rule's table. One query."""
    rows = MotorScore.objects.standing().filter(patient=patient).order_by("assessed_on")
    points: dict[str, list[ScorePoint]] = {}
    for row in rows:
        point = ScorePoint(row.pk, row.assessed_on, row.value, row.assessor, row.conditions)
        points.setdefault(row.scale, []).append(point)
    return tuple(ScoreTrend(known, tuple(points[key])) for key, known in SCALES.items() if key in points)
