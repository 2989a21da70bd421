"""How the sign-in library is bent to this house: accounts are opened by administrators only."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from clinic.audit import trail
from clinic.audit.trail import person_actor
from clinic.staff.models import User


class ClosedToSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody opens their own account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Answer no."""
        return False

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Save the password that somebody chose, and tell the trail that they chose one."""
        super().set_password(user, password)
        at = timezone.now()  # noqa: TID251 - the library's own view calls, without a clock
        trail.record("staff.password_chosen", by=person_actor(user), at=at, target=user)


def throttled_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the name under which failed sign-ins are counted: what was typed, folded, however it was used."""
    typed = (credentials or {}).get("username") or (credentials or {}).get("email")
    if not typed and request is not None:
        typed = request.POST.get("login", "")
    return str(typed or "").strip().casefold()[:255]
