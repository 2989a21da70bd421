"""The stage of this room: noon UTC on 4 July 2026, a course whose second dose is due, and those who answer.

Everything that the dose waits for is in order, but for its laboratory values.
"""

import pytest

from tests.treatments.courses.builders import next_dose
from tests.treatments.courses.conftest import (
    at_noon,
    begun,
    nadia,
    nurse,
    patient,
    petra,
    prescriber,
    several_connections,
)
from tests.treatments.readiness.builders import all_but_labs
from treatments.courses.models import Course, Dose

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


@pytest.fixture
def dose(begun: Course) -> Dose:
    """Return the dose that comes next, L2, which lacks nothing but its laboratory values."""
    return all_but_labs(next_dose(begun))
