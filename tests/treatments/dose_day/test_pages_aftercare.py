"""After the injection: the pages on which somebody is observed, sent home with advice, and called."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.patients.facts import CarerFacts
from clinic.patients.parts import KINDS
from clinic.patients.services import add_part
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses.pages import again, asked, entries, problems, queries, title, told
from tests.treatments.dose_day import builders
from tests.treatments.pages import filled, send, soup, text
from treatments.courses import services as course_services
from treatments.courses.models import Dose
from treatments.dose_day import services
from treatments.dose_day.models import Discharge, FollowUpCall, Observation
from treatments.supply.models import Vial

pytestmark = pytest.mark.usefixtures("at_noon")
HOME = {"advice_to": "The mother", "no_booking_reason": "The rota is not out yet"}
EARLY = "The patient left 50 minutes before the observation was to end."


def url(name: str, about: Any) -> str:
    return reverse(f"dose_day:{name}", args=[about.pk])


def day_url(dose: Dose, on: str = "") -> str:
    return url("day", dose) + (f"?on={on}" if on else "")


@pytest.fixture
def given(dose: Dose, vial: Vial, paul: User) -> Dose:
    """The dose was given ten minutes ago."""
    builders.give(dose, paul, vial)
    dose.refresh_from_db()
    return dose


@pytest.fixture
def home(given: Dose, nadia: User) -> Discharge:
    return builders.go_home(given, nadia)


@pytest.fixture
def observation(given: Dose, nadia: User) -> Observation:
    seen = services.Observed(at=AT, pulse=84)
    return services.observe(dose=given, observed=seen, by=person_actor(nadia), at=AT)


class TestWhoMay:
    @pytest.mark.parametrize(
        ("name", "permission"),
        [
            ("observe", Permission.RECORD_DOSES),
            ("void_observation", Permission.RECORD_DOSES),
            ("go_home", Permission.RECORD_DOSES),
            ("call", Permission.RECORD_EVENTS),
            ("advice", Permission.VIEW_PATIENTS),
        ],
    )
    def test_the_table_of_rights_decides(
        self,
        name: str,
        permission: Permission,
        given: Dose,
        observation: Observation,
        nadia: User,
        other_site: Site,
        signed_in: Callable[..., Client],
        nurse: Client,
    ) -> None:
        about: Any = {"void_observation": observation, "call": None}.get(name, given) or builders.go_home(given, nadia)
        clients = {role: signed_in(role) for role in Role}
        elsewhere = signed_in(*Role, at=other_site)
        before = entries()
        opened = {role: client.get(url(name, about)).status_code for role, client in clients.items()}
        sent = {role: client.post(url(name, about), {}).status_code for role, client in clients.items()}
        granted = {role: permission in GRANTS[role] for role in Role}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert {role for role, status in sent.items() if status == 403} == (
            set() if name == "advice" else {role for role, may in granted.items() if not may}
        )
        assert elsewhere.get(url(name, about)).status_code == 404
        assert nurse.get(reverse(f"dose_day:{name}", args=[uuid4()])).status_code == 404
        assert entries() == before

    def test_no_title_names_anybody(self, nurse: Client, given: Dose, home: Discharge) -> None:
        assert title(nurse.get(url("observe", given))) == "Add an observation · Tidemark"
        assert title(nurse.get(url("call", home))) == "Call after the dose day · Tidemark"
        assert title(nurse.get(url("advice", given))) == "Advice sheet · Tidemark"


class TestObserving:
    def test_what_was_seen_is_saved_and_what_was_not_stays_empty(self, nurse: Client, given: Dose, nadia: User) -> None:
        answer = send(nurse, url("observe", given), pulse="96", systolic="104", diastolic="62", pain="0")
        assert (answer["Location"], told(answer)) == (day_url(given), ["The observation was saved."])
        row = Observation.objects.get()
        assert (row.pulse, row.systolic, row.diastolic, row.pain) == (96, 104, 62, 0)
        assert (row.saturation, row.temperature, row.note) == (None, None, "")
        assert (row.observed_at, row.on, row.by) == (AT, date(2026, 7, 4), nadia)

    def test_before_the_dose_somebody_can_be_observed_as_well(self, nurse: Client, dose: Dose) -> None:
        assert send(nurse, url("observe", dose), time="12:30", pulse="90").status_code == 302
        assert Observation.objects.get().dose == dose

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({}, "Enter at least one figure, or a few words."),
            ({"note": "  "}, "Enter at least one figure, or a few words."),
            ({"pulse": "90", "time": "13:01"}, "Time : This time lies in the future"),
            ({"pulse": "90", "time": ""}, "Time : Enter the time."),
            ({"pulse": "19"}, "Pulse : Check the number: it is below 20."),
            ({"pulse": "eighty"}, "Pulse : Enter a whole number."),
            ({"saturation": "101"}, "Oxygen saturation : Check the number: it is above 100."),
            ({"temperature": "45.1"}, "Temperature : Check the number: it is above 45 °C."),
            ({"temperature": "37,5"}, "Temperature : Enter a plain number, such as 36.8."),
            ({"systolic": "104"}, "Blood pressure, lower : Enter both values of the blood pressure."),
            ({"diastolic": "62"}, "Blood pressure, upper : Enter both values of the blood pressure."),
            ({"systolic": "62", "diastolic": "104"}, "Blood pressure, lower : The lower value lies above the upper"),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost_or_saved(
        self, nurse: Client, given: Dose, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url("observe", given), **typed)
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        kept = {name: value.strip() for name, value in filled(soup(answer)).items()}
        assert {name: kept[name] for name in typed} == {name: value.strip() for name, value in typed.items()}
        assert (Observation.objects.count(), entries()) == (0, before)

    def test_the_same_form_twice_saves_one(self, nurse: Client, given: Dose) -> None:
        values = filled(soup(nurse.get(url("observe", given)))) | {"pulse": "90"}
        nurse.post(url("observe", given), values)
        assert told(nurse.post(url("observe", given), values)) == ["This was already saved; nothing was saved twice."]
        assert Observation.objects.count() == 1

    def test_one_is_taken_back_with_a_reason_and_leaves_the_page(
        self, nurse: Client, given: Dose, observation: Observation
    ) -> None:
        refused = send(nurse, url("void_observation", observation), reason=" ")
        assert (refused.status_code, Observation.objects.standing().count()) == (422, 1)
        answer = send(nurse, url("void_observation", observation), reason="Another patient’s")
        assert (answer["Location"], told(answer)) == (
            day_url(given, "2026-07-04"),
            ["The observation was taken back."],
        )
        observation.refresh_from_db()
        assert observation.void_reason == "Another patient’s"
        assert "84/min" not in text(soup(nurse.get(day_url(given))))
        assert nurse.get(url("void_observation", observation)).status_code == 404


class TestGoingHome:
    def test_it_is_recorded_with_the_day_of_the_call(self, nurse: Client, given: Dose, nadia: User) -> None:
        first = send(nurse, url("go_home", given), **HOME)
        assert (first.status_code, asked(first)) == (422, [EARLY])
        assert filled(soup(first))["advice_to"] == "The mother"
        answer = nurse.post(url("go_home", given), again(first, confirmed=[EARLY]))
        assert (answer["Location"], told(answer)) == (
            day_url(given, "2026-07-04"),
            ["Going home was recorded."],
        )
        row = Discharge.objects.get()
        assert (row.left_at, row.advice_to, row.by) == (AT, "The mother", nadia)
        assert (row.call_on, row.call_due_on) == (date(2026, 7, 6), date(2026, 7, 6))

    @pytest.mark.parametrize(("minutes", "asks"), [(49, 1), (50, 0)])
    def test_leaving_before_the_end_of_the_observation_is_asked_about(
        self, signed_in: Callable[..., Client], given: Dose, nadia: User, minutes: int, asks: int
    ) -> None:
        with time_machine.travel(AT + timedelta(minutes=minutes), tick=False):
            answer = send(signed_in(user=nadia), url("go_home", given), **HOME)
        assert len(asked(answer)) == asks

    def test_the_site_decides_when_somebody_is_called(self, nurse: Client, given: Dose, site: Site) -> None:
        builders.policy(site, call_after_days=5)
        assert filled(soup(nurse.get(url("go_home", given))))["call_on"] == "2026-07-09"

    def test_a_next_date_is_booked_before_or_it_is_said_why_not(self, nurse: Client, given: Dose) -> None:
        page = nurse.get(url("go_home", given))
        (notice,) = soup(page).select("main .notice")
        assert "Next is L3 on 18 Jul 2026. No day is booked yet." in text(notice)
        assert reverse("courses:book", args=[builders.coming(given).pk]) in str(notice)
        refused = send(nurse, url("go_home", given), advice_to="The mother")
        assert problems(refused) == [
            "Why no next date is booked : Book the next date first, or say why it is not booked."
        ]

    def test_where_it_is_booked_nothing_is_asked_of_it(self, nurse: Client, given: Dose) -> None:
        coming = builders.coming(given)
        course_services.book(dose=coming, on=date(2026, 7, 18), at_time=None, place="", by=BY, at=AT)
        page = nurse.get(url("go_home", given))
        assert "L3 is booked on Sat 18 Jul 2026." in text(soup(page).select("main .notice")[0])
        assert not soup(page).select("textarea[name=no_booking_reason]")
        answer = nurse.post(url("go_home", given), filled(soup(page)) | {"advice_to": "Sam", "confirmed": [EARLY]})
        assert answer.status_code == 302

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"advice_to": ""}, "Advice given to : Write who was given the advice."),
            ({"call_on": "2026-07-04"}, "Call on : The call comes after the dose day; choose a later day."),
            ({"call_on": ""}, "Call on : Enter the day."),
            ({"left_time": "13:01"}, "Time : Nobody went home before the dose day, or in the future"),
            ({"left_on": "2026-07-03"}, "Time : Nobody went home before the dose day, or in the future"),
            ({"left_time": "noon"}, "Time : Enter a time on the 24-hour clock, such as 14:05."),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost_or_saved(
        self, nurse: Client, given: Dose, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url("go_home", given), **(HOME | {"note": "Kept"} | typed))
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        assert filled(soup(answer))["note"].strip() == "Kept"
        assert (Discharge.objects.count(), entries()) == (0, before)

    def test_the_same_form_twice_and_a_second_one_send_home_once(self, nurse: Client, given: Dose) -> None:
        values = filled(soup(nurse.get(url("go_home", given)))) | HOME | {"confirmed": [EARLY]}
        other = filled(soup(nurse.get(url("go_home", given)))) | HOME | {"confirmed": [EARLY]}
        nurse.post(url("go_home", given), values)
        for sent in (values, other):
            answer = nurse.post(url("go_home", given), sent)
            assert told(answer) == ["This was already saved; nothing was saved twice."]
        assert Discharge.objects.count() == 1
        assert told(nurse.get(url("go_home", given))) == ["Going home was recorded already."]

    def test_nobody_goes_home_from_a_day_on_which_nothing_was_recorded(self, nurse: Client, given: Dose) -> None:
        address = url("go_home", given) + "?on=2026-07-03"
        answer = send(nurse, address, **HOME)
        assert problems(answer) == ["Nothing was recorded of this dose on 3 Jul 2026; do that first."]
        assert not Discharge.objects.exists()

    def test_after_a_failed_attempt_somebody_goes_home_as_well(self, nurse: Client, dose: Dose, paul: User) -> None:
        builders.fail(dose, paul)
        assert send(nurse, url("go_home", dose), **HOME).status_code == 302


class TestTheAdviceSheet:
    def test_it_says_the_next_visit_and_whom_to_call(self, nurse: Client, given: Dose) -> None:
        sheet = text(soup(nurse.get(url("advice", given))).select("article")[0])
        assert "After your treatment on Sat 4 Jul 2026" in sheet
        assert "For QUILLFEATHER, Ottoline." in sheet
        assert "The day is not fixed yet; we will tell you." in sheet
        coming = builders.coming(given)
        course_services.book(dose=coming, on=date(2026, 7, 18), at_time=None, place="", by=BY, at=AT)
        sheet = text(soup(nurse.get(url("advice", given))).select("article")[0])
        assert "Next visit Sat 18 Jul 2026." in sheet
        assert "not fixed yet" not in sheet

    def test_after_an_attempt_that_gave_nothing_it_says_so(self, nurse: Client, dose: Dose, paul: User) -> None:
        builders.fail(dose, paul)
        sheet = text(soup(nurse.get(url("advice", dose))).select("article")[0])
        assert "After your visit on Sat 4 Jul 2026" in sheet
        assert "The medicine was not given this time." in sheet

    def test_only_the_sheet_is_printed(self, nurse: Client, given: Dose) -> None:
        page = soup(nurse.get(url("advice", given)))
        assert text(page.select("main .screen-only")[0]).startswith("Dose day Advice sheet Print this page")
        (sheet,) = page.select("main article.handout")
        assert not sheet.select("a, button, .tag")

    def test_it_is_only_read(self, nurse: Client, given: Dose) -> None:
        assert nurse.post(url("advice", given)).status_code == 405


class TestTheCall:
    @pytest.fixture(autouse=True)
    def _telephone(self, home: Discharge) -> None:
        father = CarerFacts("Frank", relationship="Father", email="frank@example.org", phone="020 7946 0199")
        add_part(kind=KINDS["carer"], patient=home.patient, facts=father, by=BY, at=AT)

    def test_the_numbers_and_what_was_tried_before_are_in_sight(
        self, nurse: Client, home: Discharge, nadia: User
    ) -> None:
        builders.call(home, nadia, "no_answer", again_on=date(2026, 7, 5), note="Rang twice")
        panel = soup(nurse.get(url("call", home))).select("main section.panel")[0]
        assert "Frank (Father): 020 7946 0199" in text(panel)
        assert "No answer Rang twice Nadia Nurse, 4 Jul 2026, 13:00" in text(panel)

    def test_somebody_who_is_well_is_called_no_more(self, nurse: Client, home: Discharge) -> None:
        answer = send(nurse, url("call", home), outcome="well")
        assert (answer["Location"], told(answer)) == (reverse("dose_day:today"), ["The call was saved."])
        home.refresh_from_db()
        assert home.call_due_on is None
        over = nurse.get(url("call", home))
        assert (over["Location"], told(over)) == (
            day_url(home.dose, "2026-07-04"),
            ["Nobody has to call any more."],
        )

    @pytest.mark.parametrize("outcome", ["message", "no_answer"])
    def test_whoever_was_not_reached_is_called_again(self, nurse: Client, home: Discharge, outcome: str) -> None:
        send(nurse, url("call", home), outcome=outcome, again_on="2026-07-08")
        home.refresh_from_db()
        assert home.call_due_on == date(2026, 7, 8)

    def test_a_day_left_in_the_form_means_nothing_once_somebody_was_reached(
        self, nurse: Client, home: Discharge
    ) -> None:
        assert send(nurse, url("call", home), outcome="well", again_on="2026-07-08").status_code == 302
        assert FollowUpCall.objects.get().again_on is None

    def test_symptoms_are_kept_and_shown(self, nurse: Client, home: Discharge) -> None:
        values = filled(soup(nurse.get(url("call", home)))) | {"outcome": "symptoms"}
        nurse.post(url("call", home), values | {"symptoms": ["fever", "headache"]})
        assert set(FollowUpCall.objects.get().symptoms) == {"fever", "headache"}
        flagged = soup(nurse.get(day_url(home.dose))).select("#call .flagged")
        assert "Fever or a stiff neck" in text(flagged[0])

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({}, "What came of it : Choose what came of the call."),
            ({"outcome": "no_answer", "again_on": ""}, "Call again on : Choose the day on which somebody calls again."),
            ({"outcome": "no_answer", "again_on": "2026-07-03"}, "Call again on : Choose today or a later day"),
            ({"outcome": "symptoms"}, "What was reported : Choose or write what was reported."),
            ({"outcome": "well", "symptoms": "fever"}, "What was reported : Choose that there was something to report"),
        ],
    )
    def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost_or_saved(
        self, nurse: Client, home: Discharge, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url("call", home), **typed)
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        assert (FollowUpCall.objects.count(), entries()) == (0, before)

    def test_the_same_form_twice_counts_once(self, nurse: Client, home: Discharge) -> None:
        values = filled(soup(nurse.get(url("call", home)))) | {"outcome": "no_answer", "again_on": "2026-07-05"}
        nurse.post(url("call", home), values)
        assert told(nurse.post(url("call", home), values)) == ["This was already saved; nothing was saved twice."]
        assert FollowUpCall.objects.count() == 1

    def test_somebody_else_reached_them_meanwhile(self, nurse: Client, home: Discharge, petra: User) -> None:
        values = filled(soup(nurse.get(url("call", home)))) | {"outcome": "well", "note": "Mine"}
        builders.call(home, petra, "well")
        answer = nurse.post(url("call", home), values)
        assert problems(answer) == ["Somebody reached them in the meantime, or nobody is to call any more."]
        assert filled(soup(answer))["note"].strip() == "Mine"


def test_the_pages_take_a_constant_number_of_queries(nurse: Client, given: Dose, nadia: User) -> None:
    assert queries(nurse, url("observe", given)) <= 14
    assert queries(nurse, url("advice", given)) <= 18
    assert queries(nurse, url("go_home", given)) <= 22
    home = builders.go_home(given, nadia)
    few = queries(nurse, url("call", home))
    for _ in range(4):
        builders.call(home, nadia, "no_answer", again_on=date(2026, 7, 5))
    assert queries(nurse, url("call", home)) == few <= 16
