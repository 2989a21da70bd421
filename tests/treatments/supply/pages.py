"""How this room's tests read what a page answers."""

from typing import Any

from tests.treatments.courses import pages
from tests.treatments.pages import soup, text


def problems(response: Any) -> list[str]:
    """Return the lines of the error summary, each with the name of its field: "Lot: Enter the lot."."""
    return [line.replace(" : ", ": ", 1) for line in pages.problems(response)]


def main(response: Any) -> str:
    """Return the words of the page itself, without what is around it."""
    found = soup(response).select_one("main")
    assert found is not None
    return text(found)


def offered(response: Any) -> list[str]:
    """Return what the page offers to do, in its order."""
    return [text(link) for link in soup(response).select(".page-header .actions a")]
