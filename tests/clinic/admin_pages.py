"""What the administration pages' tests share: forms filled in as a browser would, and pages read as a person would."""

from typing import Any

from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Membership, User

ROLES = "memberships"


def parsed(page: Any) -> BeautifulSoup:
    """Return a page that answered, ready to be asked."""
    assert page.status_code == 200, page.status_code
    return BeautifulSoup(page.content, "html.parser")


def roles(user: User | None = None, *, give: list[tuple[Any, str]] | None = None, take: list[Any] | None = None) -> Any:
    """Return the part of the account's form that holds its roles: `give` as (site, role), `take` as memberships."""
    held = [] if user is None else list(Membership.objects.filter(user=user).order_by("pk"))
    given = give or []
    data: dict[str, Any] = {f"{ROLES}-TOTAL_FORMS": len(held) + len(given), f"{ROLES}-INITIAL_FORMS": len(held)}
    for place, membership in enumerate(held):
        data |= {f"{ROLES}-{place}-id": membership.pk, f"{ROLES}-{place}-user": membership.user_id}
        if membership in (take or []):
            data[f"{ROLES}-{place}-DELETE"] = "on"
    for place, (site, role) in enumerate(given, len(held)):
        data |= {f"{ROLES}-{place}-site": site.pk, f"{ROLES}-{place}-role": role}
    return data


def account(user: User, **facts: Any) -> dict[str, Any]:
    """Return the account's own fields as they stand, but for the given ones; None leaves a field out."""
    stands = {
        "username": user.username,
        "full_name": user.full_name,
        "email": user.email,
        "home_site": user.home_site_id or "",
        "is_active": "on" if user.is_active else None,
    }
    return {name: value for name, value in (stands | facts).items() if value is not None}


def save(client: Client, user: User, data: dict[str, Any]) -> Any:
    """Send the account's page."""
    return client.post(reverse("admin:staff_user_change", args=[user.pk]), data)


def told(page: Any) -> str:
    """Return what a refused form says, in one line."""
    lists = parsed(page).select(".errorlist")
    return " ".join(" ".join(found.stripped_strings) for found in lists)


def choices(page: Any, field: str) -> set[str]:
    """Return what a choice on a page offers, without the empty one."""
    found = parsed(page).select(f"select[name='{field}'] option")
    return {option.text for option in found if option["value"]}
