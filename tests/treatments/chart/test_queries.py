"""What the chart says of courses, doses and results."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs.builders import COLLECTED, log, reported
from treatments.chart.queries import Sheet, sheet
from treatments.courses import services
from treatments.courses.models import Course

LOADING = (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2), date(2026, 3, 4))


@pytest.fixture
def patient(site: Site) -> Patient:
    return courses.patient(site)


@pytest.fixture
def course(patient: Patient) -> Course:
    """Return a course whose loading was given on its targets: M1 is due today, 4 July 2026."""
    started = courses.course(patient)
    nurse = factories.user(Role.NURSE, site=patient.site, full_name="Nadia Nurse")
    for day in LOADING:
        courses.give(started, day, performer=nurse)
    return started


def chart(patient: Patient, now: datetime = AT) -> Sheet:
    return sheet(Patient.objects.select_related("site").get(pk=patient.pk), now)


def dies(patient: Patient) -> None:
    facts: dict[str, Any] = {"care_status": "died", "care_status_on": date(2026, 6, 1)}
    writing.change(patient, event="patients.care_status_changed", by=BY, at=AT, **facts)


class TestTheNextDose:
    def test_it_is_the_engines_answer_for_today(self, course: Course, patient: Patient) -> None:
        found = chart(patient).open
        assert found is not None
        assert (found.card.label, found.card.amount, found.card.status.key) == ("M1", "12 mg in 5 mL", "due")
        assert (found.card.target, found.card.window, found.card.floor) == (
            "4 Jul 2026",
            "27 Jun – 18 Jul 2026",
            "18 Mar 2026",
        )
        assert found.near == "Window closes in 14 days"
        assert found.card.why.startswith("Four months after the last loading dose on 4 Mar 2026")

    def test_its_booking_is_told(self, course: Course, patient: Patient) -> None:
        dose = courses.next_dose(course)
        booking = services.book(dose=dose, on=date(2026, 7, 7), at_time=None, place="Day ward", by=BY, at=AT)
        found = chart(patient).open
        assert found is not None
        assert found.card.booking is not None
        assert (found.card.booking.id, found.card.booking.when, found.card.booking.place) == (
            booking.pk,
            "Tue 7 Jul 2026",
            "Day ward",
        )
        assert not found.is_dose_day

    @pytest.mark.parametrize(("now", "come"), [(AT + timedelta(days=2), False), (AT + timedelta(days=3), True)])
    def test_the_dose_day_has_come_on_the_booked_day(
        self, course: Course, patient: Patient, now: datetime, come: bool
    ) -> None:
        services.book(dose=courses.next_dose(course), on=date(2026, 7, 7), at_time=None, place="", by=BY, at=AT)
        found = chart(patient, now).open
        assert found is not None
        assert found.is_dose_day is come

    def test_a_cancelled_booking_is_gone(self, course: Course, patient: Patient) -> None:
        booking = services.book(
            dose=courses.next_dose(course), on=date(2026, 7, 7), at_time=None, place="", by=BY, at=AT
        )
        services.cancel_booking(booking=booking, reason="Staff ill", by=BY, at=AT)
        found = chart(patient).open
        assert found is not None
        assert found.card.booking is None

    def test_a_hold_is_told_with_its_reason_and_review(self, course: Course, patient: Patient) -> None:
        facts: dict[str, Any] = {"reason": "Infection", "review_on": date(2026, 8, 1), "by": BY, "at": AT}
        services.hold_course(course=course, from_on=date(2026, 7, 1), **facts)
        found = chart(patient)
        assert found.open is not None
        assert found.open.hold is not None
        assert (found.open.hold.since, found.open.hold.reason, found.open.hold.review) == (
            "1 Jul 2026",
            "Infection",
            "1 Aug 2026",
        )
        assert found.open.card.status.key == "on_hold"
        assert [status.key for _, _, status in found.banner.facts if status] == ["not_asked", "on_hold"]

    @pytest.mark.parametrize(("now", "proposal"), [(date(2026, 11, 3), False), (date(2026, 11, 4), True)])
    def test_from_eight_months_what_comes_next_is_a_proposal(
        self, course: Course, patient: Patient, now: date, proposal: bool
    ) -> None:
        found = chart(patient, datetime(now.year, now.month, now.day, 12, tzinfo=UTC)).open
        assert found is not None
        assert found.is_proposal is proposal

    def test_the_day_is_that_of_the_site(self, other_site: Site) -> None:
        patient = courses.patient(other_site)
        courses.course(patient, planned_start=date(2026, 7, 5))
        late_evening_in_new_york = datetime(2026, 7, 5, 3, 30, tzinfo=UTC)
        found = chart(patient, late_evening_in_new_york).open
        assert found is not None
        assert (found.card.status.key, found.near) == ("not_started", "Tomorrow")


class TestTheSchedule:
    def test_six_doses_to_come_are_foreseen(self, course: Course, patient: Patient) -> None:
        found = chart(patient).open
        assert found is not None
        assert [(dose.label, dose.target) for dose in found.coming] == [
            ("M1", "Sat 4 Jul 2026"),
            ("M2", "Wed 4 Nov 2026"),
            ("M3", "Thu 4 Mar 2027"),
            ("M4", "Sun 4 Jul 2027"),
            ("M5", "Thu 4 Nov 2027"),
            ("M6", "Sat 4 Mar 2028"),
        ]

    def test_what_was_given_is_listed_the_newest_first(self, course: Course, patient: Patient) -> None:
        found = chart(patient).open
        assert found is not None
        newest, *_, oldest = found.line.given
        assert len(found.line.given) == 4
        assert (newest.day, newest.label, newest.amount, newest.lot, newest.by) == (
            "4 Mar 2026",
            "L4",
            "12 mg",
            "LOT1",
            "Nadia Nurse",
        )
        assert (newest.from_target, newest.is_out, newest.outcome.key) == ("on target", False, "completed")
        assert oldest.label == "L1"

    @pytest.mark.parametrize(
        ("day", "words", "out"),
        [
            (date(2026, 6, 27), "7 days before", False),
            (date(2026, 7, 5), "1 day after", False),
            (date(2026, 7, 18), "14 days after", False),
            (date(2026, 7, 19), "15 days after", True),
            (date(2026, 6, 26), "8 days before", True),
        ],
    )
    def test_each_dose_says_how_far_from_its_target_it_was(
        self, course: Course, patient: Patient, day: date, words: str, out: bool
    ) -> None:
        courses.give(course, day)
        found = chart(patient, datetime(2026, 8, 1, 12, tzinfo=UTC)).open
        assert found is not None
        assert (found.line.given[0].from_target, found.line.given[0].is_out) == (words, out)

    def test_a_dose_with_a_flag_says_it_in_words(self, course: Course, patient: Patient) -> None:
        courses.give(course, date(2026, 3, 10))
        found = chart(patient).open
        assert found is not None
        assert "Given less than 14 days after the dose before it" in found.line.given[0].flags

    def test_a_dose_given_elsewhere_says_where(self, patient: Patient) -> None:
        started = courses.course(patient, planned_start=date(2026, 7, 10))
        services.record_elsewhere(
            course=started, given_on=date(2026, 6, 20), mg=Decimal(12), place="Southgate Hospital", by=BY, at=AT
        )
        found = chart(patient).open
        assert found is not None
        (row,) = found.line.given
        assert (row.by, row.lot, row.day) == ("Elsewhere: Southgate Hospital", "", "20 Jun 2026")

    def test_a_voided_dose_is_not_listed(self, course: Course, patient: Patient) -> None:
        row = patient.administrations.order_by("-given_on")[0]
        writing.void(row, event="courses.voided", by=BY, at=AT, reason="Wrong patient")
        found = chart(patient).open
        assert found is not None
        assert len(found.line.given) == 3

    def test_an_earlier_course_keeps_its_doses_to_itself(self, course: Course, patient: Patient) -> None:
        services.stop_course(course=course, on=date(2026, 5, 1), reason="Gene therapy", by=BY, at=AT)
        again = courses.course(patient, planned_start=date(2026, 7, 10))
        found = chart(patient)
        assert found.open is not None
        assert (found.open.line.id, found.open.line.given) == (again.pk, ())
        (earlier,) = found.earlier
        assert (earlier.period, earlier.stopped_because, len(earlier.given)) == (
            "5 Jan – 1 May 2026",
            "Gene therapy",
            4,
        )

    def test_without_a_course_there_is_nothing_next(self, patient: Patient) -> None:
        found = chart(patient)
        assert (found.open, found.earlier, found.pictures) == (None, (), None)
        assert found.banner.facts[-1] == ("Course", "None open", None)

    def test_another_patients_course_is_not_shown(self, course: Course, site: Site) -> None:
        other = chart(courses.patient(site, "Birch"))
        assert (other.open, other.earlier, other.pictures) == (None, (), None)


class TestThePictures:
    def test_doses_given_and_the_next_one_are_marked(self, course: Course, patient: Patient) -> None:
        log(patient)
        found = chart(patient).pictures
        assert found is not None
        assert [(mark.kind, mark.about) for mark in found.doses] == [
            ("given", "L1, given 5 Jan 2026"),
            ("given", "L2, given 19 Jan 2026"),
            ("given", "L3, given 2 Feb 2026"),
            ("given", "L4, given 4 Mar 2026"),
            ("planned", "M1, planned for 4 Jul 2026"),
        ]

    @pytest.mark.parametrize(("day", "kind"), [(date(2026, 7, 18), "planned"), (date(2026, 7, 19), "late")])
    def test_a_dose_past_its_window_is_marked_late(
        self, course: Course, patient: Patient, day: date, kind: str
    ) -> None:
        log(patient)
        found = chart(patient, datetime(2026, 7, day.day, 12, tzinfo=UTC)).pictures
        assert found is not None
        assert found.doses[-1].kind == kind

    def test_somebody_no_longer_in_care_has_no_dose_to_come(self, course: Course, patient: Patient) -> None:
        log(patient)
        dies(patient)
        found = chart(patient)
        assert found.pictures is not None
        assert {mark.kind for mark in found.pictures.doses} == {"given"}
        assert "Next dose" not in [label for label, _, _ in found.banner.facts]

    def test_results_without_any_course_are_drawn(self, patient: Patient) -> None:
        log(patient, reported("inr", "1.1", "{INR}"), reported())
        found = chart(patient).pictures
        assert found is not None
        assert [picture.name for picture in found.pictures] == ["Platelets", "INR"]
        assert found.doses == ()


class TestWhatItCosts:
    def asked(self, patient: Patient) -> int:
        fresh = Patient.objects.select_related("site").get(pk=patient.pk)
        with CaptureQueriesContext(connection) as captured:
            sheet(fresh, AT)
        return len(captured)

    def test_a_long_history_takes_no_more_queries_than_a_short_one(self, course: Course, patient: Patient) -> None:
        log(patient)
        short = self.asked(patient)
        services.stop_course(course=course, on=date(2026, 5, 1), reason="Gene therapy", by=BY, at=AT)
        again = courses.course(patient, planned_start=date(2026, 5, 10))
        for number in range(3):
            courses.give(again, date(2026, 5, 10) + timedelta(days=14 * number))
        nurse = factories.user(Role.NURSE, site=patient.site)
        for number in range(1, 10):
            log(patient, collected_at=COLLECTED - timedelta(days=number), person=nurse)
        assert self.asked(patient) == short <= 6
