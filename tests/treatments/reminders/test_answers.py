"""What each answer of the mail server leads to, and that a mail that cannot be made holds up no other."""

import smtplib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from pytest_django import Settings

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, IDLE, TARGET, line, message, noon, run_on, sender
from tests.treatments.reminders.post import CUT, HANG, TAKE, TAKE_AND_CUT, PostOffice
from treatments.reminders import emails
from treatments.reminders.models import LONGEST_WAIT, Message, MessageState
from treatments.reminders.services.running import plan_and_send

Person = Callable[..., User]


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
