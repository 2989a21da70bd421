"""One lot: where it is, whom it was given to, and holding back what is left of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.records.forms import Once
from clinic.records.writing import AlreadySubmitted
from clinic.staff.access import StaffRequest, requires, site_ids
from clinic.staff.roles import Permission
from treatments.courses.views.shared import SAVED_BEFORE
from treatments.supply import forms, queries, services


@requires(Permission.VIEW_SUPPLY)
@require_http_methods(["GET", "POST"])
def recall(request: StaffRequest) -> HttpResponse:
    """Show everything about a lot; holding back what is left of it is the page's one action."""
    lot_form = forms.LotForm(request.GET or None)
    lot = lot_form.cleaned_data["lot"] if lot_form.is_bound and lot_form.is_valid() else ""
    mine = site_ids(request.user, Permission.MANAGE_SUPPLY)
    form = forms.RecallForm(
        request.POST or None, once=Once(user_id=request.user.pk, action="recall a lot", subject=lot.casefold())
    )
    status = 200
    if request.method == "POST" and lot and mine:
        if form.is_valid():
            said = _hold_back(request, lot, form)
            if said is not None:
                return said
        status = 422
    found = queries.recall(request.user, lot, timezone.now()) if lot else None
    context = {
        "lot_form": lot_form,
        "form": form,
        "lot": lot,
        "recall": found,
        "may_hold_back": found is not None and bool(found.lot_sites & mine),
        "submit_label": "Quarantine all that is left",
        "here": _here(lot),
    }
    return render(request, "supply/recall.html", context, status=status)


def _hold_back(request: StaffRequest, lot: str, form: forms.RecallForm) -> HttpResponse | None:
    """Quarantine the lot where this person manages supply; None when the form has to be shown again."""
    values: dict[str, Any] = form.cleaned_data
    try:
        moved = services.quarantine_lot(
            lot=lot,
            sites=site_ids(request.user, Permission.MANAGE_SUPPLY),
            reason=values["reason"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=timezone.now(),
        )
    except AlreadySubmitted:
        messages.info(request, SAVED_BEFORE)
    except services.NothingLeft as nothing:
        form.add_error(None, str(nothing))
        return None
    else:
        messages.success(request, f"{formatting.plural(len(moved), 'vial')} of lot {lot} quarantined.")
    return redirect(_here(lot))


def _here(lot: str) -> str:
    return f"{reverse('supply:recall')}?{urlencode({'lot': lot})}"
