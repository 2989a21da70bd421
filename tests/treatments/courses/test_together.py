"""Several people act on one course at the very same moment: one is first, the others are told, the series holds."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import (
    AGAIN,
    ONE,
    THREE,
    TWO,
    begun,
    counted_anew,
    decide,
    elsewhere,
    high_dose,
    series_as_stored,
    withdraw,
)
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Decision, Dose, Hold
from treatments.courses.services import Given
from treatments.rules.proposals import Matter

pytestmark = pytest.mark.usefixtures("several_connections")
REFUSALS = (
    AlreadySubmitted,
    services.AlreadyBooked,
    services.AlreadyOnHold,
    services.CourseStopped,
    services.DoseAlreadyGiven,
    services.GivenOnSuchADay,
    services.NothingToDecide,
    services.OpenCourseExists,
    services.TooLateToWithdraw,
)


@pytest.fixture
def patient(several_connections: None) -> Patient:
    return builders.patient(factories.site("Northfield"))


@pytest.fixture
def course(patient: Patient) -> Course:
    return builders.course(patient, planned_start=date(2026, 7, 1))


@pytest.fixture
def nurse(course: Course) -> User:
    return factories.user(Role.NURSE, site=course.site)


def told(act: Callable[[int], object]) -> Counter[str]:
    """Let everybody act at once; count how many were saved and what the others were told."""

    def one(number: int) -> str:
        try:
            act(number)
        except REFUSALS as refusal:
            return type(refusal).__name__
        return "saved"

    return at_once(one)


def give(dose: Dose, nurse: User, submission: uuid.UUID, at: datetime = AT) -> Administration:
    given = Given(at=at, mg=Decimal(12), ml=Decimal(5), lot="NF7", vial_expires_on=date(2027, 1, 31), performer=nurse)
    return services.record_given(dose=dose, given=given, by=BY, at=AT, submission=submission)


def test_of_several_who_record_one_dose_one_is_first(course: Course, nurse: User) -> None:
    dose = builders.next_dose(course)
    assert told(lambda _: give(dose, nurse, uuid.uuid4())) == {"saved": 1, "DoseAlreadyGiven": AT_ONCE - 1}
    assert Administration.objects.get().dose == dose
    assert builders.next_dose(course).label == "L2"
    assert Dose.objects.count() == 2


def test_one_form_sent_several_times_at_once_records_one_dose(course: Course, nurse: User) -> None:
    dose, key = builders.next_dose(course), uuid.uuid4()
    assert told(lambda _: give(dose, nurse, key)) == {"saved": 1, "AlreadySubmitted": AT_ONCE - 1}
    assert Administration.objects.count() == 1


def test_of_several_who_book_one_dose_one_is_first(course: Course) -> None:
    dose = builders.next_dose(course)

    def book(number: int) -> object:
        at_time = time(9 + number)
        return services.book(dose=dose, on=date(2026, 7, 5), at_time=at_time, place="", by=BY, at=AT)

    assert told(book) == {"saved": 1, "AlreadyBooked": AT_ONCE - 1}
    assert Booking.objects.count() == 1


def test_of_several_who_start_a_course_one_is_first(patient: Patient) -> None:
    facts: dict[str, Any] = {"patient": patient, "regimen": builders.regimen(), "by": BY, "at": AT}

    def start(number: int) -> object:
        return services.start_course(planned_start=date(2026, 7, 5) + timedelta(days=number), **facts)

    assert told(start) == {"saved": 1, "OpenCourseExists": AT_ONCE - 1}
    assert Course.objects.count() == Dose.objects.count() == 1


def test_of_several_who_hold_a_course_one_is_first(course: Course) -> None:
    facts: dict[str, Any] = {"course": course, "from_on": date(2026, 7, 4), "review_on": date(2026, 8, 1)}
    assert told(lambda number: services.hold_course(**facts, reason=f"Reason {number}", by=BY, at=AT)) == {
        "saved": 1,
        "AlreadyOnHold": AT_ONCE - 1,
    }
    assert Hold.objects.count() == 1


def test_several_doses_recorded_at_once_all_count_and_in_the_order_of_their_days(course: Course) -> None:
    def add(number: int) -> object:
        day = date(2026, 1, 5) + timedelta(days=14 * number)
        return services.record_elsewhere(course=course, given_on=day, mg=Decimal(12), place="Eastbrook", by=BY, at=AT)

    assert told(add) == {"saved": AT_ONCE}
    rows = Administration.objects.order_by("given_on").values_list("dose__label", "dose__ordinal")
    assert list(rows) == [("L1", 1), ("L2", 2), ("L3", 3), ("L4", 4)]
    assert (builders.next_dose(course).label, Dose.objects.count()) == ("M1", AT_ONCE + 1)


def test_a_stop_and_a_dose_at_once_leave_a_course_that_makes_sense(course: Course, nurse: User) -> None:
    dose = builders.next_dose(course)

    def act(number: int) -> object:
        if number % 2:
            return give(dose, nurse, uuid.uuid4(), datetime(2026, 7, 4, 8, tzinfo=UTC))
        return services.stop_course(course=course, on=date(2026, 7, 4), reason=f"Reason {number}", by=BY, at=AT)

    said = told(act)
    assert not Course.objects.get().is_open
    assert said["saved"] == 1 + Administration.objects.count()
    assert said.total() == AT_ONCE


class TestDeciding:
    @pytest.fixture
    def late(self, patient: Patient) -> Course:
        return begun(patient)

    def test_of_several_who_decide_one_is_first_and_nothing_is_lost(self, late: Course) -> None:
        choices = (TWO, THREE, ONE, AGAIN)
        said = told(lambda number: decide(late, Matter.INTERRUPTED, choices[number], f"2026-12-0{number + 1}"))
        assert said == {"saved": 1, "NothingToDecide": AT_ONCE - 1}
        decision, dose = Decision.objects.get(), builders.next_dose(late)
        assert (dose.target, dose.label) == (decision.day, decision.after[0][0])
        assert Entry.objects.filter(event="courses.decided").count() == 1
        assert Dose.objects.filter(course=late).count() == 5

    def test_one_form_sent_several_times_at_once_decides_once(self, late: Course) -> None:
        key = uuid.uuid4()
        said = told(lambda _: decide(late, Matter.INTERRUPTED, TWO, "2026-12-01", submission=key))
        assert said == {"saved": 1, "AlreadySubmitted": AT_ONCE - 1}

    def test_of_several_who_withdraw_one_is_first(self, late: Course) -> None:
        decision = decide(late, Matter.INTERRUPTED, TWO, "2026-12-01")
        said = told(lambda number: withdraw(decision, f"Reason {number}", expected=decision.version))
        assert said == {"saved": 1, "TooLateToWithdraw": AT_ONCE - 1}
        assert builders.next_dose(late).label == "M1"

    def test_a_dose_and_a_decision_at_once_leave_a_course_that_makes_sense(self, late: Course) -> None:
        """Whichever came first: the dose of that day is governed by a decision of that day."""

        def act(number: int) -> None:
            if number % 2:
                decide(late, Matter.INTERRUPTED, ONE, "2026-12-01")
            else:
                elsewhere(late, "2026-11-24")

        said = told(act)
        assert said["saved"] == Decision.objects.count() + 1
        before = series_as_stored(late)
        with transaction.atomic():
            counted_anew(late)
        assert series_as_stored(late) == before

    def test_of_several_who_confirm_one_is_the_second_person(self, course: Course, nurse: User) -> None:
        elsewhere(course, "2026-07-01", at=AT)
        dose = builders.next_dose(course)
        asked = services.ask_for_too_soon(dose=dose, day=date(2026, 7, 10), reason="Surgery", by=BY, at=AT)
        people = [nurse, *(factories.user(Role.NURSE, site=course.site) for _ in range(AT_ONCE - 1))]
        said = told(lambda number: services.second(decision=asked, by=person_actor(people[number]), at=AT))
        assert said == {"saved": 1, "NothingToDecide": AT_ONCE - 1}

    def test_of_several_who_change_the_regimen_one_is_first(self, patient: Patient) -> None:
        loaded, high = begun(patient), high_dose()
        facts: dict[str, Any] = {"course": loaded, "regimen": high, "day": date(2026, 7, 4), "by": BY, "at": AT}
        said = told(lambda number: services.switch_course(**facts, reason=f"Reason {number}"))
        assert said == {"saved": 1, "CourseStopped": AT_ONCE - 1}
        assert Course.objects.filter(stopped_on=None).count() == 1
        assert Dose.objects.standing().filter(is_next=True).count() == 2
