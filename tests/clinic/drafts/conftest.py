"""The stage of drafts: noon UTC on 4 July 2026, and a nurse who types."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from clinic.staff.models import User
from clinic.staff.roles import Role
from tests.factories import AT


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    """Stop the clock that views and signatures read."""
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def nadia(person: Callable[..., User]) -> User:
    return person(Role.NURSE, full_name="Nadia Nurse", username="nadia")


@pytest.fixture
def nurse(signed_in: Callable[..., Client], nadia: User) -> Client:
    return signed_in(user=nadia)
