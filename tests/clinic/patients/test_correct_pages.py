"""The pages that correct a person, their SMA profile and their care status."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.patients import services
from clinic.patients.choices import CareStatus
from clinic.patients.facts import ProfileFacts
from clinic.patients.models import Patient, SmaProfile
from clinic.records import writing
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.pages import filled, main, notices, page, send, summary, text
from tests.factories import AT, BY

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site, mrn="M1", profile=ProfileFacts(sma_type="2"))


def url(name: str, patient: Patient) -> str:
    return reverse(f"patients:{name}", args=[patient.pk])


def chart(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


def stored(patient: Patient) -> Patient:
    return Patient.objects.get(pk=patient.pk)


def newest_entry(patient: Patient) -> Entry:
    entry = Entry.objects.about_patient(patient.pk).first()
    assert entry is not None
    return entry


def versions(answer: Any) -> list[tuple[str, ...]]:
    """Return the rows of the table that shows what was typed beside what is stored."""
    rows = page(answer).select("section[aria-labelledby=conflict-title] tbody tr")
    return [tuple(text(cell) for cell in row.select("th, td")) for row in rows]


# --- Name, birth, sex ------------------------------------------------------------------------------------------------


def test_the_page_holds_what_is_stored_under_the_banner(nurse: Client, patient: Patient) -> None:
    answer = nurse.get(url("correct", patient))
    shown = filled(answer)
    assert (shown["given_name"], shown["born_on"], shown["version"]) == ("Ana", "2020-05-17", "1")
    assert "BERG, Ana" in text(page(answer).select_one(".patient-banner"))
    assert text(page(answer).find("title")) == "Correct personal details · Tidemark"


def test_a_correction_is_saved_and_leads_to_the_chart(nurse: Client, patient: Patient) -> None:
    answer = send(nurse, url("correct", patient), given_name="Anna", reason="Passport")
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    assert stored(patient).given_name == "Anna"
    assert "The personal details were saved." in notices(nurse.get(answer["Location"]))
    entry = newest_entry(patient)
    assert (entry.changes, entry.reason, entry.at) == ({"given_name": ["Ana", "Anna"]}, "Passport", AT)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"given_name": ""}, "given_name", "Enter the given name."),
        ({"born_on": "2026-07-05"}, "born_on", "in the future"),
        ({"born_on": "1899-12-31"}, "born_on", "before 1900"),
        ({"born_on": "tomorrow"}, "born_on", "year-month-day"),
        ({"sex": "neither"}, "sex", "valid choice"),
        ({"reason": "r" * 501}, "reason", "at most 500"),
    ],
)
def test_a_bad_correction_is_said_and_kept_on_the_page(
    nurse: Client, patient: Patient, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = send(nurse, url("correct", patient), **typed)
    assert answer.status_code == 422
    assert sentence in summary(answer)[field]
    assert stored(patient).version == 1


def test_a_birth_behind_what_is_recorded_is_refused_by_name(nurse: Client, patient: Patient) -> None:
    builders.consent(patient, given_on=date(2026, 1, 5))
    answer = send(nurse, url("correct", patient), born_on="2026-02-01")
    assert answer.status_code == 422
    assert "recorded for 5 Jan 2026" in summary(answer)["born_on"]
    assert filled(answer)["born_on"] == "2026-02-01"


def test_the_second_of_two_editors_sees_both_versions_and_keeps_what_was_typed(nurse: Client, patient: Patient) -> None:
    form = filled(nurse.get(url("correct", patient))) | {"given_name": "Anne", "reason": "Heard it so"}
    services.correct(patient=patient, person=builders.person("Anna", "Bergh"), by=BY, at=AT)
    answer = nurse.post(url("correct", patient), form)
    assert answer.status_code == 409
    assert "test stage changed this record" in main(answer)
    assert versions(answer) == [("Given name", "Anne", "Anna"), ("Family name", "Berg", "Bergh")]
    again = filled(answer)
    assert (again["given_name"], again["reason"], again["version"]) == ("Anne", "Heard it so", "2")
    assert stored(patient).given_name == "Anna"
    assert nurse.post(url("correct", patient), again).status_code == 302
    assert (stored(patient).given_name, stored(patient).version) == ("Anne", 3)


def test_a_correction_sent_twice_is_saved_once(nurse: Client, patient: Patient) -> None:
    form = filled(nurse.get(url("correct", patient))) | {"given_name": "Anna"}
    nurse.post(url("correct", patient), form)
    again = nurse.post(url("correct", patient), form)
    assert (again.status_code, again["Location"]) == (302, chart(patient))
    assert "This was already saved; nothing was saved twice." in notices(nurse.get(again["Location"]))
    assert stored(patient).version == 2


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1.5"])
def test_a_version_that_is_none_is_refused(nurse: Client, patient: Patient, version: str) -> None:
    assert send(nurse, url("correct", patient), given_name="Anna", version=version).status_code == 422
    assert stored(patient).version == 1


def test_saving_without_a_change_leaves_no_trace(nurse: Client, patient: Patient) -> None:
    before = Entry.objects.count()
    assert send(nurse, url("correct", patient)).status_code == 302
    assert (stored(patient).version, Entry.objects.count()) == (1, before)


# --- SMA profile -----------------------------------------------------------------------------------------------------


def test_a_profile_is_saved(nurse: Client, patient: Patient) -> None:
    answer = send(nurse, url("profile", patient), sma_type="3a", symptom_onset="2021-01-02", reason="Clinic letter")
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    profile = SmaProfile.objects.get(patient=patient)
    assert (profile.sma_type, profile.symptom_onset) == ("3a", date(2021, 1, 2))
    assert newest_entry(patient).reason == "Clinic letter"


def test_a_profile_may_be_emptied_again(nurse: Client, patient: Patient) -> None:
    send(nurse, url("profile", patient), sma_type="")
    assert SmaProfile.objects.get(patient=patient).sma_type == ""


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"symptom_onset": "2020-05-16"}, "symptom_onset"),
        ({"symptom_onset": "2026-07-05"}, "symptom_onset"),
        ({"sma_type": "presymptomatic", "symptom_onset": "2021-01-02"}, "symptom_onset"),
        ({"smn2_method": "qpcr"}, "smn2_copies"),
        ({"feeding": "by drone"}, "feeding"),
    ],
)
def test_a_profile_that_cannot_be_is_said(nurse: Client, patient: Patient, typed: dict[str, str], field: str) -> None:
    answer = send(nurse, url("profile", patient), **typed)
    assert answer.status_code == 422
    assert set(summary(answer)) == {field}
    assert SmaProfile.objects.get(patient=patient).version == 1


def test_two_editors_of_one_profile_meet(nurse: Client, patient: Patient) -> None:
    form = filled(nurse.get(url("profile", patient))) | {"sma_type": "3", "spine": "rods"}
    profile = SmaProfile.objects.get(patient=patient)
    services.set_profile(profile=profile, facts=ProfileFacts(sma_type="1b"), by=BY, at=AT)
    answer = nurse.post(url("profile", patient), form)
    assert answer.status_code == 409
    assert versions(answer) == [("SMA type", "Type 3", "Type 1b"), ("Spine", "Growing rods", "Not recorded")]
    assert filled(answer)["spine"] == "rods"


def test_a_patient_without_a_profile_has_no_page_for_it(nurse: Client, site: Site) -> None:
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=builders.BORN, sex="female")
    bare = writing.add(row, event="patients.registered", by=BY, at=AT)
    assert nurse.get(url("profile", bare)).status_code == 404


# --- Care status -----------------------------------------------------------------------------------------------------

LEAVING = {"to": "transferred", "on": "2026-07-01", "reason": "Moved to Leeds"}


def test_the_first_answer_says_what_it_means_and_saves_nothing(nurse: Client, patient: Patient) -> None:
    before = Entry.objects.count()
    answer = send(nurse, url("care_status", patient), **LEAVING)
    assert answer.status_code == 200
    shown = main(answer)
    assert "Record that the patient was transferred?" in shown
    assert "leaves the worklist" in shown
    assert "no reminder about them is sent" in shown
    assert "Care status In our care Transferred" in shown
    assert "Since registration 1 Jul 2026" in shown
    assert (stored(patient).version, Entry.objects.count()) == (1, before)


def test_the_second_answer_saves(nurse: Client, patient: Patient) -> None:
    asked = send(nurse, url("care_status", patient), **LEAVING)
    answer = nurse.post(url("care_status", patient), filled(asked))
    assert (answer.status_code, answer["Location"]) == (302, chart(patient))
    assert (stored(patient).care_status, stored(patient).care_status_on) == ("transferred", date(2026, 7, 1))
    entry = newest_entry(patient)
    assert (entry.event, entry.reason) == ("patients.care_status_changed", "Moved to Leeds")


def test_coming_back_says_what_that_means(nurse: Client, patient: Patient) -> None:
    services.change_care_status(
        patient=patient, to=CareStatus.LEFT, on=date(2026, 7, 1), reason="No contact", by=BY, at=AT
    )
    asked = send(nurse, url("care_status", patient), to="active", on="2026-07-04", reason="Rang us")
    assert "on the worklist again" in main(asked)
    assert "Since 1 Jul 2026 4 Jul 2026" in main(asked)
    assert nurse.post(url("care_status", patient), filled(asked)).status_code == 302
    assert stored(patient).in_care


@pytest.mark.parametrize("to", ["transferred", "left", "died"])
def test_every_way_out_of_care_is_asked_about(nurse: Client, patient: Patient, to: str) -> None:
    asked = send(nurse, url("care_status", patient), **(LEAVING | {"to": to}))
    assert page(asked).select_one("main h2")
    assert nurse.post(url("care_status", patient), filled(asked)).status_code == 302
    assert stored(patient).care_status == to


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"to": ""}, "to", "Choose one."),
        ({"to": "asleep"}, "to", "valid choice"),
        ({"on": ""}, "on", "Enter the day."),
        ({"on": "2026-07-05"}, "on", "in the future"),
        ({"on": "2020-05-16"}, "on", "before the date of birth"),
        ({"reason": "  "}, "reason", "Say why"),
    ],
)
def test_a_change_that_cannot_be_is_said_before_it_is_asked_about(
    nurse: Client, patient: Patient, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = send(nurse, url("care_status", patient), **(LEAVING | typed))
    assert answer.status_code == 422
    assert sentence in summary(answer)[field]


def test_a_confirmation_that_was_tampered_with_is_checked_again(nurse: Client, patient: Patient) -> None:
    asked = filled(send(nurse, url("care_status", patient), **LEAVING))
    assert nurse.post(url("care_status", patient), asked | {"on": "2026-07-05"}).status_code == 422
    assert stored(patient).in_care


def test_what_is_recorded_already_is_said(nurse: Client, patient: Patient) -> None:
    services.change_care_status(patient=patient, to=CareStatus.DIED, on=date(2026, 7, 1), reason="Told", by=BY, at=AT)
    answer = send(nurse, url("care_status", patient), to="died", on="2026-07-01", reason="Told")
    assert "recorded already" in summary(answer)["to"]


def test_two_changes_of_care_meet_and_the_second_is_asked_again(nurse: Client, patient: Patient) -> None:
    asked = filled(send(nurse, url("care_status", patient), **LEAVING))
    services.change_care_status(patient=patient, to=CareStatus.DIED, on=date(2026, 7, 2), reason="Told", by=BY, at=AT)
    answer = nurse.post(url("care_status", patient), asked)
    assert answer.status_code == 409
    assert versions(answer) == [("Care status", "Transferred", "Died"), ("Since", "1 Jul 2026", "2 Jul 2026")]
    again = nurse.post(url("care_status", patient), filled(answer))
    assert again.status_code == 200
    assert "Care status Died Transferred" in main(again)
    assert stored(patient).care_status == "died"


def test_a_confirmation_sent_twice_is_saved_once(nurse: Client, patient: Patient) -> None:
    asked = filled(send(nurse, url("care_status", patient), **LEAVING))
    nurse.post(url("care_status", patient), asked)
    again = nurse.post(url("care_status", patient), asked)
    assert (again.status_code, again["Location"]) == (302, chart(patient))
    assert "This was already saved; nothing was saved twice." in notices(nurse.get(again["Location"]))
    assert stored(patient).version == 2
