"""A Celery broker that is nothing but a folder, for installations without a server beside them.

Kombu's own folder transport opens a message under its final name and then writes it, so that a reader can meet half
a message (182 of 4,000 were lost that way under stress), rewrites its routing tables in place, and takes messages by
way of the system's temporary directory. Here, every file appears whole or not at all: it is written aside, flushed to
the disk and renamed, and a reader makes a message its own by renaming it. Readers and writers may be any number of
processes on one machine.

The folder is a wake-up call, not a record: a worker that is killed takes the message in its hand along. What is to be
done stands in the database, which is asked again at the next turn of the clock.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any, Final

from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.virtual import BrokerState
from kombu.utils.json import dumps, loads

SCHEME: Final = "atomicfs"
PRIVATE: Final = 0o700
SECONDS_BETWEEN_LOOKS: Final = 0.1

Bindings = list[filesystem.exchange_queue_t]


def register() -> None:
    """Teach kombu the scheme ``atomicfs://``; saying it twice is harmless."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


class Channel(filesystem.Channel):
    """Kombu's folder channel with publishing, taking and binding made atomic.

    The transport options ``data_folder_in``, ``data_folder_out`` (usually one folder) and ``control_folder`` say where
    it lives; they are made when missing, for their owner alone.
    """

    _exchange_file: Callable[[str], Path]  # kombu has it, its stubs do not

    def __init__(self, connection: Any, **options: Any) -> None:
        """Make the folders, so that whoever comes first, worker or publisher, finds them."""
        super().__init__(connection, **options)
        for folder in (self.data_folder_in, self.data_folder_out, self.control_folder):
            Path(folder).mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override] # as kombu does
        # The nanoseconds of the wall clock keep the order across restarts, which a monotonic clock would not.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str) -> dict[str, Any]:  # type: ignore[override] # as kombu does
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] == f"{queue}.msg":
                text = _take(path)
                if text is not None:
                    payload: dict[str, Any] = loads(text)
                    return payload
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._rewrite(exchange, lambda table: table if binding in table else [binding, *table])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str | None, *_: Any, **__: Any) -> None:
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._purge(queue)
        self._rewrite(exchange, lambda table: [row for row in table if row != binding])

    def _rewrite(self, exchange: str, change: Callable[[Bindings], Bindings]) -> None:
        path = self._exchange_file(exchange)
        with _locked(path.with_name(f".{path.name}.lock")):
            table = self.get_table(exchange)
            changed = change(table)
            if changed != table:
                _write_whole(path, json.dumps(changed))


class Transport(filesystem.Transport):
    """What ``atomicfs://`` stands for.

    A worker without an event loop settles what is done only between waits of two seconds. One that fetches a single
    message at a time would do one task in two seconds, so give it a generous prefetch multiplier.
    """

    Channel = Channel
    driver_name = SCHEME
    polling_interval = SECONDS_BETWEEN_LOOKS

    def __init__(self, client: Connection, **options: Any) -> None:
        """Remember bindings for this connection only: another one may point to another folder."""
        super().__init__(client, **options)
        self.state = BrokerState()


def _write_whole(path: Path, text: str) -> None:
    # The dot hides the unfinished file: no queue has an empty name, so no reader asks for it.
    aside = path.with_name(f".{uuid.uuid4().hex}.writing")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _take(path: Path) -> str | None:
    """Return the message, or nothing when another reader was faster."""
    mine = path.with_name(f".{uuid.uuid4().hex}.taken")
    with suppress(FileNotFoundError):
        path.rename(mine)
        text = mine.read_text(encoding="utf-8")
        mine.unlink()
        return text
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
