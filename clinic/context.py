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
    ("Patients", "patients:find", Permission.VIEW_PATIENTS),
    ("Monographs", "monographs:list", None),
    ("Reminders", "reminders:ledger", Permission.VIEW_REMINDERS),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `product_name` and `nav_items`; the latter is empty for somebody who is not signed in."""
    user = getattr(request, "user", None)
    items = _items(request, user) if isinstance(user, User) else []
    return {"product_name": settings.PRODUCT_NAME, "nav_items": items, "site_banner": ""}


def _items(request: HttpRequest, user: User) -> list[NavItem]:
    allowed = [place for place in _PLACES if place[2] is None or may_somewhere(user, place[2])]
    urls = [(label, reverse(name)) for label, name, _ in allowed]
    if user.is_staff:
        urls.append(("Admin", reverse("admin:index")))
    here = max((url for _, url in urls if request.path.startswith(url)), key=len, default="")
    return [NavItem(label, url, url == here) for label, url in urls]
