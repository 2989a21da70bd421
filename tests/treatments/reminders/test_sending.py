"""From the ledger to a real mail server and back: each digest once, at its hour, to whom it concerns."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection

from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import (
    DAY,
    IDLE,
    TARGET,
    digests,
    line,
    message,
    noon,
    plan_on,
    run_on,
    sender,
    states,
)
from tests.treatments.reminders.post import PostOffice
from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.services.running import Tally, plan_and_send
from treatments.reminders.services.sending import send_due

Person = Callable[..., User]

SENT = Tally(planned=1, sent=1, cancelled=0, missed=0, failed=0, put_off=0)


class TestTheServerTakesIt:
    def test_a_digest_leaves_and_the_ledger_says_so(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        assert run_on(DAY) == SENT
        assert post.recipients == ["nurse@northfield.example"]
        assert post.ids() == [f"<{message().pk}@clinic.example>"]
        assert (message().state, message().handed_over_at) == (MessageState.HANDED_OVER, noon(DAY))
        assert (line().state, line().settled_at, line().message) == (MessageState.HANDED_OVER, noon(DAY), message())

    def test_running_it_twice_sends_once(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        run_on(DAY)
        assert run_on(DAY) == IDLE
        assert len(post.mails) == 1

    def test_nothing_to_say_is_no_mail(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        assert run_on(TARGET - timedelta(days=20)) == IDLE
        assert post.connections == 0
        assert not Message.objects.exists()

    def test_one_person_gets_one_digest_for_all_their_lines(self, site: Site, nurse: User, post: PostOffice) -> None:
        doses = {builders.dose(site).pk for _ in range(3)}
        run_on(DAY)
        (mail,) = post.mails
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert {pk for pk in doses if f"https://clinic.example/doses/{pk}/" in text} == doses
        assert mail["Subject"] == "3 things need you today – Northfield"

    def test_a_batch_goes_over_one_connection(self, site: Site, person: Person, post: PostOffice) -> None:
        for _ in range(5):
            person(Role.NURSE)
        builders.dose(site)
        assert run_on(DAY).sent == 5
        assert post.connections == 1

    def test_more_than_a_batch_goes_as_well(self, site: Site, person: Person, post: PostOffice) -> None:
        for _ in range(5):
            person(Role.NURSE)
        builders.dose(site)
        tally = plan_and_send(sender(noon(DAY), batch=2))
        assert (tally.sent, post.connections) == (5, 3)

    def test_each_gets_only_what_concerns_their_own_sites(
        self, site: Site, other_site: Site, person: Person, post: PostOffice
    ) -> None:
        builders.dose(site)
        builders.dose(other_site)
        both = person(Role.NURSE)
        staff.give_role(user=both, site=other_site, role=Role.NURSE, by=factories.BY, at=factories.AT)
        people = {site.pk: person(Role.NURSE), other_site.pk: person(Role.NURSE, at=other_site)}
        run_on(DAY)
        links = {
            mail["To"]: {row.what for row in Reminder.objects.all() if str(row.what) in mail.as_string()}
            for mail in post.mails
        }
        near, far = (
            set(Reminder.objects.filter(site=place).values_list("what", flat=True)) for place in (site, other_site)
        )
        assert links == {
            people[site.pk].email: near,
            people[other_site.pk].email: far,
            both.email: near | far,
        }

    def test_it_is_not_sent_within_a_transaction(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The test itself runs in one, so the depth before and during must be the same."""
        depth: list[int] = []
        real = EmailBackend.send_messages

        def noting(self: EmailBackend, mails: Any) -> int:
            depth.append(len(connection.savepoint_ids))
            return real(self, mails)

        monkeypatch.setattr(EmailBackend, "send_messages", noting)
        builders.dose(site)
        before = len(connection.savepoint_ids)
        run_on(DAY)
        assert depth == [before]


class TestWhen:
    def test_the_digest_waits_for_the_hour_of_the_persons_home(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        six_in_london = datetime(2026, 7, 8, 5, 59, tzinfo=UTC)
        assert plan_and_send(sender(six_in_london)).sent == 0
        assert message().due_at == datetime(2026, 7, 8, 6, 0, tzinfo=UTC)
        assert plan_and_send(sender(message().due_at)).sent == 1

    def test_what_comes_up_after_the_digest_waits_for_tomorrows(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        run_on(DAY)
        late = builders.dose(site)
        assert run_on(DAY) == Tally(planned=1, sent=0, cancelled=0, missed=0, failed=0, put_off=0)
        assert line(dose=late).message is None
        assert run_on(DAY + timedelta(days=1)).sent == 1
        assert line(dose=late).state == MessageState.HANDED_OVER
        assert digests() == [("2026-07-08", "handed_over"), ("2026-07-09", "handed_over")]

    def test_a_digest_of_a_day_gone_by_is_missed_and_its_lines_go_on(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        plan_on(DAY)
        assert run_on(DAY + timedelta(days=1)).sent == 1
        assert digests() == [("2026-07-08", "missed"), ("2026-07-09", "handed_over")]
        assert Message.objects.get(local_day=DAY).reason == "Its day was over before it could be sent."
        assert len(post.mails) == 1

    def test_after_three_days_off_what_still_matters_is_sent_once(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        plan_on(TARGET - timedelta(days=9))
        assert run_on(TARGET - timedelta(days=6)).sent == 1
        assert states() == [("dose_upcoming", "2026-07-01", "missed"), ("dose_upcoming", "2026-07-08", "handed_over")]

    def test_a_new_hour_moves_a_digest_that_nobody_has_tried(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        plan_and_send(sender(datetime(2026, 7, 8, 4, 0, tzinfo=UTC)))
        site.policies.update(digest_hour=9)
        assert plan_and_send(sender(datetime(2026, 7, 8, 6, 30, tzinfo=UTC))).sent == 0
        assert message().due_at == datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
        assert plan_and_send(sender(datetime(2026, 7, 8, 8, 0, tzinfo=UTC))).sent == 1

    def test_somebody_whose_home_is_closed_goes_by_a_site_they_are_told_about(
        self, site: Site, other_site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        User.objects.filter(pk=nurse.pk).update(home_site=other_site)
        Site.objects.filter(pk=other_site.pk).update(is_active=False)
        assert run_on(DAY).sent == 1
        assert message().due_at == datetime(2026, 7, 8, 6, 0, tzinfo=UTC)

    def test_somebody_without_a_home_goes_by_a_site_they_are_told_about(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        User.objects.filter(pk=nurse.pk).update(home_site=None)
        assert run_on(DAY).sent == 1


class TestNothingIsLeftToSay:
    def test_the_digest_is_called_off_and_nobody_connects(self, site: Site, nurse: User, post: PostOffice) -> None:
        dose = builders.dose(site)
        plan_and_send(sender(datetime(2026, 7, 8, 5, 0, tzinfo=UTC)))
        builders.hold(dose, DAY)
        assert run_on(DAY) == Tally(planned=0, sent=0, cancelled=1, missed=0, failed=0, put_off=0)
        assert (message().state, message().reason) == ("cancelled", "Nothing was left to say.")
        assert post.connections == 0

    def test_what_a_second_look_ends_is_counted(self, site: Site, nurse: User, post: PostOffice) -> None:
        kept, dropped = builders.dose(site), builders.dose(site)
        plan_on(DAY)
        builders.hold(dropped, DAY)
        done = send_due(sender(noon(DAY)))
        assert (done.sent, done.cancelled, done.missed) == (1, 1, 0)
        assert line(dose=kept).state == MessageState.HANDED_OVER

    def test_what_is_owed_later_that_day_waits_for_tomorrow(self, site: Site, nurse: User, post: PostOffice) -> None:
        dose = builders.dose(site)
        plan_and_send(sender(datetime(2026, 7, 8, 5, 0, tzinfo=UTC)))
        hold = builders.hold(dose, DAY)
        run_on(DAY)
        builders.change(hold, ended_on=DAY)
        assert run_on(DAY).planned == 1
        assert run_on(DAY + timedelta(days=1)).sent == 1
        assert len(post.mails) == 1
