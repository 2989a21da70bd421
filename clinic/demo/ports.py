"""Which ports the demonstration takes."""

import socket
from collections.abc import Collection
from typing import Final

LOOPBACK: Final = "127.0.0.1"
TRIES: Final = 200
HIGHEST: Final = 65_535


class NoFreePort(Exception):
    """Nothing is free near the wished port. The message says which range was tried."""


def free_port(wished: int, *, taken: Collection[int] = ()) -> int:
    """Return the first port from `wished` upwards that nothing on this machine listens on and `taken` does not hold."""
    last = min(wished + TRIES, HIGHEST)
    for port in range(wished, last + 1):
        if port not in taken and _is_free(port):
            return port
    raise NoFreePort(f"none of the ports {wished} to {last} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do, so that a port whose last connections are still fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
