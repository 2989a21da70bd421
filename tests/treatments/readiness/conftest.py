"""The stage of this room: noon UTC on 4 July 2026, a course whose second dose is due, and those who answer."""

from tests.treatments.courses.conftest import (
    at_noon,
    begun,
    dose,
    nadia,
    nurse,
    patient,
    petra,
    prescriber,
    several_connections,
)

__all__ = [
    "at_noon",
    "begun",
    "dose",
    "nadia",
    "nurse",
    "patient",
    "petra",
    "prescriber",
    "several_connections",
]
