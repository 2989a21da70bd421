"""From a registered patient to a reminder in a mailbox, in a browser and over a real mail server."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.smtp import Mailbox
from tests.treatments.courses import builders

PASSWORD = "correct horse battery"


@pytest.fixture
def clinic(transactional_db: None) -> Site:
    """A site whose digest leaves at midnight, so that the story can be told at any hour of the day."""
    builders.regimen()
    return factories.site("Northfield", "Europe/London", digest_hour=0)


@pytest.fixture
def prescriber(clinic: Site) -> User:
    return factories.user(Role.PRESCRIBER, site=clinic, username="petra", full_name="Petra")


@pytest.fixture
def coordinator(clinic: Site) -> User:
    return factories.user(Role.COORDINATOR, site=clinic, username="carys", full_name="Carys")


def sign_in(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Worklist")


def register(page: Page) -> None:
    page.goto("/patients/register/")
    page.get_by_label("Given name").fill("Zoë")
    page.get_by_label("Family name").fill("Ångström")
    page.get_by_label("Date of birth").fill("2021-03-04")
    page.get_by_label("Sex").select_option("female")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("The patient was registered.")).to_be_visible()


def start_course(page: Page, day: str) -> None:
    page.get_by_role("link", name="Start a course").first.click()
    page.get_by_label("First dose planned for").fill(day)
    page.get_by_role("button", name="Start the course").click()
    expect(page.get_by_text("The course was started.")).to_be_visible()


def book(page: Page, day: str) -> None:
    page.get_by_role("link", name="Book").first.click()
    page.get_by_label("Day").fill(day)
    page.get_by_label("Time").fill("09:30")
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_text("The dose was booked.")).to_be_visible()


def record(page: Page, expiry: str) -> None:
    page.get_by_role("link", name="Dose day", exact=True).first.click()
    page.get_by_role("link", name="Record as given").click()
    page.get_by_label("Vial lot").fill("AB1234")
    page.get_by_label("Vial expiry").fill(expiry)
    page.get_by_label("Given by").select_option("Petra")
    page.get_by_role("button", name="Record as given").click()
    # Nobody checked anything, and no light is ready: all of that is said before it is recorded.
    for box in page.locator("[name=confirmed]").all():
        box.check()
    page.get_by_role("button", name="Record as given").click()
    expect(page.get_by_text("The next date has moved.")).to_be_visible()


def test_from_registration_to_a_reminder_in_the_mailbox(
    page: Page,
    clinic: Site,
    prescriber: User,
    coordinator: User,
    mailbox: Mailbox,
    settings: Settings,
    accessible: Callable[[Page], None],
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mailbox.host, mailbox.port
    today = clinic.today(timezone.now())
    sign_in(page, "petra")
    accessible(page)
    register(page)
    accessible(page)
    start_course(page, today.isoformat())
    accessible(page)
    book(page, today.isoformat())
    accessible(page)
    record(page, today.replace(year=today.year + 1, day=1).isoformat())
    accessible(page)
    page.get_by_role("link", name="Dose L1").click()
    page.get_by_role("link", name="Chart").click()
    expect(page.get_by_role("main")).to_contain_text("L2")
    expect(page.get_by_role("main")).to_contain_text("In 14 days")

    call_command("send_reminders")
    call_command("send_reminders")
    (mail,) = mailbox.received
    assert mail["To"] == coordinator.email
    told = words(mail)
    assert "/doses/" in told
    assert not [secret for secret in ("Zoë", "Ångström", "usinersen", "SMA", "12 mg", "L2") if secret in told]

    page.goto("/reminders/")
    expect(page.get_by_role("main")).to_contain_text("Handed to mail server")
    accessible(page)


def words(mail: EmailMessage) -> str:
    """Return every header and every part of a mail, decoded."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])
