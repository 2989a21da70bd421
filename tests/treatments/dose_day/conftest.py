"""The stage of the dose day: noon UTC on 4 July 2026, and a patient whose second dose may be given today."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.courses import builders as courses
from tests.treatments.courses.conftest import (
    at_noon,
    nadia,
    nurse,
    patient,
    petra,
    prescriber,
    several_connections,
)
from tests.treatments.supply import builders as supply
from treatments.courses.models import Course, Dose
from treatments.supply.models import Vial

__all__ = ["at_noon", "nadia", "nurse", "patient", "petra", "prescriber", "several_connections"]

FIRST_ON, TODAY = date(2026, 6, 20), date(2026, 7, 4)


@pytest.fixture
def begun(patient: Patient) -> Course:
    """Return a course whose first dose was given on 20 June, so that the second is due today."""
    course = courses.course(patient, planned_start=FIRST_ON)
    courses.give(course, FIRST_ON)
    return course


@pytest.fixture
def dose(begun: Course) -> Dose:
    """Return the dose that is due today, L2."""
    return courses.next_dose(begun)


@pytest.fixture
def vial(site: Site) -> Vial:
    """Return a vial of 12 mg in stock."""
    return supply.vial(site)


@pytest.fixture
def paul(person: Callable[..., User]) -> User:
    """Return a proceduralist of the site, who gives doses."""
    return person(Role.PROCEDURALIST, full_name="Paul Proceduralist")


@pytest.fixture
def proceduralist(signed_in: Callable[..., Client], paul: User) -> Client:
    """Return the proceduralist's browser."""
    return signed_in(user=paul)
