"""What two people decide, and a dose whose every light is red, as those who work there see it at both widths."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.patients.facts import ProfileFacts
from clinic.patients.services import set_profile
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import all_but_labs
from treatments.courses.models import Dose

# The link beside each light, as it is heard, and the page to which it leads.
MENDING = {
    "Log labs (Labs)": "Log laboratory results",
    "Adverse events (Adverse events)": "Adverse events",
    "Register an authorisation (Authorisation)": "Register an authorisation",
    "Vials for this dose (Drug)": "Vial for dose L1",
    "Record consent (Consent)": "Add a consent",
    "Write the access plan (Access plan)": "Add an access plan",
}


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
    return all_but_labs(builders.next_dose(course), at=now)


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


def test_each_red_light_leads_to_the_page_that_mends_it(
    site: Site, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    dose = everything_red(site)
    page = as_person(factories.user(Role.NURSE, site=site))
    page.goto(f"/doses/{dose.pk}/readiness/")
    lights = page.locator(".light-row")
    expect(lights.locator(".tag", has_text="Not ready")).to_have_count(6)
    accessible(page)
    for name, heading in MENDING.items():
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        page.goto(f"/doses/{dose.pk}/readiness/")


def test_a_dose_with_all_in_order_says_so_and_asks_for_nothing(
    site: Site, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    patient, now = builders.patient(site), timezone.now()
    start = site.today(now) + timedelta(days=3)
    dose = all_but_labs(builders.next_dose(builders.course(patient, planned_start=start)), at=now)
    labs.whole_set(patient, collected_at=now - timedelta(days=1), at=now)
    page = as_person(factories.user(Role.NURSE, site=site))
    page.goto(f"/doses/{dose.pk}/readiness/")
    expect(page.get_by_text("Nothing stands in the way of this dose.")).to_be_visible()
    expect(page.locator(".light-row .tag", has_text="Ready")).to_have_count(6)
    expect(page.locator(".light-actions a")).to_have_count(0)
    accessible(page)


def everything_red(site: Site) -> Dose:
    """Return a dose in three days of somebody with a curved spine, an open serious event, and nothing in order."""
    patient = builders.patient(site)
    adverse_events.record(patient, term="Meningitis", criteria={"hospitalisation"}, at=timezone.now())
    curved = ProfileFacts(spine="scoliosis")
    set_profile(profile=patient.sma_profile, facts=curved, by=factories.BY, at=timezone.now())
    return builders.next_dose(builders.course(patient, planned_start=site.today(timezone.now()) + timedelta(days=3)))
