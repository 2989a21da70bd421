"""Other processes on the test's own data: PostgreSQL is shared as it is, SQLite goes through a file and back."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.treatments.reminders.post import PostOffice

HOUSE = Path(settings.BASE_DIR)


@dataclass(frozen=True)
class Stage:
    """Where the other processes find the data and the mail server."""

    environment: dict[str, str]
    file: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `manage.py send_reminders` with these arguments."""
        command = [sys.executable, "manage.py", "send_reminders", *arguments]
        process = subprocess.Popen(
            command, cwd=HOUSE, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.started.append(process)
        return process

    def clear(self) -> None:
        """End what is still running."""
        for process in self.started:
            process.kill()
            process.communicate()

    def fetch(self) -> None:
        """See what the other processes wrote."""
        if connection.vendor == "sqlite":
            with sqlite3.connect(self.file) as source:
                source.backup(_sqlite())


def lend(post: PostOffice, folder: Path) -> Stage:
    """Lend the test's data as it is now, with `post` as the mail server. The test must not be in a transaction."""
    file = folder / "shared.sqlite3"
    ours = ("SECRET_KEY", "EMAIL_", "DJANGO_SETTINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    told = {
        "DATABASE_URL": _lent(file),
        "EMAIL_URL": f"smtp://127.0.0.1:{post.port}",
        "DEFAULT_FROM_EMAIL": "Appointments <appointments@clinic.example>",
        "PUBLIC_URL": "https://clinic.example",
    }
    return Stage(kept | told, file)


def _lent(file: Path) -> str:
    if connection.vendor == "sqlite":
        with sqlite3.connect(file) as copy:
            _sqlite().backup(copy)
        return f"sqlite:///{file}"
    facts = connection.settings_dict
    user = f"{facts['USER']}:{facts['PASSWORD']}@" if facts["USER"] else ""
    port = f":{facts['PORT']}" if facts["PORT"] else ""
    return f"postgresql://{user}{facts['HOST']}{port}/{facts['NAME']}"


def _sqlite() -> sqlite3.Connection:
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
