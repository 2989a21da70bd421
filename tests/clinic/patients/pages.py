"""Read and send this room's pages the way a browser does."""

from typing import Any

from bs4 import BeautifulSoup, Tag
from django.http import HttpResponse
from django.test import Client


def page(response: HttpResponse | Any) -> BeautifulSoup:
    """Parse a page."""
    return BeautifulSoup(response.content, "html.parser")


def text(node: Tag | BeautifulSoup | None) -> str:
    """Return what a reader sees, with single spaces."""
    assert node is not None
    return " ".join(node.get_text(" ").split())


def main(response: Any) -> str:
    """Return what a reader sees of the page's own part."""
    return text(page(response).find("main"))


def filled(response: Any) -> dict[str, str]:
    """Return what the form on a page would send as it stands."""
    form = page(response).select_one("main form[data-once]")
    assert form is not None, "there is no form to send on this page"
    sent: dict[str, str] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            sent[str(field["name"])] = str(chosen["value"]) if chosen else ""
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            sent[str(field["name"])] = str(field.get("value", ""))
    return sent


def send(client: Client, url: str, **typed: str) -> Any:
    """Open a page, type this into its form, and send it."""
    return client.post(url, filled(client.get(url)) | typed)


def summary(response: Any) -> dict[str, str]:
    """Return the error summary: the sentence for each field that it links to, by the field's name."""
    parsed = page(response)
    found: dict[str, str] = {}
    for line in parsed.select(".error-summary li"):
        link = line.find("a", href=lambda href: bool(href and href.startswith("#")))
        assert isinstance(link, Tag), f"{text(line)} leads nowhere"
        control = parsed.find(id=str(link["href"])[1:])
        assert isinstance(control, Tag), f"{link['href']} is not on the page"
        found[str(control["name"])] = text(line)
    return found


def notices(response: Any) -> list[str]:
    """Return the messages at the top of a page."""
    return [text(line) for line in page(response).select(".notices .notice")]
