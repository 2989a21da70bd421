"""The stage of this room's pages: noon UTC on 4 July 2026, a patient, and a course whose second dose comes next."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.test import Client

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.records.conftest import several_connections
from tests.factories import AT
from tests.treatments.courses import builders
from treatments.courses.models import Course, Dose

__all__ = ["several_connections"]

GIVEN_ON, TARGET, CLOSES = date(2026, 6, 25), date(2026, 7, 9), date(2026, 7, 16)


@pytest.fixture
def at_noon() -> Iterator[None]:
    """Stop the clock that the views read."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def patient(site: Site) -> Patient:
    """Return a patient with a name that must never leave the page."""
    return builders.patient(site, "Quillfeather", given_name="Ottoline")


@pytest.fixture
def begun(patient: Patient) -> Course:
    """Return a course whose first dose was given on 25 June: the second is due between 9 and 16 July."""
    course = builders.course(patient, planned_start=GIVEN_ON)
    builders.give(course, GIVEN_ON)
    return course


@pytest.fixture
def dose(begun: Course) -> Dose:
    """Return the dose that comes next, L2."""
    return builders.next_dose(begun)


@pytest.fixture
def nadia(person: Callable[..., User]) -> User:
    """Return a nurse of the site."""
    return person(Role.NURSE, full_name="Nadia Nurse")


@pytest.fixture
def nurse(signed_in: Callable[..., Client], nadia: User) -> Client:
    """Return the nurse's browser."""
    return signed_in(user=nadia)


@pytest.fixture
def petra(person: Callable[..., User]) -> User:
    """Return a prescriber of the site."""
    return person(Role.PRESCRIBER, full_name="Petra Prescriber")


@pytest.fixture
def prescriber(signed_in: Callable[..., Client], petra: User) -> Client:
    """Return the prescriber's browser."""
    return signed_in(user=petra)
