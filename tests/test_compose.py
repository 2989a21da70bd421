"""The containers: no Docker here, so their files are read and held against the code that they start."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from clinic import probes
from clinic.demo.mailbox import _options

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("prepare", "web", "worker", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def named_in(text: str) -> set[str]:
    """Return the variables that a compose file asks its environment for."""
    return set(re.findall(r"\$\{(\w+)", text))


def example() -> dict[str, str]:
    """Return what `.env.example` sets."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_by_settings() -> set[str]:
    """Return the variables that the settings read."""
    sources = [(ROOT / "clinic" / name).read_text() for name in ("settings.py", "env.py")]
    return set(re.findall(r'(?:env|self)\.\w+\(\s*"([A-Z_]+)"', "".join(sources)))


def test_every_variable_it_asks_for_is_explained() -> None:
    assert named_in((ROOT / "docker-compose.yml").read_text()) == set(example())


@pytest.mark.parametrize("service", OURS)
def test_every_variable_it_sets_is_read_by_the_settings(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= read_by_settings()


@pytest.mark.parametrize("service", OURS)
def test_every_variable_without_a_default_is_set(service: str) -> None:
    source = (ROOT / "clinic" / "settings.py").read_text()
    required = set(re.findall(r'"([A-Z_]+)"[^#]*?if EMBEDDED else None', source)) | {"SECRET_KEY"}
    assert required <= {*SERVICES[service]["environment"], "EMAIL_URL"}


def test_the_example_names_every_variable_there_is() -> None:
    text = (ROOT / ".env.example").read_text()
    assert {name for name in read_by_settings() if name not in text} == set()


def test_the_example_holds_no_secret() -> None:
    assert {name for name, value in example().items() if not value} == {"SECRET_KEY", "POSTGRES_PASSWORD"}


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"prepare"}))
def test_everything_that_keeps_running_is_watched(service: str) -> None:
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


def test_every_probe_is_one_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        check[4] for s in SERVICES.values() if (check := s.get("healthcheck", {}).get("test", []))[1:2] == ["python"]
    ]
    assert sorted(asked) == ["beat", "mail", "web", "worker"]
    for name in asked:
        assert callable(getattr(probes, {"beat": "schedule"}.get(name, name)))


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_nothing_starts_before_what_it_needs(service: str) -> None:
    waits = {name: wait["condition"] for name, wait in SERVICES[service]["depends_on"].items()}
    assert waits == {
        "db": "service_healthy",
        "redis": "service_healthy",
        "mail": "service_healthy",
        "prepare": "service_completed_successfully",
    }


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_only_this_machine_reaches_it(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", []))


@pytest.mark.parametrize("service", [*OURS, "mail"])
def test_our_own_run_with_as_little_as_they_need(service: str) -> None:
    options = SERVICES[service]
    assert (options["read_only"], options["cap_drop"]) == (True, ["ALL"])
    assert "USER clinic" in DOCKERFILE


def test_the_database_is_the_one_the_tests_run_on() -> None:
    assert SERVICES["db"]["image"] == "postgres:15"
    assert "PostgreSQL 15" in (ROOT / "CONTRIBUTING.md").read_text()


def test_the_python_is_one_the_project_supports() -> None:
    assert set(re.findall(r"FROM (\S+)", DOCKERFILE)) == {"python:3.11-slim-bookworm"}
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_the_image_is_made_from_the_hashed_lock() -> None:
    assert "--no-deps --require-hashes -r requirements/base.txt" in DOCKERFILE


def test_the_image_holds_what_it_starts_and_no_tests() -> None:
    kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in kept:
        assert list(ROOT.glob(line.removeprefix("!"))), line
    assert not any("tests" in line or ".env" in line for line in kept)


def test_each_command_names_something_there_is() -> None:
    scheduler = SERVICES["beat"]["command"][-1]
    module, name = scheduler.split(":")
    assert getattr(importlib.import_module(module), name) is probes.Scheduler
    assert importlib.import_module(SERVICES["worker"]["command"][2]).app.main == "clinic"
    assert _options(SERVICES["mail"]["command"][3:]).smtp_port == 1025


def test_the_mail_capture_and_the_application_agree_on_a_port() -> None:
    assert example()["EMAIL_URL"] == f"smtp://mail:{_options(SERVICES['mail']['command'][3:]).smtp_port}"


def test_every_static_file_that_is_referred_to_exists(settings: Any, tmp_path: Path) -> None:
    """What the image does when it is built; a missing file would end it."""
    settings.STATIC_ROOT = tmp_path
    storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": storage}}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()
