"""Who may read: everybody who is signed in, and only what is or was in force. Drafts are for administrators."""

from datetime import date

from django.http import Http404

from monographs.queries import MonographPage, monograph_page

LONGEST_NUMBER = 6


def monograph_or_404(slug: str, version: str | None, *, today: date) -> MonographPage:
    """Return the page of a monograph, in the version asked for or the one in force.

    An unknown monograph, a draft and a number that is none answer alike: 404.
    """
    page = monograph_page(slug, _number(version), today=today)
    if page is None:
        raise Http404("There is no such monograph, or no such version of it.")
    return page


def _number(version: str | None) -> int | None:
    if version is None:
        return None
    if not (version.isascii() and version.isdecimal()) or len(version) > LONGEST_NUMBER:
        raise Http404("A version is a number.")
    return int(version)
