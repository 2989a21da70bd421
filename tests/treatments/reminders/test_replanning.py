"""What becomes of planned lines when the facts change, and what an outage leaves behind."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.staff.models import Membership, Site, User
from tests import factories
from tests.treatments.courses import builders as courses
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, DAY, TARGET, noon, plan_on, states
from treatments.courses import services
from treatments.courses.models import Course
from treatments.reminders.models import MessageState, Reminder, Sweep
from treatments.reminders.queries import doses
from treatments.reminders.services.planning import Planned

Person = Callable[..., User]


class TestWhenTheFactsChange:
    @pytest.fixture
    def course(self, site: Site, nurse: User) -> Course:
        """Start a course through the services: its first dose is planned for the target day."""
        return courses.course(builders.patient(site), planned_start=TARGET)

    def test_a_dose_given_cancels_its_lines_and_the_next_dose_is_planned(self, course: Course, nurse: User) -> None:
        given = courses.next_dose(course)
        plan_on(TARGET)
        courses.give(course, TARGET, performer=nurse)
        assert plan_on(TARGET) == Planned(planned=1, cancelled=1)
        assert builders.line(dose=given).reason == "The dose was given."
        assert states(dose=courses.next_dose(course)) == [("dose_upcoming", "2026-07-15", "planned")]

    def test_a_hold_cancels_and_a_resume_plans_again_what_is_still_owed(self, course: Course) -> None:
        plan_on(DAY)
        hold = services.hold_course(
            course=course, from_on=DAY, reason="Infection", review_on=TARGET, by=factories.BY, at=noon(DAY)
        )
        assert plan_on(DAY) == Planned(cancelled=1)
        line = builders.line()
        assert (line.state, line.reason) == (MessageState.CANCELLED, "The course is on hold.")
        assert line.settled_at == noon(DAY)
        services.resume_course(hold=hold, on=DAY, by=factories.BY, at=noon(DAY))
        assert plan_on(DAY) == Planned(planned=1)
        again = builders.line()
        assert (again.state, again.reason, again.settled_at) == ("planned", "7 days before the target.", None)

    def test_a_stop_cancels(self, course: Course) -> None:
        plan_on(DAY)
        services.stop_course(course=course, on=date(2026, 7, 4), reason="Moved", by=factories.BY, at=factories.AT)
        assert plan_on(DAY) == Planned(cancelled=1)
        assert builders.line().reason == "The course was stopped."

    def test_moving_the_appointment_plans_by_the_new_day(self, course: Course) -> None:
        dose = courses.next_dose(course)
        booking = builders.book(dose, TARGET)
        plan_on(DAY)
        builders.change(booking, on=TARGET + timedelta(days=5))
        assert plan_on(DAY) == Planned(planned=1, cancelled=1)
        assert states() == [("dose_upcoming", "2026-07-06", "planned"), ("dose_upcoming", "2026-07-08", "cancelled")]

    @pytest.mark.parametrize("status", [CareStatus.TRANSFERRED, CareStatus.LEFT, CareStatus.DIED])
    def test_leaving_care_cancels(self, course: Course, status: CareStatus) -> None:
        plan_on(DAY)
        builders.change(course.patient, care_status=status, care_status_on=DAY)
        assert plan_on(DAY) == Planned(cancelled=1)
        assert builders.line().reason == "The patient is no longer in this site's care."

    def test_losing_the_right_cancels(self, course: Course, nurse: User) -> None:
        plan_on(DAY)
        Membership.objects.filter(user=nurse).delete()
        assert plan_on(DAY) == Planned(cancelled=1)
        assert builders.line().reason == "This person is no longer told about this site."

    def test_closing_the_account_cancels(self, course: Course, nurse: User) -> None:
        plan_on(DAY)
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        assert plan_on(DAY) == Planned(cancelled=1)

    def test_closing_the_site_cancels(self, course: Course, site: Site) -> None:
        plan_on(DAY)
        Site.objects.filter(pk=site.pk).update(is_active=False)
        assert plan_on(DAY) == Planned(cancelled=1)
        assert builders.line().reason == "The site is closed."

    def test_what_was_sent_stays_sent(self, course: Course) -> None:
        plan_on(DAY)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(DAY))
        courses.give(course, DAY)
        plan_on(DAY)
        assert states(due_on=DAY, dose__is_next=False) == [("dose_upcoming", "2026-07-08", "handed_over")]

    def test_an_older_unsent_line_is_missed_when_the_next_point_comes(self, course: Course) -> None:
        plan_on(TARGET - timedelta(days=14))
        assert plan_on(DAY) == Planned(planned=1, missed=1)
        assert states() == [("dose_upcoming", "2026-07-01", "missed"), ("dose_upcoming", "2026-07-08", "planned")]
        assert builders.line(due_on=TARGET - timedelta(days=14)).reason == "A later reminder took its place."

    def test_a_line_that_was_never_sent_is_missed_once_its_time_is_over(self, course: Course) -> None:
        plan_on(TARGET)
        assert plan_on(TARGET + timedelta(days=1)) == Planned(missed=1)
        assert builders.line().reason == "Its time went by before it was sent."

    def test_a_line_that_turns_out_to_be_owed_after_all_is_left_alone(
        self, course: Course, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The hold was ended between the first question of the sweep and the second."""
        plan_on(DAY)
        monkeypatch.setattr(doses, "watched", lambda sites, _today, _furthest: {site.site_id: {} for site in sites})
        assert plan_on(DAY) == Planned()
        assert builders.line().state == MessageState.PLANNED

    def test_the_trail_is_left_alone(self, course: Course) -> None:
        before = Entry.objects.count()
        plan_on(DAY)
        assert Entry.objects.count() == before


class TestAfterAnOutage:
    def test_what_matters_is_planned_once_and_the_rest_is_recorded_as_missed(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        assert plan_on(date(2026, 6, 28)) == Planned()
        assert plan_on(CLOSES + timedelta(days=10)) == Planned(planned=1, missed=4)
        assert states() == [
            ("dose_upcoming", "2026-07-01", "missed"),
            ("dose_upcoming", "2026-07-08", "missed"),
            ("dose_upcoming", "2026-07-14", "missed"),
            ("dose_overdue", "2026-07-23", "missed"),
            ("dose_overdue", "2026-07-30", "planned"),
        ]
        missed = Reminder.objects.filter(state=MessageState.MISSED)
        assert {line.reason for line in missed} == {"Nothing was running when this was due."}
        assert plan_on(CLOSES + timedelta(days=10)) == Planned()

    def test_a_line_planned_before_the_outage_is_missed_under_its_own_key(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(date(2026, 7, 1))
        assert plan_on(date(2026, 7, 14)) == Planned(planned=1, missed=2)
        assert states() == [
            ("dose_upcoming", "2026-07-01", "missed"),
            ("dose_upcoming", "2026-07-08", "missed"),
            ("dose_upcoming", "2026-07-14", "planned"),
        ]

    def test_a_dose_recorded_during_the_outage_missed_nothing_before_it(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(date(2026, 6, 28))
        Reminder.objects.all().delete()
        late = builders.dose(site, at=noon(date(2026, 7, 10)))
        plan_on(TARGET)
        assert states(dose=late) == [("dose_upcoming", "2026-07-14", "planned")]

    def test_an_appointment_made_during_the_outage_missed_nothing_before_it(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(date(2026, 6, 28))
        builders.book(dose, TARGET, at=noon(date(2026, 7, 10)))
        plan_on(TARGET)
        assert states() == [("dose_upcoming", "2026-07-14", "planned")]

    def test_from_one_day_to_the_next_nothing_is_missed(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(date(2026, 7, 7))
        assert plan_on(date(2026, 7, 8)) == Planned(planned=1, missed=1)  # the one planned on 7 July, for 1 July
        assert states(state="missed") == [("dose_upcoming", "2026-07-01", "missed")]

    def test_before_the_first_sweep_nothing_is_missed(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        assert plan_on(CLOSES + timedelta(days=10)) == Planned(planned=1)

    def test_a_clock_that_goes_back_plans_nothing_twice(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(DAY)
        plan_on(DAY - timedelta(days=2))
        plan_on(DAY)
        assert states() == [("dose_upcoming", "2026-07-01", "missed"), ("dose_upcoming", "2026-07-08", "planned")]

    def test_after_a_clock_that_went_back_a_point_that_was_heard_is_not_missed(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(DAY)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(DAY))
        plan_on(DAY - timedelta(days=6))
        assert plan_on(TARGET) == Planned(planned=1, missed=1)
        assert states(due_on=DAY) == [("dose_upcoming", "2026-07-08", "handed_over")]

    def test_each_site_remembers_when_it_was_gone_through(self, site: Site, other_site: Site) -> None:
        plan_on(DAY)
        plan_on(TARGET)
        assert dict(Sweep.objects.values_list("site", "at")) == {site.pk: noon(TARGET), other_site.pk: noon(TARGET)}
