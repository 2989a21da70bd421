"""The stage of this room's tests: noon UTC on 4 July 2026, and a course whose second dose is due on 9 July."""

from collections.abc import Callable

import pytest
from django.test import Client

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.courses.conftest import at_noon, begun, dose, patient, several_connections
from tests.treatments.supply import builders
from treatments.supply.models import Vial

__all__ = ["at_noon", "begun", "dose", "patient", "several_connections"]


@pytest.fixture
def vial(site: Site) -> Vial:
    """Return a vial of 12 mg in stock."""
    return builders.vial(site)


@pytest.fixture
def farid(person: Callable[..., User]) -> User:
    """Return a pharmacist of the site."""
    return person(Role.PHARMACIST, full_name="Farid Pharmacist")


@pytest.fixture
def pharmacist(signed_in: Callable[..., Client], farid: User) -> Client:
    """Return the pharmacist's browser."""
    return signed_in(user=farid)
