"""Redis flushed, killed and away, while a real Celery worker and beat run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from clinic.staff.models import Site
from tests.faults import servers
from tests.faults.ledger import judge, wait_for
from tests.faults.nursery import ROOT, UNSET
from tests.faults.report import Result, shortfalls
from tests.faults.stage import Stage, people, place
from tests.treatments.reminders import builders

IN_A_WAVE = 5
WORKER = ("worker", "--loglevel=INFO", "--concurrency=2", "--without-gossip", "--without-mingle")
BEAT = ("beat", "--loglevel=INFO", "--pidfile=", "-S", "celery.beat:Scheduler")
DEEDS = ("flush", "flush", "restart", "flush", "away", "flush")


@dataclass(frozen=True)
class Waves:
    """Places that are closed until their wave, each with its people."""

    sites: tuple[str, ...]
    owed: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        return iter(self.owed)

    def __len__(self) -> int:
        return len(self.owed)


def prepare(waves: int) -> Waves:
    """Stage so many closed places with a few people each."""
    sites = [place(f"Place {n:03}") for n in range(waves)]
    for site in sites:
        builders.dose(site)
    owed = people(waves * IN_A_WAVE, sites)
    Site.objects.update(is_active=False)
    return Waves(tuple(site.name for site in sites), tuple(owed))


def redis_faults(stage: Stage, owed: Waves, number: int) -> Result:
    """Open one place after another and do something to Redis each time; within moments all there are told."""
    with _running(stage) as redis:
        late = 0.0
        for done, name in enumerate(owed.sites, 1):
            stage.ask("UPDATE staff_site SET is_active = %s WHERE name = %s", True, name)
            since, before = time.monotonic(), stage.sink.taken
            if done <= number:
                _hurt(redis, DEEDS[done % len(DEEDS)], stage)
            while stage.sink.taken < before + IN_A_WAVE:
                stage.in_time(f" of {len(owed)}, {min(done, number)} of {number} faults")
                time.sleep(0.05)
            late = max(late, time.monotonic() - since)
    wait_for(stage.settled, 5)
    count = judge(stage.sink.ledger.entries(), owed.owed)
    short = shortfalls(count, nothing_waits=stage.settled(), told_within_a_minute=late < 60)
    note = f"the latest mail left {late:.1f} s after it fell due, with a turn of the beat every second"
    return Result("Redis flushed, killed, away", count, min(number, len(owed.sites)), short, (note,))


def no_server_of_its_own() -> str:
    """Say why Redis cannot be hurt, nothing when it can."""
    return "" if servers.OWN_REDIS else "needs a Redis server of its own; redis-server is not here"


def _hurt(redis: servers.Redis, deed: str, stage: Stage) -> None:
    time.sleep(stage.dice.uniform(0, 1))
    if deed == "flush":
        redis.flush()
        return
    redis.stop()
    time.sleep(3 if deed == "away" else 0.2)
    redis.start()


@contextmanager
def _running(stage: Stage) -> Iterator[servers.Redis]:
    """Run Redis, a worker and beat until the block ends."""
    folder = stage.folder / "redis"
    folder.mkdir()
    redis = servers.Redis(folder)
    redis.start()
    with ExitStack() as stack:
        stack.callback(redis.stop)
        for arguments in (WORKER, BEAT):
            stack.callback(_end, _celery(stage, redis, arguments))
        yield redis


def _celery(stage: Stage, redis: servers.Redis, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNSET)}
    told = {
        "DATABASE_URL": stage.orders.database,
        "CELERY_BROKER_URL": redis.url,
        "FAULTS_ORDERS": json.dumps(asdict(stage.orders)),
    }
    extra = ("--schedule", str(stage.folder / "schedule")) if arguments[0] == "beat" else ()
    with Path(stage.orders.log).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.faults.worker", *arguments, *extra],
            cwd=ROOT,
            env=kept | told,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker or beat that was started here, with the children in its own group."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
