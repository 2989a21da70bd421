"""How this room's tests read what a page answers."""

from typing import Any

from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.audit.models import Entry
from tests.treatments.pages import filled, soup, text


def problems(response: Any) -> list[str]:
    """Return the lines of the error summary."""
    return [text(item) for item in soup(response).select(".error-summary li")]


def told(response: Any) -> list[str]:
    """Return what the person is told last, on this page or the next."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def title(response: Any) -> str:
    """Return the page's title, which ends up in histories and logs."""
    found = soup(response).title
    assert found is not None
    return text(found)


def panel(response: Any, heading: str) -> str:
    """Return the words of the panel with this heading."""
    (found,) = [one for one in soup(response).select("section.panel") if text(one).startswith(heading)]
    return text(found)


def asked(response: Any) -> list[str]:
    """Return the sentences that the page asks to confirm."""
    return [str(box["value"]) for box in soup(response).select("[name=confirmed]")]


def again(response: Any, **typed: Any) -> dict[str, Any]:
    """Return what the page that came back would send, with something else typed or ticked."""
    return filled(soup(response)) | typed


def entries() -> int:
    """Return how much the trail holds."""
    return Entry.objects.count()


def queries(client: Client, url: str) -> int:
    """Return the number of queries that opening a page takes."""
    with CaptureQueriesContext(connection) as taken:
        assert client.get(url).status_code == 200
    return len(taken)
