"""Everybody's dose day today, and whom to call: of one's own sites, each by its own day."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.patients.choices import CareStatus
from clinic.patients.facts import CarerFacts
from clinic.patients.parts import KINDS
from clinic.patients.services import add_part, change_care_status
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from clinic.staff.services import give_role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import entries, queries, title
from tests.treatments.dose_day import builders
from tests.treatments.pages import soup, text
from treatments.courses import services as course_services
from treatments.courses.models import Dose
from treatments.dose_day.models import Discharge

pytestmark = pytest.mark.usefixtures("at_noon")
URL = reverse("dose_day:today")


def booked(site: Site, name: str, on: date = date(2026, 7, 4), at_time: time | None = None) -> Dose:
    """Return a first dose that is booked on a day."""
    dose = courses.next_dose(courses.course(courses.patient(site, name), planned_start=on))
    course_services.book(dose=dose, on=on, at_time=at_time, place="Day ward", by=BY, at=AT)
    return dose


def doses(client: Client) -> list[str]:
    """Return the rows of the doses, as they are read."""
    found = soup(client.get(URL)).select("main table")
    return [text(row) for table in found if "Outcome" in text(table) for row in table.select("tbody tr")]


def calls(client: Client) -> list[str]:
    return [text(row) for row in soup(client.get(URL)).select("#calls tbody tr")]


@pytest.fixture
def home(dose: Dose, paul: User, nadia: User) -> Discharge:
    """Somebody went home today, and is called in two days."""
    builders.give(dose, paul, None)
    return builders.go_home(dose, nadia)


class TestTheDoses:
    def test_what_is_booked_for_today_stands_by_its_time(self, nurse: Client, site: Site) -> None:
        booked(site, "Late", at_time=time(14, 0))
        booked(site, "Early", at_time=time(9, 30))
        booked(site, "Whenever")
        booked(site, "Tomorrow", date(2026, 7, 5))
        rows = doses(nurse)
        assert [row.split(",")[0] for row in rows] == ["EARLY", "LATE", "WHENEVER"]
        assert "L1, 12 mg 09:30 Day ward To do None reserved To do Later" in rows[0]
        assert "No time Day ward" in rows[2]

    def test_each_row_says_how_far_it_has_come(self, nurse: Client, dose: Dose, nadia: User, paul: User) -> None:
        course_services.book(dose=dose, on=date(2026, 7, 4), at_time=None, place="", by=BY, at=AT)
        vial = builders.in_order(dose, nadia)
        assert "Done Lot AB12 To do Later" in doses(nurse)[0]
        builders.give(dose, paul, vial)
        assert "Done Lot AB12 Given To do" in doses(nurse)[0]
        builders.go_home(dose, nadia)
        assert "Done Lot AB12 Given Done" in doses(nurse)[0]

    def test_a_dose_that_was_given_unbooked_and_unchecked_is_there_to_be_looked_at(
        self, nurse: Client, home: Discharge
    ) -> None:
        assert "No time Look at it Lot PRINTED Given Done" in doses(nurse)[0]

    def test_a_failed_attempt_stays_on_the_list(self, nurse: Client, dose: Dose, paul: User) -> None:
        builders.fail(dose, paul)
        assert "Not given To do" in doses(nurse)[0]

    def test_each_row_leads_to_its_day(self, nurse: Client, site: Site) -> None:
        dose = booked(site, "Alder")
        (link,) = soup(nurse.get(URL)).select("main td.do a")
        assert (link["href"], text(link)) == (reverse("dose_day:day", args=[dose.pk]), "Dose day of ALDER, Robin")

    def test_with_nothing_to_do_it_says_what_appears_here(self, nurse: Client) -> None:
        words = text(soup(nurse.get(URL)).select("main")[0])
        assert "No dose is booked for today" in words
        assert "Nobody has to be called today." in words

    def test_a_cancelled_booking_is_no_booking(self, nurse: Client, site: Site) -> None:
        dose = booked(site, "Alder")
        booking = dose.bookings.get()
        course_services.cancel_booking(booking=booking, reason="Ill", by=BY, at=AT)
        assert doses(nurse) == []


class TestWhoSeesWhat:
    def test_everybody_reads_and_nobody_writes(self, signed_in: Callable[..., Client], site: Site) -> None:
        booked(site, "Alder")
        clients = [signed_in(role) for role in Role]
        before = entries()
        assert {client.get(URL).status_code for client in clients} == {200}
        assert {client.post(URL).status_code for client in clients} == {405}
        assert entries() == before

    def test_another_sites_doses_and_calls_are_not_there(
        self, signed_in: Callable[..., Client], other_site: Site, home: Discharge, nurse: Client
    ) -> None:
        booked(other_site, "Foreign")
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            assert calls(signed_in(Role.NURSE, at=other_site)) == []
        assert not [row for row in doses(nurse) if "FOREIGN" in row]

    def test_each_site_counts_by_its_own_day(self, site: Site, other_site: Site) -> None:
        """At half past three in the night of London it is still yesterday in New York."""
        user = factories.user(Role.NURSE, site=site)
        give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
        booked(site, "London", date(2026, 7, 5))
        booked(site, "Past", date(2026, 7, 4))
        booked(other_site, "Newyork", date(2026, 7, 4))
        with time_machine.travel("2026-07-05T02:30:00+00:00", tick=False):
            client = Client()
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            rows, page = doses(client), client.get(URL)
        assert sorted(row.split(",")[0] for row in rows) == ["LONDON", "NEWYORK"]
        assert "Sat 4 Jul 2026 or Sun 5 Jul 2026" in text(soup(page).select(".page-header")[0])
        assert "Southgate" in "".join(rows)

    def test_the_title_names_nobody(self, nurse: Client, home: Discharge) -> None:
        assert title(nurse.get(URL)) == "Dose days · Tidemark"

    def test_only_who_may_record_a_call_is_offered_to(self, signed_in: Callable[..., Client], home: Discharge) -> None:
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            offered = {role for role in Role if "Record a call" in "".join(calls(signed_in(role)))}
        assert offered == {Role.COORDINATOR, Role.NURSE, Role.PRESCRIBER, Role.PROCEDURALIST}

    def test_somebody_who_only_reads_at_one_of_two_sites_is_offered_no_call_there(
        self, site: Site, other_site: Site, home: Discharge
    ) -> None:
        user = factories.user(Role.VIEWER, site=site)
        give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            client = Client()
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            (row,) = calls(client)
        assert "Record a call" not in row


class TestTheCalls:
    @pytest.mark.parametrize(("days", "said"), [(1, []), (2, ["Today"]), (3, ["1 day late"]), (9, ["7 days late"])])
    def test_somebody_is_on_the_list_from_the_day_of_the_call(
        self, signed_in: Callable[..., Client], home: Discharge, nadia: User, days: int, said: list[str]
    ) -> None:
        with time_machine.travel(AT + timedelta(days=days), tick=False):
            rows = calls(signed_in(user=nadia))
        assert [word for word in said if word in "".join(rows)] == said
        assert len(rows) == len(said)

    def test_the_day_is_that_of_the_site(self, signed_in: Callable[..., Client], other_site: Site) -> None:
        nurse = factories.user(Role.NURSE, site=other_site)
        dose = courses.next_dose(courses.course(courses.patient(other_site), planned_start=date(2026, 7, 4)))
        builders.give(dose, nurse, None)
        builders.go_home(dose, nurse)
        for moment, listed in (("2026-07-06T03:59:00+00:00", 0), ("2026-07-06T04:00:00+00:00", 1)):
            with time_machine.travel(moment, tick=False):
                assert len(calls(signed_in(user=nurse))) == listed

    def test_a_row_says_whom_to_call_and_how_often_it_was_tried(
        self, signed_in: Callable[..., Client], home: Discharge, nadia: User
    ) -> None:
        father = CarerFacts("Frank", relationship="Father", email="frank@example.org", phone="020 7946 0199")
        add_part(kind=KINDS["carer"], patient=home.patient, facts=father, by=BY, at=AT)
        builders.call(home, nadia, "no_answer", again_on=date(2026, 7, 5))
        with time_machine.travel(AT + timedelta(days=1), tick=False):
            (row,) = calls(signed_in(user=nadia))
        assert "QUILLFEATHER, Ottoline born 17 May 2020 L2, 4 Jul 2026 Today Frank (Father): 020 7946 0199 1" in row

    def test_nobody_is_called_twice_who_was_reached(
        self, signed_in: Callable[..., Client], home: Discharge, nadia: User
    ) -> None:
        builders.call(home, nadia, "well")
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            assert calls(signed_in(user=nadia)) == []

    def test_nobody_is_called_after_a_record_that_was_taken_back(
        self, signed_in: Callable[..., Client], home: Discharge, nadia: User
    ) -> None:
        builders.take_back(home.dose.administrations.get(), nadia)
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            assert calls(signed_in(user=nadia)) == []

    def test_a_transferred_patient_is_called_all_the_same(
        self, signed_in: Callable[..., Client], home: Discharge, nadia: User
    ) -> None:
        facts = {"to": CareStatus.TRANSFERRED, "on": date(2026, 7, 4), "reason": "Moved", "by": BY, "at": AT}
        change_care_status(patient=home.patient, **facts)  # type: ignore[arg-type]
        with time_machine.travel(AT + timedelta(days=2), tick=False):
            assert len(calls(signed_in(user=nadia))) == 1


def test_twelve_doses_take_as_many_queries_as_one(nurse: Client, site: Site, paul: User, nadia: User) -> None:
    def one(number: int) -> None:
        dose = booked(site, f"Name{number:02d}", at_time=time(9, number))
        builders.checklist(dose, nadia)
        builders.give(dose, paul, None)
        builders.go_home(dose, nadia, call_on=date(2026, 7, 5))

    one(0)
    few = queries(nurse, URL)
    for number in range(1, 12):
        one(number)
    assert queries(nurse, URL) == few <= 14
    assert len(doses(nurse)) == 12
