"""Finding, registering and correcting patients in a browser, with the keyboard, at both widths."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.patients import builders

Check = Callable[[Page], None]


@pytest.fixture
def site(transactional_db: None) -> Site:
    return factories.site("Northfield", "Europe/London")


@pytest.fixture
def nurse(site: Site, as_person: Callable[[User], Page]) -> Page:
    return as_person(factories.user(Role.NURSE, site=site))


def register(page: Page, **typed: str) -> None:
    page.goto("/patients/register/")
    for name, value in typed.items():
        field = page.locator(f"[name={name}]")
        field.select_option(value) if name == "sex" else field.fill(value)
    page.get_by_role("button", name="Register").click()


ANA = {"given_name": "Ana", "family_name": "Berg", "born_on": "2020-05-17", "sex": "female"}


def test_a_patient_is_registered_and_the_chart_says_who(nurse: Page, site: Site) -> None:
    register(nurse, **ANA, mrn="m 1")
    patient = Patient.objects.get()
    expect(nurse).to_have_url(nurse.url.split("/patients/")[0] + f"/patients/{patient.pk}/")
    expect(nurse.get_by_text("The patient was registered.")).to_be_visible()
    expect(nurse.locator(".patient-banner")).to_contain_text("BERG, Ana")


def test_the_reader_lands_on_what_is_wrong_and_each_line_leads_to_its_field(
    nurse: Page, site: Site, accessible: Check
) -> None:
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    register(nurse, **(ANA | {"born_on": tomorrow, "nhs": "943 476 5918"}))
    summary = nurse.locator(".error-summary")
    expect(summary).to_be_focused()
    accessible(nurse)
    summary.get_by_role("link", name="NHS number").click()
    expect(nurse.get_by_label("NHS number")).to_be_focused()
    expect(nurse.get_by_label("NHS number")).to_have_value("943 476 5918")
    expect(nurse.get_by_label("Given name")).to_have_value("Ana")


def test_a_chosen_day_is_said_again_in_words(nurse: Page, site: Site) -> None:
    nurse.goto("/patients/register/")
    nurse.locator("[name=born_on]").fill("2020-04-07")
    expect(nurse.get_by_text("Tuesday 7 Apr 2020")).to_be_visible()


def test_somebody_alike_is_compared_in_another_window_and_told_apart(
    nurse: Page, site: Site, accessible: Check
) -> None:
    builders.patient(site, mrn="M1")
    register(nurse, **ANA, mrn="M2")
    expect(nurse.get_by_role("heading", name="Is it one of these?")).to_be_visible()
    accessible(nurse)
    with nurse.context.expect_page() as opened:
        nurse.get_by_role("link", name="BERG, Ana").click()
    expect(opened.value.locator(".patient-banner")).to_contain_text("M1")
    opened.value.close()
    expect(nurse.locator("[name=mrn]")).to_have_value("M2")
    nurse.get_by_label("This is another person").check()
    nurse.get_by_role("button", name="Register").click()
    expect(nurse.locator(".patient-banner")).to_contain_text("M2")
    assert Patient.objects.count() == 2


def test_two_clicks_register_one(nurse: Page, site: Site) -> None:
    nurse.goto("/patients/register/")
    for name in ("given_name", "family_name", "born_on"):
        nurse.locator(f"[name={name}]").fill(ANA[name])
    nurse.locator("[name=sex]").select_option("female")
    nurse.get_by_role("button", name="Register").dblclick()
    expect(nurse.locator(".patient-banner")).to_contain_text("BERG, Ana")
    assert Patient.objects.count() == 1


def test_back_leads_from_a_chart_to_the_search(nurse: Page, site: Site) -> None:
    builders.patient(site, "Berg", "Äna")
    builders.patient(site, "Zielke", "Otto")
    nurse.goto("/patients/")
    box = nurse.get_by_label("Name or number")
    box.fill("ana ber")
    box.press("Enter")
    expect(nurse.get_by_role("link", name="ZIELKE, Otto")).to_have_count(0)
    assert "ana" not in nurse.url.split("/patients/")[1].lower()
    nurse.get_by_role("link", name="BERG, Äna").click()
    expect(nurse.locator(".patient-banner")).to_be_visible()
    nurse.go_back()
    expect(nurse.get_by_label("Name or number")).to_have_value("ana ber")
    expect(nurse.get_by_role("link", name="ZIELKE, Otto")).to_have_count(0)


def test_two_windows_on_one_carer_show_both_versions(nurse: Page, site: Site, accessible: Check) -> None:
    patient = builders.patient(site)
    carer = builders.carer(patient)
    address = f"/patients/{patient.pk}/carer/{carer.pk}/correct/"
    nurse.goto(address)
    other = nurse.context.new_page()
    other.goto(address)
    other.get_by_label("Telephone", exact=False).first.fill("0123")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".patient-banner")).to_be_visible()
    nurse.get_by_label("Carer's name").fill("Maria Berg-Olsen")
    nurse.get_by_role("button", name="Save").click()
    expect(nurse.locator(".error-summary")).to_be_focused()
    expect(nurse.locator(".error-summary")).to_contain_text("Maria Berg-Olsen")
    expect(nurse.get_by_label("Carer's name")).to_have_value("Maria Berg-Olsen")
    accessible(nurse)
    nurse.get_by_role("button", name="Save").click()
    expect(nurse.get_by_text("The carer was saved.")).to_be_visible()


def test_a_change_of_care_asks_first_and_the_banner_looks_different(nurse: Page, site: Site, accessible: Check) -> None:
    patient = builders.patient(site)
    nurse.goto(f"/patients/{patient.pk}/care-status/")
    nurse.locator("[name=to]").select_option("died")
    nurse.locator("[name=on]").fill(site.today(timezone.now()).isoformat())
    nurse.locator("[name=reason]").fill("Told by the family")
    nurse.get_by_role("button", name="Continue").click()
    expect(nurse.get_by_role("heading", name="Record that the patient died?")).to_be_visible()
    accessible(nurse)
    assert Patient.objects.get().in_care
    nurse.get_by_role("button", name="Yes, save it").click()
    expect(nurse.locator(".patient-banner.ended")).to_contain_text("Died")


def test_every_part_has_pages_that_anybody_can_use(nurse: Page, site: Site, accessible: Check) -> None:
    patient = builders.patient(site)
    for kind in ("identifier", "carer", "consent", "measurement", "therapy"):
        nurse.goto(f"/patients/{patient.pk}/{kind}/add/")
        accessible(nurse)
        nurse.get_by_role("button", name="Add").click()
        expect(nurse.locator(".error-summary")).to_be_focused()
        accessible(nurse)
