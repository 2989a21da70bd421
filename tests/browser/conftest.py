"""A real browser in front of the application: it fails a test on a console error and on any request to elsewhere."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponseBase
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from clinic.staff.models import User
from tests.browser.chromium import FLAGS
from tests.smtp import Mailbox, controller

# Playwright's synchronous interface runs a loop in the test's own thread; Django would refuse its database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

DESKTOP, PHONE = (1280, 900), (390, 844)
# A page that is left keeps what was typed; closed at the end of a test, it would do so while the database is emptied.
LEAVE_UNKEPT = "for (const form of document.forms) form.dataset.sent = 'yes'"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a Chromium of this machine."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(
    params=[
        pytest.param(DESKTOP, id="desktop", marks=pytest.mark.desktop),
        pytest.param(PHONE, id="phone", marks=pytest.mark.phone),
    ]
)
def width(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Run the test at both widths."""
    size: tuple[int, int] = request.param
    return size


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> threading.Lock:
    """Let the server answer one request after the other: on SQLite all its threads share one connection.

    A page that is left keeps what was typed while the next one is opened already. Whoever holds the lock knows that
    nothing is being answered.
    """
    lock, answer = threading.Lock(), BaseHandler.get_response

    def after_the_others(self: BaseHandler, request: HttpRequest) -> HttpResponseBase:
        with lock:
            return answer(self, request)

    monkeypatch.setattr(BaseHandler, "get_response", after_the_others)
    return lock


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, width: tuple[int, int], in_turn: threading.Lock) -> Iterator[Page]:
    """Return an empty tab; at the end no console error and no request to another host may have happened."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width[0], "height": width[1]}, locale="en-GB", timezone_id="UTC"
    )
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A refused form is answered with 422 or 409 on purpose, which the browser logs as a failed resource; a script
        # that asks after the session has ended with 401, which htmx logs as well.
        on_purpose = ("status of 4", "Status Error Code 401")
        if message.type == "error" and not any(words in message.text for words in on_purpose):
            complaints.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            complaints.append(f"request to {request.url}")

    tab.on("console", on_console)
    tab.on("request", on_request)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    for opened in context.pages:
        opened.evaluate(LEAVE_UNKEPT)
    context.close()
    with in_turn:
        pass
    assert complaints == []


@pytest.fixture
def as_person(page: Page, live_server: LiveServer) -> Callable[[User], Page]:
    """Return a maker of signed-in tabs: the session is made in the database, the sign-in page has a test of its own."""

    def sign_in(user: User) -> Page:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        name, value = settings.SESSION_COOKIE_NAME, str(session.session_key)
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        return page

    return sign_in


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Return a check: no accessibility violation, and nothing wider than the window."""

    def check(page: Page) -> None:
        violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
        found = [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in violations]
        assert found == [], json.dumps(found, indent=1)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")

    return check


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Return a running mail server's mailbox."""
    box = Mailbox()
    server = controller(box)
    server.start()
    yield box
    server.stop()
