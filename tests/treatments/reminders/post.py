"""A real mail server on this machine that keeps what it took and answers as it is told."""

import asyncio
import email.policy
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKE = "250 OK"
HANG = "hang"
CUT = "cut before the answer"
TAKE_AND_CUT = "take, then cut before the answer"


class PostOffice:
    """Keeps every mail it took, and the recipients it was for.

    `answers` holds what to say to the next mails, one each, and then to all. `refusals` maps an address to what is
    answered to it. `connections` counts how often somebody connected.
    """

    def __init__(self) -> None:
        self.answers: deque[str] = deque()
        self.refusals: dict[str, str] = {}
        self.always = TAKE
        self.seconds_to_think = 0.0
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.port = 0

    def ids(self) -> list[str]:
        """Return the Message-ID of every mail taken, in order."""
        return [mail["Message-ID"] for mail in self.mails]

    async def handle_EHLO(  # noqa: N802 - the name that aiosmtpd looks for
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return TAKE

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.popleft() if self.answers else self.always
        await asyncio.sleep(30 if answer == HANG else self.seconds_to_think)
        if answer in {TAKE, TAKE_AND_CUT}:
            self._keep(envelope)
        if answer in {CUT, TAKE_AND_CUT}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return answer if answer[:1].isdigit() else "421 closing"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        self.raw.append(content)
        self.mails.append(BytesParser(policy=email.policy.default).parsebytes(content))
        self.recipients.extend(envelope.rcpt_tos)


def free_port() -> int:
    """Return a port on which nobody listens at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def open_office(**options: Any) -> Iterator[PostOffice]:
    """Run a mail server on a free port until the block ends."""
    office = PostOffice()
    office.port = free_port()
    server = Controller(office, hostname="127.0.0.1", port=office.port, **options)
    server.start()
    try:
        yield office
    finally:
        server.stop()
