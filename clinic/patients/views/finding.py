"""The list of patients, the search in it, and the history of one of them."""

import secrets
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from clinic import formatting
from clinic.patients import folding, queries
from clinic.patients.access import patient_or_404
from clinic.patients.choices import CareStatus
from clinic.patients.queries import Filters, FoundPage
from clinic.patients.views.saving import chart_of
from clinic.staff.access import StaffRequest, may_somewhere, requires, site_ids
from clinic.staff.roles import Permission

_SEARCHES = "patient_searches"
_MOST_SEARCHES = 20
_LONGEST_SEARCH = 100
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Link:
    """Something to click: an action of the page, or a filter to take away."""

    label: str
    url: str
    primary: bool = False


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_PATIENTS)
def find(request: StaffRequest) -> HttpResponse:
    """List the patients one may see, and search them.

    What somebody searches for is often a name, so it travels in the body of a POST and stays in the session; the
    address holds a random word for it, which is what Back and Reload need.
    """
    if request.method == "POST":
        return redirect(_address(search=_remember(request, request.POST.get("q", "")), care=_care(request.POST)))
    token, now = request.GET.get("search", ""), timezone.now()
    words = request.session.get(_SEARCHES, {}).get(token, "")
    filters = Filters(words=words, care=_care(request.GET))
    page = queries.find(
        request.user,
        filters=filters,
        at=now,
        after=_patient_id(request.GET.get("after", "")),
        before=_patient_id(request.GET.get("before", "")),
    )
    return render(request, "patients/find.html", _context(request, page, filters, token if words else ""))


@require_GET
def history(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show what happened to everything about a patient, newest first."""
    patient = patient_or_404(request.user, patient_id)
    asked = _number(request.GET.get("before", ""))
    page = queries.history(patient, before=asked)
    context = {
        "patient": queries.banner(patient, patient.site.today(timezone.now())),
        "page": page,
        "zone": patient.site.time_zone,
        "back_url": chart_of(patient),
        "newest_url": reverse("patients:history", args=[patient.pk]) if asked else "",
        "older_url": f"?before={page.older}" if page.older else "",
    }
    return render(request, "patients/history.html", context)


def _context(request: StaffRequest, page: FoundPage, filters: Filters, token: str) -> dict[str, object]:
    chosen = {"search": token, "care": filters.care}
    register = may_somewhere(request.user, Permission.REGISTER_PATIENTS)
    return {
        "rows": page.rows,
        "filters": filters,
        "forgotten": bool(request.GET.get("search")) and not token,
        "care_choices": CareStatus.choices,
        "several_sites": len(site_ids(request.user, Permission.VIEW_PATIENTS)) > 1,
        "actions": [Link("Register a patient", reverse("patients:register"), primary=True)] if register else [],
        "chips": _chips(filters, token),
        "show_hidden": "" if page.rows else _show_hidden(queries.hidden_by_care(request.user, filters)),
        "all_care_url": _address(search=token),
        "everyone_url": _address(),
        "previous_url": _address(**chosen, before=page.before) if page.before else "",
        "next_url": _address(**chosen, after=page.after) if page.after else "",
    }


def _show_hidden(count: int) -> str:
    return f"Show {formatting.plural(count, 'patient')} with another care status" if count else ""


def _chips(filters: Filters, token: str) -> list[Link]:
    """Return the filters in force, each with the address of the list without it."""
    chips = []
    if filters.words:
        chips.append(Link(f"Search: {filters.words}", _address(care=filters.care)))
    if filters.care:
        chips.append(Link(f"Care: {CareStatus(filters.care).label}", _address(search=token)))
    return chips


def _remember(request: StaffRequest, typed: str) -> str:
    """Keep the words of a search in the session, the newest twenty; return the random word that stands for them."""
    words = " ".join(typed.split())[:_LONGEST_SEARCH]
    if not folding.query_words(words):
        return ""
    token = secrets.token_urlsafe(6)
    kept = list(request.session.get(_SEARCHES, {}).items())[1 - _MOST_SEARCHES :]
    request.session[_SEARCHES] = dict([*kept, (token, words)])
    return token


def _address(**parameters: object) -> str:
    given = {name: str(value) for name, value in parameters.items() if value}
    return f"{reverse('patients:find')}?{urlencode(given)}" if given else reverse("patients:find")


def _care(given: QueryDict) -> str:
    """Return the care status asked for, if it is one."""
    care = given.get("care", "")
    return care if care in CareStatus.values else ""


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else None


def _patient_id(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None
