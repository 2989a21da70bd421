"""From the ledger to a real mail server and back: what each answer leads to, and that nothing goes twice or is lost."""

import smtplib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.db import OperationalError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.courses import builders as courses
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import TARGET, digests, line, noon, plan_on, run_on, sender, states
from tests.treatments.reminders.post import CUT, HANG, TAKE, TAKE_AND_CUT, PostOffice
from treatments.courses.models import Dose
from treatments.reminders import emails
from treatments.reminders.models import LEASE, LONGEST_WAIT, Message, MessageState, Reminder
from treatments.reminders.services import claims, looking_again, sending
from treatments.reminders.services.running import Tally, plan_and_send
from treatments.reminders.services.sending import send_due

Person = Callable[..., User]

DAY = TARGET - timedelta(days=7)
SENT = Tally(planned=1, sent=1, cancelled=0, missed=0, failed=0, put_off=0)
IDLE = Tally(planned=0, sent=0, cancelled=0, missed=0, failed=0, put_off=0)


def message() -> Message:
    return Message.objects.get()


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


class TestTheServerSaysLater:
    @pytest.mark.parametrize("answer", ["451 try again", "452 too busy", "421 closing"])
    def test_the_mail_is_put_off_and_goes_at_the_next_try(
        self, site: Site, nurse: User, post: PostOffice, answer: str
    ) -> None:
        builders.dose(site)
        post.answers.append(answer)
        assert run_on(DAY).put_off == 1
        assert (message().state, message().attempts) == (MessageState.PLANNED, 1)
        assert message().reason.startswith(f"The mail server answered {answer[:3]}")
        assert line().state == MessageState.PLANNED
        assert run_on(DAY) == IDLE, "not before its next try"
        again = message().next_try_at
        assert plan_and_send(sender(again)).sent == 1
        assert (message().attempts, message().reason) == (2, "")
        assert post.mails[0]["X-Attempt"] == "2"

    def test_a_recipient_refused_for_now_is_put_off_too(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.refusals[nurse.email] = "450 greylisted"
        assert run_on(DAY).put_off == 1
        assert message().reason == "The mail server answered 450 greylisted"

    def test_the_others_of_the_batch_go_on_over_the_same_connection(
        self, site: Site, person: Person, post: PostOffice
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        post.answers.append("451 try again")
        tally = run_on(DAY)
        assert (tally.sent, tally.put_off, post.connections) == (2, 1, 1)

    def test_waits_double_up_to_half_an_hour(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.always = "451 try again"
        now, waits = noon(DAY), []
        for _ in range(9):
            assert plan_and_send(sender(now)).put_off == 1
            waits.append((message().next_try_at - now).total_seconds())
            now = message().next_try_at
        assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]

    def test_jitter_shortens_a_wait_by_half_at_most(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.always = "451 try again"
        plan_and_send(sender(noon(DAY), jitter=lambda: 0.0))
        assert message().next_try_at == noon(DAY) + timedelta(seconds=15)

    def test_a_digest_that_was_tried_takes_no_new_lines(self, site: Site, nurse: User, post: PostOffice) -> None:
        """The server may have kept the first copy, so a second one must not say more under the same id."""
        first = builders.dose(site)
        post.answers.append("451 try again")
        run_on(DAY)
        late = builders.dose(site)
        plan_and_send(sender(message().next_try_at))
        assert [row.dose for row in message().lines.all()] == [first]
        assert line(dose=late).state == MessageState.PLANNED


class TestTheServerRefuses:
    def test_a_refused_recipient_fails_for_good_with_the_reason(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        post.refusals[nurse.email] = "550 5.1.1 no such mailbox"
        assert run_on(DAY).failed == 1
        assert (message().state, message().reason) == ("failed", "The mail server answered 550 5.1.1 no such mailbox")
        assert (line().state, line().reason, line().settled_at) == ("failed", message().reason, noon(DAY))
        assert run_on(DAY) == IDLE

    def test_a_refused_mail_fails_for_good_and_the_others_go_on(
        self, site: Site, person: Person, post: PostOffice
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        post.answers.append("554 not here")
        tally = run_on(DAY)
        assert (tally.sent, tally.failed) == (2, 1)

    def test_the_next_point_is_tried_again(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.answers.append("550 no")
        run_on(DAY)
        assert run_on(TARGET - timedelta(days=1)).sent == 1

    def test_a_long_refusal_is_cut_to_what_the_ledger_holds(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        post.refusals[nurse.email] = "550 " + "no " * 150
        assert run_on(DAY).failed == 1
        assert len(line().reason) == 200


class TestTheServerIsNotThere:
    def test_every_mail_of_the_batch_is_put_off_after_one_knock(
        self, site: Site, person: Person, smtp: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        knocks: list[int] = []
        real = EmailBackend.open

        def noting(self: EmailBackend) -> bool | None:
            knocks.append(1)
            return real(self)

        monkeypatch.setattr(EmailBackend, "open", noting)
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        assert run_on(DAY).put_off == 3
        assert len(knocks) == 1
        assert set(Message.objects.values_list("state", "reason")) == {
            ("planned", "The mail server could not be reached (ConnectionRefusedError).")
        }

    def test_they_go_when_it_is_back(self, site: Site, nurse: User, smtp: Settings, request: Any) -> None:
        builders.dose(site)
        run_on(DAY)
        post: PostOffice = request.getfixturevalue("post")
        assert plan_and_send(sender(message().next_try_at)).sent == 1
        assert len(post.mails) == 1

    def test_a_server_that_hangs_costs_one_timeout_and_the_mail_is_put_off(
        self, site: Site, nurse: User, post: PostOffice, smtp: Settings
    ) -> None:
        smtp.EMAIL_TIMEOUT = 0.3
        builders.dose(site)
        post.answers.append(HANG)
        began = time.monotonic()
        assert run_on(DAY).put_off == 1
        assert time.monotonic() - began < 3
        assert message().reason == "The mail server did not answer in time."

    @pytest.mark.parametrize("answer", [CUT, TAKE_AND_CUT])
    def test_a_cut_connection_puts_the_mail_off_and_the_others_take_a_new_one(
        self, site: Site, person: Person, post: PostOffice, answer: str
    ) -> None:
        for _ in range(2):
            person(Role.NURSE)
        builders.dose(site)
        post.answers.append(answer)
        tally = run_on(DAY)
        assert (tally.sent, tally.put_off, post.connections) == (1, 1, 2)

    def test_a_mail_taken_before_the_cut_is_sent_again_with_the_same_id(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        """Nobody can know whether it was taken: a recognisable copy is better than a reminder lost."""
        builders.dose(site)
        post.answers.append(TAKE_AND_CUT)
        run_on(DAY)
        plan_and_send(sender(message().next_try_at))
        assert len(post.mails) == 2
        assert len(set(post.ids())) == 1
        assert [mail["X-Attempt"] for mail in post.mails] == [None, "2"]

    def test_a_server_that_will_not_let_us_in_is_no_fault_of_the_mail(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(_self: EmailBackend) -> None:
            raise smtplib.SMTPAuthenticationError(535, b"no")

        monkeypatch.setattr(EmailBackend, "open", refused)
        builders.dose(site)
        assert run_on(DAY).put_off == 1
        assert message().reason == "The mail server could not be reached (SMTPAuthenticationError)."


class TestAMailThatCannotBeMade:
    def test_is_set_aside_by_the_class_of_its_error_and_the_others_go_on(
        self, site: Site, person: Person, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poisoned = person(Role.NURSE)
        person(Role.NURSE)
        real = emails.digest

        def digest(content: emails.Digest) -> EmailMessage:
            if content.to == poisoned.email:
                raise KeyError("Ada Lovelace")
            return real(content)

        monkeypatch.setattr(emails, "digest", digest)
        builders.dose(site)
        tally = run_on(DAY)
        assert (tally.sent, tally.failed) == (1, 1)
        failed = line(recipient=poisoned)
        assert (failed.state, failed.reason) == ("failed", "It could not be made or sent: KeyError.")

    def test_a_header_that_cannot_be_written_is_such_a_mail(self, site: Site, nurse: User, post: PostOffice) -> None:
        User.objects.filter(pk=nurse.pk).update(email="nurse@example.org\nBcc: all@example.org")
        builders.dose(site)
        assert run_on(DAY).failed == 1
        assert line().reason == "It could not be made or sent: ValueError."
        assert post.mails == []

    def test_what_the_server_cannot_do_is_about_this_mail(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unsupported(_self: EmailBackend, _mails: Any) -> int:
            raise smtplib.SMTPNotSupportedError("SMTPUTF8")

        monkeypatch.setattr(EmailBackend, "send_messages", unsupported)
        builders.dose(site)
        assert run_on(DAY).failed == 1
        assert line().reason == "It could not be made or sent: SMTPNotSupportedError."


class TestTheDatabaseFails:
    def test_before_the_mail_it_is_never_the_mails_fault(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_args: object) -> None:
            raise OperationalError

        builders.dose(site)
        plan_on(DAY)
        monkeypatch.setattr(sending, "look_again", down)
        with pytest.raises(OperationalError):
            send_due(sender(noon(DAY)))
        assert message().state == MessageState.CLAIMED
        monkeypatch.undo()
        assert send_due(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert len(post.mails) == 1

    def test_after_the_mail_the_record_is_tried_until_it_is_taken(
        self, transactional_db: None, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faults = [OperationalError(), OperationalError(), OperationalError()]
        real = claims.hand_over
        waits: list[float] = []

        def flaky(*args: Any) -> bool:
            if faults:
                raise faults.pop()
            return real(*args)

        monkeypatch.setattr(claims, "hand_over", flaky)
        builders.dose(site)
        assert plan_and_send(sender(noon(DAY), pause=waits.append)).sent == 1
        assert waits == [0.2, 0.4, 0.8]
        assert (message().state, len(post.mails)) == (MessageState.HANDED_OVER, 1)

    def test_patience_outlasts_the_lease_and_then_ends(
        self, transactional_db: None, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_args: object) -> bool:
            raise OperationalError

        waits: list[float] = []
        monkeypatch.setattr(claims, "hand_over", down)
        builders.dose(site)
        with pytest.raises(OperationalError):
            plan_and_send(sender(noon(DAY), pause=waits.append))
        assert LEASE.total_seconds() < sum(waits) < LEASE.total_seconds() + 90


class TestACrash:
    """A sender that dies is one whose exception nothing catches: no record, no giving back."""

    class Killed(BaseException):
        """As SIGKILL would, this passes every handler."""

    def crash(self, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        def dies(*_args: Any, **_facts: Any) -> None:
            raise self.Killed

        monkeypatch.setattr(where, name, dies)

    def test_between_the_mail_and_the_record_sends_a_copy_with_the_same_id(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, claims, "hand_over")
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert message().state == MessageState.CLAIMED
        assert plan_and_send(sender(noon(DAY) + LEASE)).sent == 0, "the lease still holds"
        assert plan_and_send(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert len(post.mails) == 2
        assert len(set(post.ids())) == 1
        assert [mail["X-Attempt"] for mail in post.mails] == [None, "2"]

    @pytest.mark.parametrize("name", ["look_again", "_record"])
    def test_elsewhere_loses_nothing(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, sending, name)
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert plan_and_send(sender(noon(DAY) + LEASE + timedelta(seconds=1))).sent == 1
        assert set(post.ids()) == {f"<{message().pk}@clinic.example>"}

    def test_whose_day_ends_meanwhile_gives_its_lines_to_tomorrow(
        self, site: Site, nurse: User, post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builders.dose(site)
        self.crash(monkeypatch, sending, "look_again")
        with pytest.raises(self.Killed):
            run_on(DAY)
        monkeypatch.undo()
        assert run_on(DAY + timedelta(days=1)).sent == 1
        assert digests() == [("2026-07-08", "missed"), ("2026-07-09", "handed_over")]
        assert states() == [("dose_upcoming", "2026-07-08", "handed_over")]


class TestStopping:
    def test_the_mail_in_hand_is_finished_and_the_rest_given_back(
        self, site: Site, person: Person, post: PostOffice
    ) -> None:
        for _ in range(3):
            person(Role.NURSE)
        builders.dose(site)
        plan_on(DAY)
        done = send_due(sender(noon(DAY), stop=lambda: bool(post.mails)))
        assert done.sent == 1
        assert sorted(Message.objects.values_list("state", "attempts")) == [
            ("handed_over", 1),
            ("planned", 0),
            ("planned", 0),
        ]
        assert Reminder.objects.filter(state=MessageState.PLANNED).count() == 2
        assert send_due(sender(noon(DAY))).sent == 2
        assert all("X-Attempt" not in mail for mail in post.mails)

    def test_asked_before_it_began_it_claims_nothing(self, site: Site, nurse: User, post: PostOffice) -> None:
        builders.dose(site)
        plan_on(DAY)
        assert send_due(sender(noon(DAY), stop=lambda: True)).sent == 0
        assert message().state == MessageState.PLANNED


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
        assert [told.dose_id for told in looked.digest.lines] == [kept.pk]
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


SECOND_LOOK = 11


def test_a_server_in_every_mood_loses_no_digest_and_doubles_none_unexplained(
    site: Site, person: Person, post: PostOffice
) -> None:
    for _ in range(4):
        person(Role.NURSE)
    builders.dose(site)
    moods = ["451 later", CUT, TAKE_AND_CUT, "452 full", CUT, "550 never", TAKE]
    post.answers.extend(moods * 3)
    now = noon(DAY)
    for _ in range(16):
        plan_and_send(sender(now))
        now += LONGEST_WAIT
    ends = dict(Message.objects.values_list("pk", "state"))
    assert sorted(set(ends.values())) == ["failed", "handed_over"]
    assert len(ends) == 4
    sent = {f"<{pk}@clinic.example>" for pk, state in ends.items() if state == MessageState.HANDED_OVER}
    assert sent <= set(post.ids())
    copies = len(post.ids()) - len(set(post.ids()))
    assert copies <= 3, "no more copies than times the server took a mail and cut the line"
    for mail_id in set(post.ids()):
        attempts = [int(mail["X-Attempt"] or 1) for mail in post.mails if mail["Message-ID"] == mail_id]
        assert attempts == sorted(set(attempts)), "a copy says that it is one"
