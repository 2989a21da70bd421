"""The mail server of the bench: it refuses, delays, hangs, drops and cuts as a row says, and keeps the ledger."""

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.ledger import CUT as CUT_OFF
from tests.faults.ledger import DROPPED, REFUSED, TAKEN, Entry, Ledger
from tests.treatments.reminders.post import CUT, HANG, TAKE, TAKE_AND_CUT, free_port

_LINE = re.compile(rb"/doses/([0-9a-f-]{36})/")
_PID = re.compile(r"^pid-(\d+)\.")


class Sink:
    """A handler for aiosmtpd. `mood` says what to answer to a mail; `begun` hears of each mail before its answer."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.port = free_port()
        self.taken = 0
        self.by: Counter[int] = Counter()
        self.to: Counter[str] = Counter()
        self.seconds_to_think = 0.0
        self.mood: Callable[[str], str] = lambda _to: TAKE
        self.begun: Callable[[int, str], None] = lambda _pid, _to: None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        to, pid = envelope.rcpt_tos[0], _pid(session)
        answer = self.mood(to)
        self.begun(pid, to)
        if answer == HANG:
            await asyncio.sleep(30)
        if answer in {TAKE, TAKE_AND_CUT}:
            self._keep(envelope, pid, TAKEN if answer == TAKE else DROPPED)
        elif answer.startswith("5"):
            self.ledger.write(Entry(REFUSED, pid, time.monotonic(), to=to))
        # Thinking comes after the ledger: this is the window in which nobody but the server knows.
        await asyncio.sleep(self.seconds_to_think)
        if answer in {CUT, TAKE_AND_CUT}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return answer if answer[:1].isdigit() else "421 closing"

    def gone(self, session: Session | None, *, politely: bool) -> None:
        """Note a connection that ended in the middle of things."""
        pid = _pid(session) if session is not None else 0
        if not politely and self.by[pid]:
            self.ledger.write(Entry(CUT_OFF, pid, time.monotonic()))

    def _keep(self, envelope: Envelope, pid: int, what: str) -> None:
        content = envelope.original_content or b""
        head, _, body = content.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if re.match(r"[\w-]+: ", line))
        text = body.split(b"text/html", 1)[0]
        entry = Entry(
            what,
            pid,
            time.monotonic(),
            headers["Message-ID"],
            envelope.rcpt_tos[0],
            headers["Date"],
            int(headers.get("X-Attempt", "1")),
            tuple(found.decode() for found in _LINE.findall(text)),
        )
        self.ledger.write(entry)
        self.taken += 1
        self.by[pid] += 1
        self.to[entry.to] += 1


class Wire(SMTP):
    """One connection that tells the sink how it ended."""

    said_farewell = False

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802 - the name that aiosmtpd looks for
        self.said_farewell = True
        await super().smtp_QUIT(arg)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.gone(self.session, politely=self.said_farewell)
        super().connection_lost(error)


class Server(Controller):
    """Serves a sink."""

    def factory(self) -> SMTP:
        return Wire(self.handler, hostname="sink.example")


@contextmanager
def open_sink(folder: Path) -> Iterator[Sink]:
    """Run the mail server until the block ends; its ledger lies in the folder."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    ledger = Ledger(folder / "ledger.jsonl")
    sink = Sink(ledger)
    server = Server(sink, hostname="127.0.0.1", port=sink.port)
    server.start()
    try:
        yield sink
    finally:
        server.stop()
        ledger.close()


def _pid(session: Session) -> int:
    found = _PID.match(session.host_name or "")
    return int(found[1]) if found else 0
