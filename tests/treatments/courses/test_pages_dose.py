"""The page of one dose: what is planned and why, what the day asks for, what was recorded."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.conftest import TARGET
from tests.treatments.courses.pages import entries, panel, queries, title
from tests.treatments.pages import soup, text
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Dose

pytestmark = pytest.mark.usefixtures("at_noon")
LOADING = (date(2025, 1, 6), date(2025, 1, 20), date(2025, 2, 3), date(2025, 3, 5))


def url(dose: Dose) -> str:
    return reverse("courses:dose", args=[dose.pk])


def actions(response: Any) -> dict[str, bool]:
    """Return the page's buttons in order, and whether each is the one to press."""
    buttons = soup(response).select(".page-header .actions a")
    return {text(button): "btn-primary" in button["class"] for button in buttons}


def notices(response: Any) -> list[str]:
    return [text(notice) for notice in soup(response).select("main .page-content > .notice")]


def book(dose: Dose, on: date = TARGET) -> Booking:
    return services.book(dose=dose, on=on, at_time=None, place="Day ward", by=BY, at=AT)


def hold(course: Course) -> None:
    services.hold_course(
        course=course, from_on=date(2026, 7, 1), reason="Chest infection", review_on=date(2026, 8, 1), by=BY, at=AT
    )


def loaded(site: Site, days: tuple[date, ...] = LOADING) -> Course:
    """Return a course with these doses given."""
    course = builders.course(builders.patient(site), planned_start=days[0])
    for day in days:
        builders.give(course, day)
    return course


class TestWhoSeesIt:
    def test_whoever_may_view_patients(self, dose: Dose, signed_in: Callable[..., Client]) -> None:
        seen = {role: signed_in(role).get(url(dose)).status_code for role in Role}
        assert seen == {role: 200 if Permission.VIEW_PATIENTS in GRANTS[role] else 404 for role in Role}

    def test_nobody_of_another_site(self, dose: Dose, other_site: Site, signed_in: Callable[..., Client]) -> None:
        assert signed_in(*Role, at=other_site).get(url(dose)).status_code == 404

    def test_an_unknown_dose_is_not_found(self, nurse: Client) -> None:
        assert nurse.get(reverse("courses:dose", args=[uuid4()])).status_code == 404

    def test_it_is_for_reading(self, nurse: Client, dose: Dose) -> None:
        before = entries()
        assert nurse.post(url(dose)).status_code == 405
        assert nurse.get(url(dose)).status_code == 200
        assert entries() == before

    def test_the_title_names_the_dose_and_nobody(self, nurse: Client, dose: Dose) -> None:
        page = nurse.get(url(dose))
        assert title(page).startswith("Dose L2 · ")
        assert "QUILLFEATHER, Ottoline" in text(soup(page).select(".patient-banner")[0])
        assert "quillfeather" not in title(page).casefold()


class TestThePlan:
    def test_date_window_and_reason_are_said(self, nurse: Client, dose: Dose) -> None:
        said = panel(nurse.get(url(dose)), "L2, 12 mg in 5 mL")
        assert "Upcoming 9 Jul 2026 In 5 days" in said
        assert "14 days after loading dose L1 on 25 Jun 2026; due between 9 Jul and 16 Jul 2026." in said
        assert "Window 9–16 Jul 2026 Earliest safe day 9 Jul 2026 Booking None yet" in said

    def test_inside_the_window_it_says_when_that_closes(self, nurse: Client, site: Site) -> None:
        course = builders.course(builders.patient(site), planned_start=date(2026, 6, 28))
        said = panel(nurse.get(url(builders.next_dose(course))), "L1")
        assert "Due 28 Jun 2026 Window closes tomorrow" in said

    def test_after_the_window_it_says_how_late(self, nurse: Client, site: Site) -> None:
        course = builders.course(builders.patient(site), planned_start=date(2026, 6, 26))
        said = panel(nurse.get(url(builders.next_dose(course))), "L1")
        assert "Overdue 26 Jun 2026 1 day late" in said

    def test_the_booking_stands_with_its_place(self, nurse: Client, dose: Dose) -> None:
        book(dose)
        assert "Booking Thu 9 Jul 2026, Day ward Booked" in panel(nurse.get(url(dose)), "L2")

    def test_a_flag_of_the_history_is_said_in_words(self, nurse: Client, begun: Course) -> None:
        builders.give(begun, date(2026, 7, 3))
        said = panel(nurse.get(url(builders.next_dose(begun))), "L3")
        assert "Given less than 14 days after the dose before it" in said

    def test_the_monograph_is_one_step_away(self, nurse: Client, dose: Dose) -> None:
        links = [str(link["href"]) for link in soup(nurse.get(url(dose))).select("main a")]
        assert reverse("monographs:detail", args=["nusinersen"]) in links


class TestWhatTheDayAsksFor:
    def test_a_dose_without_a_booking_wants_one(self, nurse: Client, dose: Dose) -> None:
        assert actions(nurse.get(url(dose))) == {
            "Book": True,
            "Dose day": False,
            "Log labs": False,
            "Readiness": False,
        }

    def test_a_booking_to_come_wants_nothing(self, nurse: Client, dose: Dose) -> None:
        book(dose)
        assert actions(nurse.get(url(dose))) == {
            "Dose day": False,
            "Move booking": False,
            "Cancel booking": False,
            "Log labs": False,
            "Readiness": False,
        }

    @pytest.mark.parametrize("on", [date(2026, 7, 4), date(2026, 7, 5)])
    def test_on_the_booked_day_it_wants_its_dose_day(self, nurse: Client, site: Site, on: date) -> None:
        course = builders.course(builders.patient(site), planned_start=date(2026, 7, 4))
        dose = builders.next_dose(course)
        book(dose, on)
        assert actions(nurse.get(url(dose)))["Dose day"] is (on == date(2026, 7, 4))

    def test_on_hold_nothing_is_pressed_first_and_the_hold_is_explained(
        self, prescriber: Client, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        hold(begun)
        assert not any(actions(nurse.get(url(dose))).values())
        said = "On hold since 1 Jul 2026, look again on 1 Aug 2026 Chest infection"
        assert notices(nurse.get(url(dose))) == [said]
        assert notices(prescriber.get(url(dose))) == [f"{said} Resume"]
        assert "On hold 9 Jul 2026 In 5 days By its dates: Upcoming" in panel(nurse.get(url(dose)), "L2")

    def test_a_dose_that_waits_for_a_decision_says_so_first(self, nurse: Client, site: Site) -> None:
        dose = builders.next_dose(loaded(site))
        page = nurse.get(url(dose))
        assert not any(actions(page).values())
        assert notices(page)[0].startswith("Interrupted: a prescriber decides first Eight months or more after")
        said = panel(page, "C1 of 2, 12 mg in 5 mL")
        assert "Interrupted" in said
        assert "In place of M1, by the rule for late doses." in said
        assert text(soup(page).select("h1")[0]) == "Dose C1 of 2"

    def test_a_loading_left_incomplete_waits_for_a_decision(self, nurse: Client, site: Site) -> None:
        dose = builders.next_dose(loaded(site, LOADING[:2]))
        page = nurse.get(url(dose))
        assert notices(page)[0].startswith("Gap in loading: a prescriber decides first Loading is not complete")
        assert "Needs decision" in panel(page, "L3")
        assert "By its dates: Overdue" in panel(page, "L3")

    @pytest.mark.parametrize(
        ("role", "shown"),
        [
            (Role.COORDINATOR, ["Book", "Dose day", "Log labs", "Readiness"]),
            (Role.PROCEDURALIST, ["Book", "Dose day", "Readiness"]),
            (Role.PHARMACIST, ["Dose day", "Readiness"]),
            (Role.VIEWER, ["Dose day", "Readiness"]),
        ],
    )
    def test_nobody_is_offered_what_they_may_not(
        self, dose: Dose, signed_in: Callable[..., Client], role: Role, shown: list[str]
    ) -> None:
        assert list(actions(signed_in(role).get(url(dose)))) == shown


class TestWhereNothingIsPlanned:
    def test_a_stopped_course_says_when_and_why(self, nurse: Client, begun: Course, dose: Dose) -> None:
        services.stop_course(course=begun, on=date(2026, 7, 4), reason="Another therapy", by=BY, at=AT)
        page = nurse.get(url(dose))
        assert notices(page) == ["The course was stopped on 4 Jul 2026; this dose is no longer planned Another therapy"]
        assert actions(page) == {}

    def test_somebody_no_longer_in_care_has_no_plan_and_a_booking_to_cancel(
        self, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        book(dose)
        change_care_status(
            patient=begun.patient, to=CareStatus.DIED, on=date(2026, 7, 2), reason="Told by phone", by=BY, at=AT
        )
        page = nurse.get(url(dose))
        assert notices(page) == ["Nothing is planned The patient is no longer in this site's care."]
        assert list(actions(page)) == ["Dose day", "Cancel booking"]
        banner = text(soup(page).select(".patient-banner")[0])
        assert "Died on 2 Jul 2026" in banner
        assert "Next dose" not in banner


class TestAGivenDose:
    def test_it_shows_what_was_recorded_and_what_was_planned(
        self, nurse: Client, petra: User, nadia: User, begun: Course, dose: Dose
    ) -> None:
        given = services.Given(
            at=datetime(2026, 7, 3, 8, 30, tzinfo=UTC),
            mg=Decimal("11.50"),
            ml=Decimal(5),
            lot="NF77",
            vial_expires_on=date(2027, 1, 31),
            performer=petra,
            note="Difficult access",
        )
        asked = {"interval_short", "amount_differs"}
        services.record_given(dose=dose, given=given, by=person_actor(nadia), at=AT, confirmed=asked)
        page = nurse.get(url(dose))
        recorded = panel(page, "What was recorded")
        assert "Given Given 3 Jul 2026, 09:30 Amount 11.5 mg in 5 mL Vial lot NF77" in recorded
        assert "Vial expiry 31 Jan 2027 Given by Petra Prescriber Note Difficult access" in recorded
        assert "Recorded by Nadia Nurse, 4 Jul 2026, 13:00 Confirmed Only 8 days after the last dose" in recorded
        assert "11.5 mg was entered; the schedule says 12 mg." in recorded
        assert "Given less than 14 days after the dose before it" in recorded
        assert "Target 9 Jul 2026 Window 9–16 Jul 2026 Amount 12 mg in 5 mL" in panel(page, "What was planned")
        assert actions(page) == {"Dose day": False}

    def test_a_dose_given_elsewhere_says_where_and_claims_no_plan(self, nurse: Client, begun: Course) -> None:
        row = services.record_elsewhere(
            course=begun, given_on=date(2026, 6, 11), mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        page = nurse.get(url(row.dose))
        said = panel(page, "What was recorded")
        assert "Given 11 Jun 2026 Amount 12 mg Given at Eastbrook" in said
        assert "What was planned" not in text(soup(page))
        assert text(soup(page).select("h1")[0]) == "Dose L1"
        assert actions(page) == {}


def test_times_are_those_of_the_site(signed_in: Callable[..., Client], other_site: Site) -> None:
    course = builders.course(builders.patient(other_site), planned_start=date(2026, 6, 25))
    row = builders.give(course, date(2026, 6, 25))
    page = signed_in(Role.NURSE, at=other_site).get(url(row.dose))
    assert "Given 25 Jun 2026, 10:00" in panel(page, "What was recorded")


@pytest.mark.parametrize("which", ["next", "given"])
def test_a_long_course_takes_no_more_queries_than_a_short_one(nurse: Client, site: Site, which: str) -> None:
    course = builders.course(builders.patient(site), planned_start=date(2023, 1, 5))
    days = [date(2023 + month // 12, month % 12 + 1, 5) for month in range(0, 36, 3)]

    def taken() -> int:
        last = Administration.objects.order_by("-given_on")[0].dose
        return queries(nurse, url(builders.next_dose(course) if which == "next" else last))

    for day in days[:3]:
        builders.give(course, day)
    few = taken()
    for day in days[3:]:
        builders.give(course, day)
    assert taken() == few <= 14
