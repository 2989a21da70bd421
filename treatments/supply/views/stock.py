"""The list of vials with what is there by strength; ordering and receiving."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting, statuses
from clinic.audit.trail import person_actor
from clinic.records.forms import Once
from clinic.staff.access import StaffRequest, may_somewhere, requires, sites
from clinic.staff.models import Site
from clinic.staff.roles import Permission
from monographs import queries as monographs
from treatments.courses.views.shared import Page, Refusals, save, show
from treatments.rules.gs1 import UnreadableScan
from treatments.supply import forms, queries, services
from treatments.supply.queries import ALL, Asked, Cursor
from treatments.supply.views.shared import home_first

_REFUSALS: Refusals = {
    services.BadLot: "count",
    services.KnownSerial: "serials",
    services.TooLate: "expires_on",
    services.MovedInTheFuture: "received_on",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    url: str


@requires(Permission.VIEW_SUPPLY)
@require_safe
def stock(request: StaffRequest) -> HttpResponse:
    """Show the vials that are asked for, and what is there of each strength."""
    now, seen = timezone.now(), sites(request.user, Permission.VIEW_SUPPLY)
    mgs = sorted({product.mg for product in monographs.products_in_force()})
    form = forms.StockFilter(request.GET, strengths=mgs, sites=seen)
    asked = _asked(form)
    page = queries.page(request.user, asked, _cursor(request.GET), now)
    counted = [site for site in seen if asked.site in {None, site.pk}]
    context = {
        "form": form,
        "rows": page.rows,
        "chips": _chips(asked, seen),
        "strengths": [(line, _url(Asked(mg=line.mg, site=asked.site))) for line in queries.strengths(counted, now)],
        "several_sites": len(seen) > 1,
        "all_url": _url(Asked()),
        "previous_url": _url(asked, page.previous) if page.previous else "",
        "next_url": _url(asked, page.next) if page.next else "",
        "may_manage": may_somewhere(request.user, Permission.MANAGE_SUPPLY),
    }
    return render(request, "supply/stock.html", context)


def _asked(form: forms.StockFilter) -> Asked:
    """Return what could be understood; the rest is named above the list and narrows nothing."""
    form.is_valid()
    found = form.cleaned_data
    return Asked(
        state=found.get("state", ""),
        mg=Decimal(found["mg"]) if found.get("mg") else None,
        lot=found.get("lot", ""),
        days=int(found["days"]) if found.get("days") else None,
        site=uuid.UUID(found["site"]) if found.get("site") else None,
    )


def _chips(asked: Asked, seen: list[Site]) -> list[Chip]:
    state = "All states" if asked.state == ALL else ""
    words = {
        "state": statuses.VIAL[asked.state].label if asked.state in statuses.VIAL else state,
        "mg": formatting.quantity(asked.mg, "mg") if asked.mg else "",
        "lot": f"Lot {asked.lot}" if asked.lot else "",
        "days": f"Expires within {asked.days} days" if asked.days else "",
        "site": next((site.name for site in seen if site.pk == asked.site), ""),
    }
    empty = asdict(Asked())
    return [Chip(label, _url(replace(asked, **{name: empty[name]}))) for name, label in words.items() if label]


def _url(asked: Asked, cursor: Cursor | None = None) -> str:
    """Return the address of a page of the list."""
    wanted = {name: value for name, value in asdict(asked).items() if value}
    words = {name: formatting.number(value) if name == "mg" else str(value) for name, value in wanted.items()}
    if cursor is not None:
        place = f"{cursor.last_day.isoformat()}.{cursor.vial_id.hex}"
        words["before" if cursor.backward else "after"] = place
    return reverse("supply:stock") + (f"?{urlencode(words)}" if words else "")


def _cursor(params: Mapping[str, str]) -> Cursor | None:
    """Read the place in the list; whatever cannot be understood means the first page."""
    name = "before" if "before" in params else "after"
    day, _, vial_id = params.get(name, "").partition(".")
    try:
        return Cursor(date.fromisoformat(day), uuid.UUID(vial_id), backward=name == "before")
    except ValueError:
        return None


@requires(Permission.MANAGE_SUPPLY)
@require_http_methods(["GET", "POST"])
def order(request: StaffRequest) -> HttpResponse:
    """Write down that vials were ordered."""
    now = timezone.now()
    page = _page("Order vials", "Save the order", "What was ordered shows as on order until it is received.")
    form = forms.OrderForm(request.POST or None, **_offered(request, "order vials"))
    if request.method != "POST":
        return show(request, form, page, None, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {name: values[name] for name in ("site", "product", "count", "expected_on", "submission")}
        reference = values["order_reference"]
        services.order_vials(reference=reference, by=person_actor(request.user), at=now, **facts)

    return save(request, form, page, None, now=now, work=work, refusals=_REFUSALS, done="The order was saved.")


@requires(Permission.MANAGE_SUPPLY)
@require_http_methods(["GET", "POST"])
def receive(request: StaffRequest) -> HttpResponse:
    """Receive vials; what is scanned fills the form and is saved only when somebody has looked at it."""
    now = timezone.now()
    page = _page("Receive vials", "Receive", "One lot at a time.", template="supply/receive.html")
    offered = _offered(request, "receive vials")
    if request.method == "POST" and request.POST.get("scan", "").strip():
        return _read_in(request, page, offered, now=now)
    form = forms.ReceiveForm(request.POST or None, **offered)
    if request.method != "POST":
        return show(request, form, page, None, now=now)

    def work(values: dict[str, Any]) -> None:
        names = ("product", "lot", "expires_on", "count", "gtin", "serials", "place", "off_the_order")
        received_at = values["received_at"] or now
        received = services.Received(received_at=received_at, **{name: values[name] for name in names})
        services.receive_vials(
            site=values["site"],
            received=received,
            by=person_actor(request.user),
            at=now,
            submission=values["submission"],
        )

    def done() -> str:
        count = form.cleaned_data["count"]
        return f"{formatting.plural(count, 'vial')} of lot {form.cleaned_data['lot']} received."

    return save(request, form, page, None, now=now, work=work, refusals=_REFUSALS, done=done)


def _read_in(request: StaffRequest, page: Page, offered: dict[str, Any], *, now: datetime) -> HttpResponse:
    """Show the form again, filled with what was scanned; or with what is wrong with the scan."""
    names = set(forms.ReceiveForm.base_fields) - {"submission", "off_the_order"}
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
    typed["off_the_order"] = "off_the_order" in request.POST
    try:
        initial = forms.scanned(typed["scan"], typed, offered["products"], offered["sites"][0].today(now))
    except UnreadableScan as refusal:
        told: dict[str, Any] = {"scan_problem": str(refusal)}
        form = forms.ReceiveForm(initial=typed, **offered)
        return show(request, form, page, None, now=now, beside=lambda: told, status=422)
    form = forms.ReceiveForm(initial=initial, **offered)
    unknown = bool(initial["gtin"]) and not initial["product"]
    told = {"read": formatting.plural(initial["count"], "carton"), "unknown_product": unknown}
    return show(request, form, page, None, now=now, beside=lambda: told)


def _page(title: str, submit_label: str, lead: str, template: str = "components/form_page.html") -> Page:
    return Page(title, submit_label, reverse("supply:stock"), lead, template=template, above_label="Supply")


def _offered(request: StaffRequest, action: str) -> dict[str, Any]:
    return {
        "sites": home_first(request.user, sites(request.user, Permission.MANAGE_SUPPLY)),
        "products": monographs.products_in_force(),
        "once": Once(user_id=request.user.pk, action=action, subject="supply"),
    }
