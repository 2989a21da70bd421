"""The page that registers a patient."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.patients.models import Carer, Consent, Identifier, Patient, SmaProfile
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS
from tests.clinic.patients.pages import filled, main, notices, page, send, summary, text
from tests.factories import AT, BY

URL = "/patients/register/"
ANA = {"given_name": "Ana", "family_name": "Berg", "born_on": "2020-05-17", "sex": "female"}
FULL = ANA | {
    "mrn": "m 1",
    "nhs": "943 476 5919",
    "sma_type": "2",
    "smn2_copies": "3",
    "symptom_onset": "2021-01-02",
    "name": "Maria Berg",
    "relationship": "mother",
    "email": "maria@example.org",
    "consent_treatment": "2026-07-01",
    "consent_registry": "2026-07-02",
    "consent_given_by": "Maria Berg",
}

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def both_sites(person: Callable[..., User], signed_in: Callable[..., Client], other_site: Site) -> Client:
    user = person(Role.NURSE)
    staff.give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
    return signed_in(user=User.objects.get(pk=user.pk))


def test_the_page_asks_one_topic_to_a_fieldset(nurse: Client) -> None:
    legends = [text(legend) for legend in page(nurse.get(URL)).select("fieldset > legend")]
    assert legends == ["Person", "Identifiers", "SMA profile", "First carer", "Consents"]


def test_a_patient_is_registered_with_everything_typed(nurse: Client, site: Site) -> None:
    answer = send(nurse, URL, **FULL)
    patient = Patient.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("chart", args=[patient.pk]))
    assert (patient.full_name, patient.site, patient.born_on) == ("Ana Berg", site, date(2020, 5, 17))
    assert set(Identifier.objects.values_list("kind", "value")) == {("mrn", "M1"), ("nhs", NHS)}
    profile = SmaProfile.objects.get(patient=patient)
    assert (profile.sma_type, profile.smn2_copies, profile.symptom_onset) == ("2", "3", date(2021, 1, 2))
    assert Carer.objects.get(patient=patient).email == "maria@example.org"
    assert set(Consent.objects.values_list("kind", "given_on")) == {
        ("treatment", date(2026, 7, 1)),
        ("registry", date(2026, 7, 2)),
    }


def test_the_person_alone_is_enough(nurse: Client) -> None:
    assert send(nurse, URL, **ANA).status_code == 302
    assert Patient.objects.count() == SmaProfile.objects.count() == 1
    assert Identifier.objects.count() == Carer.objects.count() == Consent.objects.count() == 0


def test_the_trail_names_the_person_at_the_keyboard(
    person: Callable[..., User], signed_in: Callable[..., Client]
) -> None:
    nora = person(Role.NURSE)
    send(signed_in(user=nora), URL, **ANA)
    entry = Entry.objects.get(event="patients.registered")
    assert (entry.person, entry.at) == (nora, AT)


def test_opening_the_page_writes_nothing(nurse: Client) -> None:
    nurse.get(URL)
    before = Entry.objects.count()
    nurse.get(URL)
    assert (Patient.objects.count(), Entry.objects.count()) == (0, before)


# --- Bad input -------------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_page(nurse: Client) -> None:
    bad = {
        "given_name": "Ana",
        "born_on": "2026-07-05",
        "nhs": "943 476 5918",
        "symptom_onset": "2026-07-06",
        "relationship": "mother",
        "consent_treatment": "2026-07-01",
    }
    answer = send(nurse, URL, **bad)
    assert answer.status_code == 422
    assert list(summary(answer)) == [
        "family_name",
        "born_on",
        "sex",
        "nhs",
        "symptom_onset",
        "name",
        "email",
        "consent_treatment",
        "consent_given_by",
    ]
    assert filled(answer).items() >= bad.items()
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"family_name": ""}, "family_name", "Enter the family name."),
        ({"family_name": "   "}, "family_name", "Enter the family name."),
        ({"family_name": "B" * 101}, "family_name", "at most 100 characters"),
        ({"given_name": "A\x00na"}, "given_name", "Null characters"),
        ({"born_on": ""}, "born_on", "Enter the day."),
        ({"born_on": "17/05/2020"}, "born_on", "year-month-day"),
        ({"born_on": "2021-02-29"}, "born_on", "a day that exists"),
        ({"born_on": "2026-07-05"}, "born_on", "lies in the future"),
        ({"born_on": "1899-12-31"}, "born_on", "lies before 1900"),
        ({"sex": ""}, "sex", "Choose one."),
        ({"sex": "neither"}, "sex", "valid choice"),
        ({"nhs": "123"}, "nhs", "10 digits"),
        ({"mrn": "M#1"}, "mrn", "letters and digits"),
        ({"registry": "R" * 41}, "registry", "longer than 40"),
        ({"sma_type": "9"}, "sma_type", "valid choice"),
        ({"symptom_onset": "2020-05-16"}, "symptom_onset", "before the date of birth, 17 May 2020"),
        ({"symptom_onset": "2026-07-05"}, "symptom_onset", "in the future"),
        ({"sma_type": "presymptomatic", "symptom_onset": "2021-01-02"}, "symptom_onset", "no symptoms yet"),
        ({"smn2_method": "mlpa"}, "smn2_copies", "how many there are"),
        ({"phone": "0123"}, "name", "Enter the carer's name."),
        ({"name": "Maria"}, "email", "They prefer e-mail"),
        ({"name": "Maria", "channel": "phone"}, "phone", "They prefer the telephone"),
        ({"name": "Maria", "email": "maria"}, "email", "valid email"),
        ({"name": "Maria", "channel": "pigeon"}, "channel", "valid choice"),
        ({"consent_reminders": "2020-05-16", "consent_given_by": "M"}, "consent_reminders", "before the date of birth"),
        ({"consent_registry": "2026-07-05", "consent_given_by": "M"}, "consent_registry", "in the future"),
        ({"consent_treatment": "2026-07-01"}, "consent_given_by", "Enter who answered."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    nurse: Client, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = send(nurse, URL, **(ANA | typed))
    assert answer.status_code == 422
    assert sentence in summary(answer)[field]
    assert not Patient.objects.exists()


def test_a_carer_reached_by_post_needs_no_address(nurse: Client) -> None:
    assert send(nurse, URL, **ANA, name="Maria", channel="post").status_code == 302


def test_a_channel_left_out_by_a_tampered_form_is_said(nurse: Client) -> None:
    answer = send(nurse, URL, **ANA, name="Maria", channel="", language="")
    assert answer.status_code == 422
    assert set(summary(answer)) == {"channel", "language"}
    assert not Patient.objects.exists()


def test_days_are_asked_for_with_a_picker_that_ends_today(nurse: Client) -> None:
    pickers = page(nurse.get(URL)).select("input[type=date]")
    assert {str(picker["name"]) for picker in pickers} == {
        "born_on",
        "symptom_onset",
        "consent_treatment",
        "consent_reminders",
        "consent_registry",
    }
    assert {picker["max"] for picker in pickers} == {"2026-07-04"}


def test_the_title_says_that_there_is_an_error_and_nothing_of_the_person(nurse: Client) -> None:
    answer = send(nurse, URL, **(ANA | {"sex": ""}))
    title = page(answer).find("title")
    assert text(title) == "Error: Register a patient · Tidemark"


def test_markup_in_a_name_stays_text(nurse: Client) -> None:
    answer = send(nurse, URL, **(ANA | {"family_name": "<script>alert(1)</script>", "sex": ""}))
    assert b"<script>alert" not in answer.content
    assert filled(answer)["family_name"] == "<script>alert(1)</script>"


# --- Site ------------------------------------------------------------------------------------------------------------


def test_whoever_works_at_one_site_is_not_asked_for_it(nurse: Client) -> None:
    assert "site" not in filled(nurse.get(URL))


def test_whoever_works_at_several_sites_chooses(both_sites: Client, site: Site, other_site: Site) -> None:
    options = [text(option) for option in page(both_sites.get(URL)).select("[name=site] option")]
    assert options == ["Choose…", "Northfield", "Southgate"]
    assert set(summary(send(both_sites, URL, **ANA))) == {"site"}
    assert send(both_sites, URL, **ANA, site=str(other_site.pk)).status_code == 302
    assert Patient.objects.get().site == other_site


def test_a_site_where_one_does_not_work_cannot_be_chosen(nurse: Client, both_sites: Client) -> None:
    closed = staff.open_site(name="Closed to them", time_zone="Europe/London", by=BY, at=AT)
    assert set(summary(send(both_sites, URL, **ANA, site=str(closed.pk)))) == {"site"}
    assert send(nurse, URL, **ANA, site=str(closed.pk)).status_code == 302
    assert Patient.objects.get().site.name == "Northfield"


def test_a_site_where_one_only_reads_cannot_be_chosen(
    person: Callable[..., User], signed_in: Callable[..., Client], other_site: Site
) -> None:
    user = person(Role.NURSE)
    staff.give_role(user=user, site=other_site, role=Role.VIEWER, by=BY, at=AT)
    assert "site" not in filled(signed_in(user=User.objects.get(pk=user.pk)).get(URL))


def test_what_is_the_future_depends_on_the_chosen_site(both_sites: Client, site: Site, other_site: Site) -> None:
    born_today = ANA | {"born_on": "2026-07-05"}
    with time_machine.travel(datetime.fromisoformat("2026-07-05T00:30+01:00"), tick=False):
        assert set(summary(send(both_sites, URL, **born_today, site=str(other_site.pk)))) == {"born_on"}
        assert send(both_sites, URL, **born_today, site=str(site.pk)).status_code == 302


# --- Who they may already be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(ANA, id="same"),
        pytest.param(ANA | {"given_name": "Berg", "family_name": "Ana"}, id="swapped"),
        pytest.param(ANA | {"given_name": "ÁNNA"}, id="spelt otherwise"),
    ],
)
def test_a_likeness_is_shown_and_asked_about(nurse: Client, site: Site, typed: dict[str, str]) -> None:
    known = builders.patient(site, mrn="M1")
    answer = send(nurse, URL, **typed, mrn="M2")
    assert answer.status_code == 422
    assert set(summary(answer)) == {"another_person"}
    (row,) = page(answer).select("section tbody tr")
    assert "BERG, Ana" in text(row)
    assert "MRN M1" in text(row)
    assert row.select_one(f"a[href='{reverse('chart', args=[known.pk])}']")
    assert filled(answer).items() >= (typed | {"mrn": "M2"}).items()
    assert Patient.objects.count() == 1


def test_another_person_is_registered_once_that_is_said(nurse: Client, site: Site) -> None:
    builders.patient(site)
    asked = send(nurse, URL, **ANA)
    assert "another_person" not in filled(asked)
    assert nurse.post(URL, filled(asked) | {"another_person": "on"}).status_code == 302
    assert Patient.objects.count() == 2
    entry = Entry.objects.filter(event="patients.registered").latest("pk")
    assert entry.reason == "Said to be another person than somebody much alike."


def test_a_box_ticked_about_others_does_not_count(nurse: Client, site: Site) -> None:
    builders.patient(site)
    asked = send(nurse, URL, **ANA)
    builders.patient(site, "Bergh")
    again = nurse.post(URL, filled(asked) | {"another_person": "on"})
    assert again.status_code == 422
    assert "another_person" not in filled(again)
    assert "BERGH, Ana" in main(again)
    assert nurse.post(URL, filled(again) | {"another_person": "on"}).status_code == 302


def test_a_box_ticked_without_having_been_asked_does_not_count(nurse: Client, site: Site) -> None:
    builders.patient(site)
    assert send(nurse, URL, **ANA, another_person="on").status_code == 422


def test_patients_of_other_sites_are_neither_named_nor_hinted_at(nurse: Client, other_site: Site) -> None:
    builders.patient(other_site, nhs=NHS)
    assert send(nurse, URL, **ANA, nhs=NHS).status_code == 302


def test_the_same_number_at_another_of_ones_sites_is_asked_about(
    both_sites: Client, site: Site, other_site: Site
) -> None:
    builders.patient(other_site, "Zielke", "Otto", born_on=date(1999, 1, 1), nhs=NHS)
    asked = send(both_sites, URL, **ANA, nhs=NHS, site=str(site.pk))
    assert set(summary(asked)) == {"another_person"}
    assert "has the same number" in main(asked)


def test_a_number_of_another_patient_at_the_site_blocks_and_leads_there(nurse: Client, site: Site) -> None:
    holder = builders.patient(site, "Zielke", "Otto", born_on=date(1999, 1, 1), nhs=NHS)
    answer = send(nurse, URL, **ANA, nhs="943 476 5919")
    assert answer.status_code == 422
    assert (
        "NHS number 943 476 5919 belongs to another patient at this site. Open that patient" in summary(answer)["nhs"]
    )
    assert page(answer).select(f".error-summary a[href='{reverse('chart', args=[holder.pk])}']")
    ticked = nurse.post(URL, filled(answer) | {"another_person": "on"})
    assert set(summary(ticked)) == {"nhs"}
    assert Patient.objects.count() == 1


# --- Twice -----------------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_registers_once(nurse: Client) -> None:
    form = filled(nurse.get(URL)) | FULL
    first, second = nurse.post(URL, form), nurse.post(URL, form)
    assert first["Location"] == second["Location"]
    assert Patient.objects.count() == 1
    assert "This was already saved; nothing was saved twice." in notices(nurse.get(second["Location"]))


def test_a_page_opened_twice_registers_two(nurse: Client) -> None:
    send(nurse, URL, **ANA)
    send(nurse, URL, **(ANA | {"given_name": "Otto", "family_name": "Zielke"}))
    assert Patient.objects.count() == 2


def test_a_form_made_for_somebody_else_is_refused(nurse: Client, signed_in: Callable[..., Client]) -> None:
    form = filled(signed_in(Role.NURSE).get(URL)) | ANA
    answer = nurse.post(URL, form)
    assert answer.status_code == 422
    assert "opened by somebody else" in main(answer)
    assert not Patient.objects.exists()


def test_a_form_without_its_key_is_refused(nurse: Client) -> None:
    assert nurse.post(URL, ANA).status_code == 422
    assert not Patient.objects.exists()
