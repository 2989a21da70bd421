"""The pages that add, correct and void what belongs to a patient."""

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse

from clinic.audit.models import Entry
from clinic.patients import parts, services
from clinic.patients.facts import CarerFacts
from clinic.patients.models import Carer, Consent, Identifier, Patient
from clinic.patients.parts import KINDS
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS
from tests.clinic.patients.pages import filled, main, notices, page, send, summary, text
from tests.factories import AT, BY

pytestmark = pytest.mark.usefixtures("noon")

GOOD: dict[str, dict[str, str]] = {
    "identifier": {"kind": "nhs", "value": "943 476 5919"},
    "carer": {"name": "Maria Berg", "relationship": "mother", "channel": "phone", "phone": "0123", "language": "de"},
    "consent": {"kind": "treatment", "given_on": "2026-07-01", "given_by": "Maria Berg"},
    "allergy": {"kind": "hypersensitivity", "substance": "Latex", "reaction": "rash", "noted_on": "2026-07-01"},
    "access-plan": {
        "approach": "transforaminal",
        "guidance": "ct",
        "sedation": "local",
        "note": "L3/4",
        "reviewed_on": "2026-07-01",
    },
    "measurement": {"measured_on": "2026-07-01", "weight_kg": "9.5", "height_cm": "75"},
    "therapy": {"therapy": "risdiplam", "started_on": "2026-07-01", "note": "5 mg a day"},
}
BAD: list[tuple[str, dict[str, str], str, str]] = [
    ("identifier", {"kind": "", "value": ""}, "kind", "Choose one."),
    ("identifier", {"kind": "nhs", "value": "943 476 5918"}, "value", "check digit"),
    ("identifier", {"kind": "mrn", "value": ""}, "value", "Enter the number."),
    ("carer", {"name": ""}, "name", "Enter the carer's name."),
    ("carer", {"channel": "email", "email": ""}, "email", "They prefer e-mail"),
    ("carer", {"channel": "phone", "phone": ""}, "phone", "They prefer the telephone"),
    ("consent", {"given_on": "2026-07-05"}, "given_on", "in the future"),
    ("consent", {"given_on": "2020-05-16"}, "given_on", "before the date of birth"),
    ("consent", {"given_by": " "}, "given_by", "Enter who answered."),
    ("allergy", {"kind": ""}, "kind", "Choose one."),
    ("allergy", {"substance": ""}, "substance", "Enter what the person reacts to."),
    ("allergy", {"kind": "none_known"}, "substance", "No allergy is known, you say"),
    ("allergy", {"noted_on": "2026-07-05"}, "noted_on", "in the future"),
    ("access-plan", {"approach": ""}, "approach", "Choose one."),
    ("access-plan", {"reviewed_on": "2020-05-16"}, "reviewed_on", "before the date of birth"),
    ("measurement", {"weight_kg": "", "height_cm": ""}, "weight_kg", "the weight, the height, or both"),
    ("measurement", {"weight_kg": "9500"}, "weight_kg", "grams or pounds"),
    ("measurement", {"weight_kg": "a lot"}, "weight_kg", "Enter a number."),
    ("measurement", {"weight_kg": "NaN"}, "weight_kg", "Enter a number."),
    ("measurement", {"weight_kg": "9.555"}, "weight_kg", "2 decimal places"),
    ("measurement", {"height_cm": "0.75"}, "height_cm", "decimal place"),
    ("measurement", {"height_cm": "0.7"}, "height_cm", "metres or inches"),
    ("measurement", {"measured_on": "2026-07-05"}, "measured_on", "in the future"),
    ("therapy", {"started_on": "2020-05-16"}, "started_on", "before the date of birth"),
    ("therapy", {"ended_on": "2026-06-30"}, "ended_on", "cannot end before it began"),
    ("therapy", {"ended_on": "2026-07-05"}, "ended_on", "in the future"),
    ("therapy", {"therapy": "other", "note": ""}, "note", "Say which therapy it is."),
]
every_kind = pytest.mark.parametrize("slug", KINDS)


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def make(patient: Patient, slug: str) -> Any:
    builds: dict[str, Callable[[], Any]] = {
        "identifier": lambda: builders.identifier(patient, value=f"M{patient.pk.hex[:8]}"),
        "carer": lambda: builders.carer(patient),
        "consent": lambda: builders.consent(patient),
        "allergy": lambda: builders.allergy(patient),
        "access-plan": lambda: builders.access_plan(patient),
        "measurement": lambda: builders.measurement(patient, weight_kg=Decimal(9)),
        "therapy": lambda: builders.therapy(patient),
    }
    return builds[slug]()


def rows(slug: str) -> list[Any]:
    return list(KINDS[slug].model._base_manager.order_by("created_at"))


def add_url(patient: Patient, slug: str) -> str:
    return reverse("patients:add_part", args=[patient.pk, slug])


def part_url(name: str, patient: Patient, slug: str, part_id: uuid.UUID) -> str:
    return reverse(f"patients:{name}_part", args=[patient.pk, slug, part_id])


def chart(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


def newest_entry(patient: Patient) -> Entry:
    entry = Entry.objects.about_patient(patient.pk).first()
    assert entry is not None
    return entry


def test_every_kind_is_tried_here() -> None:
    assert set(GOOD) == {slug for slug, *_rest in BAD} == set(KINDS)


# --- Add -------------------------------------------------------------------------------------------------------------


@every_kind
def test_a_part_is_added_and_leads_to_the_chart(nurse: Client, patient: Patient, slug: str) -> None:
    answer = send(nurse, add_url(patient, slug), **GOOD[slug])
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    (row,) = rows(slug)
    assert row.patient == patient
    assert f"{KINDS[slug].this.capitalize()} was added." in notices(nurse.get(answer["Location"]))
    entry = newest_entry(patient)
    assert (entry.event, entry.person is not None, entry.at) == (KINDS[slug].added, True, AT)


@every_kind
def test_the_page_says_what_it_adds_to_whom_and_its_title_names_nobody(
    nurse: Client, patient: Patient, slug: str
) -> None:
    answer = nurse.get(add_url(patient, slug))
    assert text(page(answer).find("h1")) == f"Add {KINDS[slug].one}"
    assert "BERG, Ana" in text(page(answer).select_one(".patient-banner"))
    assert text(page(answer).find("title")) == f"Add {KINDS[slug].one} · Tidemark"


@every_kind
def test_a_form_sent_twice_adds_one(nurse: Client, patient: Patient, slug: str) -> None:
    form = filled(nurse.get(add_url(patient, slug))) | GOOD[slug]
    first, second = (nurse.post(add_url(patient, slug), form) for _ in range(2))
    assert first["Location"] == second["Location"] == chart(patient)
    assert len(rows(slug)) == 1
    assert "This was already saved; nothing was saved twice." in notices(nurse.get(second["Location"]))


@pytest.mark.parametrize(("slug", "typed", "field", "sentence"), BAD)
def test_a_bad_part_is_said_and_kept_on_the_page(
    nurse: Client, patient: Patient, slug: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    sent = GOOD[slug] | typed
    answer = send(nurse, add_url(patient, slug), **sent)
    assert answer.status_code == 422
    assert sentence in summary(answer)[field]
    assert {name: value.strip() for name, value in filled(answer).items() if name in sent} == {
        name: value.strip() for name, value in sent.items()
    }
    assert rows(slug) == []


@every_kind
def test_a_key_made_for_another_patient_is_refused(nurse: Client, site: Site, patient: Patient, slug: str) -> None:
    other = builders.patient(site, "Zielke")
    form = filled(nurse.get(add_url(other, slug))) | GOOD[slug]
    assert nurse.post(add_url(patient, slug), form).status_code == 422
    assert rows(slug) == []


def test_a_key_made_for_another_kind_is_refused(nurse: Client, patient: Patient) -> None:
    form = filled(nurse.get(add_url(patient, "carer"))) | GOOD["consent"]
    assert nurse.post(add_url(patient, "consent"), form).status_code == 422


def test_a_patient_in_the_body_changes_nothing(nurse: Client, site: Site, other_site: Site, patient: Patient) -> None:
    foreign = builders.patient(other_site, "Zielke")
    more = {
        "patient": str(foreign.pk),
        "patient_id": str(foreign.pk),
        "site": str(other_site.pk),
        "id": str(foreign.pk),
    }
    send(nurse, add_url(patient, "identifier"), **GOOD["identifier"], **more)
    number = Identifier.objects.get()
    assert (number.patient, number.site) == (patient, patient.site)


def test_a_number_of_another_patient_is_refused_with_the_way_to_them(
    nurse: Client, site: Site, patient: Patient
) -> None:
    other = builders.patient(site, "Zielke", "Otto", nhs=NHS)
    answer = send(nurse, add_url(patient, "identifier"), **GOOD["identifier"])
    assert answer.status_code == 422
    assert "belongs to another patient at this site. Open that patient" in summary(answer)["value"]
    assert page(answer).select(f".error-summary a[href='{chart(other)}']")
    assert "Zielke" not in main(answer)


def test_a_number_that_the_patient_has_already_leads_nowhere(nurse: Client, patient: Patient) -> None:
    builders.identifier(patient, "nhs", NHS)
    answer = send(nurse, add_url(patient, "identifier"), **GOOD["identifier"])
    assert "belongs to this patient already" in summary(answer)["value"]
    assert "Open that patient" not in main(answer)


def test_a_second_consent_of_a_kind_is_refused(nurse: Client, patient: Patient) -> None:
    builders.consent(patient)
    answer = send(nurse, add_url(patient, "consent"), **GOOD["consent"])
    assert answer.status_code == 422
    assert "is in force" in summary(answer)["kind"]


# --- Correct ---------------------------------------------------------------------------------------------------------


@every_kind
def test_a_part_is_corrected(nurse: Client, patient: Patient, slug: str) -> None:
    part = make(patient, slug)
    answer = send(nurse, part_url("correct", patient, slug, part.pk), **GOOD[slug], reason="Misread")
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    (row,) = rows(slug)
    assert (row.pk, row.version) == (part.pk, 2)
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == (KINDS[slug].corrected, "Misread")


@every_kind
def test_the_page_holds_what_is_stored_and_leads_to_the_void(nurse: Client, patient: Patient, slug: str) -> None:
    part = make(patient, slug)
    answer = nurse.get(part_url("correct", patient, slug, part.pk))
    assert filled(answer)["version"] == "1"
    assert page(answer).select_one(f"main a[href='{part_url('void', patient, slug, part.pk)}']")
    assert nurse.post(part_url("correct", patient, slug, part.pk), filled(answer)).status_code == 302
    assert rows(slug)[0].version == 1


@pytest.mark.parametrize(("slug", "typed", "field", "sentence"), {case[0]: case for case in BAD}.values())
def test_a_bad_correction_is_said(
    nurse: Client, patient: Patient, slug: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    part = make(patient, slug)
    answer = send(nurse, part_url("correct", patient, slug, part.pk), **(GOOD[slug] | typed))
    assert answer.status_code == 422
    assert sentence in summary(answer)[field]
    assert rows(slug)[0].version == 1


@every_kind
def test_two_editors_of_one_part_meet(nurse: Client, patient: Patient, slug: str) -> None:
    part = make(patient, slug)
    address = part_url("correct", patient, slug, part.pk)
    form = filled(nurse.get(address)) | GOOD[slug]
    send(nurse, address, **(GOOD[slug] | SECOND[slug]))
    answer = nurse.post(address, form)
    assert answer.status_code == 409
    assert page(answer).select("section[aria-labelledby=conflict-title] tbody tr")
    again = filled(answer)
    assert again["version"] == "2"
    assert again.items() >= GOOD[slug].items()
    assert nurse.post(address, again).status_code == 302
    assert rows(slug)[0].version == 3


SECOND: dict[str, dict[str, str]] = {
    "identifier": {"kind": "mrn", "value": "M9"},
    "carer": {"name": "Otto Berg"},
    "consent": {"given_by": "Otto Berg"},
    "allergy": {"reaction": "swelling"},
    "access-plan": {"guidance": "fluoroscopy"},
    "measurement": {"weight_kg": "8"},
    "therapy": {"note": "6 mg a day"},
}


@every_kind
def test_a_correction_sent_twice_is_saved_once(nurse: Client, patient: Patient, slug: str) -> None:
    part = make(patient, slug)
    address = part_url("correct", patient, slug, part.pk)
    form = filled(nurse.get(address)) | GOOD[slug]
    nurse.post(address, form)
    again = nurse.post(address, form)
    assert again.status_code == 302
    assert rows(slug)[0].version == 2


def test_both_versions_are_shown_in_words(nurse: Client, patient: Patient) -> None:
    carer = builders.carer(patient)
    address = part_url("correct", patient, "carer", carer.pk)
    form = filled(nurse.get(address)) | {"name": "Maria B.", "channel": "post"}
    facts = CarerFacts("Maria Berg-Olsen", channel="phone", phone="0123", email="maria@example.org")
    services.correct_part(kind=parts.CARER, part=carer, facts=facts, by=BY, at=AT)
    answer = nurse.post(address, form)
    shown = [
        tuple(text(cell) for cell in row.select("th, td"))
        for row in page(answer).select("section[aria-labelledby=conflict-title] tbody tr")
    ]
    assert shown == [
        ("Carer's name", "Maria B.", "Maria Berg-Olsen"),
        ("Prefers to be reached by", "Post", "Telephone"),
        ("Telephone", "not recorded", "0123"),
    ]


def test_a_part_voided_meanwhile_is_gone(nurse: Client, patient: Patient) -> None:
    carer = builders.carer(patient)
    address = part_url("correct", patient, "carer", carer.pk)
    form = filled(nurse.get(address))
    services.void_part(kind=parts.CARER, part=carer, reason="Of the sister", by=BY, at=AT)
    assert nurse.post(address, form).status_code == 404


# --- Void and withdraw -----------------------------------------------------------------------------------------------


@every_kind
def test_a_part_is_voided_with_a_reason(nurse: Client, patient: Patient, slug: str) -> None:
    part = make(patient, slug)
    address = part_url("void", patient, slug, part.pk)
    assert str(part) in main(nurse.get(address))
    answer = send(nurse, address, reason="Entered twice")
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    (row,) = rows(slug)
    assert (row.voided_at, row.void_reason) == (AT, "Entered twice")
    assert (newest_entry(patient).event, newest_entry(patient).reason) == (KINDS[slug].voided, "Entered twice")


@every_kind
@pytest.mark.parametrize("reason", ["", "  ", "r" * 501])
def test_a_void_needs_a_reason_that_fits(nurse: Client, patient: Patient, slug: str, reason: str) -> None:
    part = make(patient, slug)
    answer = send(nurse, part_url("void", patient, slug, part.pk), reason=reason)
    assert answer.status_code == 422
    assert set(summary(answer)) == {"reason"}
    assert rows(slug)[0].voided_at is None


def test_a_void_of_what_was_corrected_meanwhile_is_asked_again(nurse: Client, patient: Patient) -> None:
    carer = builders.carer(patient)
    address = part_url("void", patient, "carer", carer.pk)
    form = filled(nurse.get(address)) | {"reason": "Of the sister"}
    facts = CarerFacts("Otto Berg", channel="post")
    services.correct_part(kind=parts.CARER, part=carer, facts=facts, by=BY, at=AT)
    answer = nurse.post(address, form)
    assert answer.status_code == 409
    assert Carer.objects.get().voided_at is None
    assert (filled(answer)["version"], filled(answer)["reason"]) == ("2", "Of the sister")


def withdraw_url(patient: Patient, part_id: uuid.UUID) -> str:
    return reverse("patients:withdraw_consent", args=[patient.pk, part_id])


def test_a_consent_is_withdrawn_today_unless_said_otherwise(nurse: Client, patient: Patient) -> None:
    consent = builders.consent(patient)
    answer = send(nurse, withdraw_url(patient, consent.pk), reason="By telephone")
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    assert Consent.objects.get().withdrawn_on == date(2026, 7, 4)
    assert newest_entry(patient).reason == "By telephone"


@pytest.mark.parametrize(
    ("on", "sentence"),
    [("", "Enter the day."), ("2026-01-04", "given on 5 Jan 2026, after this day"), ("2026-07-05", "in the future")],
)
def test_a_withdrawal_has_its_day(nurse: Client, patient: Patient, on: str, sentence: str) -> None:
    consent = builders.consent(patient)
    answer = send(nurse, withdraw_url(patient, consent.pk), on=on)
    assert answer.status_code == 422
    assert sentence in summary(answer)["on"]
    assert Consent.objects.get().withdrawn_on is None


def test_a_withdrawal_sent_twice_is_saved_once(nurse: Client, patient: Patient) -> None:
    consent = builders.consent(patient)
    form = filled(nurse.get(withdraw_url(patient, consent.pk)))
    nurse.post(withdraw_url(patient, consent.pk), form)
    assert nurse.post(withdraw_url(patient, consent.pk), form).status_code == 302
    assert Consent.objects.get().version == 2


def test_a_withdrawal_and_a_correction_meet(nurse: Client, patient: Patient) -> None:
    consent = builders.consent(patient)
    form = filled(nurse.get(withdraw_url(patient, consent.pk)))
    send(nurse, part_url("correct", patient, "consent", consent.pk), given_by="Otto Berg")
    assert nurse.post(withdraw_url(patient, consent.pk), form).status_code == 409


# --- Whose ----------------------------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("action", ["correct", "void"])
def test_a_part_of_another_patient_is_not_found_under_this_one(
    nurse: Client, site: Site, other_site: Site, patient: Patient, slug: str, action: str
) -> None:
    for owner in (builders.patient(site, "Zielke"), builders.patient(other_site, "Zielke")):
        theirs = make(owner, slug)
        address = part_url(action, patient, slug, theirs.pk)
        assert nurse.get(address).status_code == 404
        assert nurse.post(address, {**GOOD[slug], "reason": "Mine now", "version": "1"}).status_code == 404
        assert type(theirs)._base_manager.get(pk=theirs.pk).version == 1


def test_a_part_is_not_found_under_another_kind(nurse: Client, patient: Patient) -> None:
    carer = builders.carer(patient)
    assert nurse.get(part_url("correct", patient, "consent", carer.pk)).status_code == 404
    assert nurse.get(withdraw_url(patient, carer.pk)).status_code == 404


def test_another_word_in_the_address_is_another_rooms(patient: Patient) -> None:
    match = resolve(f"/patients/{patient.pk}/labs/add/")
    assert match.view_name == "labs:add"


def test_an_unknown_kind_is_not_found(nurse: Client, patient: Patient) -> None:
    assert nurse.get(f"/patients/{patient.pk}/secret/add/").status_code == 404
