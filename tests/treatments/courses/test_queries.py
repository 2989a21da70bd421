"""What the pages are told: facts in words, from one reading of the rows."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from clinic.audit.trail import process_actor
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.patients.services import change_care_status
from clinic.records import writing
from clinic.staff.models import User
from monographs.rules.regimen import regimen_from
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.conftest import CLOSES, TARGET
from treatments.courses import queries, services
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.courses.series import series_of
from treatments.rules.schedule import Series

TODAY = date(2026, 7, 4)
DAY = timedelta(days=1)
LOADING = (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2), date(2026, 3, 4))


def hold(course: Course, from_on: date = date(2026, 7, 1)) -> Hold:
    return services.hold_course(
        course=course, from_on=from_on, reason="Infection", review_on=date(2026, 8, 1), by=BY, at=AT
    )


def book(dose: Dose, on: date = TARGET, at_time: time | None = None, place: str = "") -> Booking:
    return services.book(dose=dose, on=on, at_time=at_time, place=place, by=BY, at=AT, confirmed={"after_window"})


@pytest.fixture
def loaded(patient: Patient) -> Course:
    """A course whose loading ended on 4 March 2026: the next dose is due on 4 July, from 27 June to 18 July."""
    course = builders.course(patient)
    for day in LOADING:
        builders.give(course, day)
    return course


def card(course: Course, on: date, booking: Booking | None = None) -> queries.NextDoseCard:
    return queries.next_dose_card(course, builders.next_dose(course), booking, on)


class TestHowNear:
    @pytest.mark.parametrize(
        ("today", "said"),
        [
            (date(2026, 6, 25), "In 9 days"),
            (date(2026, 6, 26), "In 8 days"),
            (date(2026, 6, 27), "Window closes in 21 days"),
            (date(2026, 7, 4), "Window closes in 14 days"),
            (date(2026, 7, 17), "Window closes tomorrow"),
            (date(2026, 7, 18), "Window closes today"),
            (date(2026, 7, 19), "1 day late"),
            (date(2026, 8, 18), "31 days late"),
        ],
    )
    def test_a_dose_is_late_from_the_day_after_its_window(self, today: date, said: str) -> None:
        planned = Dose(opens=date(2026, 6, 27), target=date(2026, 7, 4), closes=date(2026, 7, 18))
        assert queries.near(planned, today) == said

    def test_a_dose_without_a_date_is_nowhere(self) -> None:
        assert queries.near(Dose(), TODAY) == ""


class TestTheCard:
    def test_it_says_what_is_planned(self, loaded: Course) -> None:
        said = card(loaded, TODAY)
        assert (said.label, said.amount, said.mg, said.ml) == ("M1", "12 mg in 5 mL", Decimal(12), Decimal(5))
        assert (said.target, said.window, said.floor) == ("4 Jul 2026", "27 Jun – 18 Jul 2026", "18 Mar 2026")
        assert (said.status.key, said.underlying, said.instead_of, said.is_proposal) == ("due", None, "", False)
        assert (said.booking, said.flags) == (None, ())

    def test_the_very_first_dose_has_no_earliest_safe_day(self, patient: Patient) -> None:
        said = card(builders.course(patient, planned_start=TODAY), TODAY)
        assert (said.label, said.floor, said.window) == ("L1", "None", "4–11 Jul 2026")

    def test_a_course_without_a_start_has_no_dates(self) -> None:
        said = queries.card_of(Series(regimen_from(builders.US_12MG, 1)), Dose(label="L1"), None, TODAY)
        assert (said.target, said.window, said.floor, said.near) == ("No date yet", "No window yet", "None", "")

    @pytest.mark.parametrize(
        ("on", "label", "instead_of", "status"),
        [
            (date(2026, 11, 3), "M1", "", "overdue"),
            (date(2026, 11, 4), "C1 of 2", "M1", "interrupted"),
            (date(2027, 7, 3), "C1 of 2", "M1", "interrupted"),
            (date(2027, 7, 4), "C1 of 3", "M1", "interrupted"),
            (date(2029, 7, 3), "C1 of 3", "M1", "interrupted"),
            (date(2029, 7, 4), "L1", "M1", "restart"),
        ],
    )
    def test_a_late_dose_rule_puts_another_dose_in_its_place_and_a_prescriber_decides(
        self, loaded: Course, on: date, label: str, instead_of: str, status: str
    ) -> None:
        said = card(loaded, on)
        assert (said.label, said.instead_of, said.status.key) == (label, instead_of, status)
        assert said.is_proposal is (status != "overdue")

    def test_a_hold_keeps_what_it_hides(self, loaded: Course) -> None:
        hold(loaded)
        said = card(loaded, TODAY)
        assert said.underlying is not None
        assert (said.status.key, said.underlying.key, said.is_proposal) == ("on_hold", "due", False)
        assert said.why.startswith("On hold; without the hold: ")

    def test_a_decision_below_a_hold_still_waits(self, loaded: Course) -> None:
        hold(loaded)
        said = card(loaded, date(2026, 11, 4))
        assert (said.status.key, said.is_proposal) == ("on_hold", True)

    def test_every_flag_has_words(self, loaded: Course) -> None:
        builders.give(loaded, TODAY)
        builders.give(loaded, date(2026, 7, 10))
        assert card(loaded, date(2026, 7, 10)).flags == (
            "Given less than 14 days after the dose before it",
            "Given early; the calendar counts from that day",
        )

    def test_it_is_as_it_stands_at_this_moment(self, begun: Course, dose: Dose) -> None:
        before = queries.card_now(dose.pk, TODAY)
        assert before is not None
        assert before.booking is None
        book(dose)
        after = queries.card_now(dose.pk, TODAY)
        assert after is not None
        assert after.booking is not None

    def test_there_is_none_for_a_given_dose_or_a_stopped_course(self, begun: Course, dose: Dose) -> None:
        given = begun.doses.get(is_next=False)
        assert queries.card_now(given.pk, TODAY) is None
        services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        assert queries.card_now(dose.pk, TODAY) is None

    def test_a_card_from_a_series_that_was_read_takes_no_query(
        self, loaded: Course, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        series, dose = series_of(loaded), builders.next_dose(loaded)
        with django_assert_num_queries(0):
            queries.card_of(series, dose, None, TODAY)


class TestABooking:
    @pytest.mark.parametrize(
        ("on", "today", "state"),
        [
            (TARGET, TARGET + DAY, "passed"),
            (TARGET, TARGET, "booked"),
            (TARGET, TARGET - DAY, "booked"),
            (CLOSES, TODAY, "booked"),
            (CLOSES + DAY, TODAY, "outside_window"),
            (TARGET - DAY, TODAY, "outside_window"),
        ],
    )
    def test_it_stands_against_the_window_and_the_day(self, dose: Dose, on: date, today: date, state: str) -> None:
        assert queries.booking_state(on, dose, today) == state

    def test_a_dose_without_a_window_is_booked_on_any_day(self) -> None:
        assert queries.booking_state(TARGET, Dose(), TODAY) == "booked"

    @pytest.mark.parametrize(("today", "has_come"), [(TARGET - DAY, False), (TARGET, True), (TARGET + DAY, True)])
    def test_its_day_comes(self, dose: Dose, today: date, has_come: bool) -> None:
        assert queries.booking_line(book(dose), dose, today).has_come is has_come

    def test_the_time_is_said_once_it_is_known(self, dose: Dose) -> None:
        assert queries.booking_line(Booking(on=TARGET), dose, TODAY).when == "Thu 9 Jul 2026"
        timed = Booking(on=TARGET, at_time=time(9, 5), place="Day ward")
        line = queries.booking_line(timed, dose, TODAY)
        assert (line.when, line.place) == ("Thu 9 Jul 2026, 09:05", "Day ward")

    def test_a_cancelled_or_voided_booking_does_not_stand(self, dose: Dose) -> None:
        first = book(dose)
        assert queries.standing_booking(dose) == first
        services.cancel_booking(booking=first, reason="Ill", by=BY, at=AT)
        assert queries.standing_booking(dose) is None
        second = book(dose)
        writing.void(second, event="courses.voided", by=BY, at=AT, reason="Slip")
        assert queries.standing_booking(dose) is None


class TestHolds:
    def test_the_one_that_stands_comes_before_those_that_ended(self, begun: Course) -> None:
        assert queries.current_hold(begun) is queries.last_hold(begun) is None
        first = hold(begun)
        assert queries.current_hold(begun) == queries.last_hold(begun) == first
        services.resume_course(hold=first, on=TODAY, by=BY, at=AT)
        assert (queries.current_hold(begun), queries.last_hold(begun)) == (None, first)
        second = hold(begun, date(2026, 6, 1))
        assert queries.current_hold(begun) == queries.last_hold(begun) == second

    def test_the_one_that_ended_last_is_the_last(self, begun: Course) -> None:
        for ended in (date(2026, 7, 3), date(2026, 7, 2)):
            services.resume_course(hold=hold(begun), on=ended, by=BY, at=AT)
        last = queries.last_hold(begun)
        assert last is not None
        assert last.ended_on == date(2026, 7, 3)

    def test_it_is_said_in_words(self, begun: Course) -> None:
        assert queries.hold_line(hold(begun)) == queries.HoldLine("1 Jul 2026", "Infection", "1 Aug 2026")


class TestTheBanner:
    def facts(self, patient: Patient, course: Course | None, dose: Dose | None = None) -> dict[str, str]:
        said = queries.banner(patient, TODAY, course=course, dose=dose, held=False)
        return {label: words for label, words, _ in said.facts if label not in {"Allergies", "Access"}}

    def test_without_a_course_it_says_so(self, patient: Patient) -> None:
        assert self.facts(patient, None) == {"Course": "None open"}

    def test_it_names_the_regimen_and_the_next_dose(self, begun: Course, dose: Dose) -> None:
        assert self.facts(begun.patient, begun, dose) == {
            "Course": "Nusinersen 12 mg",
            "Next dose": "L2, 9 Jul 2026",
        }

    def test_a_stopped_course_has_no_next_dose(self, begun: Course, dose: Dose) -> None:
        stopped = services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        assert "Next dose" not in self.facts(begun.patient, stopped, dose)

    def test_what_ended_the_care_stays_in_sight(self, begun: Course, dose: Dose) -> None:
        left = change_care_status(
            patient=begun.patient, to=CareStatus.DIED, on=date(2026, 7, 2), reason="Told by phone", by=BY, at=AT
        )
        assert self.facts(left, begun)["Died on"] == "2 Jul 2026"
        assert self.facts(left, None)["Died on"] == "2 Jul 2026"


class TestWhatWasRecorded:
    def test_a_dose_to_come_has_nothing(self, dose: Dose) -> None:
        assert queries.given_record(dose) is None

    def test_it_says_who_gave_it_and_who_wrote_it_down(self, begun: Course, dose: Dose, nadia: User) -> None:
        given = services.Given(
            at=datetime(2026, 7, 4, 8, tzinfo=UTC),
            mg=Decimal("12.00"),
            ml=Decimal("4.50"),
            lot="NF7",
            vial_expires_on=date(2027, 1, 31),
            performer=nadia,
        )
        clerk = process_actor("night clerk")
        services.record_given(dose=dose, given=given, by=clerk, at=AT, confirmed={"interval_short", "volume_differs"})
        said = queries.given_record(Dose.objects.get(pk=dose.pk))
        assert said is not None
        soon = "Only 9 days after the last dose on 25 Jun 2026; the earliest safe day is 9 Jul 2026."
        assert said.rows == (
            ("Given", "4 Jul 2026, 09:00"),
            ("Amount", "12 mg in 4.5 mL"),
            ("Vial lot", "NF7"),
            ("Vial expiry", "31 Jan 2027"),
            ("Given by", "Nadia Nurse"),
            ("Recorded by", "night clerk, 4 Jul 2026, 13:00"),
            ("Confirmed", f"{soon} 4.5 mL was entered; a dose is 5 mL."),
        )
        assert said.flags == ("Given less than 14 days after the dose before it",)

    def test_a_dose_given_elsewhere_says_where_and_knows_no_vial(self, begun: Course) -> None:
        row = services.record_elsewhere(
            course=begun, given_on=date(2026, 6, 1), mg=Decimal(12), place="Eastbrook", note="By letter", by=BY, at=AT
        )
        said = queries.given_record(row.dose)
        assert said is not None
        assert said.rows == (
            ("Given", "1 Jun 2026"),
            ("Amount", "12 mg"),
            ("Given at", "Eastbrook"),
            ("Note", "By letter"),
            ("Recorded by", "test stage, 4 Jul 2026, 13:00"),
        )

    def test_a_voided_record_is_not_shown(self, begun: Course) -> None:
        row = begun.administrations.get()
        writing.void(row, event="courses.voided", by=BY, at=AT, reason="Another patient")
        assert queries.given_record(row.dose) is None


class TestCourses:
    def test_the_open_one_is_found_with_what_its_pages_need(
        self, patient: Patient, begun: Course, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            found = queries.open_course(patient)
            assert found is not None
            assert (found.regimen.version.number, found.policy.source, found.site.name) == (
                1,
                "Test policy",
                "Northfield",
            )
        services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        assert queries.open_course(patient) is None

    def test_a_voided_one_is_not_open(self, patient: Patient, begun: Course) -> None:
        writing.void(begun, event="courses.voided", by=BY, at=AT, reason="Another patient")
        assert queries.open_course(patient) is None

    def test_what_comes_next_is_said_in_a_sentence(self, begun: Course) -> None:
        assert queries.next_words(queries.next_dose(begun)) == "Next is L2 on 9 Jul 2026."
        assert queries.next_words(Dose(label="L1")) == "Next is L1."
