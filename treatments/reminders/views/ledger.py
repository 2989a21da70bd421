"""The ledger page: what was planned, sent and not sent, for whom, and why."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import formatting
from clinic.staff.access import StaffRequest, requires, site_ids
from clinic.staff.roles import Permission
from clinic.statuses import REMINDER
from treatments.reminders.forms import LedgerFilter
from treatments.reminders.models import Kind, MessageState
from treatments.reminders.queries import ledger as queries
from treatments.reminders.queries.ledger import Asked, Cursor


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    url: str


@requires(Permission.VIEW_REMINDERS)
@require_safe
def ledger(request: StaffRequest) -> HttpResponse:
    """Show one page of the ledger."""
    form = LedgerFilter(request.GET)
    asked = _asked(form)
    page = queries.page(request.user, asked, _cursor(request.GET))
    context = {
        "form": form,
        "rows": page.rows,
        "chips": _chips(asked),
        "watch": queries.watch(request.user, timezone.now()),
        "failed_url": _url(Asked(state=MessageState.FAILED.value)),
        "all_url": _url(Asked()),
        "several_sites": len(site_ids(request.user, Permission.VIEW_REMINDERS)) > 1,
        "previous_url": _url(asked, page.previous) if page.previous else "",
        "next_url": _url(asked, page.next) if page.next else "",
    }
    return render(request, "reminders/ledger.html", context)


def _asked(form: LedgerFilter) -> Asked:
    """Return what could be understood; the rest is named above the list and narrows nothing."""
    form.is_valid()
    found = form.cleaned_data
    return Asked(found.get("state", ""), found.get("kind", ""), found.get("first"), found.get("last"))


def _chips(asked: Asked) -> list[Chip]:
    words = {
        "state": REMINDER[asked.state].label if asked.state else "",
        "kind": Kind(asked.kind).label if asked.kind else "",
        "first": f"Due from {formatting.day(asked.first)}" if asked.first else "",
        "last": f"Due until {formatting.day(asked.last)}" if asked.last else "",
    }
    empty = asdict(Asked())
    return [Chip(label, _url(replace(asked, **{name: empty[name]}))) for name, label in words.items() if label]


def _url(asked: Asked, cursor: Cursor | None = None) -> str:
    """Return the address of a page of the ledger."""
    wanted = {name: str(value) for name, value in asdict(asked).items() if value}
    if cursor is not None:
        wanted["before" if cursor.backward else "after"] = f"{cursor.due_on.isoformat()}.{cursor.line_id.hex}"
    query = f"?{urlencode(wanted)}" if wanted else ""
    return f"{reverse('reminders:ledger')}{query}"


def _cursor(params: Mapping[str, str]) -> Cursor | None:
    """Read the place in the list; whatever cannot be understood means the first page."""
    name = "before" if "before" in params else "after"
    day, _, line_id = params.get(name, "").partition(".")
    try:
        return Cursor(date.fromisoformat(day), uuid.UUID(line_id), backward=name == "before")
    except ValueError:
        return None
