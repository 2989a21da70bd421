"""The pages of authorisations: from the chart to registering, renewing, correcting and voiding one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.factories import AT
from tests.treatments.courses.pages import title, told
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.supply import builders
from tests.treatments.supply.pages import main, offered, problems
from treatments.courses.models import Course
from treatments.supply.models import Authorisation

pytestmark = pytest.mark.usefixtures("at_noon")
LETTER = {
    "payer": "Northern Health",
    "reference": "NH-1",
    "starts_on": "2026-07-01",
    "ends_on": "2026-12-31",
    "doses_approved": "3",
}


def of(patient: Patient) -> str:
    return reverse("supply:of_patient", args=[patient.pk])


def add(patient: Patient) -> str:
    return reverse("supply:add_authorisation", args=[patient.pk])


def act(name: str, row: Authorisation) -> str:
    return reverse(f"supply:{name}_authorisation", args=[row.pk])


@pytest.fixture
def coordinator(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.COORDINATOR)


def test_the_chart_leads_to_them(coordinator: Client, patient: Patient) -> None:
    chart = coordinator.get(reverse("chart", args=[patient.pk]))
    assert of(patient) in {link["href"] for link in soup(chart).select("aside a")}


def test_one_is_registered_from_the_payers_letter(coordinator: Client, patient: Patient) -> None:
    done = send(coordinator, add(patient), **LETTER)
    assert (done.status_code, told(done)) == (302, ["The authorisation was registered."])
    page = coordinator.get(of(patient))
    assert "0 of 3 used, 3 left" in main(page)
    assert "1 Jul – 31 Dec 2026" in main(page)
    assert title(page) == "Authorisations · Tidemark"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"payer": ""}, "Payer: Enter who pays."),
        ({"reference": ""}, "Payer’s reference: Enter the reference on the letter."),
        ({"ends_on": "2026-06-30"}, "Until: It ends before it begins."),
        ({"doses_approved": "0"}, "Doses approved: Enter 1 or more."),
        ({"doses_approved": "many"}, "Doses approved: Enter a whole number."),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_at_its_field(
    coordinator: Client, patient: Patient, typed: dict[str, str], said: str
) -> None:
    page = send(coordinator, add(patient), **(LETTER | typed))
    assert page.status_code == 422
    assert problems(page) == [said]
    assert not Authorisation.objects.exists()


def test_a_reference_that_is_registered_already_is_told(coordinator: Client, patient: Patient) -> None:
    send(coordinator, add(patient), **LETTER)
    page = send(coordinator, add(patient), **LETTER)
    assert problems(page) == [
        "Payer’s reference: This payer’s reference is registered for this patient already; correct or renew that one."
    ]


def test_a_renewal_begins_the_day_after_and_keeps_the_payer(coordinator: Client, patient: Patient) -> None:
    row = builders.authorisation(patient)
    typed = filled(soup(coordinator.get(act("renew", row))))
    assert (typed["starts_on"], typed["payer"], typed["doses_approved"]) == ("2027-01-01", "Northern Health", "3")
    done = send(coordinator, act("renew", row), reference="NH-2", ends_on="2027-12-31")
    assert told(done) == ["The renewal was registered."]
    assert Authorisation.objects.get(reference="NH-2").renews == row


def test_a_correction_is_saved_with_its_reason(coordinator: Client, patient: Patient) -> None:
    row = builders.authorisation(patient)
    done = send(coordinator, act("correct", row), doses_approved="2", reason="Misread")
    assert told(done) == ["The authorisation was corrected."]
    assert Authorisation.objects.get().doses_approved == 2


def test_of_two_who_correct_one_the_second_sees_both(coordinator: Client, patient: Patient) -> None:
    row = builders.authorisation(patient)
    typed = filled(soup(coordinator.get(act("correct", row)))) | {"doses_approved": "1", "reason": "Misread"}
    send(coordinator, act("correct", row), doses_approved="2", reason="Misread")
    page = coordinator.post(act("correct", row), typed)
    assert page.status_code == 409
    assert "Doses approved 1 2" in main(page)


def test_a_voided_one_stays_on_the_page_with_its_reason(coordinator: Client, patient: Patient) -> None:
    row = builders.authorisation(patient)
    done = send(coordinator, act("void", row), reason="Other patient")
    assert told(done) == ["The authorisation was voided."]
    page = coordinator.get(of(patient))
    assert "Voided Other patient" in main(page)
    assert "Renew" not in main(page)
    for name in ("renew", "correct", "void"):
        assert told(coordinator.get(act(name, row))) == ["This authorisation was voided already."]


def test_who_may_only_read_is_offered_nothing(signed_in: Callable[..., Client], patient: Patient) -> None:
    builders.authorisation(patient)
    page = signed_in(Role.VIEWER).get(of(patient))
    assert offered(page) == []
    assert "Renew" not in main(page)


def test_what_ends_is_listed_with_a_way_to_the_patient(coordinator: Client, patient: Patient, begun: Course) -> None:
    builders.authorisation(patient, ends_on=AT.date() + timedelta(days=10))
    page = coordinator.get(reverse("supply:authorisations"))
    assert "ends in 10 days" in main(page)
    assert of(patient) in {link["href"] for link in soup(page).select("main tbody a")}


def test_another_sites_are_not_listed(signed_in: Callable[..., Client], other_site: Site, begun: Course) -> None:
    page = signed_in(Role.COORDINATOR, at=other_site).get(reverse("supply:authorisations"))
    assert "No authorisation ends soon" in main(page)
    assert "QUILLFEATHER" not in text(soup(page))
