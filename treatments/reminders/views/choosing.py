"""What a person decides about reminders: their own, one that can wait, one that is sent again; and what would leave."""

import uuid
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require, requires, site_ids
from clinic.staff.roles import Permission
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.reminders import forms, queries, services
from treatments.reminders.access import line_or_404
from treatments.reminders.models import Kind, MessageState

_PUT_OFF_REFUSALS: Refusals = {services.PutOffTooLong: "until", services.NobodySaidWhy: "reason"}
_AGAIN_REFUSALS: Refusals = {services.NothingToSendAgain: None, services.NoReason: "reason"}
SHOWN = 200


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_REMINDERS)
def preferences(request: StaffRequest) -> HttpResponse:
    """Switch kinds of reminders off and on for oneself."""
    now = timezone.now()
    found = queries.choices(request.user, now)
    free = [choice.kind for choice in found if not choice.is_fixed]
    page = Page(
        "Your reminders",
        "Save",
        reverse("reminders:preferences"),
        "What your daily mail tells you.",
        template="reminders/preferences.html",
        above=reverse("reminders:ledger"),
        above_label="Reminders",
    )
    wanted = [choice.kind.value for choice in found if not (choice.is_fixed or choice.is_off)]
    form = forms.PreferencesForm(request.POST or None, initial={"wanted": wanted}, kinds=free)
    beside = {"fixed": [choice.kind.label for choice in found if choice.is_fixed], "free": free}
    if request.method != "POST":
        return show(request, form, page, None, now=now, beside=lambda: beside)
    if not free:
        return turn(request, "Your sites let nobody switch these off.", page.back)

    def work(values: dict[str, Any]) -> None:
        off = [kind for kind in free if kind.value not in values["wanted"]]
        services.set_preferences(user=request.user, off=off, by=person_actor(request.user), at=now)

    done = "Your choice was saved. It counts from the next mail."
    return save(request, form, page, None, now=now, work=work, refusals={}, done=done, beside=lambda: beside)


@require_http_methods(["GET", "POST"])
def put_off(request: StaffRequest, line_id: uuid.UUID) -> HttpResponse:
    """Keep the reminders of one kind about one thing quiet for some days."""
    line = line_or_404(request.user, line_id)
    require(request.user, Permission.MANAGE_REMINDERS, line.site_id)
    now = timezone.now()
    page = Page(
        "Put a reminder off",
        "Put it off",
        reverse("reminders:ledger"),
        f"{line.get_kind_display()}, due {formatting.day(line.due_on)}. Nobody is told until that day; an overdue dose"
        + " still reaches the lead clinician.",
        above_label="Reminders",
    )
    form = forms.PutOffForm(request.POST or None, once=once(request, "put a reminder off", line))
    patient = None if line.dose is None else line.dose.patient
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.put_off(line=line, by=person_actor(request.user), at=now, **values)

    done = "It was put off. What was waiting to be sent is taken back."
    return save(request, form, page, patient, now=now, work=work, refusals=_PUT_OFF_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def again(request: StaffRequest, line_id: uuid.UUID) -> HttpResponse:
    """Send the digest that carried a line again."""
    line = line_or_404(request.user, line_id)
    require(request.user, Permission.MANAGE_REMINDERS, line.site_id)
    now, message = timezone.now(), line.message
    page = Page(
        "Send a digest again",
        "Send it again",
        reverse("reminders:ledger"),
        f"The digest of {line.recipient}, with every line that still holds. Its reader sees it as a second copy.",
        above_label="Reminders",
    )
    if message is None or message.state not in {MessageState.FAILED, MessageState.HANDED_OVER}:
        return turn(request, "There is no digest to send again: it is on its way, or was never made.", page.back)
    form = forms.AgainForm(request.POST or None)
    if request.method != "POST":
        return show(request, form, page, None, now=now)

    def work(values: dict[str, Any]) -> None:
        services.send_again(message=message, reason=values["reason"], by=person_actor(request.user), at=now)

    done = "The digest is sent again within minutes."
    return save(request, form, page, None, now=now, work=work, refusals=_AGAIN_REFUSALS, done=done)


@require_safe
@requires(Permission.VIEW_REMINDERS)
def preview(request: StaffRequest) -> HttpResponse:
    """Show one's own digest of a day as it would be, and what would be planned at one's sites. Nothing is written."""
    now = timezone.now()
    form = forms.PreviewForm(request.GET or None)
    at = _instant(request, _asked(request), now)
    seen = services.preview(request.user, site_ids(request.user, Permission.VIEW_REMINDERS), at)
    rows = [
        {"kind": Kind(item.key.kind.value).label, "due": formatting.day(item.key.due_on), "state": item.state.label}
        | {"reason": item.reason}
        for plan in seen.plans
        for item in plan.items
    ]
    context = {
        "form": form,
        "when": formatting.moment(at, _zone(request)),
        "subject": "" if seen.mail is None else seen.mail.subject,
        "body": "" if seen.mail is None else seen.mail.body,
        "rows": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
    }
    return render(request, "reminders/preview.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_REMINDERS)
def test_mail(request: StaffRequest) -> HttpResponse:
    """Send a mail to oneself that only shows that mail leaves here; whoever only opens the address sends none."""
    if request.method == "POST":
        messages.info(request, services.send_test(user=request.user, now=timezone.now()))
    return redirect("reminders:preview")


def _asked(request: StaffRequest) -> date | None:
    try:
        return parse_date(request.GET.get("on", ""))
    except ValueError:
        return None


def _instant(request: StaffRequest, on: date | None, now: datetime) -> datetime:
    """Return when the next digest is due, or noon of the day that was asked for, at the person's home."""
    return (
        services.next_digest_at(request.user, now)
        if on is None
        else datetime(on.year, on.month, on.day, 12, tzinfo=_zone(request))
    )


def _zone(request: StaffRequest) -> Any:
    home = request.user.home_site
    return timezone.get_default_timezone() if home is None else home.zone
