"""What is typed outlives the session: kept as one types, found after the sign-in, sent once."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.drafts.models import Draft
from clinic.patients.models import Patient
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.adverse_events import builders
from tests.treatments.courses.builders import patient as register
from treatments.adverse_events.models import AdverseEvent

PASSWORD = "correct horse battery"
STORY = "Lay flat for two hours.\nThe mother – Zoë – was told."


@pytest.fixture
def patient(transactional_db: None) -> Patient:
    builders.list_effects()
    return register(factories.site("Northfield", "Europe/London"), "Quillfeather")


@pytest.fixture
def nadia(patient: Patient) -> User:
    return factories.user(Role.NURSE, site=patient.site, username="nadia", full_name="Nadia Nurse")


@pytest.fixture
def page(nadia: User, as_person: Callable[[User], Page]) -> Page:
    return as_person(nadia)


def url(patient: Patient) -> str:
    return f"/patients/{patient.pk}/adverse-events/add/"


def type_story(page: Page, patient: Patient) -> None:
    page.get_by_role("combobox", name="Effect", exact=True).select_option("-")
    page.get_by_label("Effect in your own words").fill("Hiccups")
    page.get_by_label("Began on").fill(patient.site.today(timezone.now()).isoformat())
    page.get_by_label("Grade 2: moderate").check()
    page.get_by_label("Hospitalisation").check()
    page.get_by_label("Action taken").select_option("none")
    page.get_by_label("Outcome").select_option("ongoing")
    page.get_by_label("What is known").fill(STORY)


def expect_story(page: Page) -> None:
    expect(page.get_by_label("What is known")).to_have_value(STORY)
    expect(page.get_by_label("Effect in your own words")).to_have_value("Hiccups")
    expect(page.get_by_label("Grade 2: moderate")).to_be_checked()
    expect(page.get_by_label("Hospitalisation")).to_be_checked()


def sign_in(page: Page) -> None:
    page.get_by_label("User name or e-mail").fill("nadia")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def send(page: Page) -> None:
    page.get_by_role("button", name="Record the event").click()
    expect(page.get_by_text("The event was recorded.")).to_be_visible()


def recorded() -> list[str]:
    return [narrative.replace("\r\n", "\n") for narrative in AdverseEvent.objects.values_list("narrative", flat=True)]


def test_what_was_typed_before_a_time_out_is_there_after_the_sign_in_and_sent_once(
    patient: Patient, page: Page, accessible: Callable[[Page], None]
) -> None:
    page.goto(url(patient))
    type_story(page, patient)
    expect(page.get_by_role("status").filter(has_text="Kept ")).to_be_visible()
    accessible(page)
    Session.objects.all().delete()
    page.reload()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Record an adverse event")
    expect(page.get_by_text("What you typed at")).to_be_visible()
    expect_story(page)
    accessible(page)
    send(page)
    assert recorded() == [STORY]
    page.goto(url(patient))
    expect(page.get_by_role("button", name="Start afresh")).to_have_count(0)
    assert not Draft.objects.exists()


def test_a_form_sent_after_the_session_ended_is_there_after_the_sign_in(patient: Patient, page: Page) -> None:
    page.goto(url(patient))
    type_story(page, patient)
    Session.objects.all().delete()
    page.get_by_role("button", name="Record the event").click()
    sign_in(page)
    expect_story(page)
    send(page)
    assert recorded() == [STORY]


def test_somebody_signed_out_goes_on_in_the_same_tab_after_signing_in_in_another(
    patient: Patient, page: Page, accessible: Callable[[Page], None]
) -> None:
    page.goto(url(patient))
    page.get_by_label("Effect in your own words").fill("Hiccups")
    said = page.locator(".draft-state")
    expect(said).to_contain_text("Kept ")
    Session.objects.all().delete()
    type_story(page, patient)
    expect(said).to_contain_text("You were signed out. What you typed until")
    accessible(page)
    with page.context.expect_page() as opened:
        said.get_by_role("link", name="Sign in").click()
    other = opened.value
    sign_in(other)
    expect(other.get_by_role("heading", level=1)).to_contain_text("Worklist")
    other.close()
    page.get_by_label("What is known").press("End")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(said).to_contain_text("Kept ")
    expect(said.get_by_role("link")).to_be_hidden()
    send(page)
    assert recorded() == [STORY]


def test_leaving_the_page_keeps_what_was_typed_a_moment_ago(patient: Patient, page: Page) -> None:
    page.goto(url(patient))
    type_story(page, patient)
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Record an adverse event")
    page.wait_for_timeout(500)
    page.goto(url(patient))
    expect_story(page)


def test_what_was_kept_can_be_begun_afresh(patient: Patient, page: Page) -> None:
    page.goto(url(patient))
    type_story(page, patient)
    page.get_by_role("button", name="Keep for later").click()
    expect(page.get_by_text("What you typed is kept for 7 days, for you alone.")).to_be_visible()
    page.goto(url(patient))
    expect_story(page)
    page.get_by_role("button", name="Start afresh").click()
    expect(page.get_by_label("What is known")).to_have_value("")
    assert not Draft.objects.exists()


def test_nothing_is_kept_in_the_browser_and_nothing_before_somebody_types(patient: Patient, page: Page) -> None:
    page.goto(url(patient))
    page.wait_for_timeout(2500)
    page.goto(url(patient))
    assert not Draft.objects.exists()
    type_story(page, patient)
    expect(page.locator(".draft-state")).to_contain_text("Kept ")
    assert "Zoë" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_what_cannot_be_kept_is_said_and_tried_again(patient: Patient, page: Page) -> None:
    page.goto(url(patient))
    said = page.locator(".draft-state")
    page.get_by_label("Effect in your own words").fill("Hiccups")
    expect(said).to_contain_text("Kept ")
    page.route("**/drafts/keep/", lambda route: route.fulfill(status=429))
    page.get_by_label("What is known").fill(STORY)
    expect(said).to_contain_text("It could not be kept just now. What you typed until")
    page.unroute("**/drafts/keep/")
    page.get_by_label("What is known").fill(f"{STORY} Again.")
    expect(said).to_contain_text("Kept ")
