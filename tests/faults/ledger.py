"""What the mail server says it took: an append-only file that no sender writes to, and how it is judged."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

TAKEN, DROPPED, CUT, REFUSED = "taken", "dropped", "cut", "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the mail server did.

    `taken` is written before the 250 is answered; `dropped` was taken too, but the server hung up instead of saying so;
    `refused` is an answer of 5xx; `cut` is a connection that ended without a farewell after a 250. `by` is the process
    that the sender's greeting named, `date` and `lines` are the mail's own.
    """

    what: str
    by: int
    at: float
    message_id: str = ""
    to: str = ""
    date: str = ""
    attempt: int = 1
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A process that was killed at an instant, or, with an end, stopped for a while. The clock is the monotonic one."""

    pid: int
    at: float
    until: float | None = None


class Ledger:
    """The file. Every line is written at once, by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def write(self, entry: Entry) -> None:
        """Add a line."""
        os.write(self._file, json.dumps(asdict(entry)).encode() + b"\n")

    def entries(self) -> list[Entry]:
        """Return what was written so far."""
        rows = (json.loads(line) for line in self.path.read_text().splitlines())
        return [Entry(**{**row, "lines": tuple(row["lines"])}) for row in rows]

    def mails(self) -> list[Entry]:
        """Return the mails among it, whether or not the sender heard of their being taken."""
        return [entry for entry in self.entries() if entry.what in {TAKEN, DROPPED}]

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Count:
    """What a row came to. `doubled` are copies beyond the first, `explained` those that a fault accounts for."""

    owed: int
    sent: int
    lost: int
    doubled: int
    explained: int
    unexpected: int


def recipient(entry: Entry) -> str:
    """Tell mails apart by whom they went to: everybody is owed one."""
    return entry.to


def judge(
    entries: Iterable[Entry],
    owed: Collection[str],
    faults: Collection[Fault] = (),
    key: Callable[[Entry], str] = recipient,
) -> Count:
    """Compare what the server took with what was owed before the storm.

    A copy is explained when the one before it went to a process that was killed before it took anything else to the
    server, or that was stopped at that moment, or when the server hung up on purpose. Anything to somebody who is owed
    nothing, a copy under another Message-ID and a copy that does not say that it is one are unexpected.
    """
    took = sorted((entry for entry in entries if entry.what in {TAKEN, DROPPED}), key=lambda entry: entry.at)
    copies: dict[str, list[Entry]] = defaultdict(list)
    for entry in took:
        copies[key(entry)].append(entry)
    followers = _followers(took)
    doubled = explained = unexpected = 0
    for whose, mails in copies.items():
        if whose not in owed:
            unexpected += len(mails)
            continue
        doubled += len(mails) - 1
        explained += sum(_explained(first, followers[first], faults) for first in mails[:-1])
        unexpected += sum(mail.message_id != mails[0].message_id or mail.attempt < 2 for mail in mails[1:])
    sent = len(copies.keys() & set(owed))
    return Count(len(owed), sent, len(owed) - sent, doubled, explained, unexpected)


def wait_for(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds; say whether it did in time."""
    until = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.02)
    return held


def _followers(took: list[Entry]) -> dict[Entry, float | None]:
    """Return when the process behind each mail brought its next one."""
    found: dict[Entry, float | None] = {}
    last: dict[int, Entry] = {}
    for entry in took:
        found[entry] = None
        if entry.by in last:
            found[last[entry.by]] = entry.at
        last[entry.by] = entry
    return found


def _explained(mail: Entry, following: float | None, faults: Collection[Fault]) -> bool:
    return mail.what == DROPPED or any(_by(fault, mail, following) for fault in faults if fault.pid == mail.by)


def _by(fault: Fault, mail: Entry, following: float | None) -> bool:
    if fault.until is None:
        return following is None
    return mail.at <= fault.until and (following is None or following >= fault.at)


def pids_of_copies(entries: Iterable[Entry]) -> Iterator[int]:
    """Yield, for every copy, the process that had brought the one before it."""
    copies: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.what in {TAKEN, DROPPED}:
            copies[entry.message_id].append(entry)
    for mails in copies.values():
        yield from (mail.by for mail in mails[:-1])
