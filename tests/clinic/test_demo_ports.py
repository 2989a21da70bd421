"""Choosing ports that are free."""

import socket
from collections.abc import Iterator

import pytest

from clinic.demo import ports


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as listening:
        listening.bind((ports.LOOPBACK, 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_free_port_is_taken_as_wished(busy: int) -> None:
    found = ports.free_port(busy + 1)
    assert ports.free_port(found) == found


def test_a_busy_port_gives_way_to_a_later_one(busy: int) -> None:
    assert ports.free_port(busy) > busy


def test_a_port_promised_to_another_is_left_to_it(busy: int) -> None:
    found = ports.free_port(busy)
    assert ports.free_port(busy, taken=[found]) > found


def test_the_end_of_the_range_is_said_so(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "TRIES", 0)
    with pytest.raises(ports.NoFreePort, match=f"none of the ports {busy} to {busy} is free"):
        ports.free_port(busy)
