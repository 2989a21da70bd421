"""Starting, holding, resuming and stopping a course."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records.models import DirectWrite
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, SitePolicy
from monographs.models import Regimen, Version
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.courses.status import status_of
from treatments.rules.schedule import Status

TODAY = date(2026, 7, 4)


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


def hold(course: Course, from_on: date = TODAY, review_on: date = TODAY, submission: UUID | None = None) -> Hold:
    return services.hold_course(
        course=course, from_on=from_on, reason="Surgery", review_on=review_on, by=BY, at=AT, submission=submission
    )


def resume(held: Hold, on: date = TODAY, **facts: Any) -> Hold:
    return services.resume_course(hold=held, on=on, by=BY, at=AT, **facts)


def stop(course: Course, on: date = TODAY, reason: str = "Another therapy", **facts: Any) -> Course:
    return services.stop_course(course=course, on=on, reason=reason, by=BY, at=AT, **facts)


def entries(event: str) -> int:
    return Entry.objects.filter(event=event).count()


class TestStarting:
    def test_the_same_form_twice_starts_one_course(self, site: Site) -> None:
        patient, on, key = builders.patient(site), builders.regimen(), uuid4()
        facts: dict[str, Any] = {"patient": patient, "regimen": on, "planned_start": TODAY, "submission": key}
        first = services.start_course(**facts, by=BY, at=AT)
        with pytest.raises(AlreadySubmitted) as told:
            services.start_course(**facts, by=BY, at=AT)
        assert told.value.record == first
        assert Course.objects.count() == Dose.objects.count() == 1

    def test_a_regimen_that_is_no_longer_in_force_starts_nothing(self, site: Site) -> None:
        patient, on = builders.patient(site), builders.regimen()
        newer = Version.objects.create(
            monograph=on.version.monograph,
            number=2,
            fingerprint="1" * 64,
            source="text",
            state=Version.State.SUPERSEDED,
            imported_at=AT,
            published_at=AT,
        )
        Regimen.objects.create(version=newer, key=on.key, order=1, name=on.name, is_default=True, data=on.data)
        with pytest.raises(services.NotAvailableHere, match="choose another"):
            builders.course(patient, on=on)
        assert not Course.objects.exists()

    def test_a_site_without_a_policy_starts_nothing(self, site: Site) -> None:
        SitePolicy.objects.update(effective_from=date(2026, 7, 5))
        with pytest.raises(services.NotAvailableHere, match="no policy"):
            builders.course(builders.patient(site))

    def test_a_policy_counts_from_its_first_day(self, site: Site) -> None:
        SitePolicy.objects.update(effective_from=date(2026, 7, 4))
        assert builders.course(builders.patient(site)).is_open

    def test_course_and_first_dose_are_in_the_trail(self, course: Course) -> None:
        assert (entries("courses.course_started"), entries("courses.dose_planned")) == (1, 1)


class TestHolding:
    def test_a_hold_begins_today_or_earlier_but_not_tomorrow(self, course: Course) -> None:
        with pytest.raises(services.HeldInTheFuture):
            hold(course, date(2026, 7, 5), date(2026, 8, 1))
        assert hold(course, date(2026, 7, 4), date(2026, 8, 1)).from_on == date(2026, 7, 4)

    def test_the_day_to_look_again_is_today_at_the_earliest(self, course: Course) -> None:
        with pytest.raises(services.ReviewedTooEarly, match="3 Jul 2026"):
            hold(course, date(2026, 6, 1), date(2026, 7, 3))
        assert hold(course, date(2026, 6, 1), date(2026, 7, 4)).review_on == date(2026, 7, 4)

    def test_the_same_form_twice_holds_once(self, course: Course) -> None:
        key = uuid4()
        first = hold(course, submission=key)
        with pytest.raises(AlreadySubmitted) as told:
            hold(course, submission=key)
        assert told.value.record == first

    def test_a_course_can_be_held_again_after_it_was_resumed(self, course: Course) -> None:
        resume(hold(course))
        assert hold(course).ended_on is None
        assert Hold.objects.count() == 2

    def test_a_stopped_course_is_not_held(self, course: Course) -> None:
        stop(course)
        with pytest.raises(services.CourseStopped, match="4 Jul 2026"):
            hold(course)


class TestResuming:
    def test_a_hold_does_not_end_tomorrow(self, course: Course) -> None:
        with pytest.raises(services.ResumedInTheFuture):
            resume(hold(course), date(2026, 7, 5))

    def test_the_same_day_twice_is_one_and_the_same(self, course: Course) -> None:
        held = hold(course, date(2026, 7, 1))
        resume(held, expected=held.version)
        with pytest.raises(AlreadySubmitted):
            resume(held, expected=held.version)
        assert entries("courses.course_resumed") == 1

    def test_another_day_is_told_when_the_hold_ended(self, course: Course) -> None:
        held = hold(course, date(2026, 7, 1))
        resume(held, expected=held.version)
        with pytest.raises(services.NotOnHold, match="4 Jul 2026"):
            resume(held, date(2026, 7, 3), expected=held.version)

    def test_a_form_made_from_another_version_is_refused(self, course: Course) -> None:
        held = hold(course)
        with pytest.raises(StaleRecord):
            resume(held, expected=held.version + 1)


class TestStopping:
    def test_the_same_stop_twice_is_one_and_the_same(self, course: Course) -> None:
        stop(course)
        with pytest.raises(AlreadySubmitted):
            stop(course)
        assert entries("courses.course_stopped") == 1

    def test_another_stop_is_told_when_and_why_the_course_was_stopped(self, course: Course) -> None:
        stop(course)
        with pytest.raises(services.CourseStopped, match="4 Jul 2026 already: Another therapy"):
            stop(course, reason="Moved away")
        with pytest.raises(services.CourseStopped):
            stop(course, date(2026, 7, 3))

    def test_a_course_is_not_stopped_before_its_last_dose(self, course: Course) -> None:
        builders.give(course, date(2026, 7, 2))
        with pytest.raises(services.StoppedBeforeADose, match="2 Jul 2026"):
            stop(course, date(2026, 7, 1))
        assert stop(course, date(2026, 7, 2)).stopped_on == date(2026, 7, 2)

    def test_a_form_made_from_another_version_changes_nothing(self, course: Course) -> None:
        held = hold(course)
        with pytest.raises(StaleRecord):
            stop(course, expected=course.version + 1)
        assert Hold.objects.get(pk=held.pk).ended_on is None

    def test_a_hold_that_began_later_than_the_stop_ends_on_its_first_day(self, course: Course) -> None:
        hold(course)
        stop(course, date(2026, 7, 1))
        assert Hold.objects.get().ended_on == date(2026, 7, 4)


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
