"""Strict, typed readers for environment variables.

The settings file reads every variable through one :class:`Env` and closes it with :meth:`Env.seal`, which names
*all* the variables that are missing or malformed at once, instead of one at each start::

    env = Env()
    DEBUG = env.flag("DEBUG", default=False)
    SECRET_KEY = env.secret("SECRET_KEY")
    ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=["localhost"])
    DATABASES = {"default": env.database("DATABASE_URL", default="sqlite:///var/clinic.sqlite3")}
    CELERY_BROKER_URL = env.address("CELERY_BROKER_URL", schemes=["redis", "rediss", "atomicfs"])
    mail = env.mail()
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = mail.host, mail.port, mail.timeout
    env.seal()

Four rules hold for every reader:

* ``NAME_FILE=/run/secrets/x`` reads the value from that file, without the line end an editor leaves behind.
* An empty value counts as not set, because that is what an unset variable becomes in a compose file.
* Without a value and without a default, the variable is required.
* A bad value is noted, and the reader returns a harmless value of the right type, so that the rest is read too.
"""

import os
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar, cast

import environs
from django.core.exceptions import ImproperlyConfigured
from environs import validate

from clinic import connections

T = TypeVar("T")

DEMO_SECRET_PREFIX: Final = "demo-"  # noqa: S105 - this is what marks a secret, not one
SECRET_LENGTH: Final = 50


class InvalidEnvironment(ImproperlyConfigured):
    """Some variables are missing or malformed; the message has one line for each of them."""


class Env:
    """Reads variables one by one and remembers what was wrong with them until :meth:`seal`."""

    def __init__(self) -> None:
        """Start without any complaint."""
        self._source = environs.FileAwareEnv(eager=False, strip_whitespace=True)
        self._problems: dict[str, list[str]] = {}
        self._source.add_parser("database_url", _noting(connections.parse_database))
        self._source.add_parser("mail_url", _noting(connections.parse_mail))

    def seal(self) -> None:
        """Raise :class:`InvalidEnvironment` naming every bad variable, or do nothing when all are good."""
        try:
            self._source.seal()
        except environs.EnvValidationError as malformed:
            self._problems.update(cast("dict[str, list[str]]", malformed.error_messages))
        if self._problems:
            lines = [f"  {name}: {'; '.join(problems)}" for name, problems in sorted(self._problems.items())]
            raise InvalidEnvironment("\n".join(["These environment variables are missing or malformed:", *lines]))

    def is_set(self, name: str) -> bool:
        """Say whether the variable, or the file for it, is there and not empty."""
        return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return the value as it stands."""
        return self._read(name, self._source.str, default=default, harmless="")

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true for ``true``, ``yes``, ``on`` and ``1``, false for their opposites; refuse anything else."""
        return self._read(name, self._source.bool, default=default, harmless=False)

    def number(self, name: str, *, default: int | None = None, least: int = 0, most: int | None = None) -> int:
        """Return a whole number from ``least`` to ``most``, both included."""
        bounds = validate.Range(min=least, max=most)
        return self._read(name, self._source.int, default=default, harmless=least, validate=bounds)

    def listing(self, name: str, *, default: Collection[str] | None = None) -> list[str]:
        """Return the parts of a comma-separated value, without blanks around them and without empty ones."""
        parts = self._read(name, self._source.list, default=None if default is None else list(default), harmless=[])
        return [part.strip() for part in parts if part.strip()]

    def address(self, name: str, *, schemes: Collection[str], default: str | None = None) -> str:
        """Return a URL that begins with one of ``schemes``, such as ``redis://localhost:6379/0``."""
        begins = validate.Regexp(rf"(?:{'|'.join(schemes)})://", error=f"must begin with one of: {', '.join(schemes)}")
        return self._read(name, self._source.str, default=default, harmless="", validate=begins)

    def secret(self, name: str) -> str:
        """Return a secret of at least 50 characters; it has no default, and one that was made for a demo is refused."""
        rules = [validate.Length(min=SECRET_LENGTH, error=f"must have at least {SECRET_LENGTH} characters"), _real]
        return self._read(name, self._source.str, default=None, harmless="", validate=rules)

    def database(self, name: str, *, default: str | None = None, durable: bool = True) -> dict[str, Any]:
        """Return one entry of ``DATABASES`` from a ``sqlite:`` or ``postgresql:`` URL; see :mod:`clinic.connections`.

        ``durable=False`` lets SQLite lose the last seconds in a power cut, which only a demo may do.
        """
        fallback = None if default is None else connections.parse_database(default, durable=durable)
        return self._read(name, self._source.database_url, default=fallback, harmless={}, durable=durable)

    def mail(self, *, default: str | None = None) -> connections.Mail:
        """Return the mail server from ``EMAIL_URL`` or, without that, from ``EMAIL_HOST`` and its companions."""
        if self.is_set("EMAIL_URL") and self.is_set("EMAIL_HOST"):
            self._note("EMAIL_URL", "set either this or EMAIL_HOST, not both")
        if self.is_set("EMAIL_HOST"):
            return self._mail_by_parts()
        fallback = None if default is None else connections.parse_mail(default)
        return self._read("EMAIL_URL", self._source.mail_url, default=fallback, harmless=connections.Mail("", 25))

    def _mail_by_parts(self) -> connections.Mail:
        mail = connections.Mail(
            host=self.text("EMAIL_HOST"),
            port=self.number("EMAIL_PORT", default=25, least=1, most=65_535),
            user=self.text("EMAIL_HOST_USER", default=""),
            password=self.text("EMAIL_HOST_PASSWORD", default=""),
            use_tls=self.flag("EMAIL_USE_TLS", default=False),
            use_ssl=self.flag("EMAIL_USE_SSL", default=False),
            timeout=self.number("EMAIL_TIMEOUT", default=connections.MAIL_TIMEOUT_SECONDS, least=1),
        )
        if mail.use_tls and mail.use_ssl:
            self._note("EMAIL_USE_TLS", "set either this or EMAIL_USE_SSL, not both")
        return mail

    def _read(self, name: str, reader: Callable[..., T | None], *, default: T | None, harmless: T, **options: Any) -> T:
        if not self.is_set(name) and default is not None:
            return default
        value = self._parsed(name, reader, **options) if self._is_plain(name) else None
        return harmless if value is None else value

    def _is_plain(self, name: str) -> bool:
        if not self.is_set(name):
            self._note(name, "is not set, and has no default")
        elif os.environ.get(name) and os.environ.get(f"{name}_FILE"):
            self._note(name, f"set either this or {name}_FILE, not both")
        else:
            return True
        return False

    def _parsed(self, name: str, reader: Callable[..., T | None], **options: Any) -> T | None:
        try:
            return reader(name, **options)
        except ValueError as unreadable_file:
            self._note(name, str(unreadable_file))
            return None

    def _note(self, name: str, problem: str) -> None:
        self._problems.setdefault(name, []).append(problem)


def _noting(parse: Callable[..., T]) -> Callable[..., T]:
    def parser(value: str, **options: Any) -> T:
        try:
            return parse(value, **options)
        except ValueError as malformed:
            raise environs.ValidationError(str(malformed)) from malformed

    return parser


def _real(value: str) -> None:
    if value.startswith(DEMO_SECRET_PREFIX):
        raise environs.ValidationError("was made for the demo: make a new one for this installation")
