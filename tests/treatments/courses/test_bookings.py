"""Booking a dose: never before the floor, never twice, and asked before it leaves the window."""

from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Booking, Course


@pytest.fixture
def course(site: Site) -> Course:
    """A course whose first dose was given on 25 June 2026: the next is due from 9 to 16 July."""
    started = builders.course(builders.patient(site), planned_start=date(2026, 6, 25))
    builders.give(started, date(2026, 6, 25))
    return started


def book(course: Course, on: date, **facts: object) -> Booking:
    values = {"at_time": time(9, 30), "place": "Day ward", "by": BY, "at": AT} | facts
    return services.book(dose=builders.next_dose(course), on=on, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("on", [date(2026, 7, 9), date(2026, 7, 16)])
def test_any_day_of_the_window_is_booked_without_a_question(course: Course, on: date) -> None:
    assert book(course, on).on == on


def test_a_day_after_the_window_is_booked_once_confirmed(course: Course) -> None:
    with pytest.raises(services.Unconfirmed, match="after the window closes on 16 Jul 2026"):
        book(course, date(2026, 7, 17))
    assert book(course, date(2026, 7, 17), confirmed={"after_window"}).on == date(2026, 7, 17)


def test_a_day_before_the_floor_is_refused_whatever_is_confirmed(course: Course) -> None:
    with pytest.raises(services.BookedTooSoon, match="9 Jul 2026"):
        book(course, date(2026, 7, 8), confirmed={"before_window"})


def test_a_day_that_has_passed_at_the_site_is_refused(course: Course) -> None:
    with pytest.raises(services.BookedInThePast):
        book(course, date(2026, 7, 3))


def test_a_maintenance_dose_before_its_window_is_booked_once_confirmed(site: Site) -> None:
    course = builders.course(builders.patient(site))
    for day in (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2), date(2026, 3, 20)):
        builders.give(course, day)
    with pytest.raises(services.Unconfirmed, match="before the window opens on 13 Jul 2026"):
        book(course, date(2026, 7, 12))


def test_a_day_beyond_a_late_dose_boundary_says_so(site: Site) -> None:
    course = builders.course(builders.patient(site))
    for day in (date(2025, 11, 1), date(2025, 11, 15), date(2025, 11, 29), date(2025, 12, 29)):
        builders.give(course, day)
    with pytest.raises(services.Unconfirmed) as asked:
        book(course, date(2026, 8, 29))
    assert {caution.code for caution in asked.value.cautions} == {"after_window", "band_crossing"}
    with pytest.raises(services.Unconfirmed) as asked:
        book(course, date(2026, 8, 28))
    assert {caution.code for caution in asked.value.cautions} == {"after_window"}


def test_a_dose_has_one_booking(course: Course) -> None:
    book(course, date(2026, 7, 9))
    with pytest.raises(services.AlreadyBooked):
        book(course, date(2026, 7, 10))
    assert Booking.objects.count() == 1


def test_the_same_form_twice_books_once(course: Course) -> None:
    key = uuid4()
    first = book(course, date(2026, 7, 9), submission=key)
    with pytest.raises(AlreadySubmitted) as told:
        book(course, date(2026, 7, 9), submission=key)
    assert told.value.record == first


def test_a_moved_booking_keeps_the_old_day_in_the_trail(course: Course) -> None:
    booking = book(course, date(2026, 7, 9))
    services.move_booking(
        booking=booking, on=date(2026, 7, 10), at_time=None, place="", reason="Theatre closed", by=BY, at=AT
    )
    entry = Entry.objects.get(event="courses.booking_moved")
    assert entry.changes["on"] == ["2026-07-09", "2026-07-10"]
    assert entry.reason == "Theatre closed"


def test_the_second_of_two_movers_is_told(course: Course) -> None:
    booking = book(course, date(2026, 7, 9))
    seen = booking.version
    move = {"booking": booking, "at_time": None, "place": "", "reason": "Moved", "by": BY, "at": AT, "expected": seen}
    services.move_booking(on=date(2026, 7, 10), **move)  # type: ignore[arg-type]
    with pytest.raises(StaleRecord) as told:
        services.move_booking(on=date(2026, 7, 13), **move)  # type: ignore[arg-type]
    assert isinstance(told.value.current, Booking)
    assert told.value.current.on == date(2026, 7, 10)


def test_a_cancelled_booking_leaves_room_for_another(course: Course) -> None:
    booking = book(course, date(2026, 7, 9))
    services.cancel_booking(booking=booking, reason="Family asked", by=BY, at=AT)
    assert book(course, date(2026, 7, 10)).cancelled_at is None


def test_a_given_dose_cannot_be_booked(course: Course) -> None:
    dose = builders.next_dose(course)
    builders.give(course, date(2026, 7, 9))
    with pytest.raises(services.DoseAlreadyGiven):
        services.book(dose=dose, on=date(2026, 7, 9), at_time=None, place="", by=BY, at=AT)


def move(booking: Booking, on: date = date(2026, 7, 10), **facts: Any) -> Booking:
    values: dict[str, Any] = {"at_time": None, "place": "", "reason": "Theatre closed", "by": BY, "at": AT} | facts
    return services.move_booking(booking=booking, on=on, **values)


def cancel(booking: Booking, reason: str = "Family asked", **facts: Any) -> Booking:
    return services.cancel_booking(booking=booking, reason=reason, by=BY, at=AT, **facts)


class TestWhatWasConfirmed:
    SENTENCE = "17 Jul 2026 is after the window closes on 16 Jul 2026."

    def test_a_person_confirms_the_sentence_they_read(self, course: Course) -> None:
        assert book(course, date(2026, 7, 17), confirmed={self.SENTENCE}).on == date(2026, 7, 17)

    def test_the_sentence_about_one_day_confirms_no_other(self, course: Course) -> None:
        with pytest.raises(services.Unconfirmed, match="18 Jul 2026"):
            book(course, date(2026, 7, 18), confirmed={self.SENTENCE})
        assert not Booking.objects.exists()

    def test_it_stands_in_the_trail(self, course: Course) -> None:
        booking = book(course, date(2026, 7, 17), confirmed={"after_window"})
        assert Entry.objects.get(event="courses.dose_booked").reason == f"Confirmed: {self.SENTENCE}"
        move(booking, date(2026, 7, 18), confirmed={"after_window"})
        said = "Theatre closed Confirmed: 18 Jul 2026 is after the window closes on 16 Jul 2026."
        assert Entry.objects.get(event="courses.booking_moved").reason == said

    def test_nothing_to_confirm_leaves_nothing_in_the_trail(self, course: Course) -> None:
        book(course, date(2026, 7, 9))
        assert Entry.objects.get(event="courses.dose_booked").reason == ""

    def test_a_booking_during_a_hold_is_asked_about(self, course: Course) -> None:
        services.hold_course(
            course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
        )
        with pytest.raises(services.Unconfirmed, match="on hold"):
            book(course, date(2026, 7, 9))
        assert book(course, date(2026, 7, 9), confirmed={"on_hold"}).on == date(2026, 7, 9)


class TestWhatIsNoLongerBooked:
    @pytest.fixture
    def booking(self, course: Course) -> Booking:
        return book(course, date(2026, 7, 9))

    def test_a_cancelled_booking_is_not_moved(self, booking: Booking) -> None:
        cancel(booking)
        with pytest.raises(services.BookingCancelled, match="Family asked"):
            move(booking)

    def test_the_same_cancellation_twice_is_one_and_the_same(self, booking: Booking) -> None:
        cancel(booking, expected=1)
        with pytest.raises(AlreadySubmitted):
            cancel(booking, expected=1)
        assert Entry.objects.filter(event="courses.booking_cancelled").count() == 1

    def test_another_cancellation_is_told_why_it_was_cancelled(self, booking: Booking) -> None:
        cancel(booking, expected=1)
        with pytest.raises(services.BookingCancelled, match="Family asked"):
            cancel(booking, "Staff ill", expected=1)
        assert Booking.objects.get().cancel_reason == "Family asked"

    def test_a_booking_that_was_moved_meanwhile_is_not_cancelled_unseen(self, booking: Booking) -> None:
        move(booking)
        with pytest.raises(StaleRecord):
            cancel(booking, expected=1)
        assert Booking.objects.get().cancelled_at is None

    def test_the_booking_of_a_given_dose_stays_as_it_was(self, course: Course, booking: Booking) -> None:
        builders.give(course, date(2026, 7, 9))
        with pytest.raises(services.DoseAlreadyGiven):
            move(booking)
        with pytest.raises(services.DoseAlreadyGiven):
            cancel(booking)
        assert Booking.objects.get().on == date(2026, 7, 9)

    def test_nothing_is_booked_or_moved_for_somebody_no_longer_in_care(self, course: Course, booking: Booking) -> None:
        change_care_status(
            patient=course.patient, to=CareStatus.DIED, on=date(2026, 7, 1), reason="Told by phone", by=BY, at=AT
        )
        with pytest.raises(services.PatientNotInCare):
            move(booking)
        cancel(booking)
        with pytest.raises(services.PatientNotInCare):
            book(course, date(2026, 7, 9))

    def test_a_stopped_course_is_not_booked(self, course: Course) -> None:
        services.stop_course(course=course, on=date(2026, 7, 4), reason="Another therapy", by=BY, at=AT)
        with pytest.raises(services.CourseStopped):
            book(course, date(2026, 7, 9))
