"""The chart's page: who sees it, what each person may do from it, and what it costs."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs.builders import COLLECTED, log, reported
from tests.treatments.pages import soup, text
from treatments.courses import services
from treatments.courses.models import Course

SET = (
    reported(low="150", high="400"),
    reported("inr", "1.1", "{INR}"),
    reported("aptt", "31", "s"),
    reported("urine_protein", "0.1", "g/L"),
    reported("pt", "12", "s"),
)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def patient(site: Site) -> Patient:
    return courses.patient(site, "Okafor")


@pytest.fixture
def course(patient: Patient) -> Course:
    return courses.course(patient, planned_start=date(2026, 7, 1))


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


def url(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


def links(client: Client, patient: Patient) -> set[str]:
    """Return the names of the chart's buttons."""
    page = soup(client.get(url(patient)))
    return {text(link) for link in page.select(".page-content .actions a, .page-content .empty a")}


def change_care(patient: Patient, care_status: str) -> None:
    facts: dict[str, Any] = {"care_status": care_status, "care_status_on": date(2026, 6, 1)}
    writing.change(patient, event="patients.care_status_changed", by=BY, at=AT, **facts)


class TestWhoSeesIt:
    @pytest.mark.parametrize("role", Role)
    def test_every_role_at_the_patients_site(
        self, patient: Patient, signed_in: Callable[..., Client], role: Role
    ) -> None:
        response = signed_in(role).get(url(patient))
        assert response.status_code == 200
        assert "OKAFOR" in text(soup(response).select(".patient-banner")[0])

    def test_nobody_of_another_site(self, patient: Patient, other_site: Site, signed_in: Callable[..., Client]) -> None:
        assert signed_in(Role.PRESCRIBER, at=other_site).get(url(patient)).status_code == 404

    def test_an_unknown_or_voided_patient_is_not_found(self, nurse: Client, patient: Patient) -> None:
        assert nurse.get(reverse("chart", args=[uuid4()])).status_code == 404
        writing.void(patient, event="patients.voided", by=BY, at=AT, reason="Registered twice")
        assert nurse.get(url(patient)).status_code == 404

    def test_who_is_not_signed_in_is_asked_to(self, client: Client, patient: Patient) -> None:
        assert client.get(url(patient))["Location"].startswith(reverse("account_login"))

    def test_it_is_only_read(self, nurse: Client, patient: Patient) -> None:
        assert nurse.post(url(patient)).status_code == 405

    def test_the_title_names_nobody(self, nurse: Client, patient: Patient) -> None:
        assert text(soup(nurse.get(url(patient))).select("title")[0]) == "Chart · Tidemark"


class TestWhatOneMayDo:
    @pytest.mark.parametrize(
        ("role", "expected"),
        [
            (Role.COORDINATOR, {"Book", "Log labs"}),
            (Role.NURSE, {"Book", "Dose day", "Log labs", "Add a dose given elsewhere"}),
            (
                Role.PRESCRIBER,
                {
                    "Book",
                    "Dose day",
                    "Log labs",
                    "Add a dose given elsewhere",
                    "Put on hold",
                    "Stop the course",
                },
            ),
            (Role.PROCEDURALIST, {"Book", "Dose day", "Add a dose given elsewhere"}),
            (Role.PHARMACIST, set()),
            (Role.VIEWER, set()),
            (Role.ADMINISTRATOR, set()),
        ],
    )
    def test_with_an_open_course(
        self,
        course: Course,
        patient: Patient,
        signed_in: Callable[..., Client],
        role: Role,
        expected: set[str],
    ) -> None:
        assert links(signed_in(role), patient) == expected

    def test_a_booked_dose_is_moved_not_booked_again(self, course: Course, patient: Patient, nurse: Client) -> None:
        services.book(dose=courses.next_dose(course), on=date(2026, 7, 5), at_time=None, place="", by=BY, at=AT)
        found = links(nurse, patient)
        assert {"Move booking", "Cancel booking"} <= found
        assert "Book" not in found

    @pytest.mark.parametrize(("day", "primary"), [(date(2026, 7, 5), []), (date(2026, 7, 4), ["Dose day"])])
    def test_the_dose_day_is_the_first_thing_on_the_booked_day(
        self, course: Course, patient: Patient, nurse: Client, day: date, primary: list[str]
    ) -> None:
        services.book(dose=courses.next_dose(course), on=day, at_time=None, place="", by=BY, at=AT)
        page = soup(nurse.get(url(patient)))
        assert [text(link) for link in page.select(".page-header .btn-primary")] == primary

    def test_a_course_on_hold_is_resumed_and_booking_is_not_pressed(
        self, course: Course, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        facts: dict[str, Any] = {"reason": "Infection", "review_on": date(2026, 8, 1), "by": BY, "at": AT}
        services.hold_course(course=course, from_on=date(2026, 7, 1), **facts)
        client = signed_in(Role.PRESCRIBER)
        found = links(client, patient)
        assert "Resume" in found
        assert "Put on hold" not in found
        page = soup(client.get(url(patient)))
        assert page.select(".page-header .btn-primary") == []
        assert "On hold since 1 Jul 2026 : Infection. Look again on 1 Aug 2026." in text(page)

    def test_without_a_course_a_prescriber_starts_one(self, patient: Patient, signed_in: Callable[..., Client]) -> None:
        assert links(signed_in(Role.PRESCRIBER), patient) == {"Start a course", "Log labs"}
        assert links(signed_in(Role.NURSE), patient) == {"Log labs"}

    def test_nothing_is_planned_for_somebody_no_longer_in_care(
        self, course: Course, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        change_care(patient, "died")
        client = signed_in(Role.PRESCRIBER)
        assert links(client, patient) == {"Dose day", "Log labs", "Add a dose given elsewhere", "Stop the course"}
        page = text(soup(client.get(url(patient))))
        assert "No longer in the site’s care" in page
        assert "Next dose" not in page
        assert "To come" not in page

    def test_nobody_is_started_who_is_no_longer_in_care(
        self, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        change_care(patient, "transferred")
        client = signed_in(Role.PRESCRIBER)
        assert links(client, patient) == {"Log labs"}
        assert "no longer in the site’s care" in text(soup(client.get(url(patient))))

    def test_only_who_may_correct_a_patient_sees_the_links_for_it(
        self, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        place = reverse("patients:correct", args=[patient.pk])
        assert soup(signed_in(Role.NURSE).get(url(patient))).select(f"a[href='{place}']")
        assert not soup(signed_in(Role.VIEWER).get(url(patient))).select(f"a[href='{place}']")

    def test_every_link_leads_somewhere_this_person_may_go(
        self, course: Course, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        log(patient, *SET)
        for role in Role:
            client = signed_in(role)
            page = soup(client.get(url(patient)))
            for link in page.select("main a[href^='/']"):
                assert client.get(str(link["href"])).status_code == 200, (role, link["href"])


class TestTheDrawings:
    def test_every_picture_has_a_name_a_text_and_a_table(self, nurse: Client, patient: Patient) -> None:
        log(patient, *SET)
        page = soup(nurse.get(url(patient)))
        pictures = page.select("svg[role=img]")
        assert len(pictures) == 1 + len(SET)
        for picture in pictures:
            for pk in str(picture["aria-labelledby"]).split():
                assert text(page.select(f"#{pk}")[0])
        assert len(page.select("details table")) == len(SET)

    def test_nothing_is_styled_or_scripted_in_line(self, nurse: Client, course: Course, patient: Patient) -> None:
        log(patient, *SET)
        page = soup(nurse.get(url(patient)))
        assert page.select("[style], style, script:not([src])") == []
        assert not [tag for tag in page.find_all() if any(name.startswith("on") for name in tag.attrs)]

    def test_a_result_outside_its_range_stands_out_in_word_and_shape(self, nurse: Client, patient: Patient) -> None:
        log(patient, reported(value="90", low="150", high="400"))
        page = soup(nurse.get(url(patient)))
        assert len(page.select("circle.point.off")) == 1
        assert "below range, 150 to 400" in text(page)

    def test_only_who_may_log_may_void(self, patient: Patient, signed_in: Callable[..., Client]) -> None:
        (row,) = log(patient)
        place = reverse("labs:void", args=[row.pk])
        assert soup(signed_in(Role.NURSE).get(url(patient))).select(f"a[href='{place}']")
        assert not soup(signed_in(Role.VIEWER).get(url(patient))).select(f"a[href='{place}']")

    def test_a_voided_result_is_not_drawn(self, nurse: Client, patient: Patient) -> None:
        (row,) = log(patient)
        writing.void(row, event="labs.result_voided", by=BY, at=AT, reason="Wrong tube")
        assert "No result is logged yet." in text(soup(nurse.get(url(patient))))

    def test_what_people_typed_is_shown_as_text(self, nurse: Client, patient: Patient) -> None:
        log(patient, laboratory="<script>alert(1)</script>")
        response = nurse.get(url(patient))
        assert b"<script>alert" not in response.content
        assert "<script>alert(1)</script>" in text(soup(response))


class TestWhatItCosts:
    def measured(self, client: Client, patient: Patient) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(patient)).status_code == 200
        return len(captured)

    def test_five_results_and_fifty_take_the_same_few_queries(
        self, nurse: Client, course: Course, patient: Patient
    ) -> None:
        person = factories.user(Role.NURSE, site=patient.site)
        log(patient, *SET, person=person)
        few = self.measured(nurse, patient)
        for days in range(1, 10):
            log(patient, *SET, person=person, collected_at=COLLECTED - timedelta(days=days))
        assert patient.labresults.count() == 50
        assert self.measured(nurse, patient) == few <= 21
