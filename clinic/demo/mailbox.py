"""A mail server that keeps everything and sends nothing on, and a page that shows what it kept.

Run by the demonstration and as the ``mail`` service of ``docker-compose.yml``::

    python -m clinic.demo.mailbox --folder var/demo/mail --smtp-port 1025 --page-port 8025
"""

import argparse
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from waitress import serve

from clinic.demo.mail_page import CONTENT_SECURITY_POLICY, Caught, list_page, mail_page, missing_page
from clinic.demo.ports import LOOPBACK

LIMIT: Final = 500
NANOSECONDS: Final = 1_000_000_000

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Mailbox:
    """The folder of caught mails, newest `LIMIT` only; each file appears whole, named by the moment it came."""

    def __init__(self, folder: Path) -> None:
        """Make the folder when it is not there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def keep(self, content: bytes) -> None:
        """Keep one mail, exactly as it came, and clear away the oldest beyond the limit."""
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        aside = self._folder / f".{name}"
        aside.write_bytes(content)
        aside.rename(self._folder / f"{name}.eml")
        for old in self._newest_first()[LIMIT:]:
            old.unlink(missing_ok=True)

    def mails(self) -> list[Caught]:
        """Return what is there, newest first."""
        return [_read(path) for path in self._newest_first()]

    def find(self, name: str) -> Caught | None:
        """Return the mail of that name, or nothing; names come from outside, so they are only compared."""
        return next((_read(path) for path in self._newest_first() if path.stem == name), None)

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.eml"), reverse=True)


class KeepEverything:
    """What the SMTP server does with a mail: keep it and say yes."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Remember where to keep."""
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep the mail before acknowledging it."""
        self._mailbox.keep(envelope.original_content or b"")
        return "250 OK"


class MailboxPage:
    """The WSGI application that shows a mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Remember what to show."""
        self._mailbox = mailbox

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer ``/`` with the list and ``/mail/<name>`` with one mail."""
        status, page = self._answer(environ["PATH_INFO"])
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [page.encode()]

    def _answer(self, path: str) -> tuple[HTTPStatus, str]:
        if path == "/":
            return HTTPStatus.OK, list_page(self._mailbox.mails())
        mail = self._mailbox.find(path.removeprefix("/mail/"))
        return (HTTPStatus.OK, mail_page(mail)) if mail else (HTTPStatus.NOT_FOUND, missing_page())


def main(arguments: list[str] | None = None) -> None:
    """Catch mail until the process is ended."""
    options = _options(arguments)
    mailbox = Mailbox(options.folder)
    catcher = Controller(KeepEverything(mailbox), hostname=options.host, port=options.smtp_port)
    catcher.start()
    try:
        serve(MailboxPage(mailbox), host=options.host, port=options.page_port, threads=4, ident=None)
    finally:
        catcher.stop()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the mails are kept, one .eml file each")
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on (default: this machine only)")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--page-port", type=int, required=True)
    return parser.parse_args(arguments)


def _read(path: Path) -> Caught:
    moment = int(path.name.partition("-")[0]) / NANOSECONDS
    return Caught(path.stem, datetime.fromtimestamp(moment).astimezone(), path.read_bytes())


if __name__ == "__main__":
    main()
