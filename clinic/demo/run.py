"""What ``make demo`` and ``make demo-reset`` do."""

import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from clinic.demo.ports import LOOPBACK, free_port
from clinic.demo.processes import PAUSE_SECONDS, Ended, Family, Program
from clinic.embedded import demo_password
from clinic.staff.roles import Role

ROOT: Final = Path(__file__).resolve().parent.parent.parent
FOLDER: Final = ROOT / "var" / "demo"
START_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 5.0
# Each is safe to repeat: a second start finds its data and changes nothing.
PREPARATIONS: Final = (
    ("Preparing the database", ("migrate", "--verbosity", "0")),
    ("Loading the monographs", ("load_monographs",)),
    ("Loading fictitious patients", ("load_demo",)),
)

Say = Callable[[str], None]


class CannotRun(Exception):
    """The demonstration cannot start or be wiped now. The message says why, and what to do."""


class Stopped(BaseException):
    """Somebody asked for the end, by Ctrl-C or SIGTERM."""


@dataclass(frozen=True)
class Addresses:
    """The ports on this machine where everything is found."""

    web: int
    mail_page: int
    smtp: int

    @property
    def front_page(self) -> str:
        """Where the application is."""
        return f"http://{LOOPBACK}:{self.web}/"

    @property
    def mails(self) -> str:
        """Where the mails that it sent are shown."""
        return f"http://{LOOPBACK}:{self.mail_page}/"


def run(environment: Mapping[str, str], say: Say) -> None:
    """Prepare, start, keep going and end in order; return when somebody asked for the end.

    `environment` is the caller's: ``PORT``, ``MAIL_PORT`` and ``SMTP_PORT`` wish for ports, ``DATABASE_URL`` and
    ``CELERY_BROKER_URL`` choose PostgreSQL and Redis. Raises :class:`CannotRun` or, when the web server or something
    else that is needed ends, :class:`clinic.demo.processes.Ended`.
    """
    if environment.get("SECRET_KEY") or environment.get("SECRET_KEY_FILE"):
        raise CannotRun("SECRET_KEY is set, as for a real installation. The demo runs only without it.")
    with _only_one(FOLDER), _stoppable():
        try:
            _run(environment, say)
        except Stopped:
            say("Everything has ended. `make demo` starts it again with the same data.")


def reset(say: Say) -> None:
    """Wipe the demonstration's folder; raise :class:`CannotRun` while one is running."""
    with _only_one(FOLDER):
        shutil.rmtree(FOLDER)
    say(f"{FOLDER.relative_to(ROOT)} is gone: the next `make demo` starts afresh.")


def choose_ports(environment: Mapping[str, str]) -> Addresses:
    """Return the wished ports, or the next free ones; raise :class:`CannotRun` for a wish that is no port."""
    chosen: list[int] = []
    for name, usual in (("PORT", "8000"), ("MAIL_PORT", "8025"), ("SMTP_PORT", "1025")):
        wish = environment.get(name) or usual
        if not (wish.isascii() and wish.isdigit() and 0 < int(wish) < 65_536):
            raise CannotRun(f"{name} must be a port from 1 to 65535, not {wish!r}.")
        chosen.append(free_port(int(wish), taken=chosen))
    return Addresses(*chosen)


def programs(addresses: Addresses, folder: Path) -> list[Program]:
    """Return what has to run: the mail capture first, so that no mail finds it missing."""
    log = folder / "log"
    python, celery = sys.executable, (sys.executable, "-m", "celery", "-A", "clinic.celery")
    mailbox = (python, "-m", "clinic.demo.mailbox", "--folder", str(folder / "mail"))
    ports = ("--smtp-port", str(addresses.smtp), "--page-port", str(addresses.mail_page))
    web = (python, "-m", "waitress", f"--listen={LOOPBACK}:{addresses.web}", "--threads=8", "--connection-limit=1000")
    # Gossip and heartbeats only serve other workers; in a folder they would leave files that nobody reads.
    worker = (*celery, "worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat")
    return [
        Program("mail capture", (*mailbox, *ports), log / "mail.log", restarts=True),
        Program("web server", (*web, "clinic.wsgi:application"), log / "web.log"),
        Program("worker", (*worker, "--loglevel=INFO"), log / "worker.log", restarts=True),
        Program("beat", (*celery, "beat", "--pidfile=", "--loglevel=INFO"), log / "beat.log", restarts=True),
    ]


def welcome(addresses: Addresses, password: str) -> str:
    """Return what the person who started it needs to know."""
    return "\n".join(
        [
            "",
            f"  The clinic            {addresses.front_page}",
            f"  The mails it sends    {addresses.mails}",
            f"  Accounts              {', '.join(Role)}",
            f"  Password, all alike   {password}",
            "",
            "  Everyone in it is fictitious. Ctrl-C ends it; logs are in var/demo/log.",
            "",
        ]
    )


def _run(environment: Mapping[str, str], say: Say) -> None:
    addresses = choose_ports(environment)
    password = demo_password(FOLDER)
    for name in ("log", "mail"):
        (FOLDER / name).mkdir(mode=0o700, exist_ok=True)
    given = _environment(environment, addresses)
    for sentence, command in PREPARATIONS:
        say(f"{sentence} …")
        _manage(command, given)
    family = Family(given, ROOT, say)
    try:
        for program in programs(addresses, FOLDER):
            family.start(program)
        _wait_for_answer(addresses, family)
        say(welcome(addresses, password))
        while True:
            family.look_after()
            time.sleep(PAUSE_SECONDS)
    finally:
        family.stop()


def _environment(environment: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith("EMAIL_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "PUBLIC_URL": addresses.front_page,
        "EMAIL_URL": f"smtp://{LOOPBACK}:{addresses.smtp}",
        "PYTHONUNBUFFERED": "1",
    }


def _manage(command: tuple[str, ...], environment: Mapping[str, str]) -> None:
    line = [sys.executable, "manage.py", *command]
    # In a session of its own, so that Ctrl-C reaches this process alone.
    ended = subprocess.run(line, cwd=ROOT, env=environment, check=False, start_new_session=True)
    if ended.returncode:
        raise CannotRun(f"`manage.py {' '.join(command)}` failed; its own words are above.")


def _wait_for_answer(addresses: Addresses, family: Family) -> None:
    until = time.monotonic() + START_SECONDS
    while not _answers(addresses.web):
        if time.monotonic() > until:
            raise Ended(f"The front page gives no answer. See {FOLDER / 'log' / 'web.log'}")
        family.look_after()
        time.sleep(PAUSE_SECONDS)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < http.HTTPStatus.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, however that ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.seek(0)
            raise CannotRun(f"A demo is running already, as process {lock.read()}. End it first.") from held
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into :class:`Stopped`, and ignore more of them while everything ends."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
