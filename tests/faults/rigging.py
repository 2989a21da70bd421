"""What the bench changes in a sender's own process before it runs: its clock, its lease, where it dies, what is off.

Nothing of this is in the product. A sender of the bench is the product's command with these patches around it, made in
a process that only the bench starts.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.utils import DNS_NAME
from django.db import connections
from django.utils import timezone

from clinic.connections import parse_database

POINTS = ("after planning", "after claim", "before look", "after look", "after 250", "after recording")
GUARDS = ("token", "look", "lease", "insist", "drain", "aside", "later")


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process of the bench is to do; plain values, so that they can be handed over as JSON.

    It runs `manage.py` with `arguments`, or the function that `call` names, given `arguments`. `ahead` is what is added
    to the real time, in seconds. `point` and `passing` say where it kills itself, and at which time of passing; `off`
    names the guards that are missing; `start_at`, on the monotonic clock, lets several begin at one moment.
    """

    database: str
    smtp_port: int
    arguments: tuple[str, ...]
    log: str
    call: str = ""
    lease: float = 4.0
    ahead: float = 0.0
    smtp_timeout: float = 20.0
    point: str = ""
    passing: int = 1
    off: tuple[str, ...] = ()
    start_at: float = 0.0
    looks: str = ""
    dawdle: float = 0.0


def rig(orders: Orders) -> None:
    """Change this process as ordered. Django is set up, and no connection has been opened."""
    _servers(orders)
    _times(orders)
    if orders.point:
        _die_at(orders.point, orders.passing)
    if orders.looks:
        _tell_when_looking(Path(orders.looks))
    for guard in orders.off:
        _TAKE_OFF[guard]()


def _servers(orders: Orders) -> None:
    wanted = parse_database(orders.database)
    if orders.database.startswith("postgresql"):
        wanted["OPTIONS"]["application_name"] = "faults"
    connections.settings = connections.configure_settings({"default": wanted})
    # Whatever was imported may have made the old one; it was never opened.
    with contextlib.suppress(AttributeError):
        del connections["default"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", orders.smtp_port
    settings.EMAIL_TIMEOUT = orders.smtp_timeout
    DNS_NAME._fqdn = f"pid-{os.getpid()}.sender.example"


def _times(orders: Orders) -> None:
    from treatments.management.commands import send_reminders  # noqa: PLC0415 - needs Django set up
    from treatments.reminders import models  # noqa: PLC0415
    from treatments.reminders.services import claims, planning, sending  # noqa: PLC0415

    real, ahead = timezone.now, timedelta(seconds=orders.ahead)
    timezone.now = lambda: real() + ahead
    lease = timedelta(seconds=orders.lease)
    for module in (models, claims, sending):
        module.LEASE = lease  # type: ignore[attr-defined]
    sending.PATIENCE = lease + timedelta(minutes=1)
    claims.FIRST_WAIT = timedelta(seconds=0.2)
    models.LONGEST_WAIT = claims.LONGEST_WAIT = timedelta(seconds=1)  # type: ignore[attr-defined]
    send_reminders.SECONDS_BETWEEN_TURNS = 0.2
    if orders.dawdle:
        _before(planning, "carry_out", lambda: time.sleep(orders.dawdle))


def _before(where: Any, name: str, deed: Callable[[], None]) -> None:
    real = getattr(where, name)

    def wrapped(*args: Any, **facts: Any) -> Any:
        deed()
        return real(*args, **facts)

    setattr(where, name, wrapped)


def _after(where: Any, name: str, deed: Callable[[], None], *, only: Callable[[Any], bool] = bool) -> None:
    real = getattr(where, name)

    def wrapped(*args: Any, **facts: Any) -> Any:
        done = real(*args, **facts)
        if only(done):
            deed()
        return done

    setattr(where, name, wrapped)


def _die_at(point: str, passing: int) -> None:
    from treatments.reminders.services import carrier, claims, running, sending  # noqa: PLC0415

    passed = count(1)

    def pass_by() -> None:
        if next(passed) == passing:
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "after planning":
        _after(running, "plan", pass_by, only=lambda _: True)
    elif point == "after claim":
        _after(claims, "claim", pass_by)
    elif point == "before look":
        _before(sending, "look_again", pass_by)
    elif point == "after look":
        _after(sending, "look_again", pass_by, only=lambda looked: looked.digest is not None)
    elif point == "after 250":
        _after(carrier.Carrier, "carry", pass_by, only=lambda said: said.answer is carrier.Answer.TAKEN)
    else:
        assert point == "after recording"
        _after(claims, "hand_over", pass_by)


def _tell_when_looking(path: Path) -> None:
    """Write down when each message was looked at again, before the look."""
    from treatments.reminders.services import sending  # noqa: PLC0415

    real: Callable[..., Any] = vars(sending)["look_again"]
    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def wrapped(claimed: Any, now: Any) -> Any:
        os.write(file, json.dumps([str(claimed.message_id), time.monotonic()]).encode() + b"\n")
        return real(claimed, now)

    vars(sending)["look_again"] = wrapped


# --- Guards taken off, each as if it had never been written ----------------------------------------------------------


def _without_token() -> None:
    """Record by the message alone: whoever comes late writes too."""
    from treatments.reminders.models import Message  # noqa: PLC0415
    from treatments.reminders.services import claims  # noqa: PLC0415

    claims.held = lambda claimed: Message.objects.filter(pk=claimed.message_id)


def _without_look() -> None:
    """Find that everything still holds."""
    from treatments.reminders.services import looking_again  # noqa: PLC0415

    vars(looking_again)["end_of"] = lambda *_args: None


def _without_lease() -> None:
    """Never take over what another sender once held."""
    from django.db.models import Q  # noqa: PLC0415

    from treatments.reminders import models  # noqa: PLC0415

    vars(models)["abandoned"] = lambda _now: Q(pk__in=[])


def _without_insisting() -> None:
    """Try once to record; what the database did not take is forgotten."""
    from treatments.reminders.services import sending  # noqa: PLC0415

    vars(sending)["_insist"] = lambda write, _sender: write()


def _without_draining() -> None:
    """Leave SIGTERM as it is, which ends a process where it stands."""
    from treatments.management.commands import send_reminders  # noqa: PLC0415

    @contextlib.contextmanager
    def deaf() -> Iterator[send_reminders.Stopping]:
        yield send_reminders.Stopping()

    send_reminders._told_to_stop = deaf


def _without_setting_aside() -> None:
    """Let whatever is wrong with one mail end the sender."""
    from treatments.reminders import emails  # noqa: PLC0415
    from treatments.reminders.services import sending  # noqa: PLC0415
    from treatments.reminders.services.looking_again import look_again  # noqa: PLC0415

    def send_one(claimed: Any, carrier: Any, sender: Any, done: Any) -> None:
        looked = look_again(claimed, sender.clock())
        if looked.digest is not None:
            sending._record(claimed, carrier.carry(emails.digest(looked.digest)), sender, done)

    sending._send_one = send_one


def _without_trying_later() -> None:
    """Take every refusal for the last word."""
    from treatments.reminders.services import claims  # noqa: PLC0415

    claims.put_off = lambda claimed, now, *, reason, jitter: claims.fail(claimed, now, reason)


_TAKE_OFF: dict[str, Callable[[], None]] = {
    "token": _without_token,
    "look": _without_look,
    "lease": _without_lease,
    "insist": _without_insisting,
    "drain": _without_draining,
    "aside": _without_setting_aside,
    "later": _without_trying_later,
}
