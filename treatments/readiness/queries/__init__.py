"""Questions about readiness: one dose, many doses, whose laboratory values are due, and what waits for a second."""

from treatments.readiness.queries.boards import Board, board_of
from treatments.readiness.queries.doses import DoseReadiness, policies_in_force, readiness_of, readiness_of_dose
from treatments.readiness.queries.due import LabsDue, are_labs_due, dated, labs_due, missing_values, near
from treatments.readiness.queries.overrides import (
    NotIndicatedLine,
    OverrideLine,
    history,
    not_indicated,
    standing_override,
    waiting_overrides,
)

__all__ = [
    "Board",
    "DoseReadiness",
    "LabsDue",
    "NotIndicatedLine",
    "OverrideLine",
    "are_labs_due",
    "board_of",
    "dated",
    "history",
    "labs_due",
    "missing_values",
    "near",
    "not_indicated",
    "policies_in_force",
    "readiness_of",
    "readiness_of_dose",
    "standing_override",
    "waiting_overrides",
]
