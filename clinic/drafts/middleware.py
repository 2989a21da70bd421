"""Whoever sends a form after their session has ended signs in again, and finds the form as they sent it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from clinic.drafts.views import is_script, keep_what_was_sent


class KeepAndSignIn(LoginRequiredMiddleware):
    """Ask everybody to sign in, as Django does; before that, keep what somebody typed while they were signed in."""

    def handle_no_permission(  # type: ignore[override]  # a script cannot sign in, so it is not led anywhere
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        """Lead to the sign-in page and from there back to the form; a script would put that page into the form."""
        if is_script(request):
            return HttpResponse(status=401)
        slip = keep_what_was_sent(request)
        if slip is None:
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(slip.here)
