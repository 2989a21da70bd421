"""The ground of a row: the people who are owed a mail, the database that others work on, and the senders on it."""

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import Role
from tests import database, factories
from tests.faults.ledger import Fault, wait_for
from tests.faults.nursery import Nursery
from tests.faults.rigging import Orders
from tests.faults.sink import Sink, open_sink
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, noon
from tests.treatments.reminders.processes import lend

LOOP = ("send_reminders", "--loop", "--skip-checks")
UNSETTLED = "SELECT count(*) FROM reminders_message WHERE state IN ('planned', 'claimed')"
PAUSE_SECONDS, BETWEEN_LINES = 0.01, 5.0
AT_A_SITE, WAVE, NEARLY = 50, 8, 60


class TooLate(Exception):
    """A row did not end by itself in the time it has."""


@dataclass
class Stage:
    """One row's ground. `orders` are what every sender is told; `faults` what was done to whom."""

    folder: Path
    sink: Sink
    nursery: Nursery
    orders: Orders
    until: float
    say: Callable[[str], None]
    told: float = field(default_factory=time.monotonic)
    faults: list[Fault] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311 - repeatable, not secret

    def start(self, *arguments: str, **changes: Any) -> int:
        """Start a process: `manage.py` with these arguments, the loop without any."""
        told = {"arguments": arguments or LOOP} | changes
        return self.nursery.start(replace(self.orders, **told))

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database that the senders work on, past all of the product's code."""
        if self.orders.database.startswith("sqlite"):
            path = self.orders.database.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as raw:
                return list(raw.execute(question.replace("%s", "?"), values))
        with closing(psycopg.connect(self.orders.database, autocommit=True, connect_timeout=5)) as raw_pg:
            answer = raw_pg.execute(question.encode(), values or None)
            return list(answer.fetchall()) if answer.description else []

    def settled(self) -> bool:
        """Say whether no mail is waiting or in a sender's hands."""
        return self.ask(UNSETTLED) == [(0,)]

    def open_sites(self, first: int, beyond: int) -> None:
        """Open the next sites of a crowd."""
        self.ask(
            "UPDATE staff_site SET is_active = %s WHERE name >= %s AND name < %s", True, _named(first), _named(beyond)
        )

    def states(self) -> dict[tuple[str, int], int]:
        """Return how many mails ended in which state, after how many attempts."""
        rows = self.ask("SELECT state, attempts, count(*) FROM reminders_message GROUP BY state, attempts")
        return {(state, attempts): number for state, attempts, number in rows}

    def kill(self, pid: int) -> bool:
        """Kill a process and note it; False when it had gone by itself."""
        if not self.nursery.send(pid, signal.SIGKILL):
            return False
        self.faults.append(Fault(pid, time.monotonic()))
        return True

    def in_time(self, done: str = "") -> None:
        """Say every few seconds how far it is, and raise TooLate when the row has had its time."""
        now = time.monotonic()
        if now > self.until:
            raise TooLate
        if now > self.told + BETWEEN_LINES:
            self.told = now
            self.say(f"  {self.sink.taken} mails{done}")

    def log(self) -> str:
        """Return what all senders wrote to their log."""
        path = Path(self.orders.log)
        return path.read_text() if path.exists() else ""


@dataclass
class Herd:
    """Several senders in a loop; one that ended is replaced."""

    stage: Stage
    size: int
    changes: dict[str, Any] = field(default_factory=dict)
    alive: list[int] = field(default_factory=list)
    stopped: set[int] = field(default_factory=set)
    born: int = 0

    def keep(self) -> None:
        """Replace those that ended, or that were told to hold still."""
        running = self.stage.nursery.alive
        self.alive = [pid for pid in self.alive if pid in running and pid not in self.stopped]
        while len(self.alive) < self.size:
            self.alive.append(self.stage.start(**self.changes))
            self.born += 1

    def busy(self) -> list[int]:
        """Return those that brought a mail already."""
        return [pid for pid in self.alive if self.stage.sink.by[pid] and pid in self.stage.nursery.alive]


def storm(herd: Herd, owed: int, number: int, strike: Callable[[int], bool]) -> int:
    """Keep the herd going until all is settled, and strike one of it `number` times, spread over all mails.

    Return how often a strike hit.
    """
    stage, dealt = herd.stage, 0
    opened = WAVE
    while dealt < number or stage.sink.taken < owed or not stage.settled():
        stage.in_time(f" of {owed}, {dealt} of {number} faults")
        if stage.sink.taken >= opened * AT_A_SITE - NEARLY and opened * AT_A_SITE < owed:
            stage.open_sites(opened, opened + WAVE)
            opened += WAVE
        herd.keep()
        if dealt < number and stage.sink.taken >= owed * dealt / number and (busy := herd.busy()):
            time.sleep(stage.dice.uniform(0, 0.03))
            dealt += strike(stage.dice.choice(busy))
        elif stage.sink.taken >= owed and dealt < number:
            break
        time.sleep(PAUSE_SECONDS)
    return dealt


def finish(herd: Herd, owed: int) -> None:
    """Go on without faults until everybody has a mail and nothing waits."""
    storm(herd, owed, 0, lambda _pid: False)


@contextmanager
def set_up(
    nursery: Nursery, folder: Path, *, seconds: float, say: Callable[[str], None], **told: Any
) -> Iterator[Stage]:
    """Lend the data as it is now to other processes, and end those, and the data, when the block ends."""
    folder.mkdir()
    with open_sink(folder) as sink:
        url = lend(_Port(sink.port), folder).environment["DATABASE_URL"]  # type: ignore[arg-type]
        ahead = (noon(DAY) - datetime.now(UTC)).total_seconds()
        orders = Orders(url, sink.port, LOOP, str(folder / "log"), ahead=ahead)
        stage = Stage(folder, sink, nursery, replace(orders, **told), time.monotonic() + seconds, say)
        try:
            yield stage
        finally:
            nursery.clear()
            wait_for(lambda: not database.others(connection), 5)
            database.empty(connection)


@dataclass(frozen=True)
class _Port:
    """All that is asked of a mail server when data are lent."""

    port: int


def place(name: str, zone: str = "UTC", **policy: Any) -> Site:
    """Open a site that writes from midnight on and asks for no values."""
    return factories.site(name, zone, **({"digest_hour": 0, "labs_days": []} | policy))


def people(number: int, sites: Sequence[Site], *, form: str = "person{}@clinic.example") -> list[str]:
    """Give the sites so many nurses between them, and return their addresses. Quickly: a storm needs thousands."""
    made = User.objects.bulk_create(
        User(
            username=form.format(n).split("\n")[0],
            email=form.format(n),
            full_name=f"Person {n}",
            password="!",
            home_site=sites[n % len(sites)],
        )
        for n in range(number)
    )
    Membership.objects.bulk_create(
        Membership(user=user, site=sites[n % len(sites)], role=Role.NURSE.value) for n, user in enumerate(made)
    )
    return [user.email for user in made]


def crowd(number: int) -> list[str]:
    """Stage so many people who are each owed one mail about one dose; but for the first wave, their sites are closed.

    Every sender that starts goes through all that waits. Were that thousands, a storm would kill nothing but sweeps.
    """
    sites = [place(_named(n)) for n in range(max(1, number // AT_A_SITE))]
    for site in sites:
        builders.dose(site)
    owed = people(number, sites)
    Site.objects.filter(name__in=[_named(n) for n in range(WAVE, len(sites))]).update(is_active=False)
    return owed


def _named(number: int) -> str:
    return f"Place {number:03}"
