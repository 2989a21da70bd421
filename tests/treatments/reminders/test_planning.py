"""The sweep that plans: which lines, for whom, once; and what becomes of them when the facts change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.staff import services as staff
from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.courses import builders as courses
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, TARGET, noon, plan_on, states
from treatments.courses import services
from treatments.courses.models import Course
from treatments.reminders.models import Kind, Message, MessageState, Reminder, Sweep
from treatments.reminders.services import surveying
from treatments.reminders.services.planning import Planned, plan

Person = Callable[..., User]

WEEK_BEFORE = TARGET - timedelta(days=7)


@pytest.fixture
def nurse(person: Person) -> User:
    return person(Role.NURSE)


class TestWhoIsToldWhat:
    def test_a_dose_coming_up_is_planned_for_everybody_who_receives_reminders(self, site: Site, person: Person) -> None:
        told = {person(Role.NURSE).pk, person(Role.COORDINATOR).pk}
        for role in (Role.PRESCRIBER, Role.PROCEDURALIST, Role.PHARMACIST, Role.VIEWER, Role.ADMINISTRATOR):
            person(role)
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned(planned=2)
        assert set(Reminder.objects.values_list("recipient", flat=True)) == told

    def test_a_line_keeps_what_it_is_about_and_why(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site)
        plan_on(WEEK_BEFORE)
        line = builders.line()
        assert (line.site, line.dose, line.what, line.recipient, line.carer) == (site, dose, dose.pk, nurse, None)
        assert (line.kind, line.due_on, line.state) == (Kind.DOSE_UPCOMING, WEEK_BEFORE, MessageState.PLANNED)
        assert line.reason == "7 days before the target."
        assert (line.planned_at, line.settled_at) == (noon(WEEK_BEFORE), None)

    def test_nothing_is_planned_the_day_before_the_first_point(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        assert plan_on(TARGET - timedelta(days=15)) == Planned()
        assert plan_on(TARGET - timedelta(days=14)) == Planned(planned=1)

    def test_a_booked_day_counts_instead_of_the_target(self, site: Site, nurse: User) -> None:
        builders.book(builders.dose(site), TARGET + timedelta(days=3))
        plan_on(WEEK_BEFORE + timedelta(days=3))
        assert builders.line().reason == "7 days before the booked day."

    def test_a_cancelled_booking_does_not_count(self, site: Site, nurse: User) -> None:
        booking = builders.book(builders.dose(site), TARGET + timedelta(days=3))
        builders.change(booking, cancelled_at=noon(WEEK_BEFORE), cancel_reason="Ill")
        plan_on(WEEK_BEFORE)
        assert builders.line().reason == "7 days before the target."

    def test_a_booking_long_before_the_target_is_seen(self, site: Site, nurse: User) -> None:
        builders.book(builders.dose(site), TARGET - timedelta(days=60))
        plan_on(TARGET - timedelta(days=61))
        assert states() == [("dose_upcoming", "2026-05-15", "planned")]

    def test_the_lead_clinician_is_told_from_fourteen_days_overdue(
        self, site: Site, nurse: User, person: Person
    ) -> None:
        lead = person(Role.PRESCRIBER)
        Site.objects.filter(pk=site.pk).update(lead_clinician=lead)
        builders.dose(site)
        plan_on(CLOSES + timedelta(days=13))
        assert states(recipient=lead) == []
        plan_on(CLOSES + timedelta(days=14))
        assert states(recipient=lead) == [("dose_overdue", "2026-08-05", "planned")]
        assert states(recipient=nurse) == [("dose_overdue", "2026-07-30", "planned")]

    def test_a_lead_who_receives_reminders_anyway_is_told_once(self, site: Site, nurse: User) -> None:
        Site.objects.filter(pk=site.pk).update(lead_clinician=nurse)
        builders.dose(site)
        plan_on(CLOSES + timedelta(days=14))
        assert states() == [("dose_overdue", "2026-07-30", "planned")]

    def test_a_lead_who_may_not_see_the_patients_is_not_told(self, site: Site, other_site: Site) -> None:
        Site.objects.filter(pk=site.pk).update(lead_clinician=factories.user(Role.PRESCRIBER, site=other_site))
        builders.dose(site)
        assert plan_on(CLOSES + timedelta(days=14)) == Planned()

    def test_somebody_with_two_roles_is_told_once(self, site: Site, person: Person) -> None:
        person(Role.NURSE, Role.COORDINATOR)
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)

    def test_nobody_is_told_about_another_site(self, site: Site, other_site: Site, person: Person) -> None:
        here, there = person(Role.NURSE), person(Role.NURSE, at=other_site)
        near, far = builders.dose(site), builders.dose(other_site)
        plan_on(WEEK_BEFORE)
        assert {(row.recipient, row.dose) for row in Reminder.objects.all()} == {(here, near), (there, far)}

    def test_the_lines_of_three_patients_never_mix(self, site: Site, nurse: User) -> None:
        three = {builders.dose(site).pk for _ in range(3)}
        plan_on(WEEK_BEFORE)
        assert {row.what for row in Reminder.objects.all()} == three
        assert all(row.what == row.dose_id for row in Reminder.objects.all())

    def test_each_site_goes_by_its_own_day(self, site: Site, other_site: Site, person: Person) -> None:
        person(Role.NURSE)
        person(Role.NURSE, at=other_site)
        builders.dose(site)
        builders.dose(other_site)
        fortnight_before = TARGET - timedelta(days=14)
        past_midnight_in_london = datetime.combine(fortnight_before, datetime.min.time(), tzinfo=UTC)
        assert plan(past_midnight_in_london) == Planned(planned=1)
        assert builders.line().site == site

    def test_the_site_policy_of_the_day_says_when(self, site: Site, nurse: User) -> None:
        staff.set_policy(
            site=site,
            effective_from=WEEK_BEFORE,
            source="New policy",
            upcoming_days=[3],
            by=factories.BY,
            at=factories.AT,
        )
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned()
        assert plan_on(TARGET - timedelta(days=3)) == Planned(planned=1)

    def test_a_site_whose_only_policy_is_yet_to_begin_goes_by_it(self, site: Site, nurse: User) -> None:
        SitePolicy.objects.filter(site=site).update(effective_from=date(2030, 1, 1))
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)

    def test_somebody_without_an_address_is_not_planned_for(self, site: Site, nurse: User) -> None:
        User.objects.filter(pk=nurse.pk).update(email="")
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned()


class TestNothingIsPlanned:
    @pytest.fixture(autouse=True)
    def _somebody_to_tell(self, nurse: User) -> None:
        pass

    @pytest.mark.parametrize("status", [CareStatus.TRANSFERRED, CareStatus.LEFT, CareStatus.DIED])
    @pytest.mark.parametrize("day", [WEEK_BEFORE, CLOSES + timedelta(days=30)])
    def test_about_somebody_no_longer_in_care(self, site: Site, status: CareStatus, day: date) -> None:
        dose = builders.dose(site)
        builders.change(dose.patient, care_status=status, care_status_on=WEEK_BEFORE)
        assert plan_on(day) == Planned()

    @pytest.mark.parametrize("day", [WEEK_BEFORE, CLOSES + timedelta(days=30)])
    def test_about_a_stopped_course(self, site: Site, day: date) -> None:
        dose = builders.dose(site)
        builders.change(dose.course, stopped_on=WEEK_BEFORE, stop_reason="Wish of the family")
        assert plan_on(day) == Planned()

    def test_about_a_course_on_hold_from_its_first_day_until_it_is_resumed(self, site: Site) -> None:
        hold = builders.hold(builders.dose(site), from_on=WEEK_BEFORE)
        assert plan_on(WEEK_BEFORE) == Planned()
        builders.change(hold, ended_on=WEEK_BEFORE)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)

    def test_until_then_a_coming_hold_changes_nothing(self, site: Site) -> None:
        builders.hold(builders.dose(site), from_on=WEEK_BEFORE + timedelta(days=1))
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)

    def test_about_a_dose_that_is_not_the_next(self, site: Site) -> None:
        builders.dose(site, is_next=False)
        assert plan_on(WEEK_BEFORE) == Planned()

    def test_about_a_dose_without_a_date(self, site: Site) -> None:
        builders.dose(site, target=None)
        assert plan_on(WEEK_BEFORE) == Planned()

    def test_at_a_closed_site(self, site: Site) -> None:
        builders.dose(site)
        Site.objects.filter(pk=site.pk).update(is_active=False)
        assert plan_on(WEEK_BEFORE) == Planned()

    def test_for_a_closed_account(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        assert plan_on(WEEK_BEFORE) == Planned()


class TestTwiceIsOnce:
    def test_a_second_sweep_finds_nothing_to_do(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)
        assert plan_on(WEEK_BEFORE) == Planned()
        assert plan_on(WEEK_BEFORE + timedelta(days=3)) == Planned()
        assert Reminder.objects.count() == 1

    def test_a_new_colleague_is_told_of_what_is_still_owed(self, site: Site, nurse: User, person: Person) -> None:
        builders.dose(site)
        plan_on(WEEK_BEFORE)
        late = person(Role.NURSE)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)
        assert states(recipient=late) == [("dose_upcoming", "2026-07-08", "planned")]

    def test_a_colleague_who_came_as_another_left_is_told_too(self, site: Site, nurse: User, person: Person) -> None:
        """The numbers are the same before and after; the people are not."""
        builders.dose(site)
        plan_on(WEEK_BEFORE)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(WEEK_BEFORE))
        Membership.objects.filter(user=nurse).delete()
        newcomer = person(Role.NURSE)
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)
        assert states(recipient=newcomer) == [("dose_upcoming", "2026-07-08", "planned")]

    def test_a_line_that_was_sent_is_not_planned_again(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(WEEK_BEFORE)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(WEEK_BEFORE))
        assert plan_on(WEEK_BEFORE) == Planned()

    def test_a_line_that_failed_for_good_is_not_planned_again(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(WEEK_BEFORE)
        Reminder.objects.update(state=MessageState.FAILED, reason="550", settled_at=noon(WEEK_BEFORE))
        assert plan_on(WEEK_BEFORE) == Planned()
        assert plan_on(TARGET - timedelta(days=1)) == Planned(planned=1)

    def test_two_sweeps_that_looked_at_the_same_moment_write_one_line(self, site: Site, nurse: User) -> None:
        from treatments.reminders.queries.sites import open_sites  # noqa: PLC0415
        from treatments.reminders.services.planning import carry_out  # noqa: PLC0415

        builders.dose(site)
        looks = [list(surveying.survey(open_sites(noon(WEEK_BEFORE)).values())) for _ in range(2)]
        for (look,) in looks:
            carry_out(look, noon(WEEK_BEFORE))
        assert Reminder.objects.count() == 1

    def test_without_the_unique_key_those_two_would_write_two(self, site: Site, nurse: User) -> None:
        """The twin: the same rows are refused by the constraint, and by nothing else."""
        dose = builders.dose(site)
        plan_on(WEEK_BEFORE)
        twin = builders.line()
        twin.pk = None
        twin._state.adding = True
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.bulk_create([twin])
        twin.due_on += timedelta(days=1)
        twin.pk = None
        Reminder.objects.bulk_create([twin])
        assert Reminder.objects.filter(what=dose.pk).count() == 2


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
        plan_on(WEEK_BEFORE)
        facts = {"from_on": WEEK_BEFORE, "reason": "Infection", "review_on": TARGET}
        hold = services.hold_course(course=course, by=factories.BY, at=noon(WEEK_BEFORE), **facts)
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)
        line = builders.line()
        assert (line.state, line.reason) == (MessageState.CANCELLED, "The course is on hold.")
        assert line.settled_at == noon(WEEK_BEFORE)
        services.resume_course(hold=hold, on=WEEK_BEFORE, by=factories.BY, at=noon(WEEK_BEFORE))
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)
        again = builders.line()
        assert (again.state, again.reason, again.settled_at) == ("planned", "7 days before the target.", None)

    def test_a_stop_cancels(self, course: Course) -> None:
        plan_on(WEEK_BEFORE)
        services.stop_course(course=course, on=date(2026, 7, 4), reason="Moved", by=factories.BY, at=factories.AT)
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)
        assert builders.line().reason == "The course was stopped."

    def test_moving_the_appointment_plans_by_the_new_day(self, course: Course) -> None:
        dose = courses.next_dose(course)
        booking = builders.book(dose, TARGET)
        plan_on(WEEK_BEFORE)
        builders.change(booking, on=TARGET + timedelta(days=5))
        assert plan_on(WEEK_BEFORE) == Planned(planned=1, cancelled=1)
        assert states() == [("dose_upcoming", "2026-07-06", "planned"), ("dose_upcoming", "2026-07-08", "cancelled")]

    @pytest.mark.parametrize("status", [CareStatus.TRANSFERRED, CareStatus.LEFT, CareStatus.DIED])
    def test_leaving_care_cancels(self, course: Course, status: CareStatus) -> None:
        plan_on(WEEK_BEFORE)
        builders.change(course.patient, care_status=status, care_status_on=WEEK_BEFORE)
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)
        assert builders.line().reason == "The patient is no longer in this site's care."

    def test_losing_the_right_cancels(self, course: Course, nurse: User) -> None:
        plan_on(WEEK_BEFORE)
        Membership.objects.filter(user=nurse).delete()
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)
        assert builders.line().reason == "This person is no longer told about this site."

    def test_closing_the_account_cancels(self, course: Course, nurse: User) -> None:
        plan_on(WEEK_BEFORE)
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)

    def test_closing_the_site_cancels(self, course: Course, site: Site) -> None:
        plan_on(WEEK_BEFORE)
        Site.objects.filter(pk=site.pk).update(is_active=False)
        assert plan_on(WEEK_BEFORE) == Planned(cancelled=1)
        assert builders.line().reason == "The site is closed."

    def test_what_was_sent_stays_sent(self, course: Course) -> None:
        plan_on(WEEK_BEFORE)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(WEEK_BEFORE))
        courses.give(course, WEEK_BEFORE)
        plan_on(WEEK_BEFORE)
        assert states(due_on=WEEK_BEFORE, dose__is_next=False) == [("dose_upcoming", "2026-07-08", "handed_over")]

    def test_an_older_unsent_line_is_missed_when_the_next_point_comes(self, course: Course) -> None:
        plan_on(TARGET - timedelta(days=14))
        assert plan_on(WEEK_BEFORE) == Planned(planned=1, missed=1)
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
        plan_on(WEEK_BEFORE)
        monkeypatch.setattr(surveying.doses, "watched", lambda _site, _furthest: {})
        assert plan_on(WEEK_BEFORE) == Planned()
        assert builders.line().state == MessageState.PLANNED

    def test_the_trail_is_left_alone(self, course: Course) -> None:
        before = Entry.objects.count()
        plan_on(WEEK_BEFORE)
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
        plan_on(WEEK_BEFORE)
        plan_on(WEEK_BEFORE - timedelta(days=2))
        plan_on(WEEK_BEFORE)
        assert states() == [("dose_upcoming", "2026-07-01", "missed"), ("dose_upcoming", "2026-07-08", "planned")]

    def test_after_a_clock_that_went_back_a_point_that_was_heard_is_not_missed(self, site: Site, nurse: User) -> None:
        builders.dose(site, at=noon(date(2026, 6, 1)))
        plan_on(WEEK_BEFORE)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(WEEK_BEFORE))
        plan_on(WEEK_BEFORE - timedelta(days=6))
        assert plan_on(TARGET) == Planned(planned=1, missed=1)
        assert states(due_on=WEEK_BEFORE) == [("dose_upcoming", "2026-07-08", "handed_over")]

    def test_each_site_remembers_when_it_was_gone_through(self, site: Site, other_site: Site) -> None:
        plan_on(WEEK_BEFORE)
        plan_on(TARGET)
        assert dict(Sweep.objects.values_list("site", "at")) == {site.pk: noon(TARGET), other_site.pk: noon(TARGET)}


class TestOneBadSite:
    def test_holds_up_no_other(
        self, site: Site, other_site: Site, person: Person, caplog: pytest.LogCaptureFixture
    ) -> None:
        person(Role.NURSE)
        person(Role.NURSE, at=other_site)
        builders.dose(site)
        builders.dose(other_site)
        SitePolicy.objects.filter(site=site).update(upcoming_days=["soon"])
        assert plan_on(WEEK_BEFORE) == Planned(planned=1)
        assert builders.line().site == other_site
        assert list(Sweep.objects.values_list("site", flat=True)) == [other_site.pk]
        assert f"{site.pk} were not planned: ValueError" in caplog.text
        assert "soon" not in caplog.text

    def test_a_fault_of_the_database_is_nobodys_fault(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(_site: object) -> None:
            raise DatabaseError

        monkeypatch.setattr(surveying, "look", down)
        with pytest.raises(DatabaseError):
            plan_on(WEEK_BEFORE)


class TestQueries:
    def test_a_sweep_asks_as_much_for_twenty_doses_as_for_two(
        self, site: Site, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(2):
            builders.dose(site)
        with django_assert_num_queries(FIRST_SWEEP):
            plan_on(WEEK_BEFORE)
        with django_assert_num_queries(IDLE_SWEEP):
            plan_on(WEEK_BEFORE)
        Reminder.objects.all().delete()
        Message.objects.all().delete()
        for _ in range(18):
            builders.dose(site)
        with django_assert_num_queries(FIRST_SWEEP):
            plan_on(WEEK_BEFORE)
        with django_assert_num_queries(IDLE_SWEEP):
            plan_on(WEEK_BEFORE)


FIRST_SWEEP = 25
IDLE_SWEEP = 20
