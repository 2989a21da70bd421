"""What the shell around every page needs: the product's name and the places a person may go."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from clinic.staff.access import may_somewhere
from clinic.staff.models import User
from clinic.staff.roles import Permission


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation."""

    label: str
    url: str
    current: bool


_PLACES: tuple[tuple[str, str, Permission | None], ...] = (
    ("Worklist", "worklist", Permission.VIEW_PATIENTS),
    ("Dose days", "dose_day:today", Permission.VIEW_PATIENTS),
    ("Review", "readiness:inbox", Permission.VIEW_PATIENTS),
    ("Patients", "patients:find", Permission.VIEW_PATIENTS),
    ("Adverse events", "adverse_events:report", Permission.VIEW_PATIENTS),
    ("Supply", "supply:stock", Permission.VIEW_SUPPLY),
    ("Monographs", "monographs:list", None),
    ("Reminders", "reminders:ledger", Permission.VIEW_REMINDERS),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `product_name`, `nav_items` and `roleless`.

    The places are none for somebody who is not signed in. `roleless` says that somebody is signed in and holds no role
    at any open site, so that hardly a page is theirs to see.
    """
    user = getattr(request, "user", None)
    return {
        "product_name": settings.PRODUCT_NAME,
        "nav_items": _items(request, user) if isinstance(user, User) else [],
        "roleless": isinstance(user, User) and not user.rights,
    }


def _items(request: HttpRequest, user: User) -> list[NavItem]:
    allowed = [place for place in _PLACES if place[2] is None or may_somewhere(user, place[2])]
    urls = [(label, reverse(name)) for label, name, _ in allowed]
    if user.is_staff:
        urls.append(("Admin", reverse("admin:index")))
    return [NavItem(label, url, _is_here(request.path, url)) for label, url in urls]


def _is_here(path: str, url: str) -> bool:
    """Say whether a page lies within a place. Every address begins with that of the front page: it is only itself."""
    return path == url if url == "/" else path.startswith(url)
