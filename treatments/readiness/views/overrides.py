"""Let a dose past a light, confirm it, take it back; and everything that waits for somebody at a site."""

import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, may_somewhere, require, requires, sites
from clinic.staff.roles import Permission
from treatments.courses import services as courses
from treatments.courses.access import dose_or_404
from treatments.courses.queries import awaited_decisions
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.labs.queries import to_review, waiting_reviews
from treatments.readiness import forms, queries, services
from treatments.readiness.access import override_or_404
from treatments.readiness.models import Light as LightWords
from treatments.rules.lights import Light
from treatments.rules.readiness import Answer, Judged, needs_two

_GIVE_REFUSALS: Refusals = {
    services.NothingToOverride: None,
    services.LightChanged: None,
    services.AlreadyOverridden: None,
    services.PrescriberNeeded: None,
    services.NoReason: "reason",
    services.ExpiresTooLate: "expires_on",
    courses.CourseStopped: None,
}
_CONFIRM_REFUSALS: Refusals = {
    services.SamePerson: None,
    services.AlreadyConfirmed: None,
    services.NothingToOverride: None,
    courses.CourseStopped: None,
}


@require_safe
@requires(Permission.VIEW_PATIENTS)
def inbox(request: StaffRequest) -> HttpResponse:
    """Show the results that ask for an answer, and what waits for a second person."""
    here, now = sites(request.user, Permission.VIEW_PATIENTS), timezone.now()
    reviews = waiting_reviews(here, request.user.pk)
    overrides = queries.waiting_overrides(here, request.user.pk, now)
    decisions = awaited_decisions(here, request.user.pk, now)
    context = {
        "results": to_review(here, now),
        "reviews": reviews,
        "decisions": decisions,
        "overrides": overrides,
        "waiting": len(reviews) + len(decisions) + len(overrides),
        "several_sites": len(here) > 1,
        "may_review": may_somewhere(request.user, Permission.REVIEW_LABS),
        "may_confirm": may_somewhere(request.user, Permission.SECOND),
    }
    return render(request, "readiness/inbox.html", context)


@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, dose_id: uuid.UUID, light: Light) -> HttpResponse:
    """Let a dose past a light."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.OVERRIDE_LIGHTS, row.site_id)
    now, patient = timezone.now(), row.patient
    back = reverse("readiness:dose", args=[row.pk])
    if not (row.is_next and row.course.is_open):
        return turn(request, "This dose is not planned any more; there is nothing to let past.", back)
    found = queries.readiness_of_dose(row.pk, now)
    judged, today = found.judged(light), found.asked.today
    if request.method != "POST" and (closed := _closed(judged)):
        return turn(request, closed, back)
    two, last = needs_two(judged.lit), today + timedelta(days=found.asking.override_days)
    page = Page(
        f"Override a light: {LightWords(light.value).label}",
        "Override, and ask for a second person" if two else "Override",
        back,
        "The dose can go ahead past this light. It stays marked, with your name and reason.",
        template="readiness/override.html",
        above_label="Readiness",
    )
    form = forms.OverrideForm(
        request.POST or None,
        initial={"said": judged.lit.reason, "expires_on": min(max(found.asked.dose.on, today), last)},
        last=formatting.day(last),
        two=two,
        once=once(request, f"override {light}", row),
    )
    barred = two and Permission.SIGN_OFF not in request.user.rights[row.site_id]
    beside = {"said": judged.lit.reason, "two": two, "closed": barred}
    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        try:
            services.give_override(dose=row, light=light, by=person_actor(request.user), at=now, **values)
        except services.LightChanged as changed:
            form.show_said(changed.reason)
            raise

    done = "The override was saved. It waits for a second person." if two else "The override was saved."
    refusals = _GIVE_REFUSALS
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done=done, beside=lambda: beside)


def _closed(judged: Judged) -> str:
    """Say why there is nothing to override; empty when there is."""
    if judged.answer is not Answer.NOT_READY:
        return "This light does not stand in the way of the dose."
    return "An override waits for its second person already." if judged.waiting is not None else ""


@require_http_methods(["GET", "POST"])
def confirm(request: StaffRequest, override_id: uuid.UUID) -> HttpResponse:
    """Confirm an override as the second person."""
    row = override_or_404(request.user, override_id)
    require(request.user, Permission.SECOND, row.site_id)
    now, patient = timezone.now(), row.patient
    back = reverse("readiness:dose", args=[row.dose_id])
    if request.method != "POST":
        if row.voided_at is not None:
            return turn(request, f"This override was withdrawn: {row.void_reason}", back)
        if row.second is not None or not row.needs_second:
            return turn(request, "This override waits for nobody.", back)
    page = Page(
        f"Confirm an override: {row.get_light_display()}",
        "Confirm",
        back,
        "Read what stands in the way and the reason. With your name the dose can go ahead.",
        template="readiness/confirm.html",
        above_label="Readiness",
    )
    form = forms.ConfirmForm(request.POST or None, initial={"version": row.version})
    (line,) = [line for line in queries.history(row.dose, None, request.user.pk) if line.id == row.pk]
    beside = {"line": line}
    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        services.confirm_override(override=row, expected=values["version"], by=person_actor(request.user), at=now)

    done, refusals = "You confirmed the override as the second person.", _CONFIRM_REFUSALS
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done=done, beside=lambda: beside)


@require_http_methods(["GET", "POST"])
def withdraw(request: StaffRequest, override_id: uuid.UUID) -> HttpResponse:
    """Take an override back."""
    row = override_or_404(request.user, override_id)
    require(request.user, Permission.OVERRIDE_LIGHTS, row.site_id)
    now, patient = timezone.now(), row.patient
    back = reverse("readiness:dose", args=[row.dose_id])
    if row.voided_at is not None:
        return turn(request, "This override was withdrawn already.", back)
    page = Page(
        f"Withdraw an override: {row.get_light_display()}",
        "Withdraw",
        back,
        f"What it let past stands in the way again: {row.said}",
        danger=True,
        above_label="Readiness",
    )
    form = forms.WithdrawForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.withdraw_override(override=row, by=person_actor(request.user), at=now, **facts)

    return save(request, form, page, patient, now=now, work=work, refusals={}, done="The override was withdrawn.")
