"""The liveness page answers while the process can answer at all, and says nothing else."""

import pytest
from django.test import Client
from django.test.utils import override_settings

LIVE = "/health/live"


def test_it_answers_without_any_database() -> None:
    """There is no database in this test: the runner refuses every connection."""
    page = Client().get(LIVE)
    assert (page.status_code, page.content, page["Content-Type"]) == (200, b"ok", "text/plain")


def test_it_leaves_no_cookie() -> None:
    assert not Client().get(LIVE).cookies


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_is_only_read(method: str) -> None:
    assert getattr(Client(), method)(LIVE).status_code == 405


def test_a_head_gets_the_same_without_the_word() -> None:
    page = Client().head(LIVE)
    assert (page.status_code, page.content) == (200, b"")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_it_answers_over_plain_http_where_everything_else_must_not() -> None:
    assert Client().get(LIVE).status_code == 200
    assert Client().get("/").status_code == 301
