"""The page of one dose on one day: what each step shows in each state, and the one button that stands out."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import entries, queries, title
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.builders import MINUTE
from tests.treatments.pages import soup, text
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.dose_day import services
from treatments.supply.models import Vial

pytestmark = pytest.mark.usefixtures("at_noon")
STEPS = ("ready", "checklist", "vial", "dose", "observation", "home", "call")


def url(dose: Dose, on: str = "") -> str:
    return reverse("dose_day:day", args=[dose.pk]) + (f"?on={on}" if on else "")


def step(response: Any, name: str) -> str:
    """Return the words of one step."""
    (found,) = soup(response).select(f"#{name}")
    return text(found)


def statuses(response: Any) -> dict[str, str]:
    """Return the tag at the head of every step."""
    return {name: text(soup(response).select(f"#{name} .panel-head .tag")[0]) for name in STEPS}


def buttons(response: Any) -> list[str]:
    return [text(button) for button in soup(response).select(".steps .btn")]


def stands_out(response: Any) -> list[str]:
    return [text(button) for button in soup(response).select("main .btn-primary")]


@pytest.fixture
def ready(dose: Dose, nadia: User) -> Vial:
    """The dose is checked by two people and its vial reserved."""
    return builders.in_order(dose, nadia)


@pytest.fixture
def given(dose: Dose, ready: Vial, paul: User) -> Dose:
    """The dose was given ten minutes ago."""
    builders.give(dose, paul, ready)
    dose.refresh_from_db()
    return dose


class TestWhoSeesIt:
    def test_everybody_of_the_site_reads_and_nobody_writes_by_reading(
        self, dose: Dose, signed_in: Callable[..., Client]
    ) -> None:
        clients = [signed_in(role) for role in Role]
        before = entries()
        assert {client.get(url(dose)).status_code for client in clients} == {200}
        assert {client.post(url(dose)).status_code for client in clients} == {405}
        assert entries() == before

    def test_another_site_and_an_unknown_dose_are_not_found(
        self, dose: Dose, other_site: Site, nurse: Client, signed_in: Callable[..., Client]
    ) -> None:
        assert signed_in(*Role, at=other_site).get(url(dose)).status_code == 404
        assert nurse.get(reverse("dose_day:day", args=[uuid4()])).status_code == 404

    def test_the_title_names_nobody(self, nurse: Client, dose: Dose) -> None:
        page = nurse.get(url(dose))
        assert title(page) == "Dose day of L2 · Tidemark"
        assert "QUILLFEATHER, Ottoline" in text(soup(page).select(".patient-banner")[0])

    @pytest.mark.parametrize(
        ("role", "offered"),
        [
            (Role.COORDINATOR, []),
            (
                Role.NURSE,
                ["Fill in the checklist", "Record as given", "Not given, or only in part", "Add an observation"],
            ),
            (Role.PHARMACIST, []),
            (Role.VIEWER, []),
            (Role.ADMINISTRATOR, []),
        ],
    )
    def test_nobody_is_offered_what_they_may_not(
        self, dose: Dose, signed_in: Callable[..., Client], role: Role, offered: list[str]
    ) -> None:
        assert buttons(signed_in(role).get(url(dose))) == offered

    def test_only_who_keeps_the_stock_is_offered_to_reserve(self, dose: Dose, signed_in: Callable[..., Client]) -> None:
        link = reverse("supply:for_dose", args=[dose.pk])
        offered = {role: link in signed_in(role).get(url(dose)).content.decode() for role in Role}
        assert {role for role, there in offered.items() if there} == {Role.NURSE, Role.PHARMACIST}


class TestTheSteps:
    def test_before_anything_was_done(self, nurse: Client, dose: Dose) -> None:
        page = nurse.get(url(dose))
        assert statuses(page) == {
            "ready": "Not ready",
            "checklist": "To do",
            "vial": "To do",
            "dose": "To do",
            "observation": "Later",
            "home": "Later",
            "call": "Later",
        }
        assert "None is reserved for this dose." in step(page, "vial")
        assert text(soup(page).select("h1")[0]) == "Dose day: L2, 12 mg in 5 mL"

    def test_once_two_people_agreed(self, nurse: Client, dose: Dose, ready: Vial) -> None:
        page = nurse.get(url(dose))
        assert (statuses(page)["checklist"], statuses(page)["vial"]) == ("Done", "Done")
        assert "Lot AB12, 12 mg, expires 30 Jun 2027: reserved" in step(page, "vial")
        said = step(page, "checklist")
        assert "Dose L2, 12 mg Vial to be given Lot AB12, 12 mg, expires 30 Jun 2027" in said
        assert "Checked by Nadia Nurse Confirmed by Pharmacist" in said

    def test_an_answer_to_think_about_is_marked_until_somebody_confirms_it(
        self, nurse: Client, dose: Dose, nadia: User
    ) -> None:
        answers = builders.answers(dose, infection=("present", "Runny nose"))
        builders.checklist(dose, nadia, answers=answers)
        page = nurse.get(url(dose))
        assert statuses(page)["checklist"] == "Look at it"
        assert text(soup(page).select("#checklist .flagged")[-1]) == "Something found"
        assert "Runny nose" in step(page, "checklist")

    def test_once_it_was_given(self, nurse: Client, given: Dose) -> None:
        page = nurse.get(url(given))
        assert statuses(page) == {
            "ready": "Done",
            "checklist": "Done",
            "vial": "Done",
            "dose": "Given",
            "observation": "To do",
            "home": "To do",
            "call": "Later",
        }
        assert "Lot AB12, 12 mg, expires 30 Jun 2027: given" in step(page, "vial")
        assert "When 4 Jul 2026, 12:50 Amount 12 mg in 5 mL Vial lot AB12" in step(page, "dose")
        assert "Watched until 4 Jul 2026, 13:50." in step(page, "observation")
        assert "Next is L3 on 18 Jul 2026. No day is booked yet." in step(page, "home")

    def test_what_was_confirmed_in_spite_of_something_is_part_of_the_record(
        self, nurse: Client, dose: Dose, paul: User
    ) -> None:
        builders.give(dose, paul, None)
        said = step(nurse.get(url(dose)), "dose")
        assert "Confirmed There is no checklist of 4 Jul 2026 for this dose." in said
        assert "The dose was given although it was not ready:" in said
        assert "No vial of the ledger was used." in step(nurse.get(url(dose)), "vial")

    def test_the_site_decides_how_long_somebody_is_watched(self, nurse: Client, given: Dose, site: Site) -> None:
        builders.policy(site, observation_minutes=240)
        assert "Watched until 4 Jul 2026, 16:50." in step(nurse.get(url(given)), "observation")

    def test_observations_stand_in_their_order(self, nurse: Client, given: Dose, nadia: User) -> None:
        for minutes, facts in ((2, {"pain": 0}), (5, {"pulse": 88, "systolic": 104, "diastolic": 62, "note": "Pale"})):
            seen = services.Observed(at=AT - minutes * MINUTE, **facts)
            services.observe(dose=given, observed=seen, by=person_actor(nadia), at=AT)
        page = nurse.get(url(given))
        rows = [text(row) for row in soup(page).select("#observation tbody tr")]
        assert rows[0].startswith("12:55 88/min 104/62 mmHg Pale Nadia Nurse")
        assert rows[1].startswith("12:58 0 of 10 Nadia Nurse")
        assert statuses(page)["observation"] == "Done"

    def test_after_going_home_the_call_is_to_be_made(self, nurse: Client, given: Dose, nadia: User) -> None:
        home = builders.go_home(given, nadia)
        page = nurse.get(url(given))
        assert (statuses(page)["home"], statuses(page)["call"]) == ("Done", "To do")
        assert "To be called on Mon 6 Jul 2026." in step(page, "call")
        assert "No next date because The rota is not out yet" in step(page, "home")
        assert statuses(page)["observation"] == "Look at it"
        assert "None was written down." in step(page, "observation")
        builders.call(home, nadia, "well")
        assert statuses(nurse.get(url(given)))["call"] == "Done"

    def test_what_a_prescriber_has_to_hear_of_stays_marked(self, prescriber: Client, given: Dose, nadia: User) -> None:
        builders.call(builders.go_home(given, nadia), nadia, "symptoms", symptoms=("fever", "headache"))
        page = prescriber.get(url(given))
        assert statuses(page)["call"] == "Look at it"
        assert "Reached, something to report : Fever or a stiff neck, Headache" in step(page, "call")

    def test_a_failed_attempt_shows_why_and_the_dose_is_still_to_come(
        self, nurse: Client, dose: Dose, ready: Vial, paul: User
    ) -> None:
        builders.fail(dose, paul, ready, punctures=3, next_step="rebook")
        page = nurse.get(url(dose))
        assert statuses(page)["dose"] == "Not given"
        said = step(page, "dose")
        assert "Attempts 3" in said
        assert "What happens next Book another day" in said
        assert "Record as given" in said
        assert "Lot AB12, 12 mg, expires 30 Jun 2027: wasted" in step(page, "vial")

    def test_what_was_taken_back_stays_readable_struck_out(self, nurse: Client, given: Dose, nadia: User) -> None:
        builders.take_back(given.administrations.get(), nadia, "Wrong patient")
        page = nurse.get(url(given))
        assert [text(old) for old in soup(page).select("#dose s")] == ["Given on 4 Jul 2026, 12 mg, lot AB12"]
        assert "Voided" in step(page, "dose")
        assert "Wrong patient Nadia Nurse, 4 Jul 2026, 13:00" in step(page, "dose")
        assert statuses(page)["vial"] == "Done", "the vial is reserved again"

    def test_a_dose_that_waits_for_a_decision_says_so_first(
        self, nurse: Client, dose: Dose, ready: Vial, paul: User
    ) -> None:
        builders.fail(dose, paul, ready, mg=6)
        page = nurse.get(url(dose))
        assert "Partial dose: a prescriber decides first" in text(soup(page).select("main .notice")[0])


class TestTheOneButton:
    """At every moment there is one thing to do next, for those who may do it."""

    def test_a_nurse_fills_in_the_checklist_first(self, nurse: Client, dose: Dose) -> None:
        assert stands_out(nurse.get(url(dose))) == ["Fill in the checklist"]

    def test_then_somebody_else_confirms_and_the_one_who_filled_it_in_waits(
        self, nurse: Client, proceduralist: Client, dose: Dose, nadia: User, signed_in: Callable[..., Client]
    ) -> None:
        builders.checklist(dose, nadia)
        assert stands_out(nurse.get(url(dose))) == []
        assert "Confirm as second person" not in buttons(nurse.get(url(dose)))
        assert stands_out(proceduralist.get(url(dose))) == ["Confirm as second person"]
        assert stands_out(signed_in(Role.PHARMACIST).get(url(dose))) == ["Confirm as second person"]
        assert stands_out(signed_in(Role.VIEWER).get(url(dose))) == []

    def test_then_it_is_given(self, nurse: Client, dose: Dose, ready: Vial) -> None:
        assert stands_out(nurse.get(url(dose))) == ["Record as given"]

    def test_then_observed_booked_and_sent_home(self, nurse: Client, given: Dose, nadia: User) -> None:
        assert stands_out(nurse.get(url(given))) == ["Add an observation"]
        seen = services.Observed(at=AT, pulse=80)
        services.observe(dose=given, observed=seen, by=person_actor(nadia), at=AT)
        assert stands_out(nurse.get(url(given))) == ["Book the next date"]
        coming = builders.coming(given)
        course_services.book(dose=coming, on=date(2026, 7, 18), at_time=None, place="", by=BY, at=AT)
        assert stands_out(nurse.get(url(given))) == ["Record going home"]

    def test_then_called_on_the_day_of_the_call_and_not_before(
        self, nurse: Client, given: Dose, nadia: User, signed_in: Callable[..., Client]
    ) -> None:
        builders.go_home(given, nadia)
        assert stands_out(nurse.get(url(given))) == []
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            assert stands_out(signed_in(user=nadia).get(url(given))) == ["Record a call"]

    def test_on_a_stopped_course_nothing_is(self, nurse: Client, dose: Dose) -> None:
        course_services.stop_course(course=dose.course, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        page = nurse.get(url(dose))
        assert stands_out(page) == []
        assert not {"Fill in the checklist", "Record as given"} & set(buttons(page))


class TestTheDay:
    def test_it_is_today_while_the_dose_is_to_come(self, nurse: Client, dose: Dose) -> None:
        assert "Sat 4 Jul 2026, today" in text(soup(nurse.get(url(dose))).select(".page-header")[0])

    def test_it_is_the_day_of_the_record_once_given(
        self, signed_in: Callable[..., Client], given: Dose, nadia: User
    ) -> None:
        with time_machine.travel(AT + timedelta(days=9), tick=False):
            page = signed_in(user=nadia).get(url(given))
        header = text(soup(page).select(".page-header")[0])
        assert "Sat 4 Jul 2026" in header
        assert "today" not in header
        assert "Add an observation" not in buttons(page)

    def test_a_day_in_the_address_is_that_day(self, nurse: Client, dose: Dose, nadia: User) -> None:
        builders.checklist(dose, nadia)
        page = nurse.get(url(dose, "2026-07-03"))
        assert "Fri 3 Jul 2026" in text(soup(page).select(".page-header")[0])
        assert statuses(page)["checklist"] == "To do"
        assert not {"Fill in the checklist", "Change the checklist"} & set(buttons(page))
        assert "The lights are shown for a dose that is to come, on its own day." in step(page, "ready")

    @pytest.mark.parametrize(
        "wrong", ["tomorrow", "2026-02-30", "4", "2026-07-04T10:00", "%00", "9999-99-99", "2026-07-05", "9999-12-31"]
    )
    def test_a_day_that_is_none_is_as_good_as_no_day(self, nurse: Client, dose: Dose, wrong: str) -> None:
        page = nurse.get(url(dose, wrong))
        assert page.status_code == 200
        assert "Sat 4 Jul 2026, today" in text(soup(page).select(".page-header")[0])

    @pytest.mark.parametrize("on", ["0001-01-01", "2020-05-16", "9999-12-31"])
    def test_the_ends_of_the_calendar_are_days_on_which_nothing_happened(
        self, nurse: Client, dose: Dose, on: str
    ) -> None:
        assert nurse.get(url(dose, on)).status_code == 200
        advice = nurse.get(reverse("dose_day:advice", args=[dose.pk]) + f"?on={on}", follow=True)
        assert advice.redirect_chain == [(url(dose), 302)]
        assert "Nothing was recorded of this dose on that day; the sheet comes after it." in text(soup(advice))
        assert nurse.get(reverse("dose_day:go_home", args=[dose.pk]) + f"?on={on}").status_code == 200

    def test_today_is_today_at_the_site(self, other_site: Site, signed_in: Callable[..., Client]) -> None:
        course = courses.course(courses.patient(other_site), planned_start=date(2026, 7, 4))
        dose = courses.next_dose(course)
        with time_machine.travel("2026-07-05T03:30:00+00:00", tick=False):
            page = signed_in(Role.NURSE, at=other_site).get(url(dose))
        assert "Sat 4 Jul 2026, today" in text(soup(page).select(".page-header")[0])


class TestTheWayThere:
    def test_the_dose_page_and_the_chart_lead_here(self, nurse: Client, dose: Dose) -> None:
        for page in ("courses:dose", "chart"):
            about = dose.pk if page == "courses:dose" else dose.patient_id
            links = [link["href"] for link in soup(nurse.get(reverse(page, args=[about]))).select("main a")]
            assert url(dose) in links

    def test_the_way_back_is_the_dose(self, nurse: Client, dose: Dose) -> None:
        (back,) = soup(nurse.get(url(dose))).select(".page-header .back")
        assert (back["href"], text(back)) == (reverse("courses:dose", args=[dose.pk]), "Dose L2")


def test_the_number_of_queries_does_not_grow(
    nurse: Client, given: Dose, begun: Course, nadia: User, dose: Dose
) -> None:
    few = queries(nurse, url(given))
    for minutes in range(1, 9):
        seen = services.Observed(at=AT - minutes * MINUTE, pulse=80)
        services.observe(dose=given, observed=seen, by=person_actor(nadia), at=AT)
    home = builders.go_home(given, nadia)
    for _ in range(3):
        builders.call(home, nadia, "no_answer", again_on=date(2026, 7, 6))
    # The calls are asked for once somebody went home.
    assert queries(nurse, url(given)) == few + 1 <= 30


def test_a_dose_that_is_to_come_asks_for_its_lights_besides(nurse: Client, dose: Dose, ready: Vial) -> None:
    assert queries(nurse, url(dose)) <= 45
