"""Starting, holding, resuming and stopping a course."""

from datetime import date

import pytest

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records.writing import DirectWrite, StaleRecord
from clinic.staff.models import Site
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.courses.status import status_of
from treatments.rules.schedule import Status


@pytest.fixture
def course(site: Site) -> Course:
    return builders.course(builders.patient(site), planned_start=date(2026, 7, 10))


def status(course: Course, on: date) -> Status:
    course = Course.objects.get(pk=course.pk)
    held = Hold.objects.filter(course=course, ended_on=None).exists()
    dose = Dose.objects.get(course=course, is_next=True)
    return status_of(dose, on, held=held, stopped=not course.is_open)


def test_the_first_dose_is_planned_for_the_day_the_prescriber_set(course: Course) -> None:
    dose = builders.next_dose(course)
    assert (dose.label, dose.target, dose.opens, dose.closes) == (
        "L1",
        date(2026, 7, 10),
        date(2026, 7, 10),
        date(2026, 7, 17),
    )
    assert status(course, date(2026, 7, 9)) is Status.NOT_STARTED
    assert status(course, date(2026, 7, 10)) is Status.DUE
    assert status(course, date(2026, 7, 18)) is Status.OVERDUE


def test_a_course_keeps_the_policy_it_began_under(course: Course) -> None:
    assert course.policy.source == "Test policy"


def test_a_patient_has_one_open_course(course: Course) -> None:
    with pytest.raises(services.OpenCourseExists):
        builders.course(course.patient)
    services.stop_course(course=course, on=date(2026, 7, 4), reason="Stopped", by=BY, at=AT)
    assert builders.course(course.patient).is_open


def test_somebody_no_longer_in_care_starts_nothing(site: Site) -> None:
    patient = builders.patient(site)
    patient = change_care_status(
        patient=patient, to=CareStatus.TRANSFERRED, on=date(2026, 7, 1), reason="Moved away", by=BY, at=AT
    )
    with pytest.raises(services.PatientNotInCare):
        builders.course(patient)


def test_a_held_course_is_on_hold_and_resumes_with_the_date_it_had(course: Course) -> None:
    hold = services.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    assert status(course, date(2026, 7, 20)) is Status.ON_HOLD
    services.resume_course(hold=hold, on=date(2026, 7, 4), by=BY, at=AT)
    assert status(course, date(2026, 7, 20)) is Status.OVERDUE
    assert builders.next_dose(course).target == date(2026, 7, 10)


def test_a_course_is_held_once_at_a_time(course: Course) -> None:
    values = {"course": course, "from_on": date(2026, 7, 4), "review_on": date(2026, 8, 1), "by": BY, "at": AT}
    services.hold_course(reason="Surgery", **values)  # type: ignore[arg-type]
    with pytest.raises(services.AlreadyOnHold):
        services.hold_course(reason="Infection", **values)  # type: ignore[arg-type]


def test_a_hold_does_not_end_before_it_began(course: Course) -> None:
    hold = services.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    with pytest.raises(services.ResumedTooEarly):
        services.resume_course(hold=hold, on=date(2026, 7, 3), by=BY, at=AT)


def test_stopping_ends_hold_and_booking(course: Course) -> None:
    services.book(dose=builders.next_dose(course), on=date(2026, 7, 10), at_time=None, place="", by=BY, at=AT)
    services.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    services.stop_course(course=course, on=date(2026, 7, 4), reason="Another therapy", by=BY, at=AT)
    assert status(course, date(2026, 7, 20)) is Status.STOPPED
    assert Booking.objects.get().cancel_reason == "Course stopped"
    assert Hold.objects.get().ended_on == date(2026, 7, 4)
    assert Entry.objects.get(event="courses.course_stopped").reason == "Another therapy"


def test_a_stopped_course_takes_no_more(course: Course) -> None:
    services.stop_course(course=course, on=date(2026, 7, 4), reason="Another therapy", by=BY, at=AT)
    with pytest.raises(services.CourseStopped):
        services.stop_course(course=course, on=date(2026, 7, 4), reason="Again", by=BY, at=AT)
    with pytest.raises(services.CourseStopped):
        builders.give(course, date(2026, 7, 4))


def test_a_course_is_not_stopped_ahead_of_time(course: Course) -> None:
    with pytest.raises(services.StoppedInTheFuture):
        services.stop_course(course=course, on=date(2026, 7, 5), reason="Later", by=BY, at=AT)


def test_the_second_of_two_stoppers_is_told(course: Course) -> None:
    hold = services.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    services.resume_course(hold=hold, on=date(2026, 7, 4), expected=hold.version, by=BY, at=AT)
    with pytest.raises(StaleRecord):
        services.resume_course(hold=hold, on=date(2026, 7, 5), expected=hold.version, by=BY, at=AT)


@pytest.mark.parametrize("model", [Course, Dose, Hold, Booking])
def test_rows_are_written_through_the_services_only(course: Course, model: type[Course]) -> None:
    with pytest.raises(DirectWrite):
        model.objects.all().update(version=9)
    with pytest.raises(DirectWrite):
        model.objects.all().delete()
    with pytest.raises(DirectWrite):
        model().save()
    with pytest.raises(DirectWrite):
        course.delete()
