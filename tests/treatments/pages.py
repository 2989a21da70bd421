"""What the tests of pages share: reading a page, and sending a form as a browser would."""

from typing import Any

from bs4 import BeautifulSoup, Tag
from django.http import HttpResponse
from django.test import Client


def soup(response: Any) -> BeautifulSoup:
    """Return the page, parsed."""
    return BeautifulSoup(response.content, "html.parser")


def text(tag: Tag | BeautifulSoup) -> str:
    """Return the words as somebody reads them."""
    return " ".join(tag.get_text(" ").split())


def filled(page: BeautifulSoup) -> dict[str, str]:
    """Return what the page's main form would send if nothing were typed."""
    form = page.select_one("main form[method=post]:not(.start-afresh)")
    assert form is not None
    inputs = [field for field in form.select("input[name]") if not _left_alone(field)]
    values = {str(field["name"]): str(field.get("value", "")) for field in inputs}
    values |= {str(field["name"]): field.get_text() for field in form.select("textarea[name]")}
    for select in form.select("select[name]"):
        chosen = select.select_one("option[selected]") or select.select_one("option")
        values[str(select["name"])] = str(chosen["value"]) if chosen else ""
    return values


def _left_alone(field: Tag) -> bool:
    """Say whether a box or button is not ticked, so that a browser sends nothing of it."""
    return field.get("type") in {"radio", "checkbox"} and not field.has_attr("checked")


def send(client: Client, url: str, **typed: str) -> HttpResponse:
    """Open the form, type, and send it; look at what it would change, where the page shows that, and send it again."""
    answer = client.post(url, filled(soup(client.get(url))) | typed)
    if answer.status_code == 200 and (shown := soup(answer)).select_one("#preview"):
        answer = client.post(url, filled(shown))
    return answer  # type: ignore[return-value]


def looked_at(client: Client, url: str, **typed: str) -> dict[str, str]:
    """Open the form, type, look at what it would change, and return what the button below that would send."""
    shown = soup(client.post(url, filled(soup(client.get(url))) | typed))
    assert shown.select_one("#preview"), text(shown)
    return filled(shown)
