"""A value at which the site stops, from its entry to the second person, as two people see it at both widths."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.courses import builders
from tests.treatments.labs import builders as labs
from treatments.courses.models import Dose


@pytest.fixture
def site(transactional_db: None) -> Site:
    return factories.site("Northfield", "Europe/London")


@pytest.fixture
def dose(site: Site) -> Dose:
    """A first dose in three days, with 49 platelets before it."""
    patient = builders.patient(site)
    course = builders.course(patient, planned_start=site.today(timezone.now()) + timedelta(days=3))
    now = timezone.now()
    labs.log(patient, *labs.STOPPING, collected_at=now - timedelta(days=1), at=now)
    return builders.next_dose(course)


def test_a_prescriber_decides_and_a_nurse_confirms(
    dose: Dose, site: Site, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    page = as_person(factories.user(Role.PRESCRIBER, site=site, full_name="Petra Prescriber"))
    page.goto(f"/doses/{dose.pk}/readiness/")
    accessible(page)
    page.get_by_role("link", name="Override (Labs)").click()
    page.get_by_label("Risk explained and accepted").check()
    page.get_by_label("In a few words").fill("Discussed with haematology")
    page.get_by_role("button", name="Override, and ask for a second person").click()
    expect(page.get_by_text("It waits for a second person.")).to_be_visible()
    page.goto("/review/")
    expect(page.get_by_text("Yours; somebody else confirms")).to_be_visible()
    accessible(page)

    page = as_person(factories.user(Role.NURSE, site=site, full_name="Nadia Nurse"))
    page.goto("/review/")
    page.get_by_role("link", name="Confirm").click()
    expect(page.get_by_text("Discussed with haematology")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The dose can go ahead; look at what is marked first.")).to_be_visible()
    accessible(page)
