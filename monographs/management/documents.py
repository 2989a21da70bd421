"""What the commands share: a file becomes text, refusals become lines, and a new embedded database gets its tables."""

from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from monographs.models import Version
from monographs.rules.document import MOST_BYTES
from monographs.services import CannotPublish, InvalidDocument

REFUSED = 2


class Unreadable(Exception):
    """The file holds no text that could be a monograph. The message says why, without the file's name."""


def read_document(path: Path) -> str:
    """Return the text of a file, which must be UTF-8 and of a sensible size. Raises Unreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}.") from None
    if len(content) > MOST_BYTES:
        raise Unreadable(f"is larger than {MOST_BYTES // 1_000_000} MB; a monograph is far shorter.")
    if b"\0" in content:
        raise Unreadable("is not a text file.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text; save it as UTF-8.") from None


def refusal_lines(path: Path, error: Exception) -> list[str]:
    """Return what was wrong with a file, one line each, with the line number where there is one."""
    if isinstance(error, InvalidDocument):
        return [f"{path}:{problem.line}: {problem.message}" for problem in error.problems]
    separator = " " if isinstance(error, Unreadable) else ": "
    return [f"{path}{separator}{error}"]


def refusals() -> tuple[type[Exception], ...]:
    """Return everything for which a document is refused, to be caught together."""
    return Unreadable, InvalidDocument, CannotPublish


def prepare_database() -> None:
    """Make the tables of an embedded installation that was never started; anywhere else ask for it."""
    if Version._meta.db_table in connection.introspection.table_names():
        return
    if not settings.EMBEDDED:
        raise CommandError("The database has no tables yet; run manage.py migrate first.")
    call_command("migrate", verbosity=0, interactive=False)
