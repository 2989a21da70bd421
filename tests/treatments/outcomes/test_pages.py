"""Recording and voiding a motor score, and what the chart shows."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT
from tests.treatments.courses.builders import patient as register
from tests.treatments.courses.pages import again, asked, panel, problems, queries, title, told
from tests.treatments.outcomes.builders import DAY, score
from tests.treatments.pages import filled, send, soup, text
from treatments.outcomes.models import MotorScore

TYPED = {"scale": "hfmse", "value": "41", "assessed_on": "2026-07-02"}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def patient(site: Site) -> Patient:
    return register(site, "Quillfeather")


@pytest.fixture
def nurse(signed_in: Callable[..., Client], person: Callable[..., object]) -> Client:
    return signed_in(user=person(Role.NURSE, full_name="Nadia Nurse"))


def url(patient: Patient) -> str:
    return reverse("outcomes:add", args=[patient.pk])


def chart(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


@pytest.mark.parametrize("role", Role)
def test_who_may_record(patient: Patient, signed_in: Callable[..., Client], role: Role) -> None:
    may = Permission.RECORD_SCORES in GRANTS[role]
    client, row = signed_in(role), score(patient)
    urls = [url(patient), reverse("outcomes:void", args=[row.pk])]
    assert [client.get(one).status_code for one in urls] == [200 if may else 403] * 2
    assert may == (role in {Role.COORDINATOR, Role.NURSE, Role.PRESCRIBER})
    assert ("Record a score" in text(soup(client.get(chart(patient))))) is may


class TestRecording:
    def test_a_score_is_saved_and_drawn(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, url(patient), **TYPED, conditions="Tired")
        assert response["Location"] == chart(patient)
        row = MotorScore.objects.get()
        assert (row.value, row.assessor, row.conditions) == (41, "Nadia Nurse", "Tired")
        page = nurse.get(chart(patient))
        assert told(page) == ["The score was saved."]
        assert "HFMSE 41 2 Jul 2026, 2 days ago first score" in panel(page, "Motor scores")

    def test_each_scale_is_offered_with_its_range(self, nurse: Client, patient: Patient) -> None:
        offered = [text(option) for option in soup(nurse.get(url(patient))).select("[name=scale] option")]
        assert offered == [
            "Choose the scale…",
            "CHOP INTEND (0 to 64)",
            "HINE-2 (0 to 26)",
            "HFMSE (0 to 66)",
            "RULM (0 to 37)",
            "MFM32 (0 to 96)",
            "6MWT (0 to 1000 m)",
            "WHO milestones (0 to 6)",
        ]

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"value": "67"}, "Score : HFMSE goes from 0 to 66."),
            ({"value": "41.5"}, "Score : Enter a whole number."),
            ({"value": ""}, "Score : Enter the score."),
            ({"scale": ""}, "Scale : Choose the scale."),
            ({"assessed_on": "2026-07-05"}, "Assessed on : This day lies in the future"),
            ({"assessed_on": "2020-05-16"}, "Assessed on : The patient was born on 17 May 2020"),
            ({"assessor": ""}, "Assessed by : Enter who assessed the patient."),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(
        self, nurse: Client, patient: Patient, typed: dict[str, str], said: str
    ) -> None:
        response = send(nurse, url(patient), **TYPED | typed)
        assert response.status_code == 422
        assert [line.startswith(said) for line in problems(response)] == [True]

    def test_a_scale_not_meant_for_the_patient_asks_once_and_is_saved(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, url(patient), **TYPED | {"scale": "hine_2", "value": "20"})
        (sentence,) = asked(response)
        assert sentence.startswith("HINE-2 is meant for children from 2 to 24 months")
        assert nurse.post(url(patient), again(response, confirmed=sentence)).status_code == 302
        assert MotorScore.objects.get().scale == "hine_2"

    def test_a_second_score_of_the_day_says_what_is_there(self, nurse: Client, patient: Patient) -> None:
        score(patient, 30)
        response = send(nurse, url(patient), **TYPED)
        assert problems(response) == ["HFMSE 30 is recorded for 2 Jul 2026. Void that score first, if it is wrong."]

    def test_a_form_sent_twice_makes_one_score(self, nurse: Client, patient: Patient) -> None:
        values = filled(soup(nurse.get(url(patient)))) | TYPED
        assert [nurse.post(url(patient), values).status_code for _ in range(2)] == [302, 302]
        assert MotorScore.objects.count() == 1


class TestVoiding:
    def test_it_leaves_the_chart_with_a_reason(self, nurse: Client, patient: Patient) -> None:
        row = score(patient, 30)
        address = reverse("outcomes:void", args=[row.pk])
        assert "HFMSE 30, assessed on 2 Jul 2026." in text(soup(nurse.get(address)))
        assert send(nurse, address, reason="Other patient")["Location"] == chart(patient)
        assert "No score is recorded yet." in panel(nurse.get(chart(patient)), "Motor scores")
        assert nurse.get(address).status_code == 302

    def test_without_a_reason_nothing_happens(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, reverse("outcomes:void", args=[score(patient).pk]))
        assert response.status_code == 422
        assert MotorScore.objects.standing().count() == 1


class TestTheChart:
    def test_every_scale_is_drawn_with_its_points_and_the_lines_of_the_smallest_change(
        self, nurse: Client, patient: Patient
    ) -> None:
        score(patient, 30, date(2026, 1, 5))
        score(patient, 33)
        score(patient, 48, scale="mfm32")
        page = soup(nurse.get(chart(patient)))
        (hfmse, _mfm) = page.select("#motor-scores svg[role=img]")
        assert len(hfmse.select("circle.point")) == 2
        assert [text(label) for label in hfmse.select("text")] == ["27", "33"]
        assert len(hfmse.select("line.change")) == 2
        said = text(page.select("#motor-scores")[0])
        assert "+3 since 5 Jan 2026, a change that matters" in said
        assert "MFM32 48 (50 %)" in said
        assert "Dashed: 3 points more or less than at first" in said
        assert "2 scores of HFMSE between 5 Jan 2026 and 2 Jul 2026" in text(hfmse)

    def test_more_scores_ask_no_more_queries(self, nurse: Client, patient: Patient) -> None:
        score(patient)
        before = queries(nurse, chart(patient))
        for days in range(1, 9):
            score(patient, on=DAY - timedelta(days=days))
        assert queries(nurse, chart(patient)) == before


def test_no_title_says_anything_of_the_patient(nurse: Client, patient: Patient) -> None:
    row = score(patient)
    assert title(nurse.get(url(patient))) == "Record a motor score · Tidemark"
    assert title(nurse.get(reverse("outcomes:void", args=[row.pk]))) == "Void a motor score · Tidemark"
