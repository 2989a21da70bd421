"""The commands as real processes: on a clone that was never started, and several at the same time."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from tests.monographs.builders import USER_FILE, document, regimen_yaml

AT_ONCE = 3
QUICKLY = ("--publish", "--skip-checks")


def start(database_url: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start manage.py as an embedded installation on this database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SECRET_KEY")}
    environment |= {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen[str]) -> str:
    """Return what a process printed; it must end well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


@pytest.fixture
def new_database(tmp_path: Path) -> str:
    """Return the address of a database that nobody has made yet."""
    return f"sqlite:///{tmp_path / 'clinic.sqlite3'}"


@pytest.fixture
def shared_database(transactional_db: None, new_database: str) -> str:
    """Return the address of a database with its tables: this test's own on a server, else one in a file."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        finished(start(new_database, "migrate", "--verbosity", "0", "--skip-checks"))
        return new_database
    parts = [quote(str(facts[name]), safe="") for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    return "postgresql://{}:{}@{}:{}/{}".format(*parts).replace("://:@:/", ":///")


def test_on_a_new_clone_an_import_answers_with_its_object_and_nothing_else(new_database: str) -> None:
    ran = start(new_database, "import_monograph", USER_FILE, "--publish", "--json")
    found = json.loads(finished(ran))
    assert (found["title"], found["sections"], found["faqs"]) == ("Nusinersen", 7, 6)


def test_on_a_new_clone_the_shipped_monographs_load_and_a_refusal_keeps_its_status(
    new_database: str, tmp_path: Path
) -> None:
    assert finished(start(new_database, "load_monographs")) == "nusinersen.md: Made version 1 and put it in force.\n"
    missing = start(new_database, "import_monograph", tmp_path / "none.md")
    out, err = missing.communicate(timeout=120)
    assert (missing.returncode, out) == (2, "")
    assert err == f"{tmp_path / 'none.md'} cannot be read: No such file or directory.\n"


def test_the_same_text_imported_several_times_at_once_is_one_version(shared_database: str, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(document(regimen_yaml()), encoding="utf-8")
    running = [start(shared_database, "import_monograph", file, *QUICKLY) for _ in range(AT_ONCE)]
    last_lines = [finished(process).splitlines()[-1] for process in running]
    assert sorted(last_lines) == [
        "Made version 1 and put it in force.",
        *["Version 1 holds this text already (in force); nothing was made."] * (AT_ONCE - 1),
    ]


def test_different_texts_imported_at_once_are_numbered_without_gaps(shared_database: str, tmp_path: Path) -> None:
    running = []
    for number in range(AT_ONCE):
        file = tmp_path / f"{number}.md"
        file.write_text(document(regimen_yaml(), note=f"Number {number}."), encoding="utf-8")
        running.append(start(shared_database, "import_monograph", file, *QUICKLY))
    made = [re.findall(r"Made version (\d+) and put it in force", finished(process)) for process in running]
    assert sorted(made) == [[str(number)] for number in range(1, AT_ONCE + 1)]
