"""An adverse event told in a browser: similar ones while it is typed, recorded, closed, and on paper."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.adverse_events import builders
from tests.treatments.courses.builders import patient as register

PATIENT_NAME = "QUILLFEATHER"


@pytest.fixture
def patient(transactional_db: None) -> Patient:
    builders.list_effects()
    return register(factories.site("Northfield", "Europe/London"), "Quillfeather")


@pytest.fixture
def page(patient: Patient, as_person: Callable[[User], Page]) -> Page:
    return as_person(factories.user(Role.NURSE, site=patient.site, full_name="Nadia Nurse"))


def fill(page: Page, site: Site) -> None:
    today = site.today(timezone.now()).isoformat()
    page.get_by_label("Began on").fill(today)
    page.get_by_label("Grade 2: moderate").check()
    page.get_by_label("Action taken").select_option("none")
    page.get_by_label("Outcome").select_option("ongoing")


def test_similar_events_appear_while_the_term_is_typed_and_chosen(
    patient: Patient, page: Page, accessible: Callable[[Page], None]
) -> None:
    builders.record(patient, term="Post-puncture headache", at=timezone.now())
    page.goto(f"/patients/{patient.pk}/adverse-events/add/")
    expect(page.get_by_role("button", name="Show similar earlier events")).to_be_hidden()
    similar = page.locator("#similar")
    page.get_by_label("Effect in your own words").press_sequentially("headache")
    expect(similar.get_by_role("link", name="Post-puncture headache")).to_be_visible()
    accessible(page)
    page.get_by_label("Effect in your own words").fill("hiccups")
    expect(similar).to_contain_text("No similar event")
    page.get_by_label("Effect in your own words").fill("")
    page.get_by_role("combobox", name="Effect", exact=True).select_option("Headache")
    expect(similar.get_by_role("link", name="Post-puncture headache")).to_be_visible()


def test_an_event_is_recorded_closed_and_summed_up(patient: Patient, page: Page) -> None:
    page.goto(f"/patients/{patient.pk}/")
    page.locator("#adverse-events").get_by_role("link", name="Record an event").click()
    page.get_by_role("combobox", name="Effect", exact=True).select_option("Headache")
    fill(page, patient.site)
    page.get_by_role("button", name="Record the event").click()
    expect(page.get_by_text("The event was recorded.")).to_be_visible()
    page.get_by_role("link", name="Headache").click()
    page.get_by_role("link", name="Close", exact=True).click()
    page.get_by_label("Resolved", exact=True).check()
    page.get_by_label("Ended on").fill(patient.site.today(timezone.now()).isoformat())
    page.get_by_role("button", name="Close the event").click()
    expect(page.get_by_text("The event was closed.")).to_be_visible()
    page.get_by_role("link", name="Summary for a regulator").click()
    expect(page.get_by_text("This is not a submission")).to_be_visible()


def test_the_summary_is_one_page_of_paper_without_a_name(patient: Patient, page: Page) -> None:
    event = builders.record(
        patient, severity=3, criteria={"hospitalisation"}, narrative="Lay flat for two days. " * 20, at=timezone.now()
    )
    page.goto(f"/adverse-events/{event.pk}/summary/")
    page.emulate_media(media="print")
    expect(page.get_by_text("This is not a submission")).to_be_visible()
    expect(page.get_by_text(PATIENT_NAME)).to_be_hidden()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1
