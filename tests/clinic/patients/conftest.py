"""The stage of this room's pages: the clock stands still where the whole cast lives, noon on 4 July 2026."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.conftest import NOON


@pytest.fixture
def noon() -> Iterator[None]:
    """Stop the clock that views read."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def afternoon() -> Iterator[None]:
    """Let the clock run on from noon, for tests that search for a failing example and stop by the clock."""
    with time_machine.travel(NOON, tick=True):
        yield
