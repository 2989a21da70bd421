"""A change of regimen: one course is closed and the next opened at the same due date, with the booking."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.patients.services import change_care_status
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, SitePolicy, User
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import (
    LOADED,
    NOW,
    ONE,
    begun,
    counted_anew,
    day,
    decide,
    elsewhere,
    high_dose,
    next_version,
    planned,
    series_as_stored,
    tried,
)
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Decision, Dose
from treatments.courses.series import series_of
from treatments.rules.proposals import Matter
from treatments.rules.schedule import project

TODAY, DUE = date(2026, 7, 4), date(2026, 7, 10)
# Loaded so that M1 falls due on 10 July, six days from today.
ON_TIME = ("2026-01-11", "2026-01-25", "2026-02-08", "2026-03-10")


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


@pytest.fixture
def course(patient: Patient) -> Course:
    high_dose()
    return begun(patient, *ON_TIME)


def switch(course: Course, on: date = DUE, reason: str = "Weaker than a year ago", **facts: Any) -> Course:
    values: dict[str, Any] = {"regimen": high_dose(), "by": BY, "at": AT} | facts
    return services.switch_course(course=course, day=on, reason=reason, **values)


def again(course: Course) -> Course:
    return Course.objects.get(pk=course.pk)


class TestTheTwoCourses:
    def test_the_old_one_is_closed_and_the_new_one_opened_at_the_same_due_date(self, course: Course) -> None:
        new, old = switch(course), again(course)
        assert (old.stopped_on, old.stop_reason) == (TODAY, "Changed to Nusinersen high dose")
        assert (new.switched_from, new.is_open, new.doubt, new.planned_start) == (old, True, "", DUE)
        stored = planned(new)
        assert (stored["label"], stored["mg"], stored["ordinal"]) == ("L1", Decimal(50), 1)
        assert (stored["target"], stored["opens"], stored["closes"]) == (DUE, day("2026-07-03"), day("2026-07-24"))
        assert (stored["needs_review"], stored["review_from"]) == (False, day("2026-07-25"))

    def test_the_new_one_knows_the_last_dose_of_the_old_one(self, course: Course) -> None:
        stored = planned(switch(course))
        assert (stored["previous_on"], stored["floor"]) == (day("2026-03-10"), day("2026-03-24"))

    def test_then_28_mg_every_four_months_from_the_50_mg_dose(self, course: Course) -> None:
        new = switch(course)
        builders.give(new, day("2026-07-12"), mg=Decimal(50))
        stored = planned(new)
        assert (stored["label"], stored["mg"], stored["target"]) == ("M1", Decimal(28), day("2026-11-12"))

    def test_only_the_new_regimens_amounts_are_planned_from_then_on(self, course: Course) -> None:
        new = switch(course)
        doses = project(series_of(new), TODAY, count=9)
        assert [dose.mg for dose in doses] == [50, *[28] * 8]
        assert Dose.objects.standing().filter(is_next=True, course__stopped_on=None).count() == 1

    def test_the_old_one_keeps_the_dose_it_never_gave(self, course: Course) -> None:
        before = planned(course)
        switch(course)
        assert planned(course) == before

    def test_it_stands_on_the_policy_in_force_today(self, course: Course, site: Site) -> None:
        newer = SitePolicy.objects.create(
            site=site, effective_from=TODAY, source="Ward meeting", maintenance_days_before=3
        )
        new = switch(course)
        assert (new.policy, again(course).policy == newer) == (newer, False)
        assert planned(new)["opens"] == day("2026-07-07")

    def test_a_replay_from_scratch_changes_nothing(self, course: Course) -> None:
        new = switch(course)
        before = series_as_stored(new)
        counted_anew(new)
        assert series_as_stored(new) == before

    def test_a_dose_before_the_floor_is_flagged_across_the_two_courses(self, patient: Patient) -> None:
        course = begun(patient, *LOADED, "2026-06-25")
        new = switch(course, planned(course)["target"])
        row = builders.give(new, day("2026-07-04"), mg=Decimal(50), at=datetime(2026, 7, 4, 15, tzinfo=UTC))
        row.dose.refresh_from_db()
        assert row.dose.flags == ["interval_short"]

    def test_another_day_than_the_due_one_may_be_chosen(self, course: Course) -> None:
        new = switch(course, day("2026-07-20"))
        assert (new.planned_start, planned(new)["target"]) == (day("2026-07-20"), day("2026-07-20"))
        assert Decision.objects.get(course=new).answer == "edited"

    def test_a_due_date_that_has_passed_is_taken_over_as_it_is(self, patient: Patient) -> None:
        course = begun(patient, *LOADED)
        late = datetime(2026, 7, 30, 12, tzinfo=UTC)
        assert planned(switch(course, day("2026-07-04"), at=late))["target"] == day("2026-07-04")


class TestTheBooking:
    def book(self, course: Course, on: date = DUE) -> Booking:
        facts: dict[str, Any] = {"place": "Room 2", "by": BY, "at": AT}
        return services.book(dose=builders.next_dose(course), on=on, at_time=time(9, 30), **facts)

    def test_it_goes_along_with_time_and_place(self, course: Course) -> None:
        old = self.book(course)
        new = switch(course)
        old.refresh_from_db()
        assert (old.cancelled_at, old.cancel_reason) == (AT, "Course stopped")
        booking = Booking.objects.get(dose__course=new)
        assert (booking.on, booking.at_time, booking.place) == (DUE, time(9, 30), "Room 2")
        assert Entry.objects.filter(event="courses.dose_booked").latest("id").reason == (
            "Carried over with the change of regimen."
        )

    def test_one_for_today_goes_along_and_one_that_has_passed_does_not(self, course: Course) -> None:
        self.book(course)
        tomorrow = datetime(2026, 7, 11, 12, tzinfo=UTC)
        new = switch(course, at=tomorrow)
        assert not Booking.objects.filter(dose__course=new).exists()

    def test_on_its_very_day_it_still_goes_along(self, course: Course) -> None:
        self.book(course)
        assert Booking.objects.filter(dose__course=switch(course, at=datetime(2026, 7, 10, 12, tzinfo=UTC))).exists()

    def test_without_one_there_is_none(self, course: Course) -> None:
        switch(course)
        assert not Booking.objects.exists()


class TestWhatIsKept:
    def test_the_decision_is_kept_with_the_new_course(self, course: Course, petra: User) -> None:
        new = switch(course, by=person_actor(petra))
        (decision,) = Decision.objects.all()
        assert (decision.course, decision.matter, decision.answer, decision.plan) == (
            new, "switch", "accepted", "as_planned",
        )  # fmt: skip
        assert (decision.day, decision.after_on, decision.made_on) == (DUE, day("2026-03-10"), TODAY)
        assert decision.proposal == "Change to Nusinersen high dose: 50 mg in place of the next dose"
        assert decision.answer_words == "50 mg on 10 Jul 2026 in place of the next dose"
        assert (decision.reason, decision.decided_by) == ("Weaker than a year ago", petra)
        assert decision.before[0] == ["M1", "2026-07-10", "12"]
        assert decision.after[:2] == [["L1", "2026-07-10", "50"], ["M1", "2026-11-10", "28"]]

    def test_each_step_stands_in_the_trail(self, course: Course, petra: User) -> None:
        switch(course, by=person_actor(petra))
        entries = Entry.objects.filter(person=petra).values_list("event", flat=True)
        assert list(entries.order_by("id")) == [
            "courses.course_stopped", "courses.course_switched", "courses.dose_planned", "courses.decided",
        ]  # fmt: skip
        assert Entry.objects.get(event="courses.course_switched").reason == "Weaker than a year ago"

    def test_a_switch_is_not_withdrawn(self, course: Course) -> None:
        switch(course)
        with pytest.raises(services.TooLateToWithdraw):
            services.withdraw_decision(decision=Decision.objects.get(), reason="No", by=BY, at=AT)


class TestInDoubt:
    @pytest.mark.parametrize(
        ("given", "on", "at", "doubt"),
        [
            (ON_TIME[:2], "2026-07-08", AT, "The course before the switch was under review"),
            (("2026-06-10", "2026-06-24"), "2026-07-08", AT, "The switch was made before maintenance"),
            (ON_TIME, "2026-11-10", datetime(2026, 11, 10, tzinfo=UTC), "The course before the switch was interrupted"),
        ],
    )  # fmt: skip
    def test_the_new_course_opens_under_review(
        self, patient: Patient, given: tuple[str, ...], on: str, at: datetime, doubt: str
    ) -> None:
        new = switch(begun(patient, *given), day(on), at=at)
        assert new.doubt == doubt
        stored = planned(new)
        assert (stored["needs_review"], stored["why"]) == (True, f"{doubt}: a prescriber decides.")
        assert Decision.objects.get(matter="switch").answer == "edited"

    def test_the_day_before_eight_months_there_is_no_doubt(self, course: Course) -> None:
        assert switch(course, day("2026-11-09"), at=datetime(2026, 11, 9, 12, tzinfo=UTC)).doubt == ""

    def test_before_anything_was_given_it_is_doubted_too(self, patient: Patient) -> None:
        new = switch(builders.course(patient, planned_start=DUE))
        assert (new.doubt, planned(new)["previous_on"]) == ("The course before the switch had not begun", None)
        decision = decide(new, Matter.DOUBT, ONE, "2026-07-10", at=AT)
        assert (decision.after_on, planned(new)["needs_review"]) == (None, False)

    def test_a_partial_dose_puts_it_under_review(self, course: Course) -> None:
        tried(course, "2026-07-03", at=AT)
        assert switch(course).doubt == "The course before the switch was under review"

    def test_a_prescriber_settles_it(self, course: Course) -> None:
        new = switch(course, day("2026-11-24"), at=NOW)
        assert planned(new)["needs_review"] is True
        decide(new, Matter.DOUBT, ONE, "2026-11-24")
        stored = planned(new)
        assert (stored["needs_review"], stored["target"]) == (False, day("2026-11-24"))

    def test_a_prescriber_settles_it_after_the_first_dose_too(self, course: Course) -> None:
        new = switch(course, day("2026-11-24"), at=NOW)
        elsewhere(new, "2026-11-24", mg=50)
        assert planned(new)["needs_review"] is True
        decide(new, Matter.DOUBT, ONE, "2027-03-24")
        assert (planned(new)["needs_review"], planned(new)["label"]) == (False, "M1")


class TestWhatIsRefused:
    def nothing_happened(self, course: Course) -> bool:
        return again(course).is_open and not Course.objects.filter(switched_from=course).exists()

    def test_a_regimen_without_a_switch(self, course: Course) -> None:
        eu = builders.regimen(builders.US_12MG | {"key": "nusinersen-12mg-eu", "default": False})
        with pytest.raises(services.NotAvailableHere, match="No switch is known from the present regimen to"):
            switch(course, regimen=eu)
        assert self.nothing_happened(course)

    def test_back_from_the_high_dose(self, course: Course) -> None:
        new = switch(course)
        with pytest.raises(services.NotAvailableHere):
            switch(new, regimen=builders.regimen())

    def test_a_second_open_course_beside_it(self, course: Course) -> None:
        with pytest.raises(services.OpenCourseExists):
            builders.course(course.patient, on=high_dose())

    def test_a_regimen_that_is_no_longer_in_force(self, course: Course) -> None:
        old = high_dose()
        next_version(old)
        with pytest.raises(services.NotAvailableHere, match="not in force any more; choose another"):
            switch(course, regimen=old)
        assert self.nothing_happened(course)

    def test_a_site_without_a_policy(self, course: Course) -> None:
        SitePolicy.objects.update(effective_from=day("2026-07-05"))
        with pytest.raises(services.NotAvailableHere, match="no policy in force"):
            switch(course)
        assert self.nothing_happened(course)

    def test_a_course_on_hold(self, course: Course) -> None:
        facts: dict[str, Any] = {"reason": "Surgery", "review_on": DUE, "by": BY, "at": AT}
        hold = services.hold_course(course=course, from_on=TODAY, **facts)
        with pytest.raises(services.OnHold, match=r"^This course is on hold; resume it before its regimen changes\.$"):
            switch(course)
        services.resume_course(hold=hold, on=TODAY, by=BY, at=AT)
        assert switch(course).is_open

    def test_no_reason(self, course: Course) -> None:
        with pytest.raises(services.ReasonMissing, match=r"^Say why the regimen changes\.$"):
            switch(course, reason="")
        assert self.nothing_happened(course)

    def test_a_day_that_has_passed(self, course: Course) -> None:
        with pytest.raises(services.DecidedForTooSoon, match=r"^3 Jul 2026 has passed; choose today or a later day\.$"):
            switch(course, day("2026-07-03"))
        assert self.nothing_happened(course)
        assert switch(course, TODAY).planned_start == TODAY

    def test_a_day_before_the_earliest_safe_one(self, patient: Patient) -> None:
        course = begun(patient, *LOADED, "2026-06-27")
        with pytest.raises(services.DecidedForTooSoon, match="the earliest safe day is 11 Jul 2026"):
            switch(course, day("2026-07-10"))
        assert switch(course, day("2026-07-11")).planned_start == day("2026-07-11")

    def test_a_course_that_was_stopped(self, course: Course) -> None:
        services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=AT)
        with pytest.raises(services.CourseStopped):
            switch(course)

    def test_somebody_no_longer_in_care(self, course: Course) -> None:
        change_care_status(patient=course.patient, to=CareStatus.LEFT, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(services.PatientNotInCare):
            switch(course)

    def test_the_same_form_twice(self, course: Course) -> None:
        key = uuid4()
        first = switch(course, submission=key)
        with pytest.raises(AlreadySubmitted) as told:
            switch(course, submission=key)
        assert told.value.record == first
        assert Course.objects.count() == 2

    def test_a_dose_given_today_leaves_the_old_course_whole(self, course: Course) -> None:
        elsewhere(course, "2026-07-04", at=AT)
        new = switch(course, planned(course)["target"])
        assert planned(new)["previous_on"] == TODAY
        assert Administration.objects.filter(course=course).count() == 5


class TestDeclining:
    def decline(self, course: Course, reason: str = "Too frail", **facts: Any) -> Decision:
        values: dict[str, Any] = {"regimen": high_dose(), "by": BY, "at": AT} | facts
        return services.decline_switch(course=course, reason=reason, **values)

    def test_it_is_kept_and_changes_nothing(self, course: Course, petra: User) -> None:
        before = series_as_stored(course)
        decision = self.decline(course, look_again_on=DUE, by=person_actor(petra))
        assert (decision.matter, decision.answer, decision.plan, decision.day) == ("switch", "declined", "", None)
        assert (decision.proposal, decision.answer_words) == (
            "Change to Nusinersen high dose", "The regimen stays as it is",
        )  # fmt: skip
        assert (decision.look_again_on, decision.after_on) == (DUE, day("2026-03-10"))
        assert series_as_stored(course) == before
        assert Entry.objects.get(event="courses.decided").person == petra

    def test_without_a_day_to_look_again_it_is_final(self, course: Course) -> None:
        assert self.decline(course).look_again_on is None

    def test_a_day_that_has_passed_is_refused(self, course: Course) -> None:
        with pytest.raises(services.LookAgainMissing, match=r"^3 Jul 2026 has passed; choose today or a later day, or"):
            self.decline(course, look_again_on=day("2026-07-03"))
        assert self.decline(course, look_again_on=TODAY).look_again_on == TODAY

    def test_without_a_reason_it_is_refused(self, course: Course) -> None:
        with pytest.raises(services.ReasonMissing, match=r"^Say why the regimen stays as it is\.$"):
            self.decline(course, reason="")

    def test_the_same_form_twice_declines_once(self, course: Course) -> None:
        key = uuid4()
        first = self.decline(course, submission=key)
        with pytest.raises(AlreadySubmitted) as told:
            self.decline(course, submission=key)
        assert told.value.record == first

    def test_a_stopped_course_has_nothing_to_decline(self, course: Course) -> None:
        services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=AT)
        with pytest.raises(services.CourseStopped):
            self.decline(course)
