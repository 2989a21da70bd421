"""The rows of the bench: how much of each is done in the full and in the short form, and within what time."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.db import connection

from tests.faults import broker, databases, kills, mail, planners, races
from tests.faults.ledger import Count
from tests.faults.nursery import Nursery
from tests.faults.report import Result
from tests.faults.stage import Stage, TooLate, crowd, set_up

PG: Final = ("postgresql",)
SHORT_LEASE: Final = 3.0
BOTH: Final = (*PG, "sqlite")


@dataclass(frozen=True)
class Row:
    """One row: who stages what is owed, who plays it, and the two sizes as (owed, faults).

    `lite` is the full size on SQLite, where it differs: one writer at a time takes longer over the same storm. A lease
    is four seconds here, so that nobody waits for minutes; where the database itself goes away it is longer, because it
    has to outlast the pauses between two tries to record, as the product's five minutes do.
    """

    name: str
    prepare: Callable[[int], Any]
    play: Callable[[Stage, Any, int], Result]
    full: tuple[int, int]
    short: tuple[int, int]
    lite: tuple[int, int] | None = None
    seconds: float = 240
    databases: tuple[str, ...] = BOTH
    told: tuple[tuple[str, Any], ...] = ()
    lacking: Callable[[], str] = str
    lease: float = 4.0

    def size(self, *, short: bool) -> tuple[int, int]:
        """Return how many are owed and how many faults are dealt."""
        if short:
            return self.short
        return self.lite if self.lite and connection.vendor == "sqlite" else self.full


ROWS = (
    Row("kill", crowd, kills.kill, (4000, 400), (60, 4), (800, 80), 400),
    Row("points", crowd, kills.points, (400, 10), (60, 1), (200, 3)),
    Row("term", crowd, kills.term, (1500, 300), (60, 4), (500, 100), 300),
    Row("stop", crowd, kills.stop, (400, 8), (20, 2), (200, 4)),
    Row("smtp", crowd, mail.moods, (400, 160), (40, 18), told=(("smtp_timeout", 2.0),)),
    Row("planners", planners.prepare, planners.planners, (3, 0), (1, 0)),
    Row("races", races.prepare, races.races, (250, 1000), (20, 10), (100, 200)),
    Row("poison", mail.prepare_poison, mail.poison, (200, 0), (12, 0)),
    Row("terminate", crowd, databases.terminate, (1500, 300), (60, 4), databases=PG, lease=15),
    Row("restart", crowd, databases.restart, (1000, 5), (60, 1), None, 240, PG, (), databases.no_server_of_its_own, 20),
    Row("redis", broker.prepare, broker.redis_faults, (30, 28), (3, 2), (8, 6), lacking=broker.no_server_of_its_own),
)


def play(row: Row, nursery: Nursery, *, short: bool, say: Callable[[str], None] = print, **told: Any) -> Result:
    """Play a row on the database that Django is connected to, and leave that empty. It ends in the time it has.

    What is `told` beside goes to every sender, such as the guards that are off; but `seconds` is the row's longest
    time, `size` how much of it, `think` how long the mail server thinks between its ledger and its answer.
    """
    began = time.monotonic()
    seconds = told.pop("seconds", 60 if short else row.seconds)
    think = told.pop("think", 0.0)
    owed_number, faults = told.pop("size", row.size(short=short))
    with tempfile.TemporaryDirectory(prefix="faults-row-") as folder:
        owed = row.prepare(owed_number)
        orders = {"lease": SHORT_LEASE if short else row.lease} | dict(row.told) | told
        with set_up(nursery, Path(folder) / row.name, seconds=seconds, say=say, **orders) as stage:
            stage.sink.seconds_to_think = think
            try:
                result = row.play(stage, owed, faults)
            except TooLate:
                result = _unfinished(row, stage, owed)
    return replace(result, database=connection.vendor, seconds=time.monotonic() - began)


def _unfinished(row: Row, stage: Stage, owed: Any) -> Result:
    """Return what can be said of a row that did not end: whoever had no mail by then has lost it."""
    sent = sum(bool(stage.sink.to[to]) for to in owed)
    count = Count(len(owed), sent, len(owed) - sent, stage.sink.taken - sent, 0, 0)
    states = ", ".join(f"{number} {state} at attempt {n}" for (state, n), number in sorted(stage.states().items()))
    return Result(row.name, count, len(stage.faults), (f"it did not end in its time: {states}",), (stage.log()[-800:],))
