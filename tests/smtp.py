"""A real mail server on this machine that keeps what it is given."""

import email
import email.policy
import socket
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """Where it listens, and the mails it took."""

    host: str = "127.0.0.1"
    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.received.append(email.message_from_bytes(content, EmailMessage, policy=email.policy.default))
        return "250 taken"


def controller(mailbox: Mailbox) -> Controller:
    """Return a server for the mailbox on a port that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind((mailbox.host, 0))
        mailbox.port = probe.getsockname()[1]
    return Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
