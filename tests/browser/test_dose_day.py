"""A whole dose day as those who work on it see it, at both widths; and a record that was wrong, put right."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.audit.trail import person_actor
from clinic.patients import services as patient_services
from clinic.patients.facts import CarerFacts
from clinic.patients.parts import CARER
from clinic.records import writing
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import policy as asks
from tests.treatments.supply import builders as supply
from treatments.courses.models import Administration, Dose
from treatments.dose_day import services
from treatments.dose_day.models import Discharge, FollowUpCall
from treatments.rules.cautions import CODES
from treatments.supply import services as supply_services
from treatments.supply.models import Vial

FINE = (
    "Confirmed",
    "As planned",
    "Long enough, or the first dose",
    "Nothing found",
    "None taken",
    "None",
    "Not needed",
    "Given",
)


@pytest.fixture
def site(transactional_db: None) -> Site:
    site = factories.site("Northfield", "Europe/London")
    off: dict[str, Any] = dict.fromkeys(("labs", "adverse_events", "authorisation", "consent", "access_plan"), "off")
    asks(site, **off)
    builders.policy(site, observation_minutes=0)
    return site


@pytest.fixture
def today(site: Site) -> date:
    return site.today(timezone.now())


@pytest.fixture
def dose(site: Site, today: date) -> Dose:
    """A first dose that may be given today, of somebody whose father has a telephone."""
    patient = courses.patient(site, "Quillfeather", given_name="Ottoline")
    father = CarerFacts("Frank", relationship="Father", email="frank@example.org", phone="020 7946 0199")
    patient_services.add_part(kind=CARER, patient=patient, facts=father, by=factories.BY, at=timezone.now())
    labs.whole_set(patient, collected_at=timezone.now() - timedelta(days=1), at=timezone.now())
    return courses.next_dose(courses.course(patient, planned_start=today))


@pytest.fixture
def cast(site: Site) -> dict[Role, User]:
    """One person for each role of the day."""
    names = {
        Role.COORDINATOR: "Carys",
        Role.NURSE: "Nadia",
        Role.PROCEDURALIST: "Paul",
        Role.PHARMACIST: "Farid",
        Role.PRESCRIBER: "Petra",
    }
    return {role: factories.user(role, site=site, full_name=name) for role, name in names.items()}


def day_of(dose: Dose) -> str:
    return reverse("dose_day:day", args=[dose.pk])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def open_(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def stock(site: Site) -> Vial:
    return supply.vial(site, received_at=timezone.now() - timedelta(days=1), at=timezone.now(), lot="NF2610")


def test_a_whole_dose_day(
    dose: Dose,
    site: Site,
    today: date,
    cast: dict[Role, User],
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    stock(site)
    page = as_person(cast[Role.COORDINATOR])
    page.goto(reverse("chart", args=[dose.patient_id]))
    open_(page, "Book")
    page.locator("[name=on]").fill(today.isoformat())
    press(page, "Book")
    expect(page.get_by_text("The dose was booked.")).to_be_visible()

    page = as_person(cast[Role.PHARMACIST])
    page.goto(day_of(dose))
    expect(page.get_by_text("None is reserved for this dose.")).to_be_visible()
    accessible(page)
    open_(page, "Reserve a vial")
    page.get_by_role("radio").first.check()
    page.locator("main form button[type=submit]").first.click()
    page.goto(day_of(dose))
    expect(page.locator("#vial")).to_contain_text("Lot NF2610, 12 mg")

    check(as_person(cast[Role.NURSE]), dose, accessible)
    give(as_person(cast[Role.PROCEDURALIST]), dose, accessible)
    watch_and_send_home(as_person(cast[Role.NURSE]), dose, today, accessible)
    ring(as_person(cast[Role.COORDINATOR]), accessible)

    page = as_person(cast[Role.PRESCRIBER])
    page.goto(day_of(dose))
    expect(page.locator("#call .panel-head .tag")).to_have_text("Look at it")
    expect(page.locator("#call .flagged")).to_contain_text("Fever or a stiff neck")
    accessible(page)
    assert Administration.objects.get().lot == "NF2610"
    assert Vial.objects.get().state == Vial.State.GIVEN


def check(page: Page, dose: Dose, accessible: Callable[[Page], None]) -> None:
    """The nurse comes from the worklist and answers every question."""
    page.goto("/?tab=due")
    page.get_by_role("link", name=re.compile("^Dose day QUILL")).click()
    open_(page, "Fill in the checklist")
    accessible(page)
    press(page, "Save the checklist")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(len(FINE))
    accessible(page)
    for question, answer in zip(page.locator(".check fieldset").all(), FINE, strict=True):
        question.get_by_label(answer, exact=True).check()
    press(page, "Save the checklist")
    expect(page.get_by_text("Another person has to confirm it.")).to_be_visible()
    expect(page.get_by_role("link", name="Confirm as second person")).to_have_count(0)
    accessible(page)


def give(page: Page, dose: Dose, accessible: Callable[[Page], None]) -> None:
    """The proceduralist confirms as the second person, and records the dose from the reserved vial."""
    page.goto("/dose-days/")
    expect(page.locator("main table").first).to_contain_text("Waits for second person")
    accessible(page)
    page.get_by_role("link", name=re.compile("^Dose day")).last.click()
    open_(page, "Confirm as second person")
    expect(page.locator("main .panel")).to_contain_text("Lot NF2610, 12 mg, expires")
    accessible(page)
    press(page, "I confirm")
    open_(page, "Record as given")
    expect(page.get_by_label("Vial lot")).to_be_hidden()
    accessible(page)
    page.get_by_label("Another vial").check()
    expect(page.get_by_label("Vial lot")).to_be_visible()
    page.get_by_label("reserved for this dose").check()
    page.get_by_label("CSF removed").fill("5")
    page.get_by_label("Level").select_option("L3/L4")
    page.get_by_label("Attempts").fill("1")
    page.get_by_label("Given by").select_option("Paul")
    press(page, "Record as given")
    expect(page.get_by_text("The next date has moved.")).to_be_visible()
    expect(page.locator("#dose")).to_contain_text("L3/L4")
    accessible(page)


def watch_and_send_home(page: Page, dose: Dose, today: date, accessible: Callable[[Page], None]) -> None:
    """The nurse observes, books the next date, prints the advice sheet and sends the patient home."""
    page.goto(day_of(dose))
    open_(page, "Add an observation")
    accessible(page)
    page.get_by_label("Pulse").fill("96")
    page.get_by_label("Pain, from 0 to 10").fill("11")
    press(page, "Save the observation")
    expect(page.get_by_role("alert")).to_contain_text("it is above 10")
    page.get_by_label("Pain, from 0 to 10").fill("1")
    press(page, "Save the observation")
    expect(page.get_by_text("The observation was saved.")).to_be_visible()
    open_(page, "Book the next date")
    page.locator("[name=on]").fill((today + timedelta(days=14)).isoformat())
    press(page, "Book")
    page.goto(day_of(dose))
    open_(page, "Advice sheet")
    expect(page.locator("article")).not_to_contain_text("The day is not fixed yet")
    accessible(page)
    page.emulate_media(media="print")
    expect(page.get_by_text("Print this page")).to_be_hidden()
    expect(page.locator("article")).to_be_visible()
    page.emulate_media(media="screen")
    open_(page, "Dose day")
    open_(page, "Record going home")
    page.get_by_label("Advice given to").fill("Frank, the father")
    accessible(page)
    press(page, "Record it")
    expect(page.get_by_text("Going home was recorded.")).to_be_visible()


def ring(page: Page, accessible: Callable[[Page], None]) -> None:
    """The coordinator calls on the day of the call, and hears of a fever."""
    home = Discharge.objects.get()
    writing.derive(home, call_due_on=home.on)
    page.goto("/dose-days/")
    expect(page.locator("#calls")).to_contain_text("020 7946 0199")
    page.get_by_role("link", name=re.compile("^Record a call")).click()
    accessible(page)
    page.get_by_label("Reached, something to report").check()
    expect(page.get_by_label("Call again on")).to_be_hidden()
    page.get_by_label("Fever or a stiff neck").check()
    press(page, "Save the call")
    expect(page.get_by_text("Nobody has to be called today.")).to_be_visible()
    accessible(page)
    assert FollowUpCall.objects.get().symptoms == ["fever"]


def checked(dose: Dose, vial: Vial, cast: dict[Role, User]) -> None:
    """Reserve the vial, and let two people agree on the checklist."""
    now = timezone.now()
    supply_services.reserve(vial=vial, dose=dose, by=factories.BY, at=now)
    builders.confirmed(dose, cast[Role.NURSE], cast[Role.PROCEDURALIST], vial=vial, at=now)


def test_a_wrong_record_is_corrected_then_taken_back_and_the_vial_is_in_stock_again(
    dose: Dose,
    site: Site,
    cast: dict[Role, User],
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    vial, now = stock(site), timezone.now()
    checked(dose, vial, cast)
    performer = cast[Role.PROCEDURALIST]
    given = builders.given(performer, at=now)
    services.give(dose=dose, given=given, vial=vial, by=person_actor(performer), at=now, confirmed=CODES)
    page = as_person(cast[Role.NURSE])
    page.goto(day_of(dose))
    open_(page, "Correct the record")
    accessible(page)
    page.get_by_label("What was wrong with the record").fill("Petra gave it")
    page.get_by_label("Given by").select_option("Petra")
    press(page, "Show what changes")
    expect(page.get_by_text("The record was corrected.")).to_be_visible()
    expect(page.locator("#dose s")).to_have_count(1)
    expect(page.locator("#dose")).to_contain_text("Petra gave it")
    accessible(page)

    open_(page, "Take it back")
    accessible(page)
    page.get_by_label("Why the record is wrong").fill("It was another patient")
    press(page, "Show what changes")
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    accessible(page)
    press(page, "Take it back")
    expect(page.get_by_text("The record was taken back.")).to_be_visible()
    expect(page.locator("#dose s")).to_have_count(2)
    expect(page.locator("#vial")).to_contain_text("reserved")
    accessible(page)
    vial.refresh_from_db()
    assert vial.state == Vial.State.RESERVED
    assert Administration.objects.standing().count() == 0


def test_two_browsers_finish_the_same_dose_and_the_second_keeps_what_was_typed(
    dose: Dose,
    site: Site,
    cast: dict[Role, User],
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    checked(dose, stock(site), cast)
    page = as_person(cast[Role.NURSE])
    page.goto(reverse("dose_day:give", args=[dose.pk]))
    page.get_by_label("Given by").select_option("Paul")
    page.get_by_label("Note", exact=True).fill("Typed by the nurse")
    other = page.context.new_page()
    other.goto(reverse("dose_day:give", args=[dose.pk]))
    other.get_by_label("Given by").select_option("Petra")
    press(other, "Record as given")
    expect(other.get_by_text("The next date has moved.")).to_be_visible()
    press(page, "Record as given")
    expect(page.get_by_role("alert")).to_contain_text("This dose was recorded in the meantime")
    expect(page.locator("section.panel", has_text="What was recorded")).to_contain_text("Petra")
    expect(page.get_by_label("Note", exact=True)).to_have_value("Typed by the nurse")
    accessible(page)
    assert Administration.objects.get().performer == cast[Role.PRESCRIBER]
