"""Every page, at both widths: no accessibility fault, nothing wider than the window, no outside request."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.services import import_document
from tests import factories
from tests.factories import BY
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders
from tests.treatments.dose_day import builders as dose_day
from tests.treatments.labs import builders as labs
from tests.treatments.outcomes import builders as outcomes
from tests.treatments.outcomes.builders import DAY
from tests.treatments.supply import builders as supply
from treatments.courses.models import Administration, Course
from treatments.dose_day import services as dose_days

SEED = Path(__file__).parent.parent.parent / "seeds" / "monographs" / "nusinersen.md"


@pytest.fixture
def site(transactional_db: None) -> Site:
    import_document(text=SEED.read_text(encoding="utf-8"), publish=True, by=BY, at=factories.AT)
    return factories.site("Northfield", "Europe/London")


@pytest.fixture
def course(site: Site) -> Course:
    """A course that began a hundred days ago, with two doses given."""
    today = site.today(timezone.now())
    started = builders.course(builders.patient(site), planned_start=today - timedelta(days=40))
    for days in (40, 26):
        builders.give(started, today - timedelta(days=days), at=timezone.now())
    return started


@pytest.fixture
def addresses(course: Course) -> dict[str, str]:
    dose, patient = builders.next_dose(course), Patient.objects.get()
    event = adverse_events.record(patient, severity=3, criteria={"hospitalisation"}, at=timezone.now()).pk
    score = outcomes.score(patient, 31, at=timezone.now()).pk
    outcomes.score(patient, 28, DAY - timedelta(days=180), at=timezone.now())
    first, last = Administration.objects.order_by("given_on")
    given, record = first.dose_id, first.pk
    nurse, now = factories.user(Role.NURSE, site=course.site), timezone.now()
    checklist = dose_day.checklist(dose, nurse, at=now)
    seen = dose_days.Observed(at=now, pulse=84, note="Lies flat")
    observation = dose_days.observe(dose=dose, observed=seen, by=person_actor(nurse), at=now)
    home = dose_day.go_home(last.dose, nurse, on=last.given_on, at=now)
    vial = supply.vial(course.site, at=timezone.now()).pk
    supply.authorisation(patient)
    (low,) = labs.log(patient, labs.reported(value="96"), collected_at=timezone.now(), at=timezone.now())
    return {
        "worklist": "/",
        "overdue": "/?tab=overdue",
        "labs due": "/?tab=labs-due",
        "not ready": "/?tab=not-ready",
        "no booking": "/?tab=no-booking",
        "find": "/patients/",
        "register": "/patients/register/",
        "chart": f"/patients/{patient.pk}/",
        "correct": f"/patients/{patient.pk}/correct/",
        "profile": f"/patients/{patient.pk}/profile/",
        "care status": f"/patients/{patient.pk}/care-status/",
        "history": f"/patients/{patient.pk}/history/",
        "carer": f"/patients/{patient.pk}/carer/add/",
        "labs": f"/patients/{patient.pk}/labs/add/",
        "allergy": f"/patients/{patient.pk}/allergy/add/",
        "access plan": f"/patients/{patient.pk}/access-plan/add/",
        "consent": f"/patients/{patient.pk}/consent/add/",
        "events of the patient": f"/patients/{patient.pk}/adverse-events/",
        "record an event": f"/patients/{patient.pk}/adverse-events/add/",
        "event": f"/adverse-events/{event}/",
        "correct an event": f"/adverse-events/{event}/correct/",
        "close an event": f"/adverse-events/{event}/close/",
        "void an event": f"/adverse-events/{event}/void/",
        "summary of an event": f"/adverse-events/{event}/summary/",
        "report of events": "/adverse-events/",
        "motor score": f"/patients/{patient.pk}/motor-scores/add/",
        "void a score": f"/motor-scores/{score}/void/",
        "correct a result": f"/labs/{low.pk}/correct/",
        "review a result": f"/labs/{low.pk}/review/",
        "what waits": "/review/",
        "readiness": f"/doses/{dose.pk}/readiness/",
        "override": f"/doses/{dose.pk}/override/labs/",
        "override of the consent": f"/doses/{dose.pk}/override/consent/",
        "next dose": f"/doses/{dose.pk}/",
        "given dose": f"/doses/{given}/",
        "give": f"/doses/{dose.pk}/give/",
        "not given": f"/doses/{dose.pk}/not-given/",
        "dose days": "/dose-days/",
        "dose day": f"/doses/{dose.pk}/day/",
        "checklist": f"/doses/{dose.pk}/checklist/",
        "confirm a checklist": f"/checklists/{checklist.pk}/confirm/",
        "observe": f"/doses/{dose.pk}/observe/",
        "take an observation back": f"/observations/{observation.pk}/void/",
        "dose day of a given dose": f"/doses/{given}/day/",
        "going home": f"/doses/{given}/going-home/",
        "advice sheet": f"/doses/{given}/advice/",
        "correct a record": f"/administrations/{record}/correct/",
        "take a record back": f"/administrations/{record}/take-back/",
        "call": f"/going-home/{home.pk}/call/",
        "book": f"/doses/{dose.pk}/book/",
        "hold": f"/courses/{course.pk}/hold/",
        "stop": f"/courses/{course.pk}/stop/",
        "elsewhere": f"/courses/{course.pk}/elsewhere/",
        "monographs": "/monographs/",
        "monograph": "/monographs/nusinersen/",
        "search": "/monographs/search/?q=platelets",
        "calculator": "/calculator/",
        "worked out": "/calculator/?regimen=nusinersen-12mg-us&given=2026-01-05%0A2026-01-12&on=2026-02-20",
        "supply": "/supply/",
        "order vials": "/supply/order/",
        "receive vials": "/supply/receive/",
        "vial": f"/supply/vials/{vial}/",
        "take out": f"/supply/vials/{vial}/move/take-out/",
        "waste": f"/supply/vials/{vial}/move/waste/",
        "correct a vial": f"/supply/vials/{vial}/correct/",
        "vial of a dose": f"/doses/{dose.pk}/vial/",
        "demand": "/supply/demand/",
        "recall": "/supply/recall/?lot=AB12",
        "authorisations": "/supply/authorisations/",
        "patient's authorisations": f"/patients/{patient.pk}/authorisations/",
        "register an authorisation": f"/patients/{patient.pk}/authorisations/add/",
        "ledger": "/reminders/",
        "password": "/accounts/password/change/",
    }


def test_every_page_is_accessible_and_fits(
    addresses: dict[str, str],
    site: Site,
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    page = as_person(factories.user(*(set(Role) - {Role.ADMINISTRATOR}), site=site))
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None, name
        assert answer.status == 200, name
        accessible(page)


def test_the_sign_in_and_a_missing_page_are_accessible(
    page: Page, site: Site, accessible: Callable[[Page], None], as_person: Callable[[User], Page]
) -> None:
    for address in ("/accounts/sign-in/", "/accounts/password/reset/"):
        page.goto(address)
        accessible(page)
    as_person(factories.user(Role.VIEWER, site=site)).goto("/patients/00000000-0000-4000-8000-000000000000/")
    accessible(page)


def test_errors_of_a_form_are_told_where_they_are(
    course: Course, site: Site, as_person: Callable[[User], Page], accessible: Callable[[Page], None]
) -> None:
    page = as_person(factories.user(Role.NURSE, site=site))
    page.goto(f"/doses/{builders.next_dose(course).pk}/give/")
    page.get_by_label("Another vial").check()
    page.get_by_label("Vial lot").fill("")
    page.get_by_label("Vial expiry").fill((site.today(timezone.now()) - timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Record as given").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Vial lot")).to_be_visible()
    accessible(page)
    page.get_by_label("Vial lot").fill("AB12")
    page.get_by_role("button", name="Record as given").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Given by")).to_be_visible()
    page.get_by_label("Given by").select_option(index=1)
    page.get_by_role("button", name="Record as given").click()
    expect(page.get_by_label("The vial had expired")).to_be_visible()
    expect(page.get_by_label("There is no checklist of")).to_be_visible()
    expect(page.get_by_label("No vial of lot AB12 is free in the ledger")).to_be_visible()
    accessible(page)
    for box in page.locator("[name=confirmed]").all():
        box.check()
    page.get_by_role("button", name="Record as given").click()
    page.get_by_text("The next date has moved.").wait_for()
