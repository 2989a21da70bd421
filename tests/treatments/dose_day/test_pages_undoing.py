"""The pages that put a record right or take it back: what moves is shown first, and the old record stays."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import entries, problems, queries, title, told
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.conftest import FIRST_ON
from tests.treatments.pages import filled, looked_at, send, soup, text
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.supply.models import Vial

pytestmark = pytest.mark.usefixtures("at_noon")


def url(name: str, row: Administration) -> str:
    return reverse(f"dose_day:{name}", args=[row.pk])


def day_url(dose: Dose) -> str:
    return reverse("dose_day:day", args=[dose.pk])


@pytest.fixture
def vial(dose: Dose, nadia: User) -> Vial:
    """A vial that is reserved for a dose which two people checked."""
    return builders.in_order(dose, nadia)


@pytest.fixture
def given(dose: Dose, vial: Vial, paul: User) -> Administration:
    """The dose was given ten minutes ago from its vial."""
    return builders.give(dose, paul, vial)


class TestWhoMay:
    @pytest.mark.parametrize("name", ["correct", "take_back"])
    def test_the_table_of_rights_decides(
        self,
        name: str,
        given: Administration,
        other_site: Site,
        nurse: Client,
        signed_in: Callable[..., Client],
    ) -> None:
        clients = {role: signed_in(role) for role in Role}
        elsewhere = signed_in(*Role, at=other_site)
        granted = {role: Permission.RECORD_DOSES in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(url(name, given)).status_code for role, client in clients.items()}
        sent = {role: client.post(url(name, given), {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert elsewhere.get(url(name, given)).status_code == elsewhere.post(url(name, given)).status_code == 404
        assert nurse.get(reverse(f"dose_day:{name}", args=[uuid4()])).status_code == 404
        assert entries() == before


class TestTakingBack:
    def test_what_moves_is_shown_first_and_nothing_is_written_by_looking(
        self, nurse: Client, given: Administration
    ) -> None:
        before = entries()
        values = looked_at(nurse, url("take_back", given), reason="Wrong patient")
        assert (entries(), Administration.objects.standing().count()) == (before, 2)
        answer = nurse.post(url("take_back", given), values)
        assert (answer["Location"], told(answer)) == (day_url(given.dose), ["The record was taken back."])

    def test_the_dose_is_to_come_again_and_its_vial_is_where_it_was(
        self, nurse: Client, begun: Course, dose: Dose, given: Administration, vial: Vial
    ) -> None:
        send(nurse, url("take_back", given), reason="Wrong patient")
        given.refresh_from_db()
        vial.refresh_from_db()
        assert given.void_reason == "Wrong patient"
        assert courses.next_dose(begun) == dose
        assert (vial.state, vial.reserved_for) == (Vial.State.RESERVED, dose)

    def test_a_reason_is_asked_for(self, nurse: Client, given: Administration) -> None:
        answer = send(nurse, url("take_back", given), reason="  ")
        assert answer.status_code == 422
        assert problems(answer)[0].startswith("Why the record is wrong : ")
        assert Administration.objects.standing().count() == 2

    def test_the_same_form_twice_takes_back_once(self, nurse: Client, given: Administration) -> None:
        values = looked_at(nurse, url("take_back", given), reason="Wrong patient")
        nurse.post(url("take_back", given), values)
        before = entries()
        second = nurse.post(url("take_back", given), values)
        assert told(second) == ["This was already saved; nothing was saved twice."]
        assert entries() == before

    def test_what_was_taken_back_already_says_why(self, nurse: Client, given: Administration, petra: User) -> None:
        values = looked_at(nurse, url("take_back", given), reason="Mine")
        builders.take_back(given, petra, "Theirs")
        answer = nurse.post(url("take_back", given), values)
        assert answer.status_code in {409, 422}
        assert "Theirs" in text(soup(answer).select(".error-summary")[0])
        again = nurse.get(url("take_back", given))
        assert (again["Location"], told(again)) == (
            day_url(given.dose),
            ["This record was taken back already: Theirs"],
        )

    def test_on_a_stopped_course_what_was_recorded_stands(self, nurse: Client, given: Administration) -> None:
        course_services.stop_course(course=given.course, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        answer = nurse.get(url("take_back", given))
        assert told(answer) == ["The course was stopped; what was recorded on it stands."]

    def test_a_failed_attempt_is_taken_back_and_its_vial_is_not_wasted(
        self, nurse: Client, dose: Dose, vial: Vial, paul: User
    ) -> None:
        row = builders.fail(dose, paul, vial)
        send(nurse, url("take_back", row), reason="Another room")
        vial.refresh_from_db()
        assert vial.state == Vial.State.RESERVED

    def test_a_dose_that_was_followed_by_another_leaves_no_place_and_leads_to_the_chart(
        self, nurse: Client, given: Administration, begun: Course
    ) -> None:
        """The day page of a place that is counted away still answers, for whoever has its address."""
        first = Administration.objects.get(course=begun, given_on=FIRST_ON)
        answer = send(nurse, url("take_back", first), reason="Wrong patient")
        followed = nurse.get(answer["Location"], follow=True)
        assert followed.redirect_chain == [(reverse("chart", args=[begun.patient_id]), 302)]
        assert "The record was taken back." in text(soup(followed))
        assert "The series is counted without this dose now." in text(soup(followed))

    def test_the_title_names_nobody(self, nurse: Client, given: Administration) -> None:
        assert title(nurse.get(url("take_back", given))) == "Take a record back · Tidemark"


class TestCorrecting:
    def test_what_is_on_record_is_in_the_form(self, nurse: Client, given: Administration, vial: Vial) -> None:
        page = nurse.get(url("correct", given))
        values = filled(soup(page))
        assert (values["vial"], values["lot"], values["mg"], values["ml"]) == (str(vial.pk), "", "12", "5")
        assert (values["given_on"], values["given_time"], values["performer"]) == (
            "2026-07-04",
            "12:50",
            str(given.performer_id),
        )
        assert "When 4 Jul 2026, 12:50" in text(soup(page).select("main section.panel")[0])
        assert title(page) == "Correct the record of dose L2 · Tidemark"

    def test_the_old_record_stays_struck_out_beside_the_new_one(
        self, nurse: Client, given: Administration, vial: Vial, petra: User
    ) -> None:
        answer = send(nurse, url("correct", given), performer=str(petra.pk), reason="Petra gave it")
        assert (answer["Location"], told(answer)) == (day_url(given.dose), ["The record was corrected."])
        given.refresh_from_db()
        vial.refresh_from_db()
        new = Administration.objects.standing().get(dose=given.dose)
        assert (given.void_reason, new.performer, vial.state) == ("Petra gave it", petra, Vial.State.GIVEN)
        page = nurse.get(day_url(given.dose))
        assert [text(old) for old in soup(page).select("#dose s")] == ["Given on 4 Jul 2026, 12 mg, lot AB12"]
        assert "Petra gave it" in text(soup(page).select("#dose")[0])

    def test_another_vial_takes_the_place_of_the_first(
        self, nurse: Client, given: Administration, vial: Vial, site: Site
    ) -> None:
        other = supply.vial(site, lot="CD34")
        first = send(nurse, url("correct", given), vial=str(other.pk), reason="Wrong vial")
        assert first.status_code == 422, "what the checklist named is asked about"
        boxes = [str(box["value"]) for box in soup(first).select("[name=confirmed]")]
        assert boxes == ["What was given is not what the checklist named: another vial."]
        nurse.post(url("correct", given), filled(soup(first)) | {"confirmed": boxes})
        vial.refresh_from_db()
        other.refresh_from_db()
        assert other.state == Vial.State.GIVEN
        assert vial.state == Vial.State.RECEIVED
        assert Administration.objects.standing().get(dose=given.dose).lot == "CD34"

    def test_another_day_shows_what_moves_first(self, nurse: Client, given: Administration) -> None:
        page = filled(soup(nurse.get(url("correct", given))))
        typed = page | {"given_on": "2026-07-03", "reason": "It was yesterday"}
        first = nurse.post(url("correct", given), typed)
        boxes = [str(box["value"]) for box in soup(first).select("[name=confirmed]")]
        shown = nurse.post(url("correct", given), filled(soup(first)) | {"confirmed": boxes})
        assert soup(shown).select_one("#preview"), text(soup(shown))
        assert Administration.objects.standing().get(dose=given.dose) == given
        done = nurse.post(url("correct", given), filled(soup(shown)) | {"confirmed": boxes})
        assert done.status_code == 302
        assert Administration.objects.standing().get(dose=given.dose).given_on == date(2026, 7, 3)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"reason": ""}, "What was wrong with the record : "),
            ({"mg": "0"}, "Amount : Enter more than 0."),
            ({"given_on": "2026-07-05"}, "Day given : 5 Jul 2026, 12:50 lies in the future"),
            ({"given_on": "2026-06-20"}, "Day given : A dose is recorded on 20 Jun 2026 already"),
            ({"ended_time": "12:40"}, "Injection ended : The injection ends after it began"),
            ({"vial": "other"}, "Vial lot : Enter the lot as it is printed on the vial."),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(
        self, nurse: Client, given: Administration, vial: Vial, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        expiry = {"vial_expires_on": "2027-01-31"} if typed.get("vial") == "other" else {}
        answer = send(nurse, url("correct", given), **({"reason": "Wrong"} | expiry | typed))
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        vial.refresh_from_db()
        assert (entries(), vial.state) == (before, Vial.State.GIVEN)

    def test_the_same_form_twice_corrects_once(self, nurse: Client, given: Administration, petra: User) -> None:
        values = filled(soup(nurse.get(url("correct", given)))) | {
            "performer": str(petra.pk),
            "reason": "Petra gave it",
        }
        nurse.post(url("correct", given), values)
        before = entries()
        second = nurse.post(url("correct", given), values)
        assert told(second) == ["This was already saved; nothing was saved twice."]
        assert entries() == before

    def test_a_failed_attempt_is_not_corrected(self, nurse: Client, dose: Dose, paul: User) -> None:
        row = builders.fail(dose, paul)
        answer = nurse.get(url("correct", row))
        assert told(answer) == ["Only a dose given here is corrected; take this record back and make it anew."]


def test_the_pages_take_a_constant_number_of_queries(nurse: Client, given: Administration, site: Site) -> None:
    supply.vial(site)
    few = queries(nurse, url("correct", given)), queries(nurse, url("take_back", given))
    for _ in range(5):
        supply.vial(site)
    now: Any = queries(nurse, url("correct", given)), queries(nurse, url("take_back", given))
    assert now == few
    assert few[0] <= 30
    assert few[1] <= 18
