"""Keep what is typed, begin afresh, and lose nothing that is sent after the session has ended."""

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic.drafts import services
from clinic.drafts.access import slip_or_403, slip_or_none
from clinic.drafts.places import KEPT_FOR, Slip
from clinic.staff.access import StaffRequest

_KEPT = f"What you typed is kept for {KEPT_FOR.days} days, for you alone. Open the same form again to go on."


@require_POST
def keep(request: StaffRequest) -> HttpResponse:
    """Keep a form as it stands: for a script without a word, for a person with the way back to the page above."""
    slip = slip_or_403(request.user, request.POST.get("draft", ""))
    try:
        services.keep(place=slip.place, data=request.POST.lists(), at=timezone.now())
    except services.TooLarge as refused:
        return render(request, "drafts/too_large.html", {"sentence": str(refused)}, status=413)
    if is_script(request):
        return HttpResponse(status=204)
    messages.success(request, _KEPT)
    return redirect(slip.above)


@require_POST
def drop(request: StaffRequest) -> HttpResponse:
    """Delete a draft and open its form afresh."""
    slip = slip_or_403(request.user, request.POST.get("draft", ""))
    services.drop(place=slip.place)
    return redirect(slip.here)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form has to be sent again; what was typed into it is there when the page is opened again."""
    slip = keep_what_was_sent(request)
    return render(request, "403_csrf.html", {"again": "" if slip is None else slip.here}, status=403)


def keep_what_was_sent(request: HttpRequest) -> Slip | None:
    """Keep a form that a person sent and that cannot be answered, because they are signed out or came back since.

    The slip proves that the page was opened by the person whose draft it becomes. Nothing is kept for somebody while
    another person is signed in, and nothing that a script sends by itself.
    """
    if request.method != "POST" or is_script(request):
        return None
    slip = slip_or_none(request.POST.get("draft", ""))
    if slip is None or not _may_be(slip, request):
        return None
    with suppress(services.TooLarge):
        services.keep(place=slip.place, data=request.POST.lists(), at=timezone.now())
        return slip
    return None


def _may_be(slip: Slip, request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, AnonymousUser) or user.pk == slip.place.user_id


def is_script(request: HttpRequest) -> bool:
    """Say whether a script asks by itself while a person reads or types."""
    return request.headers.get("X-Requested-With") == "fetch" or "HX-Request" in request.headers
