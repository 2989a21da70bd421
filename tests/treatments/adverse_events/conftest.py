"""The stage of this room: noon UTC on 4 July 2026, a patient of Northfield, and a monograph with three effects."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.models import Version
from tests.factories import AT
from tests.treatments.adverse_events import builders
from tests.treatments.courses.builders import patient as register


@pytest.fixture
def at_noon() -> Iterator[None]:
    """Stop the clock that the views read."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def patient(site: Site) -> Patient:
    return register(site, "Quillfeather", given_name="Ottoline")


@pytest.fixture
def text(db: None) -> Version:
    return builders.list_effects()


@pytest.fixture
def nadia(person: Callable[..., User]) -> User:
    return person(Role.NURSE, full_name="Nadia Nurse")


@pytest.fixture
def nurse(signed_in: Callable[..., Client], nadia: User) -> Client:
    return signed_in(user=nadia)
