"""A nurse to be told, and a post office that takes the mail."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.reminders.post import PostOffice, free_port, open_office


@pytest.fixture
def site(db: None) -> Site:
    """Return a site that asks nobody for missing values: with them, every dose here would have a line more."""
    return factories.site("Northfield", "Europe/London", labs_days=[])


@pytest.fixture
def other_site(db: None) -> Site:
    """Return another one, in New York."""
    return factories.site("Southgate", "America/New_York", labs_days=[])


@pytest.fixture
def nurse(person: Callable[..., User]) -> User:
    """Return somebody at `site` who receives the digest."""
    return person(Role.NURSE, email="nurse@northfield.example")


@pytest.fixture
def smtp(settings: Settings) -> Settings:
    """Send mail in earnest, to a port on this machine where nobody listens yet."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.DEFAULT_FROM_EMAIL = "Appointments <appointments@clinic.example>"
    settings.PUBLIC_URL = "https://clinic.example"
    return settings


@pytest.fixture
def post(smtp: Settings) -> Iterator[PostOffice]:
    """Return a mail server that is running and to which mail goes."""
    with open_office() as office:
        smtp.EMAIL_PORT = office.port
        yield office
