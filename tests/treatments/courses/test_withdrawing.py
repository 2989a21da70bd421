"""Taking a decision back, while nothing has been built on it yet."""

from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import (
    NOW,
    TODAY,
    TWO,
    day,
    decide,
    elsewhere,
    late,
    planned,
    withdraw,
)
from treatments.courses import services
from treatments.courses.models import Course, Decision
from treatments.rules.proposals import Matter

M = Matter


@pytest.fixture
def course(site: Site) -> Course:
    return late(builders.patient(site))


def test_it_stands_in_the_trail_and_the_decision_stays_visible(course: Course, petra: User) -> None:
    decision = withdraw(decide(course, M.INTERRUPTED, TWO, "2026-12-01"), by=person_actor(petra))
    assert (decision.void_reason, Decision.objects.get()) == ("Decided on the wrong course", decision)
    entry = Entry.objects.get(event="courses.decision_withdrawn")
    assert (entry.person, entry.reason) == (petra, "Decided on the wrong course")


def test_it_is_too_late_once_a_dose_was_given(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    elsewhere(course, "2026-11-24")
    with pytest.raises(services.TooLateToWithdraw, match="was given or something else was decided since"):
        withdraw(decision)


def test_a_dose_from_before_it_makes_it_too_late_as_well(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    elsewhere(course, "2026-10-01")
    with pytest.raises(services.TooLateToWithdraw):
        withdraw(decision)


def test_only_the_latest_is_taken_back(course: Course) -> None:
    first = decide(course, M.INTERRUPTED, None, look_again_on=TODAY, at=AT.replace(month=11, day=20))
    second = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    with pytest.raises(services.TooLateToWithdraw):
        withdraw(first)
    withdraw(second)
    assert withdraw(first).voided_at == NOW


def test_a_form_made_from_another_version_is_refused(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    with pytest.raises(StaleRecord):
        withdraw(decision, expected=decision.version + 1)
    assert planned(course)["label"] == "C1"


def test_nothing_is_withdrawn_from_a_stopped_course(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=NOW)
    with pytest.raises(services.CourseStopped):
        withdraw(decision)


def test_without_a_reason_it_is_refused(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    with pytest.raises(services.ReasonMissing, match=r"^Say why the decision is withdrawn\.$"):
        withdraw(decision, "")
    assert planned(course)["label"] == "C1"


def test_the_same_withdrawal_twice_is_one_and_the_same(course: Course) -> None:
    decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01")
    withdraw(decision, expected=decision.version)
    with pytest.raises(AlreadySubmitted):
        withdraw(decision, expected=decision.version)
    assert Entry.objects.filter(event="courses.decision_withdrawn").count() == 1


def test_another_withdrawal_is_told_why_it_was_withdrawn(course: Course) -> None:
    decision = withdraw(decide(course, M.INTERRUPTED, TWO, "2026-12-01"))
    with pytest.raises(services.TooLateToWithdraw, match="withdrawn already: Decided on the wrong course"):
        withdraw(decision, "Family asked")


def test_a_permission_on_which_the_dose_is_booked_stays_until_the_appointment_moves(site: Site, petra: User) -> None:
    course = builders.course(builders.patient(site), planned_start=day("2026-11-20"))
    elsewhere(course, "2026-11-20")
    dose = builders.next_dose(course)
    asked = services.ask_for_too_soon(dose=dose, day=day("2026-12-01"), reason="Surgery", by=BY, at=NOW)
    asked = services.second(decision=asked, by=person_actor(petra), at=NOW)
    facts: dict[str, Any] = {"at_time": None, "place": "", "by": BY, "at": NOW, "confirmed": {"before_window"}}
    booking = services.book(dose=dose, on=day("2026-12-01"), **facts)
    with pytest.raises(services.TooLateToWithdraw, match=r"^The dose is booked on 1 Dec 2026; move or cancel that"):
        withdraw(asked)
    services.cancel_booking(booking=booking, reason="Surgery is off", by=BY, at=NOW)
    assert withdraw(asked).voided_at == NOW
