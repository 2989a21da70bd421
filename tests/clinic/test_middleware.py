"""What every answer carries, whatever kind of answer it is."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from clinic.middleware import KeepPagesPrivate
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}


@pytest.fixture
def nurse(site: Site, signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, nurse: Client) -> Client:
    """Return a browser in front of a worklist that fails."""

    def fail(*_args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("treatments.worklist.queries.counts", fail)
    nurse.raise_request_exception = False
    return nurse


ANSWERS: dict[str, tuple[str, Callable[[Client], Any], HTTPStatus]] = {
    "page": ("nurse", lambda client: client.get("/"), HTTPStatus.OK),
    "sign-in": ("client", lambda client: client.get(reverse("account_login")), HTTPStatus.OK),
    "liveness": ("client", lambda client: client.get("/health/live"), HTTPStatus.OK),
    "redirect": ("client", lambda client: client.get("/"), HTTPStatus.FOUND),
    "bad host": ("client", lambda client: client.get("/", HTTP_HOST="evil.example"), HTTPStatus.BAD_REQUEST),
    "not allowed": ("nurse", lambda client: client.get("/admin/login/"), HTTPStatus.FORBIDDEN),
    "not found": ("nurse", lambda client: client.get("/nothing/"), HTTPStatus.NOT_FOUND),
    "wrong method": ("client", lambda client: client.post("/health/live"), HTTPStatus.METHOD_NOT_ALLOWED),
    "fault": ("broken", lambda client: client.get("/"), HTTPStatus.INTERNAL_SERVER_ERROR),
}
each_answer = pytest.mark.parametrize("kind", sorted(ANSWERS))


@pytest.fixture
def answer(request: pytest.FixtureRequest, db: None, kind: str) -> Any:
    who, ask, status = ANSWERS[kind]
    page = ask(request.getfixturevalue(who))
    assert page.status_code == status
    return page


@each_answer
def test_no_cache_keeps_it(answer: Any) -> None:
    assert "no-store" in answer["Cache-Control"]


@each_answer
def test_nothing_runs_that_is_not_ours(answer: Any) -> None:
    stated = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert stated == DIRECTIVES
    assert "unsafe" not in answer["Content-Security-Policy"]


@each_answer
def test_nobody_embeds_it_guesses_its_type_or_learns_where_it_came_from(answer: Any) -> None:
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(), payment=()"


@pytest.mark.parametrize("kind", ["page", "sign-in", "not allowed", "not found", "fault", "bad host"])
def test_a_page_brings_no_script_or_style_of_its_own(answer: Any) -> None:
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("bad host", "The request was not understood"),
        ("not allowed", "Your role does not allow this"),
        ("not found", "There is nothing here for you"),
        ("fault", "Something went wrong on our side"),
    ],
)
def test_an_error_is_a_page_of_ours_that_tells_no_secrets(answer: Any, sentence: str) -> None:
    page = answer.content.decode()
    assert sentence in page
    assert not re.search("Traceback|ZeroDivision|evil.example|settings", page)


def test_a_page_that_says_how_long_it_may_be_kept_is_believed() -> None:
    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "max-age=60"})

    kept = KeepPagesPrivate(answer)(RequestFactory().get("/"))
    assert kept["Cache-Control"] == "max-age=60"
    assert kept["Cross-Origin-Resource-Policy"] == "same-origin"


def test_cookies_are_kept_from_scripts_and_other_sites(site: Site) -> None:
    factories.user(Role.NURSE, site=site, username="nadia")
    client = Client()
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": "nadia", "password": "correct horse battery"})
    assert {"session", "csrftoken"} <= set(client.cookies)
    for name in ("session", "csrftoken"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_a_session_ends_with_the_browser(site: Site) -> None:
    factories.user(Role.NURSE, site=site, username="nadia")
    client = Client()
    client.post(reverse("account_login"), {"login": "nadia", "password": "correct horse battery"})
    assert client.cookies["session"]["max-age"] == ""


def test_a_form_that_lost_its_token_is_told_what_to_do(nurse: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = nurse.cookies
    page = strict.post(reverse("account_logout"))
    assert page.status_code == 403
    assert "Please send the form again" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_too_many_requests_are_told_to_wait(db: None) -> None:
    for _ in range(6):
        page = Client().post(reverse("account_reset_password"), {"email": "nadia@example.org"})
    assert page.status_code == 429
    assert "Wait a minute" in page.content.decode()
