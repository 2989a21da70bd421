"""The second look, just before a mail is sent: what no longer holds is not told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clinic.staff.models import Site, User
from tests.treatments.courses import builders as courses
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, TARGET, line, message, noon, plan_on
from treatments.courses.models import Dose
from treatments.reminders.models import LEASE, Message, MessageState, Reminder
from treatments.reminders.services import claims, looking_again

Person = Callable[..., User]


SECOND_LOOK = 11


class TestTheMomentBeforeSending:
    """The facts change after the claim, and the second look sees it."""

    def claimed(self, day: Any = DAY) -> claims.Claim:
        plan_on(day)
        (taken,) = claims.claim(noon(day), limit=5)
        return taken

    def test_a_dose_given_meanwhile_is_not_told(self, site: Site, nurse: User) -> None:
        course = courses.course(builders.patient(site), planned_start=TARGET)
        taken = self.claimed(TARGET)
        courses.give(course, TARGET, performer=nurse)
        assert looking_again.look_again(taken, noon(TARGET)) == looking_again.Looked(None, cancelled=1)
        assert (line().state, line().reason) == ("cancelled", "The dose was given.")
        assert (message().state, message().reason) == ("cancelled", "Nothing was left to say.")

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda row: builders.hold(row, DAY), "The course is on hold."),
            (
                lambda row: builders.change(row.course, stopped_on=DAY, stop_reason="Wish"),
                "The course was stopped.",
            ),
            (
                lambda row: builders.change(row.patient, care_status="died", care_status_on=DAY),
                "The patient is no longer in this site's care.",
            ),
            (
                lambda row: builders.change(row.patient, care_status="transferred", care_status_on=DAY),
                "The patient is no longer in this site's care.",
            ),
            (lambda row: builders.change(row, is_next=False), "The dose is no longer planned."),
            (lambda row: builders.book(row, TARGET + timedelta(days=5)), "The dates it was planned for have changed."),
            (lambda row: Site.objects.update(is_active=False), "The site is closed."),
            (lambda row: User.objects.update(is_active=False), "This person is no longer told about this site."),
            (
                lambda row: row.site.memberships.all().delete(),
                "This person is no longer told about this site.",
            ),
        ],
        ids=["held", "stopped", "died", "transferred", "replaced", "moved", "closed", "inactive", "no right"],
    )
    def test_what_no_longer_holds_is_cancelled_with_its_reason(
        self, site: Site, nurse: User, change: Callable[[Any], Any], reason: str
    ) -> None:
        dose = builders.dose(site)
        taken = self.claimed()
        change(dose)
        assert looking_again.look_again(taken, noon(DAY)).digest is None
        assert (line().state, line().reason, line().settled_at) == ("cancelled", reason, noon(DAY))
        assert message().state == MessageState.CANCELLED

    def test_the_other_lines_go(self, site: Site, nurse: User) -> None:
        kept, dropped = builders.dose(site), builders.dose(site)
        taken = self.claimed()
        builders.hold(dropped, DAY)
        looked = looking_again.look_again(taken, noon(DAY))
        assert looked.digest is not None
        assert [told.what for told in looked.digest.lines] == [kept.pk]
        claims.hand_over(taken, noon(DAY))
        assert (line(dose=kept).state, line(dose=dropped).state) == ("handed_over", "cancelled")

    def test_a_point_that_was_overtaken_is_missed(self, site: Site, nurse: User, other_site: Site) -> None:
        """Somebody at home in New York is told about London, where the day changes first."""
        User.objects.filter(pk=nurse.pk).update(home_site=other_site)
        builders.dose(site)
        taken = self.claimed(DAY - timedelta(days=1))
        past_midnight_in_london = datetime(2026, 7, 7, 23, 30, tzinfo=UTC)
        looked = looking_again.look_again(taken, past_midnight_in_london)
        assert looked == looking_again.Looked(None, missed=1)
        assert line().reason == "A later reminder took its place."

    def test_a_message_whose_day_is_over_is_missed_and_its_lines_wait(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        taken = self.claimed()
        looked = looking_again.look_again(taken, noon(DAY + timedelta(days=1)))
        assert looked == looking_again.Looked()
        assert (message().state, message().reason) == ("missed", "Its day was over before it could be sent.")
        assert line().state == MessageState.PLANNED

    def test_a_new_address_is_used(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        taken = self.claimed()
        User.objects.filter(pk=nurse.pk).update(email="new@northfield.example")
        looked = looking_again.look_again(taken, noon(DAY))
        assert looked.digest is not None
        assert looked.digest.to == "new@northfield.example"

    def test_a_sender_whose_lease_was_taken_over_sends_nothing(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        late = self.claimed()
        claims.claim(noon(DAY) + LEASE + timedelta(seconds=1), limit=5)
        assert looking_again.look_again(late, noon(DAY)) == looking_again.Looked()
        assert line().state == MessageState.CLAIMED

    def test_it_takes_the_lease_anew(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        taken = self.claimed()
        later = noon(DAY) + timedelta(minutes=4)
        looking_again.look_again(taken, later)
        assert message().lease_until == later + LEASE

    def test_the_second_look_asks_the_same_for_two_lines_and_for_twelve(
        self, site: Site, nurse: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for count in (2, 12):
            Reminder.objects.all().delete()
            Message.objects.all().delete()
            for _ in range(count - Dose.objects.count()):
                builders.dose(site)
            taken = self.claimed()
            with django_assert_num_queries(SECOND_LOOK):
                looking_again.look_again(taken, noon(DAY))
