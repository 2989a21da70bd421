"""The pages that book a dose, move the booking and cancel it."""

from collections.abc import Callable
from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.conftest import TARGET
from tests.treatments.courses.pages import again, asked, entries, panel, problems, queries, title, told
from tests.treatments.pages import filled, send, soup, text
from treatments.courses import services
from treatments.courses.models import Booking, Course, Dose

pytestmark = pytest.mark.usefixtures("at_noon")
LATE = "17 Jul 2026 is after the window closes on 16 Jul 2026."


def page_of(dose: Dose) -> str:
    return reverse("courses:dose", args=[dose.pk])


def book_url(dose: Dose) -> str:
    return reverse("courses:book", args=[dose.pk])


def move_url(booking: Booking) -> str:
    return reverse("courses:move", args=[booking.pk])


def cancel_url(booking: Booking) -> str:
    return reverse("courses:cancel", args=[booking.pk])


def moved(booking: Booking, on: date = date(2026, 7, 13), by: Any = BY) -> Booking:
    return services.move_booking(
        booking=booking, on=on, at_time=time(11), place="Theatre 2", reason="Theatre closed", by=by, at=AT
    )


def cancelled(booking: Booking, reason: str = "Staff ill") -> Booking:
    return services.cancel_booking(booking=booking, reason=reason, by=BY, at=AT)


@pytest.fixture
def booking(dose: Dose) -> Booking:
    return services.book(dose=dose, on=TARGET, at_time=time(9, 30), place="Day ward", by=BY, at=AT)


class TestEveryPage:
    @pytest.fixture(params=["book", "move", "cancel"])
    def address(self, request: pytest.FixtureRequest, dose: Dose) -> str:
        if request.param == "book":
            return book_url(dose)
        booking = services.book(dose=dose, on=TARGET, at_time=None, place="", by=BY, at=AT)
        return reverse(f"courses:{request.param}", args=[booking.pk])

    def test_the_table_of_rights_decides_who_opens_and_who_sends(
        self, address: str, signed_in: Callable[..., Client]
    ) -> None:
        clients = {role: signed_in(role) for role in Role}
        granted = {role: Permission.BOOK_DOSES in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(address).status_code for role, client in clients.items()}
        sent = {role: client.post(address, {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert entries() == before

    def test_at_another_site_it_does_not_exist(
        self, address: str, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(*Role, at=other_site)
        assert client.get(address).status_code == client.post(address).status_code == 404

    def test_banner_and_plan_are_in_sight_and_the_title_names_nobody(self, nurse: Client, address: str) -> None:
        page = nurse.get(address)
        assert "QUILLFEATHER, Ottoline" in text(soup(page).select(".patient-banner")[0])
        assert "Window 9–16 Jul 2026" in panel(page, "L2, 12 mg in 5 mL")
        assert "dose L2" in title(page)
        assert not {"quillfeather", "ottoline"} & set(title(page).casefold().split())

    def test_back_and_cancel_lead_to_the_dose(self, nurse: Client, address: str, dose: Dose) -> None:
        links = soup(nurse.get(address)).select("a.back, .form-buttons a")
        assert {str(link["href"]) for link in links} == {page_of(dose)}
        assert text(links[0]) == "Dose L2"


class TestBook:
    def test_the_target_is_proposed_and_the_rest_is_open(self, nurse: Client, dose: Dose) -> None:
        values = filled(soup(nurse.get(book_url(dose))))
        assert (values["on"], values["at_time"], values["place"]) == ("2026-07-09", "", "")

    def test_a_target_that_has_passed_is_not_proposed(self, nurse: Client, site: Site) -> None:
        course = builders.course(builders.patient(site), planned_start=date(2026, 7, 3))
        assert filled(soup(nurse.get(book_url(builders.next_dose(course)))))["on"] == "2026-07-04"

    def test_a_dose_is_booked(self, nurse: Client, nadia: User, dose: Dose) -> None:
        answer = send(nurse, book_url(dose), at_time="09:30", place="Day ward")
        assert (answer.status_code, answer["Location"], told(answer)) == (
            302,
            page_of(dose),
            ["The dose was booked."],
        )
        row = Booking.objects.get()
        assert (row.on, row.at_time, row.place) == (TARGET, time(9, 30), "Day ward")
        assert Entry.objects.get(event="courses.dose_booked").person == nadia

    def test_the_same_form_twice_books_once(self, nurse: Client, dose: Dose) -> None:
        values = filled(soup(nurse.get(book_url(dose))))
        nurse.post(book_url(dose), values)
        second = nurse.post(book_url(dose), values)
        assert (second.status_code, second["Location"]) == (302, page_of(dose))
        assert told(second) == ["This was already saved; nothing was saved twice."]
        assert Booking.objects.count() == 1

    def test_of_two_people_the_second_sees_the_first_ones_booking_and_keeps_what_was_typed(
        self, nurse: Client, dose: Dose
    ) -> None:
        values = filled(soup(nurse.get(book_url(dose)))) | {"place": "Theatre 2"}
        services.book(dose=dose, on=date(2026, 7, 10), at_time=None, place="Day ward", by=BY, at=AT)
        answer = nurse.post(book_url(dose), values)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["This dose has a booking already; move that one."],
        )
        assert "Booking Fri 10 Jul 2026, Day ward" in panel(answer, "L2")
        assert filled(soup(answer))["place"] == "Theatre 2"
        assert Booking.objects.count() == 1

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"on": "2026-07-03"}, "Day : 3 Jul 2026 has passed; choose today or a later day."),
            (
                {"on": "2026-07-08"},
                "Day : 8 Jul 2026 is too soon: before 9 Jul 2026 a prescriber and a second person must agree.",
            ),
            ({"on": ""}, "Day : Enter the day."),
            ({"on": "9/7/2026"}, "Day : Enter a day that exists, as year-month-day: 2026-05-17."),
            ({"on": "2226-07-09"}, "Day : Check the year: 2226 is not between 1900 and 2199."),
            ({"at_time": "25:00"}, "Time : Enter a time on the 24-hour clock, such as 14:05."),
            ({"place": "x" * 81}, "Place : Ensure this value has at most 80 characters (it has 81)."),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed_and_the_rest_is_kept(
        self, nurse: Client, dose: Dose, typed: dict[str, str], said: str
    ) -> None:
        answer = send(nurse, book_url(dose), **({"place": "Day ward"} | typed))
        assert (answer.status_code, problems(answer)) == (422, [said])
        kept = filled(soup(answer))
        assert {name: kept[name] for name in typed} == typed
        assert not Booking.objects.exists()

    def test_a_day_after_the_window_is_asked_about_and_then_booked(self, nurse: Client, dose: Dose) -> None:
        first = send(nurse, book_url(dose), on="2026-07-17", place="Day ward")
        assert (first.status_code, asked(first)) == (422, [LATE])
        assert problems(first) == ["Please confirm : Read each point and tick it to confirm, or correct the entry."]
        assert "(optional)" not in text(soup(first).select(".house-form .panel")[0])
        assert not Booking.objects.exists()
        second = nurse.post(book_url(dose), again(first, confirmed=[LATE]))
        assert second.status_code == 302
        assert Booking.objects.get().place == "Day ward"
        assert Entry.objects.get(event="courses.dose_booked").reason == f"Confirmed: {LATE}"

    def test_what_was_confirmed_for_one_day_is_asked_again_for_another(self, nurse: Client, dose: Dose) -> None:
        first = send(nurse, book_url(dose), on="2026-07-17")
        second = nurse.post(book_url(dose), again(first, confirmed=[LATE], on="2026-07-18"))
        assert (second.status_code, asked(second)) == (
            422,
            ["18 Jul 2026 is after the window closes on 16 Jul 2026."],
        )
        assert not soup(second).select("[name=confirmed][checked]")

    def test_one_of_two_questions_stays_ticked_while_the_other_is_asked(
        self, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        services.hold_course(
            course=begun, from_on=date(2026, 7, 1), reason="Infection", review_on=date(2026, 8, 1), by=BY, at=AT
        )
        first = send(nurse, book_url(dose), on="2026-07-17")
        assert asked(first) == [LATE, "The course is on hold."]
        second = nurse.post(book_url(dose), again(first, confirmed=[LATE]))
        assert second.status_code == 422
        assert [str(box["value"]) for box in soup(second).select("[name=confirmed][checked]")] == [LATE]

    def test_a_code_confirms_nothing_here(self, nurse: Client, dose: Dose) -> None:
        values = filled(soup(nurse.get(book_url(dose)))) | {"on": "2026-07-17", "confirmed": ["after_window"]}
        answer = nurse.post(book_url(dose), values)
        assert answer.status_code == 422
        assert not Booking.objects.exists()

    def test_a_booked_dose_leads_back_to_its_page(self, nurse: Client, dose: Dose, booking: Booking) -> None:
        answer = nurse.get(book_url(dose))
        assert (answer.status_code, answer["Location"]) == (302, page_of(dose))
        assert told(answer) == ["This dose has a booking already; move that one."]

    def test_a_late_dose_is_called_what_the_rule_calls_it(self, nurse: Client, site: Site) -> None:
        course = builders.course(builders.patient(site), planned_start=date(2025, 1, 6))
        for day in (date(2025, 1, 6), date(2025, 1, 20), date(2025, 2, 3), date(2025, 3, 5)):
            builders.give(course, day)
        page = soup(nurse.get(book_url(builders.next_dose(course))))
        assert text(page.select("h1")[0]) == "Book dose C1 of 2"
        assert text(page.select("a.back")[0]) == "Dose C1 of 2"

    def test_a_given_dose_a_stopped_course_and_somebody_gone_lead_back(
        self, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        given = begun.doses.get(is_next=False)
        assert told(nurse.get(book_url(given))) == ["This dose was given already."]
        change_care_status(
            patient=begun.patient, to=CareStatus.TRANSFERRED, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT
        )
        assert told(nurse.get(book_url(dose))) == ["This patient is no longer in the site's care."]
        services.stop_course(course=begun, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        assert told(nurse.get(book_url(dose))) == ["The course was stopped; nothing is booked on it any more."]

    def test_a_dose_that_was_given_meanwhile_is_told_and_what_was_typed_is_kept(
        self, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        values = filled(soup(nurse.get(book_url(dose)))) | {"place": "Theatre 2"}
        builders.give(begun, date(2026, 7, 4))
        answer = nurse.post(book_url(dose), values)
        assert (answer.status_code, problems(answer)) == (422, ["This dose was given already."])
        assert filled(soup(answer))["place"] == "Theatre 2"
        assert not soup(answer).select(".next-date")

    def test_a_course_that_was_stopped_meanwhile_is_told(self, nurse: Client, begun: Course, dose: Dose) -> None:
        values = filled(soup(nurse.get(book_url(dose))))
        services.stop_course(course=begun, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        answer = nurse.post(book_url(dose), values)
        said = "This course was stopped on 4 Jul 2026; nothing more can be planned on it."
        assert (answer.status_code, problems(answer)) == (422, [said])


class TestMove:
    MOVE = {"on": "2026-07-10", "reason": "Family asked"}

    def test_the_form_holds_what_is_booked(self, nurse: Client, booking: Booking) -> None:
        values = filled(soup(nurse.get(move_url(booking))))
        assert (values["on"], values["at_time"], values["place"], values["reason"].strip()) == (
            "2026-07-09",
            "09:30",
            "Day ward",
            "",
        )

    def test_a_booking_moves_with_its_reason(self, nurse: Client, dose: Dose, booking: Booking) -> None:
        answer = send(nurse, move_url(booking), **self.MOVE)
        assert (answer.status_code, answer["Location"], told(answer)) == (
            302,
            page_of(dose),
            ["The booking was moved."],
        )
        entry = Entry.objects.get(event="courses.booking_moved")
        assert (entry.changes, entry.reason) == ({"on": ["2026-07-09", "2026-07-10"]}, "Family asked")

    def test_the_same_form_twice_moves_once(self, nurse: Client, booking: Booking) -> None:
        values = filled(soup(nurse.get(move_url(booking)))) | self.MOVE
        nurse.post(move_url(booking), values)
        before = entries()
        second = nurse.post(move_url(booking), values)
        assert (second.status_code, told(second)) == (302, ["This was already saved; nothing was saved twice."])
        assert entries() == before

    def test_of_two_people_the_second_sees_both_versions_and_decides(
        self, nurse: Client, petra: User, booking: Booking
    ) -> None:
        values = filled(soup(nurse.get(move_url(booking)))) | self.MOVE
        moved(booking, by=person_actor(petra))
        answer = nurse.post(move_url(booking), values)
        assert answer.status_code == 409
        clash = text(soup(answer).select("section.error-summary")[0])
        assert "Petra Prescriber changed this record while you had it open" in clash
        assert "Day 10 Jul 2026 13 Jul 2026" in clash
        assert "Time 09:30 11:00" in clash
        assert "Place Day ward Theatre 2" in clash
        kept = filled(soup(answer))
        assert (kept["on"], kept["reason"].strip(), kept["version"]) == ("2026-07-10", "Family asked", "2")
        assert Booking.objects.get().on == date(2026, 7, 13)
        assert nurse.post(move_url(booking), kept).status_code == 302
        assert Booking.objects.get().on == date(2026, 7, 10)

    def test_a_booking_that_was_cancelled_meanwhile_says_why_and_keeps_what_was_typed(
        self, nurse: Client, booking: Booking
    ) -> None:
        values = filled(soup(nurse.get(move_url(booking)))) | self.MOVE
        cancelled(booking)
        answer = nurse.post(move_url(booking), values)
        assert (answer.status_code, problems(answer)) == (422, ["This booking was cancelled already: Staff ill"])
        assert filled(soup(answer))["reason"].strip() == "Family asked"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"reason": ""}, "Why it moves : Write the reason in a few words."),
            ({"on": "2026-07-03"}, "Day : 3 Jul 2026 has passed; choose today or a later day."),
            (
                {"on": "2026-07-08"},
                "Day : 8 Jul 2026 is too soon: before 9 Jul 2026 a prescriber and a second person must agree.",
            ),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed(
        self, nurse: Client, booking: Booking, typed: dict[str, str], said: str
    ) -> None:
        answer = send(nurse, move_url(booking), **(self.MOVE | typed))
        assert (answer.status_code, problems(answer)) == (422, [said])
        assert Booking.objects.get().on == TARGET

    def test_a_day_after_the_window_is_asked_about_and_then_taken(self, nurse: Client, booking: Booking) -> None:
        first = send(nurse, move_url(booking), **(self.MOVE | {"on": "2026-07-17"}))
        assert asked(first) == [LATE]
        assert nurse.post(move_url(booking), again(first, confirmed=[LATE])).status_code == 302
        assert Entry.objects.get(event="courses.booking_moved").reason == f"Family asked Confirmed: {LATE}"


class TestCancel:
    def test_leaving_the_page_is_not_called_cancel(self, nurse: Client, booking: Booking) -> None:
        buttons = soup(nurse.get(cancel_url(booking))).select(".form-buttons > *")
        assert [text(button) for button in buttons] == ["Cancel the booking", "Keep the booking"]

    def test_a_booking_is_cancelled_with_its_reason(self, nurse: Client, dose: Dose, booking: Booking) -> None:
        answer = send(nurse, cancel_url(booking), reason="Family asked")
        assert (answer.status_code, answer["Location"], told(answer)) == (
            302,
            page_of(dose),
            ["The booking was cancelled."],
        )
        assert Booking.objects.get().cancel_reason == "Family asked"

    def test_without_a_reason_it_stands(self, nurse: Client, booking: Booking) -> None:
        answer = send(nurse, cancel_url(booking), reason=" ")
        assert (answer.status_code, problems(answer)) == (422, ["Reason : Write the reason in a few words."])
        assert Booking.objects.get().cancelled_at is None

    def test_the_same_form_twice_cancels_once(self, nurse: Client, booking: Booking) -> None:
        values = filled(soup(nurse.get(cancel_url(booking)))) | {"reason": "Family asked"}
        nurse.post(cancel_url(booking), values)
        before = entries()
        second = nurse.post(cancel_url(booking), values)
        assert (second.status_code, told(second)) == (302, ["This was already saved; nothing was saved twice."])
        assert entries() == before

    def test_a_booking_that_was_moved_meanwhile_is_not_said_to_be_cancelled(
        self, nurse: Client, booking: Booking
    ) -> None:
        values = filled(soup(nurse.get(cancel_url(booking)))) | {"reason": "Family asked"}
        moved(booking)
        answer = nurse.post(cancel_url(booking), values)
        assert answer.status_code == 409
        assert "Booking Mon 13 Jul 2026, 11:00, Theatre 2" in panel(answer, "L2")
        assert "Reason Family asked not recorded" in text(soup(answer).select("section.error-summary")[0])
        assert Booking.objects.get().cancelled_at is None
        assert nurse.post(cancel_url(booking), filled(soup(answer))).status_code == 302
        assert Booking.objects.get().cancelled_at == AT

    def test_another_cancellation_meanwhile_is_told_with_its_reason(self, nurse: Client, booking: Booking) -> None:
        values = filled(soup(nurse.get(cancel_url(booking)))) | {"reason": "Family asked"}
        cancelled(booking)
        answer = nurse.post(cancel_url(booking), values)
        assert (answer.status_code, problems(answer)) == (422, ["This booking was cancelled already: Staff ill"])

    def test_the_booking_of_somebody_gone_can_be_cancelled_and_not_moved(
        self, nurse: Client, begun: Course, booking: Booking
    ) -> None:
        change_care_status(
            patient=begun.patient, to=CareStatus.DIED, on=date(2026, 7, 2), reason="Told by phone", by=BY, at=AT
        )
        assert told(nurse.get(move_url(booking))) == ["This patient is no longer in the site's care."]
        assert send(nurse, cancel_url(booking), reason="Told by phone").status_code == 302


@pytest.mark.parametrize("name", ["move", "cancel"])
class TestNothingLeftToDo:
    def test_a_cancelled_booking_leads_back(self, nurse: Client, dose: Dose, booking: Booking, name: str) -> None:
        cancelled(booking)
        answer = nurse.get(reverse(f"courses:{name}", args=[booking.pk]))
        assert (answer.status_code, answer["Location"]) == (302, page_of(dose))
        assert told(answer) == ["This booking was cancelled already: Staff ill"]

    def test_the_booking_of_a_given_dose_leads_back(
        self, nurse: Client, begun: Course, booking: Booking, name: str
    ) -> None:
        values = filled(soup(nurse.get(reverse(f"courses:{name}", args=[booking.pk])))) | {"reason": "Family asked"}
        builders.give(begun, date(2026, 7, 4))
        assert told(nurse.get(reverse(f"courses:{name}", args=[booking.pk]))) == ["This dose was given already."]
        answer = nurse.post(reverse(f"courses:{name}", args=[booking.pk]), values)
        assert (answer.status_code, problems(answer)) == (422, ["This dose was given already."])

    def test_an_unknown_booking_is_not_found(self, nurse: Client, name: str) -> None:
        assert nurse.get(reverse(f"courses:{name}", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize("name", ["book", "move", "cancel"])
def test_a_long_course_takes_no_more_queries_than_a_short_one(nurse: Client, site: Site, name: str) -> None:
    course = builders.course(builders.patient(site), planned_start=date(2023, 1, 5))
    days = [date(2023 + month // 12, month % 12 + 1, 5) for month in range(0, 36, 3)]

    def taken() -> int:
        dose = builders.next_dose(course)
        if name == "book":
            return queries(nurse, book_url(dose))
        booking = services.book(
            dose=dose, on=date(2026, 7, 4), at_time=None, place="", by=BY, at=AT, confirmed={"after_window"}
        )
        return queries(nurse, reverse(f"courses:{name}", args=[booking.pk]))

    for day in days[:3]:
        builders.give(course, day)
    few = taken()
    for day in days[3:]:
        builders.give(course, day)
    assert taken() == few <= 16
