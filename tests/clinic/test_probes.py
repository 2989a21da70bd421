"""The health checks of the containers."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from celery import beat

from clinic import probes
from clinic.probes import Unwell

asked: list[tuple[str, str | None]] = []


class Page(BaseHTTPRequestHandler):
    """Answers 200 to the two pages that are asked for, 404 to anything else."""

    def do_GET(self) -> None:
        asked.append((self.path, self.headers["Host"]))
        self.send_response(200 if self.path in {"/health/live", "/"} else 404)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server that is well."""
    asked.clear()
    with HTTPServer((probes.LOOPBACK, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where beat leaves its sign of life in this test."""
    monkeypatch.setattr(probes, "SIGN_OF_LIFE", tmp_path / "turned")
    return tmp_path / "turned"


def test_the_web_server_is_asked_under_a_name_it_answers_to(port: int) -> None:
    probes.web({"ALLOWED_HOSTS": "clinic.example, www.example"}, port)
    assert asked == [("/health/live", "clinic.example")]


def test_the_mail_capture_is_asked_for_its_page(port: int) -> None:
    probes.mail(port)
    assert asked == [("/", probes.LOOPBACK)]


def test_silence_is_unwell(port: int) -> None:
    with HTTPServer((probes.LOOPBACK, 0), Page) as gone:
        silent = gone.server_port
    with pytest.raises(Unwell, match=f"nothing answers on port {silent}"):
        probes.mail(silent)


def test_any_other_answer_is_unwell(port: int) -> None:
    with pytest.raises(Unwell, match="answers 404"):
        probes._expect_answer(port, "/elsewhere", probes.LOOPBACK)


def test_beat_leaves_a_sign_at_every_turn(db: None, sign: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat.Scheduler, "tick", lambda *_: 7.0)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    assert probes.Scheduler.tick(object.__new__(probes.Scheduler)) == 7.0
    assert sign.exists()


@pytest.mark.parametrize("seconds", [0, 180])
def test_beat_may_be_silent_for_three_minutes(sign: Path, seconds: int) -> None:
    sign.touch()
    probes.schedule(sign.stat().st_mtime + seconds)


def test_beat_that_is_silent_for_longer_is_unwell(sign: Path) -> None:
    sign.touch()
    with pytest.raises(Unwell, match="has not turned for 181 seconds"):
        probes.schedule(sign.stat().st_mtime + 181)


def test_beat_that_never_turned_is_unwell(sign: Path) -> None:
    with pytest.raises(Unwell, match="has not turned yet"):
        probes.schedule(0)


@pytest.mark.parametrize(("answer", "well"), [([{"worker@here": {"ok": "pong"}}], True), ([], False)])
def test_a_worker_is_well_when_it_answers(monkeypatch: pytest.MonkeyPatch, answer: list[Any], well: bool) -> None:
    monkeypatch.setattr("celery.app.control.Inspect.ping", lambda _: answer)
    if well:
        probes.worker()
    else:
        with pytest.raises(Unwell, match="no worker answers"):
            probes.worker()


@pytest.mark.parametrize(("arguments", "status"), [(["mail"], 0), (["beat"], 1), ([], 2), (["sun"], 2)])
def test_the_command_says_by_its_status_how_it_is(
    arguments: list[str], status: int, sign: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probes, "mail", lambda: None)
    assert probes.main(arguments) == status
    assert bool(capsys.readouterr().err) == (status != 0)


def test_the_command_asks_the_web_server_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(probes, "web", seen.append)
    assert probes.main(["web"]) == 0
    assert seen == [os.environ]
