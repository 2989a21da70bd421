"""The checklist's pages: one person fills it in, another one confirms it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import entries, problems, queries, title, told
from tests.treatments.dose_day import builders
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.dose_day.models import Checklist
from treatments.supply import services as supply_services
from treatments.supply.models import Vial

pytestmark = pytest.mark.usefixtures("at_noon")
FINE = {
    "identity": "confirmed",
    "dose": "as_planned",
    "interval": "long_enough",
    "infection": "none",
    "anticoagulants": "none",
    "shunt": "none",
    "sedation": "not_needed",
    "consent": "given",
}


def url(dose: Dose) -> str:
    return reverse("dose_day:checklist", args=[dose.pk])


def confirm_url(row: Checklist) -> str:
    return reverse("dose_day:confirm", args=[row.pk])


def day_url(dose: Dose) -> str:
    return reverse("dose_day:day", args=[dose.pk])


class TestWhoMay:
    def test_the_table_of_rights_decides_who_fills_it_in(self, dose: Dose, signed_in: Callable[..., Client]) -> None:
        clients = {role: signed_in(role) for role in Role}
        granted = {role: Permission.RECORD_DOSES in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(url(dose)).status_code for role, client in clients.items()}
        sent = {role: client.post(url(dose), {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert entries() == before

    def test_and_who_confirms(self, dose: Dose, nadia: User, signed_in: Callable[..., Client]) -> None:
        row = builders.checklist(dose, nadia)
        granted = {role: Permission.SECOND in GRANTS[role] for role in Role}
        opened = {role: signed_in(role).get(confirm_url(row)).status_code for role in Role}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        for role in (Role.VIEWER, Role.ADMINISTRATOR, Role.COORDINATOR):
            if not granted[role]:
                assert signed_in(role).post(confirm_url(row), {"version": row.version}).status_code == 403
        row.refresh_from_db()
        assert row.second is None

    def test_another_site_and_unknown_lists_are_not_found(
        self, dose: Dose, nadia: User, other_site: Site, nurse: Client, signed_in: Callable[..., Client]
    ) -> None:
        row = builders.checklist(dose, nadia)
        elsewhere = signed_in(*Role, at=other_site)
        for address in (url(dose), confirm_url(row)):
            assert elsewhere.get(address).status_code == elsewhere.post(address).status_code == 404
        assert nurse.get(reverse("dose_day:checklist", args=[uuid4()])).status_code == 404
        assert nurse.get(reverse("dose_day:confirm", args=[uuid4()])).status_code == 404


class TestTheForm:
    def test_nothing_is_answered_beforehand_and_the_reserved_vial_is_proposed(
        self, nurse: Client, dose: Dose, vial: Vial
    ) -> None:
        supply_services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        page = soup(nurse.get(url(dose)))
        assert not page.select("[type=radio][checked]")
        assert filled(page)["vial"] == str(vial.pk)
        assert [text(legend).removesuffix(" *") for legend in page.select(".check legend")] == [
            "Identity, by two identifiers",
            "Dose number and amount",
            "Time since the last dose",
            "Infection, fever, skin at the puncture site",
            "Anticoagulants",
            "Shunt or reservoir",
            "Sedation and fasting",
            "Consent today",
        ]

    @pytest.mark.parametrize(
        ("born", "sex", "asked"),
        [
            (date(2016, 7, 5), "female", False),
            (date(2016, 7, 4), "female", True),
            (date(1970, 7, 5), "female", True),
            (date(1970, 7, 4), "female", False),
            (date(2000, 1, 1), "male", False),
            (date(2000, 1, 1), "unknown", True),
        ],
    )
    def test_pregnancy_is_asked_about_only_where_it_can_be(
        self, nurse: Client, site: Site, born: date, sex: str, asked: bool
    ) -> None:
        course = courses.course(courses.patient(site, born_on=born, sex=sex), planned_start=date(2026, 7, 4))
        page = soup(nurse.get(url(courses.next_dose(course))))
        assert bool(page.select("[name=pregnancy]")) is asked

    def test_the_title_names_nobody_and_the_plan_stays_in_sight(self, nurse: Client, dose: Dose) -> None:
        page = nurse.get(url(dose))
        assert title(page) == "Checklist before the dose · Tidemark"
        assert "L2, 12 mg in 5 mL" in text(soup(page))

    def test_what_was_answered_is_there_again(self, nurse: Client, dose: Dose, nadia: User, vial: Vial) -> None:
        answers = builders.answers(dose, infection=("present", "Cold"))
        row = builders.checklist(dose, nadia, answers=answers, vial=vial)
        values = filled(soup(nurse.get(url(dose))))
        assert (values["infection"], values["infection_note"], values["identity"]) == ("present", "Cold", "confirmed")
        assert (values["vial"], values["version"]) == (str(vial.pk), str(row.version))


class TestFillingIn:
    def test_it_is_saved_and_waits_for_somebody_else(self, nurse: Client, dose: Dose, nadia: User, vial: Vial) -> None:
        answer = send(nurse, url(dose), **FINE, vial=str(vial.pk))
        assert (answer.status_code, answer["Location"]) == (302, day_url(dose))
        assert told(answer) == ["The checklist was saved. Another person has to confirm it."]
        row = Checklist.objects.get()
        assert (row.checked_by, row.second, row.vial, row.on) == (nadia, None, vial, date(2026, 7, 4))
        assert (row.label, row.mg) == ("L2", Decimal(12))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"consent": ""}, "Consent today : Consent today: choose an answer."),
            ({"consent": "maybe"}, "Consent today : Select a valid choice. maybe is not one"),
            ({"infection": "present"}, "Note : Infection, fever, skin at the puncture site: write what is to be known"),
            ({"infection": "present", "infection_note": "   "}, "Note : Infection, fever, skin at the puncture site:"),
            ({"shunt_note": "x" * 301}, "Note : Ensure this value has at most 300 characters (it has 301)."),
            ({"vial": str(uuid4())}, "Vial to be given : Select a valid choice."),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost_or_saved(
        self, nurse: Client, dose: Dose, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url(dose), **(FINE | {"sedation_note": "Fasting since six"} | typed))
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        (target,) = soup(answer).select(".error-summary li a")
        assert soup(answer).select(str(target["href"])), "the line leads to its field"
        kept = filled(soup(answer))
        assert (kept["identity"], kept["sedation_note"]) == ("confirmed", "Fasting since six")
        assert title(answer).startswith("Error: ")
        assert (Checklist.objects.count(), entries()) == (0, before)

    def test_the_same_form_twice_saves_one_list(self, nurse: Client, dose: Dose) -> None:
        values = filled(soup(nurse.get(url(dose)))) | FINE
        nurse.post(url(dose), values)
        before = entries()
        second = nurse.post(url(dose), values)
        assert told(second) == ["This was already saved; nothing was saved twice."]
        assert (Checklist.objects.count(), entries()) == (1, before)

    def test_a_vial_of_another_site_cannot_be_named(self, nurse: Client, dose: Dose, other_site: Site) -> None:
        answer = send(nurse, url(dose), **FINE, vial=str(supply.vial(other_site).pk))
        assert answer.status_code == 422
        assert not Checklist.objects.exists()

    def test_for_a_given_dose_there_is_nothing_to_check(self, nurse: Client, begun: Course) -> None:
        given = begun.doses.get(is_next=False)
        answer = nurse.get(url(given))
        assert (answer["Location"], told(answer)) == (
            day_url(given),
            ["This dose is not to come any more; there is nothing to check."],
        )


class TestTwoAtOnce:
    def test_a_list_that_somebody_made_meanwhile_is_not_overwritten(
        self, nurse: Client, dose: Dose, paul: User
    ) -> None:
        values = filled(soup(nurse.get(url(dose)))) | FINE | {"shunt_note": "Mine"}
        builders.checklist(dose, paul)
        answer = nurse.post(url(dose), values)
        assert problems(answer) == ["Paul Proceduralist made the checklist in the meantime; open it and look."]
        assert filled(soup(answer))["shunt_note"] == "Mine"
        assert Checklist.objects.get().checked_by == paul

    def test_a_list_that_was_changed_meanwhile_shows_both_versions_in_words(
        self, nurse: Client, dose: Dose, nadia: User, paul: User, vial: Vial
    ) -> None:
        first = builders.checklist(dose, nadia, vial=vial)
        values = filled(soup(nurse.get(url(dose)))) | {
            "consent": "not_given",
            "consent_note": "Asks for time",
            "vial": "",
        }
        changed = builders.answers(dose, infection=("present", "Cold"))
        builders.checklist(dose, paul, answers=changed, vial=vial, expected=first.version)
        answer = nurse.post(url(dose), values)
        assert answer.status_code == 409
        rows = [text(row) for row in soup(answer).select(".error-summary tbody tr")]
        assert len(rows) == 5
        assert rows[0] == "Infection, fever, skin at the puncture site Nothing found Something found"
        assert rows[2] == "Consent today Not given Given"
        assert rows[1].startswith("Note on: Infection, fever, skin at the puncture site")
        assert rows[1].endswith("Cold")
        assert rows[3].startswith("Note on: Consent today Asks for time")
        assert rows[4].startswith("Vial to be given Not chosen yet Lot AB12")
        assert filled(soup(answer))["consent_note"] == "Asks for time"
        assert Checklist.objects.get().said["infection"].note == "Cold"
        again = nurse.post(url(dose), filled(soup(answer)))
        assert again.status_code == 302
        assert Checklist.objects.get().said["consent"].option == "not_given"

    def test_a_form_whose_every_answer_is_stored_already_counts_as_saved(
        self, nurse: Client, dose: Dose, nadia: User, paul: User
    ) -> None:
        first = builders.checklist(dose, nadia)
        values = filled(soup(nurse.get(url(dose))))
        builders.checklist(dose, paul, expected=first.version)
        assert told(nurse.post(url(dose), values)) == ["This was already saved; nothing was saved twice."]
        assert Checklist.objects.get().checked_by == paul


class TestTheSecondPerson:
    @pytest.fixture
    def made(self, dose: Dose, nadia: User, vial: Vial) -> Checklist:
        return builders.checklist(dose, nadia, vial=vial)

    def test_confirms_what_stands_there(self, proceduralist: Client, made: Checklist, paul: User) -> None:
        page = proceduralist.get(confirm_url(made))
        shown = text(soup(page).select("main .panel")[0])
        assert "Lot AB12, 12 mg, expires 30 Jun 2027" in shown
        assert "QUILLFEATHER, Ottoline" in text(soup(page).select(".patient-banner")[0])
        assert title(page) == "Confirm the checklist · Tidemark"
        answer = proceduralist.post(confirm_url(made), filled(soup(page)))
        assert (answer["Location"], told(answer)) == (day_url(made.dose), ["You confirmed the checklist."])
        made.refresh_from_db()
        assert (made.second, made.second_at) == (paul, AT)

    def test_is_never_the_first_one(self, nurse: Client, made: Checklist) -> None:
        page = nurse.get(confirm_url(made))
        assert "You filled this checklist in Somebody else has to confirm it." in text(soup(page).select(".notice")[0])
        assert not soup(page).select("main form")
        forged = nurse.post(confirm_url(made), {"version": made.version})
        assert forged.status_code == 409
        assert "somebody else has to confirm it" in text(soup(forged).select(".notice")[0])
        made.refresh_from_db()
        assert made.second is None

    def test_is_told_when_the_list_was_changed_meanwhile(
        self, proceduralist: Client, made: Checklist, nadia: User
    ) -> None:
        values = filled(soup(proceduralist.get(confirm_url(made))))
        changed = builders.answers(made.dose, infection=("present", "Cold"))
        builders.checklist(made.dose, nadia, answers=changed, expected=made.version)
        answer = proceduralist.post(confirm_url(made), values)
        assert answer.status_code == 409
        assert "The checklist was changed in the meantime; read it again." in text(soup(answer).select(".notice")[0])
        assert "Cold" in text(soup(answer))
        made.refresh_from_db()
        assert made.second is None
        assert proceduralist.post(confirm_url(made), filled(soup(answer))).status_code == 302

    @pytest.mark.parametrize("version", ["", "0", "-1", "one", "99999999999999999999"])
    def test_a_version_that_is_none_confirms_nothing(
        self, proceduralist: Client, made: Checklist, version: str
    ) -> None:
        assert proceduralist.post(confirm_url(made), {"version": version}).status_code == 409
        made.refresh_from_db()
        assert made.second is None

    def test_confirms_once(self, proceduralist: Client, prescriber: Client, made: Checklist, paul: User) -> None:
        values = filled(soup(proceduralist.get(confirm_url(made))))
        proceduralist.post(confirm_url(made), values)
        before = entries()
        for client in (proceduralist, prescriber):
            answer = client.post(confirm_url(made), values | {"version": str(made.version + 1)})
            assert told(answer) == ["Paul Proceduralist confirmed this checklist already."]
        assert entries() == before

    def test_a_change_takes_the_confirmation_back(self, nurse: Client, proceduralist: Client, made: Checklist) -> None:
        proceduralist.post(confirm_url(made), filled(soup(proceduralist.get(confirm_url(made)))))
        send(nurse, url(made.dose), anticoagulants="stopped")
        made.refresh_from_db()
        assert (made.second, made.second_at, made.version) == (None, None, 3)

    def test_yesterdays_list_is_confirmed_by_nobody(
        self, signed_in: Callable[..., Client], made: Checklist, paul: User
    ) -> None:
        with time_machine.travel(AT + timedelta(days=1), tick=False):
            answer = signed_in(user=paul).post(confirm_url(made), {"version": made.version})
        assert told(answer) == ["This checklist is of another day; fill in one for today."]

    def test_a_dose_that_was_given_meanwhile_is_told(
        self, proceduralist: Client, made: Checklist, petra: User, vial: Vial
    ) -> None:
        builders.give(made.dose, petra, vial)
        answer = proceduralist.post(confirm_url(made), {"version": made.version})
        assert told(answer) == ["This dose was recorded in the meantime; nothing of yours was saved."]

    def test_on_a_stopped_course_nothing_is_confirmed(self, proceduralist: Client, made: Checklist) -> None:
        course_services.stop_course(course=made.dose.course, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        answer = proceduralist.post(confirm_url(made), {"version": made.version})
        assert answer.status_code == 409
        made.refresh_from_db()
        assert made.second is None


def test_the_pages_take_a_constant_number_of_queries(
    nurse: Client, proceduralist: Client, dose: Dose, nadia: User, site: Site, vial: Vial
) -> None:
    row = builders.checklist(dose, nadia, vial=vial)
    few = queries(nurse, url(dose)), queries(proceduralist, confirm_url(row))
    for _ in range(5):
        supply.vial(site)
    assert (queries(nurse, url(dose)), queries(proceduralist, confirm_url(row))) == few
    assert few[0] <= 25
    assert few[1] <= 16
