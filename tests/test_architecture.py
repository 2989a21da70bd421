"""The house keeps its own rules: who knows whom, how long things are, what is in the repository."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ("clinic", "monographs", "treatments")
LONGEST_FUNCTION = 50
LONGEST_FILE = 400
MEDIAN_FUNCTION = 8
# Spelt in parts, so that this file does not hold what it looks for.
REGISTRY_HOSTS = ("pypi." + "org", "python" + "hosted.org", "npm" + "js.org", "debian" + ".org", "index-" + "url")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def tracked() -> list[Path]:
    """Return every file of the repository that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def python_files(*packages: str) -> list[Path]:
    """Return the packages' modules without their migrations, which are made by a machine."""
    found = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Return each function's place and its length in lines, its decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def pinned(lock: str) -> dict[str, Version]:
    """Return the versions a lock names, the same package for several platforms counted once."""
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    rows = [line.split(";")[0].strip(" \\").split("==") for line in lines if re.match(r"[A-Za-z]", line)]
    return {name.split("[")[0].lower(): Version(version) for name, version in rows}


def test_everybody_knows_only_whom_they_may() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:]


def test_every_room_is_under_the_contract_of_rooms() -> None:
    contracts = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    rooms = contracts["Inside a room, from the page down to the record"]["containers"]
    furniture = {"models", "queries", "services", "forms", "views"}
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in SOURCE
        for path in (ROOT / package).rglob("*")
        if path.stem in furniture and path.suffix in {"", ".py"}
    }
    assert found == set(rooms)


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_file_outgrows_a_reader() -> None:
    lengths = [(str(path.relative_to(ROOT)), len(path.read_text().splitlines())) for path in python_files(*SOURCE)]
    assert [entry for entry in lengths if entry[1] > LONGEST_FILE] == []


def test_no_function_outgrows_a_screen() -> None:
    lengths = [entry for path in python_files(*SOURCE) for entry in functions(path)]
    assert [entry for entry in lengths if entry[1] > LONGEST_FUNCTION] == []


def test_half_of_all_functions_are_a_few_lines() -> None:
    lengths = sorted(length for path in python_files(*SOURCE) for _, length in functions(path))
    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION


def test_a_view_asks_for_records_only_where_access_is_decided() -> None:
    views = [path for path in python_files(*SOURCE) if path.name == "views.py" or path.parent.name == "views"]
    managers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in views
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    assert managers == []


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    assert [
        str(path.relative_to(ROOT)) for path in python_files(*SOURCE, "tests") if words.search(path.read_text())
    ] == []


def test_no_lock_that_records_hosts_is_kept() -> None:
    unwanted = {"uv.lock", "pylock.toml", "package-lock.json", "poetry.lock"}
    assert [path.name for path in tracked() if path.name in unwanted] == []


def test_no_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_nothing_that_is_made_is_kept() -> None:
    made = re.compile(r"celerybeat-schedule|\.sqlite3|\.pyc$|^var/|^staticfiles/|^\.env$")
    assert [path.name for path in tracked() if made.search(str(path.relative_to(ROOT)))] == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    base, everything = pinned("base.txt"), pinned("dev.txt")
    for line in PROJECT["project"]["dependencies"]:
        wish = Requirement(line)
        assert base[wish.name.lower()] in wish.specifier, line
    for line in PROJECT["dependency-groups"]["dev"]:
        wish = Requirement(line)
        assert everything[wish.name.lower()] in wish.specifier, line


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    base, everything = pinned("base.txt"), pinned("dev.txt")
    assert {name: everything.get(name) for name in base} == base


def test_every_locked_file_has_a_hash() -> None:
    for lock in ("base.txt", "dev.txt"):
        entries = re.split(r"\n(?=[A-Za-z])", (ROOT / "requirements" / lock).read_text())
        assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_vendored_file_is_the_one_that_was_reviewed() -> None:
    vendor = ROOT / "static" / "vendor"
    entries = json.loads((vendor / "manifest.json").read_text())
    expected = {name: digest for entry in entries for name, digest in entry["files"].items()}
    found = {
        str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == expected


def test_every_vendored_package_says_its_version_and_licence() -> None:
    for entry in json.loads((ROOT / "static" / "vendor" / "manifest.json").read_text()):
        assert entry["version"]
        assert entry["licence"]
        assert any(name.endswith("LICENSE") for name in entry["files"])
