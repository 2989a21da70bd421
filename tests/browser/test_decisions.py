"""A prescriber answers every kind of proposal, changes a regimen, and asks a second person, in a browser."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.models import Regimen
from monographs.rules.dates import add_months
from monographs.services import import_document
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Course

SEED = Path(__file__).parents[2] / "seeds" / "monographs" / "nusinersen.md"


@pytest.fixture
def site(transactional_db: None) -> Site:
    import_document(text=SEED.read_text(encoding="utf-8"), publish=True, by=BY, at=factories.AT)
    return factories.site("Northfield", "UTC")


@pytest.fixture
def today(site: Site) -> date:
    return site.today(timezone.now())


@pytest.fixture
def petra(site: Site) -> User:
    return factories.user(Role.PRESCRIBER, site=site, full_name="Petra Prescriber")


def course(site: Site, name: str, given: list[date], *, key: str = "nusinersen-12mg-us") -> Course:
    """Return somebody's course with these doses given, each of the amount that was planned."""
    begun = builders.course(builders.patient(site, name), planned_start=given[0], on=Regimen.objects.get(key=key))
    for day in given:
        builders.give(begun, day, mg=builders.next_dose(begun).mg, at=timezone.now())
    return begun


def loaded(last: date) -> list[date]:
    """Return the days of a loading that ended on `last`."""
    return [last - timedelta(days=58), last - timedelta(days=44), last - timedelta(days=30), last]


def back(today: date, months: int, days: int = 0) -> date:
    """Return the day so many months and days ago."""
    return add_months(today, -months) - timedelta(days=days)


def waiting(site: Site, today: date) -> dict[str, Course]:
    """Return a course for every kind of proposal."""
    partial = course(site, "Partial", loaded(back(today, 4)))
    tried = services.Attempted(on=today, reason="no_access", mg=Decimal(6))
    services.record_partial(dose=builders.next_dose(partial), attempted=tried, by=BY, at=timezone.now())
    late = back(today, 0, 1)
    return {
        "Interrupted": course(site, "Interrupted", loaded(back(today, 9))),
        "Restart": course(site, "Restart", loaded(back(today, 41))),
        "Gap in loading": course(site, "Gap", [back(today, 5), back(today, 5) + timedelta(days=14)]),
        "No rule known": course(site, "Norule", [back(today, 6), back(today, 6) + timedelta(days=14)], key=HIGH),
        "Two doses close together": course(site, "Tight", [*loaded(back(late, 8) + timedelta(days=10)), late]),
        "Partial dose": partial,
    }


HIGH = "nusinersen-high-dose"


def record(page: Page) -> None:
    """Look at what changes and record the decision."""
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("The decision was recorded.")).to_be_visible()


def test_every_kind_of_proposal_is_answered(
    site: Site,
    today: date,
    petra: User,
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    courses = waiting(site, today)
    page = as_person(petra)
    for matter, begun in courses.items():
        page.goto(reverse("courses:decide", args=[begun.pk]))
        expect(page.get_by_role("heading", level=1)).to_have_text(matter)
        accessible(page)
        if matter in {"No rule known", "Partial dose"}:
            page.get_by_role("radio").first.check()
            page.get_by_label("Reason").fill("Seen by the whole team")
        record(page)
        expect(page.locator("#decisions-title")).to_be_visible()
        accessible(page)
    page.goto(reverse("timeline", args=[courses["Interrupted"].patient_id]))
    page.get_by_role("link", name="Decisions", exact=True).click()
    expect(page.get_by_text("Interrupted: Two catch-up doses 14 days apart")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Interrupted: Two catch-up").click()
    expect(page.get_by_text("US label, section on missed doses (2024)")).to_be_visible()
    accessible(page)


def test_a_regimen_is_changed_and_what_if_is_asked(
    site: Site,
    today: date,
    petra: User,
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    begun = course(site, "Alder", loaded(back(today, 3)))
    page = as_person(petra)
    page.goto(reverse("chart", args=[begun.patient_id]))
    page.get_by_role("link", name="Change the regimen").click()
    page.get_by_label("High dose, 50 mg then 28 mg").check()
    page.get_by_label("Reason").fill("Wearing off before each dose")
    accessible(page)
    page.get_by_role("button", name="Show what changes").click()
    accessible(page)
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("L1, 50 mg in 5 mL")).to_be_visible()

    page.get_by_role("link", name="L1, 50 mg in 5 mL").click()
    page.get_by_role("textbox", name="If it is given on").fill(add_months(today, 2).isoformat())
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#what-if .notice")).to_contain_text("After the window closed")
    accessible(page)

    page.goto(reverse("chart", args=[begun.patient_id]))
    page.get_by_role("link", name="Put on hold").click()
    page.get_by_label("Look again on").fill((today + timedelta(days=60)).isoformat())
    page.get_by_label("Reason").fill("Spinal surgery")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("No date moves while the course is on hold.")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Put on hold").click()
    expect(page.get_by_text("The course is on hold.")).to_be_visible()


def test_a_day_too_soon_takes_two_people(
    site: Site,
    today: date,
    petra: User,
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    begun = course(site, "Alder", [today - timedelta(days=10)])
    page = as_person(petra)
    page.goto(reverse("courses:dose", args=[builders.next_dose(begun).pk]))
    page.get_by_role("link", name="Ask for an earlier day").click()
    page.locator("[name=day]").fill((today + timedelta(days=2)).isoformat())
    page.get_by_label("Why the dose cannot wait").fill("Leaves for surgery abroad")
    accessible(page)
    page.get_by_role("button", name="Ask a second person").click()
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("button", name="Confirm as the second person")).to_have_count(0)
    asked = page.url
    page = as_person(factories.user(Role.NURSE, site=site, full_name="Nadia Nurse"))
    page.goto(asked)
    accessible(page)
    page.get_by_role("button", name="Confirm as the second person").click()
    expect(page.get_by_text("You confirmed this as the second person.")).to_be_visible()
