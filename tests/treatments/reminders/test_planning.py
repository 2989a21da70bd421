"""The sweep that plans: which lines, for whom, once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from clinic.patients.choices import CareStatus
from clinic.staff import services as staff
from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, DAY, TARGET, noon, plan_on, states
from treatments.reminders.models import Kind, Message, MessageState, Reminder, Sweep
from treatments.reminders.services import surveying
from treatments.reminders.services.planning import Planned, plan

Person = Callable[..., User]


class TestWhoIsToldWhat:
    def test_a_dose_coming_up_is_planned_for_everybody_who_receives_reminders(self, site: Site, person: Person) -> None:
        told = {person(Role.NURSE).pk, person(Role.COORDINATOR).pk}
        for role in (Role.PRESCRIBER, Role.PROCEDURALIST, Role.PHARMACIST, Role.VIEWER, Role.ADMINISTRATOR):
            person(role)
        builders.dose(site)
        assert plan_on(DAY) == Planned(planned=2)
        assert set(Reminder.objects.values_list("recipient", flat=True)) == told

    def test_a_line_keeps_what_it_is_about_and_why(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site)
        plan_on(DAY)
        line = builders.line()
        assert (line.site, line.dose, line.what, line.recipient, line.carer) == (site, dose, dose.pk, nurse, None)
        assert (line.kind, line.due_on, line.state) == (Kind.DOSE_UPCOMING, DAY, MessageState.PLANNED)
        assert line.reason == "7 days before the target."
        assert (line.planned_at, line.settled_at) == (noon(DAY), None)

    def test_nothing_is_planned_the_day_before_the_first_point(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        assert plan_on(TARGET - timedelta(days=15)) == Planned()
        assert plan_on(TARGET - timedelta(days=14)) == Planned(planned=1)

    def test_a_booked_day_counts_instead_of_the_target(self, site: Site, nurse: User) -> None:
        builders.book(builders.dose(site), TARGET + timedelta(days=3))
        plan_on(DAY + timedelta(days=3))
        assert builders.line().reason == "7 days before the booked day."

    def test_a_cancelled_booking_does_not_count(self, site: Site, nurse: User) -> None:
        booking = builders.book(builders.dose(site), TARGET + timedelta(days=3))
        builders.change(booking, cancelled_at=noon(DAY), cancel_reason="Ill")
        plan_on(DAY)
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
        assert plan_on(DAY) == Planned(planned=1)

    def test_nobody_is_told_about_another_site(self, site: Site, other_site: Site, person: Person) -> None:
        here, there = person(Role.NURSE), person(Role.NURSE, at=other_site)
        near, far = builders.dose(site), builders.dose(other_site)
        plan_on(DAY)
        assert {(row.recipient, row.dose) for row in Reminder.objects.all()} == {(here, near), (there, far)}

    def test_the_lines_of_three_patients_never_mix(self, site: Site, nurse: User) -> None:
        three = {builders.dose(site).pk for _ in range(3)}
        plan_on(DAY)
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
            effective_from=DAY,
            source="New policy",
            upcoming_days=[3],
            labs_days=[],
            by=factories.BY,
            at=factories.AT,
        )
        builders.dose(site)
        assert plan_on(DAY) == Planned()
        assert plan_on(TARGET - timedelta(days=3)) == Planned(planned=1)

    def test_a_site_whose_only_policy_is_yet_to_begin_goes_by_it(self, site: Site, nurse: User) -> None:
        SitePolicy.objects.filter(site=site).update(effective_from=date(2030, 1, 1))
        builders.dose(site)
        assert plan_on(DAY) == Planned(planned=1)

    def test_somebody_without_an_address_is_not_planned_for(self, site: Site, nurse: User) -> None:
        User.objects.filter(pk=nurse.pk).update(email="")
        builders.dose(site)
        assert plan_on(DAY) == Planned()


class TestNothingIsPlanned:
    @pytest.fixture(autouse=True)
    def _somebody_to_tell(self, nurse: User) -> None:
        pass

    @pytest.mark.parametrize("status", [CareStatus.TRANSFERRED, CareStatus.LEFT, CareStatus.DIED])
    @pytest.mark.parametrize("day", [DAY, CLOSES + timedelta(days=30)])
    def test_about_somebody_no_longer_in_care(self, site: Site, status: CareStatus, day: date) -> None:
        dose = builders.dose(site)
        builders.change(dose.patient, care_status=status, care_status_on=DAY)
        assert plan_on(day) == Planned()

    @pytest.mark.parametrize("day", [DAY, CLOSES + timedelta(days=30)])
    def test_about_a_stopped_course(self, site: Site, day: date) -> None:
        dose = builders.dose(site)
        builders.change(dose.course, stopped_on=DAY, stop_reason="Wish of the family")
        assert plan_on(day) == Planned()

    def test_about_a_course_on_hold_from_its_first_day_until_it_is_resumed(self, site: Site) -> None:
        hold = builders.hold(builders.dose(site), from_on=DAY)
        assert plan_on(DAY) == Planned()
        builders.change(hold, ended_on=DAY)
        assert plan_on(DAY) == Planned(planned=1)

    def test_until_then_a_coming_hold_changes_nothing(self, site: Site) -> None:
        builders.hold(builders.dose(site), from_on=DAY + timedelta(days=1))
        assert plan_on(DAY) == Planned(planned=1)

    def test_about_a_dose_that_is_not_the_next(self, site: Site) -> None:
        builders.dose(site, is_next=False)
        assert plan_on(DAY) == Planned()

    def test_about_a_dose_without_a_date(self, site: Site) -> None:
        builders.dose(site, target=None)
        assert plan_on(DAY) == Planned()

    def test_at_a_closed_site(self, site: Site) -> None:
        builders.dose(site)
        Site.objects.filter(pk=site.pk).update(is_active=False)
        assert plan_on(DAY) == Planned()

    def test_for_a_closed_account(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        assert plan_on(DAY) == Planned()


class TestTwiceIsOnce:
    def test_a_second_sweep_finds_nothing_to_do(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        assert plan_on(DAY) == Planned(planned=1)
        assert plan_on(DAY) == Planned()
        assert plan_on(DAY + timedelta(days=3)) == Planned()
        assert Reminder.objects.count() == 1

    def test_a_new_colleague_is_told_of_what_is_still_owed(self, site: Site, nurse: User, person: Person) -> None:
        builders.dose(site)
        plan_on(DAY)
        late = person(Role.NURSE)
        assert plan_on(DAY) == Planned(planned=1)
        assert states(recipient=late) == [("dose_upcoming", "2026-07-08", "planned")]

    def test_a_colleague_who_came_as_another_left_is_told_too(self, site: Site, nurse: User, person: Person) -> None:
        """The numbers are the same before and after; the people are not."""
        builders.dose(site)
        plan_on(DAY)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(DAY))
        Membership.objects.filter(user=nurse).delete()
        newcomer = person(Role.NURSE)
        assert plan_on(DAY) == Planned(planned=1)
        assert states(recipient=newcomer) == [("dose_upcoming", "2026-07-08", "planned")]

    def test_a_line_that_was_sent_is_not_planned_again(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(DAY)
        Reminder.objects.update(state=MessageState.HANDED_OVER, settled_at=noon(DAY))
        assert plan_on(DAY) == Planned()

    def test_a_line_that_failed_for_good_is_not_planned_again(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(DAY)
        Reminder.objects.update(state=MessageState.FAILED, reason="550", settled_at=noon(DAY))
        assert plan_on(DAY) == Planned()
        assert plan_on(TARGET - timedelta(days=1)) == Planned(planned=1)

    def test_two_sweeps_that_looked_at_the_same_moment_write_one_line(self, site: Site, nurse: User) -> None:
        from treatments.reminders.queries.sites import open_sites  # noqa: PLC0415
        from treatments.reminders.services.planning import carry_out  # noqa: PLC0415

        builders.dose(site)
        looks = [list(surveying.survey(open_sites(noon(DAY)))) for _ in range(2)]
        for (look,) in looks:
            carry_out(look, noon(DAY))
        assert Reminder.objects.count() == 1

    def test_without_the_unique_key_those_two_would_write_two(self, site: Site, nurse: User) -> None:
        """The twin: the same rows are refused by the constraint, and by nothing else."""
        dose = builders.dose(site)
        plan_on(DAY)
        twin = builders.line()
        twin.pk = None
        twin._state.adding = True
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.bulk_create([twin])
        twin.due_on += timedelta(days=1)
        twin.pk = None
        Reminder.objects.bulk_create([twin])
        assert Reminder.objects.filter(what=dose.pk).count() == 2


class TestOneBadSite:
    def test_holds_up_no_other(
        self, site: Site, other_site: Site, person: Person, caplog: pytest.LogCaptureFixture
    ) -> None:
        person(Role.NURSE)
        person(Role.NURSE, at=other_site)
        builders.dose(site)
        builders.dose(other_site)
        SitePolicy.objects.filter(site=site).update(upcoming_days=["soon"])
        assert plan_on(DAY) == Planned(planned=1)
        assert builders.line().site == other_site
        assert list(Sweep.objects.values_list("site", flat=True)) == [other_site.pk]
        assert f"{site.pk} were not planned: ValueError" in caplog.text
        assert "soon" not in caplog.text

    def test_a_fault_of_the_database_is_nobodys_fault(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        def down(*_args: object) -> None:
            raise DatabaseError

        monkeypatch.setattr(surveying, "look", down)
        with pytest.raises(DatabaseError):
            plan_on(DAY)


class TestQueries:
    def test_a_sweep_asks_as_much_for_twenty_doses_as_for_two(
        self, site: Site, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(2):
            builders.dose(site)
        with django_assert_num_queries(FIRST_SWEEP):
            plan_on(DAY)
        with django_assert_num_queries(IDLE_SWEEP):
            plan_on(DAY)
        Reminder.objects.all().delete()
        Message.objects.all().delete()
        Sweep.objects.all().delete()
        for _ in range(18):
            builders.dose(site)
        with django_assert_num_queries(FIRST_SWEEP):
            plan_on(DAY)
        with django_assert_num_queries(IDLE_SWEEP):
            plan_on(DAY)


FIRST_SWEEP = 29
IDLE_SWEEP = 19
