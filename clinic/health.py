"""Is the process alive? Nothing more is said to somebody who is not signed in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Answer "ok" while the web process can answer at all; no database is asked."""
    return HttpResponse("ok", content_type="text/plain")
