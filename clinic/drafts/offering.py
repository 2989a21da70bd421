"""How a form's page keeps drafts: it offers a place for what is typed, and begins with what was kept there.

A page that takes part calls `offer` when it shows its form and `drop` when the form was saved; its template includes
`components/draft_notice.html` above the form and `components/draft_buttons.html` among the form's buttons.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.http import QueryDict

from clinic import formatting
from clinic.drafts import queries, services
from clinic.drafts.places import Place, Slip
from clinic.staff.access import StaffRequest

# Hidden fields that belong to the draft. Every other hidden field says what the page is about.
_CARRIED = {"submission", "version"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the template needs: the signed slip, and when what the form begins with was kept; empty if it is fresh."""

    token: str
    kept: str


def place_of(request: StaffRequest) -> Place:
    """Return where the draft of this page belongs: its address says which form it is and about which record."""
    match = request.resolver_match
    assert match is not None  # noqa: S101 - a view answers, so its address was resolved
    return Place(request.user.pk, match.view_name, " ".join(map(str, match.kwargs.values())))


def offer(request: StaffRequest, form: forms.Form, *, above: str, now: datetime, zone: tzinfo | None = None) -> Offer:
    """Let the form begin with the draft, if there is one, and return what the template needs.

    A form that was sent and is shown again, because something stands in the way, is kept as it was sent. `above` is
    where "Keep for later" leads. Times are told on the clock of `zone`, else on that of the person's home site.
    """
    place = place_of(request)
    token = Slip(place, request.path, above).issue()
    if request.method == "POST":
        with suppress(services.TooLarge):
            services.keep(place=place, data=request.POST.lists(), at=now)
        return Offer(token, "")
    kept = queries.find(place, now)
    if kept is None or not restore(form, kept.data):
        return Offer(token, "")
    return Offer(token, _when(kept.saved_at, now, zone or _home_zone(request)))


def drop(request: StaffRequest) -> None:
    """Delete the draft of this page: what was typed is saved."""
    services.drop(place=place_of(request))


def restore(form: forms.Form, data: dict[str, list[str]]) -> bool:
    """Let a form that was not sent begin with a draft, unless the draft is about something else by now.

    A field that the draft knows nothing of begins as it would have; of a box that is not ticked a browser says nothing.
    """
    typed = QueryDict(mutable=True)
    for name, texts in data.items():
        typed.setlist(name, texts)
    if not _is_about_the_same(form, typed):
        return False
    for name, field in form.fields.items():
        key = form.add_prefix(name)
        if services.is_kept(name) and not field.widget.value_omitted_from_data(typed, {}, key):
            form.initial[name] = field.widget.value_from_datadict(typed, {}, key)
    return True


def _is_about_the_same(form: forms.Form, typed: QueryDict) -> bool:
    hidden = [field for field in form.hidden_fields() if field.name not in _CARRIED and field.html_name in typed]
    return all(typed[field.html_name] == _text(field.value()) for field in hidden)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _home_zone(request: StaffRequest) -> tzinfo:
    home = request.user.home_site
    return UTC if home is None else home.zone


def _when(saved_at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return "at 14:05", and the day as well when it is another one."""
    there = saved_at.astimezone(zone)
    clock = formatting.clock(there.time())
    same_day = there.date() == now.astimezone(zone).date()
    return f"at {clock}" if same_day else f"on {formatting.day(there.date())} at {clock}"
