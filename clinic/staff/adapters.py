"""How the sign-in library is bent to this house: accounts are opened by administrators only."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedToSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody opens their own account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Answer no."""
        return False


def throttled_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the name under which failed sign-ins are counted: what was typed, folded, however it was used."""
    typed = (credentials or {}).get("username") or (credentials or {}).get("email")
    if not typed and request is not None:
        typed = request.POST.get("login", "")
    return str(typed or "").strip().casefold()[:255]
