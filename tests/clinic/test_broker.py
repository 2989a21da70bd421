"""The folder broker: nothing is lost, doubled or seen half-written."""

import stat
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import cast

import pytest
from kombu import Connection, Exchange, Queue

from clinic import broker

PUBLISHERS, READERS, EACH = 3, 3, 60


def options(folder: Path) -> dict[str, object]:
    """Return the transport options for a broker in `folder`."""
    data = str(folder / "messages")
    return {"data_folder_in": data, "data_folder_out": data, "control_folder": str(folder / "control")}


def connect(folder: Path) -> Connection:
    """Return a connection to the broker in `folder`."""
    broker.register()
    return Connection("atomicfs://", transport_options=options(folder))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a fresh broker."""
    with connect(tmp_path) as opened:
        yield opened


@contextmanager
def channel_of(connection: Connection) -> Iterator[broker.Channel]:
    """Open a channel, known by its real type."""
    with connection.channel() as opened:
        yield cast("broker.Channel", opened)


def publish(folder: Path, publisher: int) -> None:
    """Publish this publisher's share, each message long enough to be written in pieces."""
    with connect(folder) as connection, connection.SimpleQueue("words") as queue:
        for number in range(EACH):
            queue.put({"id": f"{publisher}-{number}", "padding": "x" * 20_000})


def drain(folder: Path, found: list[str], done: threading.Event) -> None:
    """Take messages until the publishers are done and the folder is empty."""
    with connect(folder) as connection, connection.SimpleQueue("words") as queue:
        while True:
            finished = done.is_set()
            try:
                message = queue.get_nowait()
            except Empty:
                if finished:
                    return
                continue
            message.ack()
            found.append(message.payload["id"])


def test_what_is_published_arrives_once(connection: Connection) -> None:
    with connection.SimpleQueue("words") as queue:
        queue.put({"word": "one"})
        assert queue.get(timeout=2).payload == {"word": "one"}
        with pytest.raises(queue.Empty):
            queue.get_nowait()


def test_messages_keep_their_order(connection: Connection) -> None:
    with connection.SimpleQueue("words") as queue:
        for number in range(20):
            queue.put(number)
        assert [queue.get(timeout=2).payload for _ in range(20)] == list(range(20))


def test_nothing_is_lost_or_doubled_between_many_publishers_and_readers(tmp_path: Path) -> None:
    found: list[str] = []
    done = threading.Event()
    readers = [threading.Thread(target=drain, args=(tmp_path, found, done)) for _ in range(READERS)]
    processes = [get_context("spawn").Process(target=publish, args=(tmp_path, n)) for n in range(PUBLISHERS)]
    for reader in readers:
        reader.start()
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=20)
    done.set()
    for reader in readers:
        reader.join(timeout=20)
    assert [process.exitcode for process in processes] == [0] * PUBLISHERS
    assert Counter(found) == Counter(f"{n}-{number}" for n in range(PUBLISHERS) for number in range(EACH))


def test_a_message_that_is_still_being_written_is_not_seen(tmp_path: Path, connection: Connection) -> None:
    with connection.SimpleQueue("words") as queue:
        (tmp_path / "messages" / ".0123.writing").write_text('{"half')
        with pytest.raises(queue.Empty):
            queue.get_nowait()
        assert queue.qsize() == 0


def test_without_the_rename_half_a_message_is_met(tmp_path: Path, connection: Connection) -> None:
    """The twin: what kombu's way of writing would leave in a reader's hand."""
    with connection.SimpleQueue("words") as queue:
        (tmp_path / "messages" / "1-2.words.msg").write_text('{"half')
        with pytest.raises(ValueError, match="Unterminated string"):
            queue.get_nowait()


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("no space left")

    with connection.SimpleQueue("words") as queue:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space left"):
            queue.put({"word": "one"})
    assert list((tmp_path / "messages").iterdir()) == []


def test_a_reader_that_comes_second_leaves_the_message_alone(tmp_path: Path) -> None:
    assert broker._take(tmp_path / "already-taken.words.msg") is None


def test_publishing_to_all_reaches_every_bound_queue(connection: Connection) -> None:
    news = Exchange("news", type="fanout")
    with channel_of(connection) as channel:
        for name in ("first", "second"):
            Queue(name, news)(channel).declare()
        connection.Producer(channel).publish({"word": "all"}, exchange=news)
        received = [Queue(name, news)(channel).get() for name in ("first", "second")]
    assert [message and message.payload for message in received] == [{"word": "all"}] * 2


def test_a_deleted_queue_hears_no_more(connection: Connection) -> None:
    news = Exchange("news", type="fanout")
    with channel_of(connection) as channel:
        for name in ("gone", "stays"):
            Queue(name, news)(channel).declare()
        Queue("gone", news)(channel).delete()
        assert [row.queue for row in channel.get_table("news")] == ["stays"]


def test_many_bind_at_once_and_none_is_forgotten(tmp_path: Path) -> None:
    def bind(number: int) -> None:
        with connect(tmp_path) as connection, channel_of(connection) as channel:
            channel._queue_bind("crowd", "", "", f"queue-{number}")

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    with connect(tmp_path) as connection, channel_of(connection) as channel:
        assert {row.queue for row in channel.get_table("crowd")} == {f"queue-{number}" for number in range(12)}


def test_binding_twice_is_binding_once(connection: Connection) -> None:
    with channel_of(connection) as channel:
        for _ in range(2):
            channel._queue_bind("crowd", "", "", "queue")
        assert len(channel.get_table("crowd")) == 1


def test_its_folders_are_for_their_owner_alone(tmp_path: Path, connection: Connection) -> None:
    with channel_of(connection):
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("messages", "control")}
    assert modes == {0o700}
