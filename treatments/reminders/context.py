"""The banner above every page when nothing has looked after the reminders for a day."""

from datetime import datetime

from django.core.cache import cache
from django.db import Error
from django.http import HttpRequest
from django.utils import timezone

from clinic.staff.models import User
from treatments.reminders.queries.liveness import nothing_since

KEY = "reminders.banner"
SECONDS_KEPT = 60


def site_banner(request: HttpRequest) -> dict[str, str]:
    """Return `site_banner`: "" while all is well, and for whoever is not signed in. One query a minute and process."""
    if not isinstance(getattr(request, "user", None), User):
        return {"site_banner": ""}
    words: str | None = cache.get(KEY)
    if words is None:
        words = _words(timezone.now())
        cache.set(KEY, words, SECONDS_KEPT)
    return {"site_banner": words}


def _words(now: datetime) -> str:
    """Say since when nothing ran. A page does not fail over a database that cannot say."""
    try:
        since = nothing_since(now)
    except Error:
        return ""
    if since is None:
        return ""
    day = f"{since.day} {since:%b %Y}"
    return f"Nothing has looked after the reminders since {day}: nobody is being told. Tell whoever runs this system."
