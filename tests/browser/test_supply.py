"""A pharmacist's morning in a browser: scan a delivery, reserve a vial, take it out, and hold back its lot."""

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
from treatments.courses.models import Dose

SEED = Path(__file__).parent.parent.parent / "seeds" / "monographs" / "nusinersen.md"


@pytest.fixture
def site(transactional_db: None) -> Site:
    import_document(text=SEED.read_text(encoding="utf-8"), publish=True, by=BY, at=factories.AT)
    return factories.site("Northfield", "Europe/London")


@pytest.fixture
def dose(site: Site) -> Dose:
    planned = site.today(timezone.now()) + timedelta(days=9)
    return builders.next_dose(builders.course(builders.patient(site), planned_start=planned))


def receive(page: Page, expiry: str) -> None:
    page.goto("/supply/")
    page.get_by_role("link", name="Receive vials").click()
    codes = [f"(01)00364406058011(17){expiry}(10)TK4471(21)S{number}" for number in (1, 2)]
    page.get_by_label("Scan the cartons").fill("\n".join(codes))
    page.get_by_role("button", name="Read the scan").click()
    expect(page.get_by_text("Read in: 2 cartons.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Lot")).to_have_value("TK4471")
    page.get_by_label("Place").fill("Refrigerator 1")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("2 vials of lot TK4471 received.")).to_be_visible()


def test_from_a_delivery_to_a_recall(
    page: Page, site: Site, dose: Dose, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    page = as_person(factories.user(Role.PHARMACIST, site=site, full_name="Farid"))
    receive(page, f"{site.today(timezone.now()).year % 100 + 1:02d}0600")
    accessible(page)

    page.goto(f"/doses/{dose.pk}/vial/")
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("The vial is reserved for dose L1.")).to_be_visible()

    page.goto("/supply/?state=reserved")
    page.get_by_role("link", name="TK4471").click()
    page.get_by_role("link", name="Take out of the refrigerator").click()
    page.get_by_label("Without its carton").check()
    page.get_by_role("button", name="Take out of the refrigerator").click()
    expect(page.get_by_role("main")).to_contain_text("Taken out of the refrigerator, without its carton")
    accessible(page)

    page.get_by_role("link", name="Everything about this lot").click()
    expect(page.get_by_text("2 could still be given")).to_be_visible()
    page.get_by_label("Why the lot is held back").fill("Supplier’s letter")
    page.get_by_role("button", name="Quarantine all that is left").click()
    expect(page.get_by_text("2 vials of lot TK4471 quarantined.")).to_be_visible()
    accessible(page)

    page.goto(f"/doses/{dose.pk}/vial/")
    expect(page.get_by_role("main")).to_contain_text("It is in quarantine.")
