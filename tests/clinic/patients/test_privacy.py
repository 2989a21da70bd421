"""Nothing personal leaves the pages: not in an address, a title, a message, a log or a form's key."""

import logging
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from clinic.patients.facts import CarerFacts
from clinic.patients.models import Carer, Patient
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.pages import filled, notices, page, send, text

pytestmark = pytest.mark.usefixtures("noon")

# One canary for each thing that could fly away; none is a word that a page would use of itself.
GIVEN, FAMILY, MRN, CARER, EMAIL, PHONE = "Quillon", "Zephyrine", "ZQ77441", "Wynhilda", "wyn@hild.example", "0999777"
CANARIES = re.compile(f"{GIVEN}|{FAMILY}|{MRN}|{CARER}|hild.example|{PHONE}|2011-11-19|19 Nov 2011", re.IGNORECASE)
REGISTRATION = {
    "given_name": GIVEN,
    "family_name": FAMILY,
    "born_on": "2011-11-19",
    "sex": "female",
    "mrn": MRN,
    "name": CARER,
    "email": EMAIL,
    "phone": PHONE,
}


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def patient(site: Site) -> Patient:
    carer = CarerFacts(CARER, email=EMAIL, phone=PHONE)
    return builders.patient(site, FAMILY, GIVEN, born_on=date(2011, 11, 19), mrn=MRN, carers=[carer])


def pages(patient: Patient) -> list[str]:
    carer = Carer.objects.get(patient=patient)
    of_patient = ("correct", "profile", "care_status", "history")
    return [
        reverse("patients:find"),
        *(reverse(f"patients:{name}", args=[patient.pk]) for name in of_patient),
        reverse("patients:add_part", args=[patient.pk, "carer"]),
        reverse("patients:correct_part", args=[patient.pk, "carer", carer.pk]),
        reverse("patients:void_part", args=[patient.pk, "carer", carer.pk]),
    ]


def test_the_canaries_are_on_the_pages_themselves(nurse: Client, patient: Patient) -> None:
    assert all(CANARIES.search(nurse.get(address).content.decode()) for address in pages(patient))


def test_no_title_and_no_address_of_a_page_names_anybody(nurse: Client, patient: Patient) -> None:
    for address in pages(patient):
        shown = page(nurse.get(address))
        assert not CANARIES.search(text(shown.find("title")))
        links = [str(link.get("href") or link.get("action")) for link in shown.select("a[href], form[action]")]
        assert not any(CANARIES.search(link) for link in links)


def test_no_error_page_puts_what_was_typed_into_its_title_or_address(nurse: Client, site: Site) -> None:
    answer = send(nurse, reverse("patients:register"), **(REGISTRATION | {"sex": ""}))
    assert answer.status_code == 422
    shown = page(answer)
    assert not CANARIES.search(text(shown.find("title")))
    assert not any(CANARIES.search(str(link["href"])) for link in shown.select("a[href]"))


def test_no_message_names_anybody(nurse: Client, site: Site) -> None:
    answer = send(nurse, reverse("patients:register"), **REGISTRATION)
    shown = notices(nurse.get(answer["Location"]))
    assert shown == ["The patient was registered."]


def test_no_redirect_names_anybody(nurse: Client, patient: Patient) -> None:
    addresses = [
        send(nurse, reverse("patients:correct", args=[patient.pk]), given_name="Quillona")["Location"],
        nurse.post(reverse("patients:find"), {"q": f"{FAMILY} {MRN}"})["Location"],
    ]
    assert not any(CANARIES.search(address) for address in addresses)


def test_no_log_line_names_anybody(nurse: Client, patient: Patient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(nurse, reverse("patients:register"), **REGISTRATION)
        send(nurse, reverse("patients:register"), **(REGISTRATION | {"sex": ""}))
        send(nurse, reverse("patients:correct", args=[patient.pk]), given_name="", born_on="2011-11-19")
        nurse.get(reverse("patients:correct_part", args=[patient.pk, "consent", patient.pk]))
        nurse.post(reverse("patients:find"), {"q": FAMILY})
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert lines
    assert not any(CANARIES.search(line) for line in lines)


def test_a_forms_key_holds_no_names(nurse: Client, patient: Patient) -> None:
    key = filled(nurse.get(reverse("patients:add_part", args=[patient.pk, "carer"])))["submission"]
    held = signing.loads(key, salt="clinic.records.submission")
    assert not CANARIES.search(str(held))


@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_are_kept_by_no_cache(nurse: Client, patient: Patient, method: str) -> None:
    answer: Any = getattr(nurse, method)(reverse("patients:correct", args=[patient.pk]))
    assert answer["Cache-Control"] == "no-store"


def test_what_is_typed_into_a_form_is_not_kept_for_the_next_person(
    nurse: Client, site: Site, signed_in: Callable[..., Client]
) -> None:
    send(nurse, reverse("patients:register"), **(REGISTRATION | {"sex": ""}))
    assert CANARIES.search(nurse.get(reverse("patients:register")).content.decode())
    assert not CANARIES.search(signed_in(Role.NURSE).get(reverse("patients:register")).content.decode())
    assert not CANARIES.search(str(dict(nurse.session)))


def test_a_forms_slip_holds_no_names(nurse: Client, site: Site) -> None:
    answer = send(nurse, reverse("patients:register"), **(REGISTRATION | {"sex": ""}))
    held = signing.loads(filled(answer)["draft"], salt="clinic.drafts.slip")
    assert not CANARIES.search(str(held))
