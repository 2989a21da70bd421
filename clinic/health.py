"""Is the process alive, and is it ready? Nothing is said here about anybody, for everybody may ask."""

import functools
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error, close_old_connections, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from treatments.reminders.queries import liveness

MILLISECONDS_TO_ANSWER = 2000


@login_not_required
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Answer "ok" while the web process can answer at all; no database is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when pages can be served, else 503, and say in JSON how the reminders stand.

    Reminders that are late are no reason to take the pages away, so they alone leave the status at 200.
    """
    try:
        found = _found()
    except Error as error:
        close_old_connections()
        found = {"ready": False, "database": type(error).__name__}
    return JsonResponse(found, status=200 if found["ready"] else 503)


@transaction.atomic
def _found() -> dict[str, Any]:
    """Ask the database, which is given two seconds for each answer where it can be told so."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {MILLISECONDS_TO_ANSWER}")
    missing = len(_shipped() - set(MigrationRecorder(connection).applied_migrations()))
    answer: dict[str, Any] = {"ready": not missing, "database": "answers", "migrations_missing": missing}
    return answer if missing else answer | _reminders()


def _reminders() -> dict[str, Any]:
    now = timezone.now()
    signs = liveness.signs()
    oldest = liveness.oldest_unsent()
    return {
        "reminders": liveness.verdict(signs, now).name.lower(),
        "heartbeat_seconds": {who.value: round((now - sign.at).total_seconds()) for who, sign in signs.items()},
        "oldest_unsent_seconds": max(0, round((now - oldest).total_seconds())) if oldest else 0,
    }


@functools.cache
def _shipped() -> frozenset[tuple[str, str]]:
    """Return every migration of this release; they are read from their files once a process."""
    return frozenset(MigrationLoader(None).disk_migrations)
