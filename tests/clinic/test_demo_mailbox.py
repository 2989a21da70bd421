"""The mail capture: what is sent to it is kept whole and shown."""

import smtplib
import stat
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from clinic.demo import mailbox
from clinic.demo.mailbox import KeepEverything, Mailbox, MailboxPage
from clinic.demo.ports import LOOPBACK, free_port


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", subject
    message.set_content("Zwölf Milligramm.")
    return message


def get(page: MailboxPage, path: str) -> tuple[str, dict[str, str], str]:
    """Return status, headers and body."""
    answer: list[Any] = []
    body = b"".join(page({"PATH_INFO": path}, lambda *started: answer.extend(started)))
    return answer[0], dict(answer[1]), body.decode()


@pytest.fixture
def kept(tmp_path: Path) -> Mailbox:
    """An empty mailbox."""
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def smtp(kept: Mailbox) -> Iterator[smtplib.SMTP]:
    """A connection to a capture that keeps its mails in `kept`."""
    controller = Controller(KeepEverything(kept), hostname=LOOPBACK, port=free_port(20_250))
    controller.start()
    try:
        with smtplib.SMTP(LOOPBACK, controller.port, timeout=5) as connection:
            yield connection
    finally:
        controller.stop()


def test_a_mail_sent_is_kept_as_it_came(smtp: smtplib.SMTP, kept: Mailbox) -> None:
    smtp.send_message(mail("Doses due"))
    (caught,) = kept.mails()
    assert caught.message["Subject"] == "Doses due"
    assert caught.message.get_content().strip() == "Zwölf Milligramm."


def test_the_newest_comes_first(smtp: smtplib.SMTP, kept: Mailbox) -> None:
    for subject in ("one", "two", "three"):
        smtp.send_message(mail(subject))
    assert [caught.message["Subject"] for caught in kept.mails()] == ["three", "two", "one"]


def test_the_oldest_make_room(kept: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "LIMIT", 2)
    for subject in ("one", "two", "three"):
        kept.keep(bytes(mail(subject)))
    assert [caught.message["Subject"] for caught in kept.mails()] == ["three", "two"]


def test_the_folder_is_for_its_owner_alone(kept: Mailbox, tmp_path: Path) -> None:
    assert kept.mails() == []
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700


def test_a_mail_is_dated_by_the_moment_it_came(kept: Mailbox) -> None:
    before = time.time()
    kept.keep(bytes(mail("now")))
    assert before - 1 <= kept.mails()[0].at.timestamp() <= time.time() + 1


def test_the_front_page_lists_and_leads_to_each_mail(kept: Mailbox) -> None:
    kept.keep(bytes(mail("Doses due")))
    page = MailboxPage(kept)
    assert "Doses due" in get(page, "/")[2]
    status, _, body = get(page, f"/mail/{kept.mails()[0].name}")
    assert (status, "Zwölf Milligramm." in body) == ("200 OK", True)


@pytest.mark.parametrize("path", ["/mail/nothing", "/mail/../secret", "/mail/", "/elsewhere", "/mail/%2e%2e"])
def test_any_other_address_is_not_found(kept: Mailbox, path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_text("Subject: hidden\n\n")
    status, _, body = get(MailboxPage(kept), path)
    assert (status, "hidden" in body) == ("404 Not Found", False)


def test_a_page_may_load_nothing_and_run_nothing(kept: Mailbox) -> None:
    policy = get(MailboxPage(kept), "/")[1]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_the_command_catches_while_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smtp_port, shown = free_port(20_400), []

    def serve(page: MailboxPage, **options: Any) -> None:
        with smtplib.SMTP(LOOPBACK, smtp_port, timeout=5) as connection:
            connection.send_message(mail("By the command"))
        shown.extend([options["host"], options["port"], get(page, "/")[2]])

    monkeypatch.setattr(mailbox, "serve", serve)
    mailbox.main(["--folder", str(tmp_path), "--smtp-port", str(smtp_port), "--page-port", "8025"])
    assert shown[:2] == [LOOPBACK, 8025]
    assert "By the command" in shown[2]
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(LOOPBACK, smtp_port, timeout=5)
