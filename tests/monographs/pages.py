"""Pages as a reader finds them."""

from bs4 import BeautifulSoup, Tag
from django.test import Client


def opened(client: Client, url: str, **query: str) -> BeautifulSoup:
    """Return the page at an address, which must answer 200."""
    response = client.get(url, query)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def one(page: BeautifulSoup | Tag, selector: str) -> Tag:
    """Return the only element that a selector finds."""
    (found,) = page.select(selector)
    return found


def words(element: BeautifulSoup | Tag) -> str:
    """Return the words of an element on one line."""
    return " ".join(element.get_text(" ").split())
