"""PostgreSQL and Redis of the bench's own: on free ports, in a temporary folder, to be stopped and started at will."""

import os
import pwd
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from tests.treatments.reminders.post import free_port

PATIENCE_SECONDS = 30
QUIET = subprocess.DEVNULL


@dataclass
class Postgres:
    """A cluster in a folder, owned by somebody whom PostgreSQL lets run it."""

    data: Path
    port: int
    user: str | None

    def initialise(self) -> None:
        """Make the cluster."""
        if self.user:
            shutil.chown(self.data.parent, self.user)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-N")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        listening = f"-p {self.port} -k {self.data.parent} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.data.parent / "log"), "-w", "-o", listening, "start")

    def stop(self) -> None:
        """Stop it as a power cut would: whoever is connected is cut off."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def restart(self) -> None:
        """Stop it, and start it again."""
        self.stop()
        self.start()

    def _run(self, *command: str) -> None:
        subprocess.run(
            command, check=True, stdout=QUIET, stderr=QUIET, stdin=QUIET, user=self.user, cwd="/", timeout=120
        )


@dataclass
class Redis:
    """A server that keeps nothing on the disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=QUIET, stderr=QUIET, stdin=QUIET)
        until = time.monotonic() + PATIENCE_SECONDS
        while not _answers(self.url):
            assert time.monotonic() < until, "Redis does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def flush(self) -> None:
        """Empty it."""
        with closing(redis.Redis.from_url(self.url)) as client:
            client.flushdb()


OWN: list[Postgres] = []
"""The server that this process started for itself, if it did."""

OWN_REDIS = shutil.which("redis-server") is not None
"""Whether this process could start a Redis for itself."""


@contextmanager
def postgresql(folder: Path) -> Iterator[str | None]:
    """Yield the address of an empty database that nobody else uses, None when there is none to be had."""
    if shutil.which("initdb") and shutil.which("pg_ctl"):
        with _own_server(folder) as url:
            yield url
    elif "DATABASE_URL" in os.environ:
        with _own_database(os.environ["DATABASE_URL"]) as url:
            yield url
    else:
        yield None


@contextmanager
def _own_server(folder: Path) -> Iterator[str]:
    # PostgreSQL refuses to be run by root.
    user = "postgres" if os.getuid() == 0 and any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None
    server = Postgres(folder / "cluster", free_port(), user)
    server.initialise()
    server.start()
    OWN.append(server)
    try:
        address = f"postgresql://postgres@127.0.0.1:{server.port}"
        with closing(psycopg.connect(f"{address}/postgres", autocommit=True)) as raw:
            raw.execute("CREATE DATABASE faults")
        yield f"{address}/faults"
    finally:
        OWN.remove(server)
        server.stop()


@contextmanager
def _own_database(url: str) -> Iterator[str]:
    name = f"faults_{uuid.uuid4().hex[:12]}"
    with closing(psycopg.connect(url, dbname="postgres", autocommit=True)) as raw:
        raw.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            raw.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _answers(url: str) -> bool:
    try:
        with closing(redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
