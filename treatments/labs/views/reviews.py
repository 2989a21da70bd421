"""Answer for a value that asks for it, confirm as the second person, and say that a set is not indicated."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, may, require
from clinic.staff.roles import Permission
from treatments.courses.access import dose_or_404
from treatments.courses.views.shared import Page, Refusals, chart, once, save, show, turn
from treatments.labs import forms, queries, services
from treatments.labs.access import not_indicated_or_404, result_or_404, review_or_404
from treatments.labs.models import LabResult, LabReview
from treatments.rules.monitoring_terms import Level, Reading

_REVIEW_REFUSALS: Refusals = {
    services.NothingToAnswer: None,
    services.AlreadyAnswered: None,
    services.LevelChanged: None,
    services.PrescriberNeeded: None,
    services.NoReason: "reason",
}
_CONFIRM_REFUSALS: Refusals = {
    services.SamePerson: None,
    services.AlreadyAnswered: None,
    services.NothingToAnswer: None,
}
_NOT_INDICATED_REFUSALS: Refusals = {
    services.MayNotBeLeftOut: None,
    services.AlreadyAnswered: None,
    services.NoReason: "reason",
}
# What the page and its button are called, and what stands below the heading.
_ASKS = {
    Level.WATCH: ("A value to look at", "I have seen it", "It stays on record that you saw it."),
    Level.SIGN_OFF: ("A value to sign off", "Sign off", "The dose can go ahead once a prescriber has signed it off."),
    Level.STOP: (
        "A value at which this site stops",
        "Sign off, and ask for a second person",
        "It counts once a second person, always another one, has confirmed.",
    ),
}


@require_http_methods(["GET", "POST"])
def review(request: StaffRequest, result_id: uuid.UUID) -> HttpResponse:
    """Answer for a result."""
    result = result_or_404(request.user, result_id)
    require(request.user, Permission.REVIEW_LABS, result.site_id)
    now, patient = timezone.now(), result.patient
    reading = queries.reading_of(result, now)
    level = Level.WATCH if reading is None or reading.level is None else reading.level
    if request.method != "POST":
        if closed := _closed(result, reading):
            return turn(request, closed, chart(patient))
        if level is Level.STOP and (waiting := queries.waiting_review(result)) is not None:
            said = f"{waiting.by} signed this off. It waits for a second person."
            return turn(request, said, reverse("labs:confirm_review", args=[waiting.pk]))
    title, button, lead = _ASKS.get(level, _ASKS[Level.WATCH])
    page = Page(title, button, chart(patient), lead, template="labs/review.html")
    form = forms.ReviewForm(request.POST or None, level=level, once=once(request, "answer for a result", result))
    allowed = level is Level.WATCH or may(request.user, Permission.SIGN_OFF, result.site_id)
    beside = {"facts": queries.result_facts(result, reading), "closed": "" if allowed else "A prescriber signs it off."}
    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        facts = {name: values[name] for name in ("level", "reason", "submission")}
        try:
            services.review_result(result=result, by=person_actor(request.user), at=now, **facts)
        except services.LevelChanged as changed:
            form.show_level(changed.level)
            raise

    done = (
        "Your answer was saved."
        if level is not Level.STOP
        else "Your sign-off was saved. It waits for a second person."
    )
    refusals = _REVIEW_REFUSALS
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done=done, beside=lambda: beside)


def _closed(result: LabResult, reading: Reading | None) -> str:
    """Say why there is nothing to answer; empty when there is."""
    if result.voided_at is not None:
        return "This result was voided; there is nothing to answer for."
    if reading is None:
        return "A newer result took this one’s place."
    if reading.level is Level.WITHIN:
        return "This value lies within limits and asks for nothing."
    return f"This was answered for already. {reading.sentence}" if reading.settled else ""


@require_http_methods(["GET", "POST"])
def confirm(request: StaffRequest, review_id: uuid.UUID) -> HttpResponse:
    """Confirm a sign-off as the second person."""
    row = review_or_404(request.user, review_id)
    require(request.user, Permission.SECOND, row.site_id)
    now, patient = timezone.now(), row.patient
    if request.method != "POST" and (closed := _unconfirmable(row)):
        return turn(request, closed, chart(patient))
    page = Page(
        "Confirm as the second person",
        "Confirm",
        chart(patient),
        "Read the value and the reason. With your name the dose can go ahead at a value at which this site stops.",
        template="labs/review.html",
    )
    form = forms.ConfirmForm(request.POST or None, initial={"version": row.version})
    own = row.by_id == request.user.pk
    beside = {
        "facts": queries.result_facts(row.result, queries.reading_of(row.result, now)),
        "closed": "You signed it off yourself; somebody else has to confirm it." if own else "",
    }
    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        services.confirm_review(review=row, expected=values["version"], by=person_actor(request.user), at=now)

    done, refusals = "You confirmed it as the second person.", _CONFIRM_REFUSALS
    return save(request, form, page, patient, now=now, work=work, refusals=refusals, done=done, beside=lambda: beside)


def _unconfirmable(row: LabReview) -> str:
    """Say why there is nothing to confirm; empty when there is."""
    if row.voided_at is not None:
        return f"This sign-off was withdrawn: {row.void_reason}"
    if row.result.voided_at is not None:
        return "This result was voided; there is nothing left to confirm."
    if row.level != LabReview.Level.STOP:
        return "This needs no second person."
    return "" if row.second is None else f"{row.second} confirmed this already."


@require_http_methods(["GET", "POST"])
def withdraw(request: StaffRequest, review_id: uuid.UUID) -> HttpResponse:
    """Take an answer back."""
    row = review_or_404(request.user, review_id)
    require(request.user, Permission.REVIEW_LABS, row.site_id)
    now, patient = timezone.now(), row.patient
    if row.voided_at is not None:
        return turn(request, "This answer was withdrawn already.", chart(patient))
    page = Page(
        "Withdraw an answer",
        "Withdraw",
        chart(patient),
        f"{row.result.get_analyte_display()}: the value asks for an answer again. What was said stays in the history.",
        danger=True,
    )
    form = forms.VoidForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.withdraw_review(review=row, by=person_actor(request.user), at=now, **facts)

    return save(request, form, page, patient, now=now, work=work, refusals={}, done="The answer was withdrawn.")


@require_http_methods(["GET", "POST"])
def not_indicated(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Say that the laboratory set is not indicated for a dose."""
    dose = dose_or_404(request.user, dose_id)
    require(request.user, Permission.SIGN_OFF, dose.site_id)
    now, patient = timezone.now(), dose.patient
    back = reverse("readiness:dose", args=[dose.pk])
    if request.method != "POST" and not queries.sheet_of(patient, now).policy.may_skip:
        return turn(request, "This site’s policy asks for the set before every dose.", back)
    page = Page(
        "Laboratory values not indicated",
        "Save",
        back,
        "The dose can go ahead without them. Values that are there count all the same.",
        above_label="Readiness",
    )
    form = forms.NotIndicatedForm(request.POST or None, once=once(request, "labs not indicated", dose))
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.mark_not_indicated(dose=dose, by=person_actor(request.user), at=now, **values)

    done = "It was saved that the set is not indicated for this dose."
    return save(request, form, page, patient, now=now, work=work, refusals=_NOT_INDICATED_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def ask_again(request: StaffRequest, said_id: uuid.UUID) -> HttpResponse:
    """Ask for a set again that was found not indicated."""
    row = not_indicated_or_404(request.user, said_id)
    require(request.user, Permission.SIGN_OFF, row.site_id)
    now, patient = timezone.now(), row.patient
    back = reverse("readiness:dose", args=[row.dose_id])
    if row.voided_at is not None:
        return turn(request, "The set is asked for again already.", back)
    page = Page("Ask for the values after all", "Ask for them", back, row.reason, above_label="Readiness")
    form = forms.VoidForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.withdraw_not_indicated(row=row, by=person_actor(request.user), at=now, **facts)

    return save(request, form, page, patient, now=now, work=work, refusals={}, done="The set is asked for again.")
