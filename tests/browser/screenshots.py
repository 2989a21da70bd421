"""Takes the README's pictures anew, from the demonstration; ``make screenshots`` is this.

Starts the demo, signs in as the coordinator, photographs the worklist and the chart of the first patient on it, and
ends the demo. The people in the pictures are the demo's, and fictitious.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import FLAGS

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = ROOT / "docs" / "pictures"
END_SECONDS: Final = 15


def main() -> int:
    """Return 0 when both pictures were taken."""
    demo = subprocess.Popen([sys.executable, "-m", "clinic.demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        said = _until_welcome(demo)
        address, password = re.search(r"http://\S+", said), re.search(r"Password.*?(\S+)$", said, re.MULTILINE)
        if not (address and password):
            return 1
        _take_all(address[0], password[1])
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(END_SECONDS)
    return 0


def _until_welcome(demo: subprocess.Popen[str]) -> str:
    said = ""
    for line in demo.stdout or ():
        said += line
        if "Ctrl-C" in line:
            break
    return said


def _take_all(address: str, password: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB", color_scheme="light")
        _sign_in(page, address, password)
        _take(page, "worklist")
        page.click("main tbody th a")
        _take(page, "chart")
        browser.close()


def _sign_in(page: Page, address: str, password: str) -> None:
    page.goto(address)
    page.fill("[name=login]", "coordinator")
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")
    sys.stdout.write(f"{os.path.relpath(PICTURES / name, ROOT)}.png\n")


if __name__ == "__main__":
    sys.exit(main())
