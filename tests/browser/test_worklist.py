"""A nurse's morning in a browser: who lacks laboratory values, log them, and see the row leave the tab."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.services import import_document
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.readiness.builders import all_but_labs
from treatments.courses.models import Dose

SEED = Path(__file__).parents[2] / "seeds" / "monographs" / "nusinersen.md"
VALUES = (
    ("Platelets", "250", "10*9/L"),
    ("INR", "1.0", ""),
    ("aPTT", "30", ""),
    ("Urine protein", "0.1", "g/L"),
)


@pytest.fixture
def site(transactional_db: None) -> Site:
    import_document(text=SEED.read_text(encoding="utf-8"), publish=True, by=BY, at=factories.AT)
    return factories.site("Northfield", "UTC")


def first_dose(site: Site, name: str, in_days: int) -> Dose:
    planned = site.today(timezone.now()) + timedelta(days=in_days)
    return builders.next_dose(builders.course(builders.patient(site, name), planned_start=planned))


def tab(page: Page, name: str, count: int) -> None:
    """Open a tab, once it says that it holds so many."""
    page.get_by_role("link", name=f"{name} {count}", exact=True).click()
    expect(page.get_by_text(f"{count} of {count} course")).to_be_visible()


def test_from_labs_due_to_the_grid_and_back(
    page: Page, site: Site, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    all_but_labs(first_dose(site, "Alder", 5), at=timezone.now())
    first_dose(site, "Birch", 6)
    page = as_person(factories.user(Role.NURSE, site=site, full_name="Nadia"))
    page.goto("/")
    tab(page, "Labs due", 2)
    accessible(page)
    row = page.get_by_role("row").filter(has_text="ALDER, Robin")
    expect(row).to_contain_text("Not ready")
    expect(row).to_contain_text("Labs")

    row.get_by_role("link", name="Log labs").click()
    yesterday = site.today(timezone.now()) - timedelta(days=1)
    page.get_by_label("Day collected").fill(yesterday.isoformat())
    page.get_by_label("Time collected").fill("08:30")
    for name, value, unit in VALUES:
        page.get_by_label(name, exact=True).fill(value)
        if unit:
            page.get_by_label(f"{name}, unit", exact=True).select_option(unit)
    page.get_by_label("aPTT, range from").fill("25")
    page.get_by_label("aPTT, range to").fill("38")
    page.get_by_role("main").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Chart")).to_be_visible()

    page.goto("/")
    tab(page, "Labs due", 1)
    expect(page.get_by_role("row").filter(has_text="ALDER, Robin")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="BIRCH, Robin")).to_have_count(1)

    tab(page, "Not ready", 1)
    row = page.get_by_role("row").filter(has_text="BIRCH, Robin")
    expect(row).to_contain_text("Labs, authorisation, drug, consent")
    accessible(page)
    row.get_by_role("link", name="Not ready").click()
    expect(page.get_by_role("heading", name="Can it go ahead?")).to_be_visible()
    accessible(page)

    page.goto("/")
    tab(page, "No booking", 2)
    page.get_by_role("row").filter(has_text="ALDER, Robin").get_by_role("link", name="Book").click()
    expect(page.get_by_role("heading", name="Book")).to_be_visible()
    accessible(page)
