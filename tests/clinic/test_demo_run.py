"""The demonstration as a whole: prepared, started, watched, ended, wiped."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinic.demo import __main__ as command
from clinic.demo import run as demo
from clinic.demo.ports import LOOPBACK, free_port
from clinic.demo.processes import Ended, Program
from clinic.demo.run import Addresses, CannotRun

ANSWERS = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2])); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
ADDRESSES = Addresses(8000, 8025, 1025)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demonstration's folder, away from the real one."""
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(demo, "PREPARATIONS", ())
    return tmp_path / "demo"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A setter of what stands in for the web server: Python code that is given its port and a status to answer."""

    def stand_in(code: str, status: int = 200) -> None:
        def one_program(addresses: Addresses, folder: Path) -> list[Program]:
            line = (sys.executable, "-c", code, str(addresses.web), str(status))
            return [Program("web server", line, folder / "log" / "web.log")]

        monkeypatch.setattr(demo, "programs", one_program)

    return stand_in


def ends_at(word: str, heard: list[str], by: signal.Signals) -> Callable[[str], None]:
    """Return a listener that sends this process a signal when it hears the word."""

    def say(sentence: str) -> None:
        heard.append(sentence)
        if word in sentence:
            os.kill(os.getpid(), by)
            time.sleep(1)

    return say


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_says_where_it_is_and_ends_when_asked(web: Callable[..., None], by: signal.Signals) -> None:
    web(ANSWERS)
    heard: list[str] = []
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    demo.run({"PORT": "20600"}, ends_at("The clinic", heard, by))
    assert f"http://{LOOPBACK}:206" in heard[0]
    assert heard[-1].startswith("Everything has ended.")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    assert free_port(20_600) == 20_600


def test_a_web_server_that_ends_is_named_with_its_log(web: Callable[..., None], folder: Path) -> None:
    web("raise SystemExit('port taken')")
    with pytest.raises(Ended, match=f"The web server ended with exit status 1. Its log: {folder}/log/web.log"):
        demo.run({}, lambda _: None)
    assert (folder / "log" / "web.log").read_text() == "port taken\n"


def test_a_page_that_never_answers_is_said_so(web: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    web(ANSWERS, status=500)
    monkeypatch.setattr(demo, "START_SECONDS", 0.5)
    with pytest.raises(Ended, match="The front page gives no answer"):
        demo.run({}, lambda _: None)


def test_a_preparation_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("raise SystemExit(1)")
    monkeypatch.setattr(demo, "PREPARATIONS", (("Loading", ("load_demo",)),))
    heard: list[str] = []
    with pytest.raises(CannotRun, match=r"`manage\.py load_demo` failed"):
        demo.run({}, heard.append)
    assert heard == ["Loading …"]


def test_preparations_run_in_order_with_the_environment_of_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web: Callable[..., None]
) -> None:
    web(ANSWERS)
    (tmp_path / "manage.py").write_text(
        """import os, sys
given = os.environ["EMAIL_URL"], "EMAIL_HOST" in os.environ, os.environ["DATABASE_URL"]
print(*sys.argv[1:], *given, file=open("heard", "a"))
"""
    )
    monkeypatch.setattr(demo, "PREPARATIONS", (("One", ("first", "--quiet")), ("Two", ("second",))))
    given = {"EMAIL_HOST": "mail.example", "DATABASE_URL": "postgresql://x/y", "SMTP_PORT": "20700"}
    demo.run(given, ends_at("The clinic", [], signal.SIGINT))
    said = f"smtp://{LOOPBACK}:20700 False postgresql://x/y"
    assert (tmp_path / "heard").read_text().splitlines() == [f"first --quiet {said}", f"second {said}"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_it_refuses_the_environment_of_a_real_installation(name: str) -> None:
    with pytest.raises(CannotRun, match="SECRET_KEY is set"):
        demo.run({name: "x"}, lambda _: None)


def test_only_one_runs_at_a_time(folder: Path) -> None:
    with demo._only_one(folder):
        with pytest.raises(CannotRun, match=rf"running already, as process {os.getpid()}\. End it first\."):
            demo.run({}, lambda _: None)
        with pytest.raises(CannotRun, match="running already"):
            demo.reset(lambda _: None)
        assert folder.exists()


def test_a_reset_wipes_everything_and_says_so(folder: Path) -> None:
    (folder / "mail").mkdir(parents=True)
    heard: list[str] = []
    demo.reset(heard.append)
    assert not folder.exists()
    assert heard == ["demo is gone: the next `make demo` starts afresh."]


def test_wished_ports_are_taken_and_never_twice() -> None:
    wish = str(free_port(20_800))
    chosen = demo.choose_ports({"PORT": wish, "MAIL_PORT": wish, "SMTP_PORT": wish})
    assert chosen.web == int(wish)
    assert len({chosen.web, chosen.mail_page, chosen.smtp}) == 3


@pytest.mark.parametrize("wish", ["web", "0", "65536", "-1", "80 80", "²"])
def test_a_wish_that_is_no_port_is_refused(wish: str) -> None:
    with pytest.raises(CannotRun, match="PORT must be a port from 1 to 65535"):
        demo.choose_ports({"PORT": wish})


def test_the_web_server_is_the_one_that_cannot_be_spared(tmp_path: Path) -> None:
    restarts = {program.name: program.restarts for program in demo.programs(ADDRESSES, tmp_path)}
    assert restarts == {"mail capture": True, "web server": False, "worker": True, "beat": True}


def test_everything_listens_on_this_machine_alone(tmp_path: Path) -> None:
    lines = [" ".join(program.command) for program in demo.programs(ADDRESSES, tmp_path)]
    assert any("--listen=127.0.0.1:8000" in line for line in lines)
    assert not any("--host" in line for line in lines)


def test_the_welcome_names_addresses_accounts_and_password() -> None:
    welcome = demo.welcome(ADDRESSES, "kmtw-7h3q")
    for part in ("http://127.0.0.1:8000/", "http://127.0.0.1:8025/", "coordinator, nurse, prescriber", "kmtw-7h3q"):
        assert part in welcome


@pytest.mark.parametrize(
    ("arguments", "outcome", "status"),
    [([], None, 0), (["reset"], None, 0), ([], CannotRun("no"), 1), (["x"], None, 2)],
)
def test_the_command_says_by_its_status_how_it_went(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    outcome: Exception | None,
    status: int,
) -> None:
    def stand_in(*_: Any) -> None:
        if outcome:
            raise outcome

    monkeypatch.setattr(command, "run", stand_in)
    monkeypatch.setattr(command, "reset", stand_in)
    assert command.main(arguments) == status
    assert bool(capsys.readouterr().err) == (status != 0)


def test_the_command_speaks_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    command.say("Loading …")
    assert capsys.readouterr().out == "Loading …\n"
