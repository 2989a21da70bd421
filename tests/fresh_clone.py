"""Proves the first command of the README: a fresh clone's ``make demo`` answers, and ends cleanly at Ctrl-C.

    python tests/fresh_clone.py

Clones this repository's HEAD into a temporary folder, starts the demo there on ports of its own, waits for the front
page and for the worker, sends the SIGINT of a Ctrl-C and looks whether anything was left behind. Needs nothing but
the standard library, because nothing else is there yet.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
START_SECONDS: Final = 180
END_SECONDS: Final = 15
PORTS: Final = {"PORT": "18000", "MAIL_PORT": "18025", "SMTP_PORT": "11025"}
FOREIGN: Final = ("SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "CELERY_BROKER_URL", "MAKEFLAGS", "MAKELEVEL")


class Failed(Exception):
    """The clone did not do what the README says."""


def main() -> int:
    """Return 0 when the clone started, answered and ended as it should."""
    with tempfile.TemporaryDirectory(prefix="fresh-clone-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        try:
            seconds = _start_and_end(clone, Path(folder) / "output")
        except Failed as failure:
            print(f"{failure}\n{_logs(clone, Path(folder) / 'output')}")
            return 1
    print(f"A fresh clone's front page answered after {seconds:.0f} s, and everything ended at Ctrl-C.")
    return 0


def _start_and_end(clone: Path, output: Path) -> float:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN} | PORTS
    began = time.monotonic()
    with output.open("wb") as file:
        # As in a terminal: make and the demo share a group, and Ctrl-C reaches both.
        demo = subprocess.Popen(
            ["make", "demo"], cwd=clone, env=environment, stdout=file, stderr=file, start_new_session=True
        )
    try:
        page = _wait_for("an address", START_SECONDS, lambda: _front_page(demo, output))
        seconds = time.monotonic() - began
        _wait_for("the front page", END_SECONDS, lambda: "<form" in _get(page))
        _wait_for("the worker", START_SECONDS, lambda: "ready." in _read(clone / "var/demo/log/worker.log"))
        os.killpg(demo.pid, signal.SIGINT)
        _wait_for("the end", END_SECONDS, lambda: demo.poll() is not None)
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait(END_SECONDS)
    _nothing_left(clone, output)
    return seconds


def _front_page(demo: subprocess.Popen[bytes], output: Path) -> str:
    if demo.poll() is not None:
        raise Failed(f"make demo ended by itself with status {demo.returncode}.")
    found = re.search(r"The clinic +(http://\S+)", output.read_text())
    return found[1] if found else ""


def _nothing_left(clone: Path, output: Path) -> None:
    if "Everything has ended." not in output.read_text():
        raise Failed("make demo did not say that everything has ended.")
    if _get_or_nothing(f"http://127.0.0.1:{PORTS['PORT']}/"):
        raise Failed("Something still answers where the demo was.")
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    if changed.stdout:
        raise Failed(f"The demo left files that git does not ignore:\n{changed.stdout}")


def _wait_for(what: str, seconds: float, look: Callable[[], str | bool]) -> str:
    until = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > until:
            raise Failed(f"Waited {seconds} s for {what}, in vain.")
        time.sleep(0.2)
    return str(seen)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the address was printed by our own demo
        return bytes(answer.read()).decode()


def _get_or_nothing(url: str) -> str:
    try:
        return _get(url)
    except OSError:
        return ""


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _logs(clone: Path, output: Path) -> str:
    paths = [output, *sorted((clone / "var" / "demo" / "log").glob("*.log"))]
    return "\n".join(f"--- {path.name}\n{_read(path)[-3000:]}" for path in paths)


if __name__ == "__main__":
    sys.exit(main())
