"""The dose page, and recording that a dose was given."""

import uuid
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.models import User
from clinic.staff.queries import people_who_may, roles_at
from clinic.staff.roles import Permission, Role
from treatments.courses import forms, queries, services
from treatments.courses.access import dose_or_404
from treatments.courses.models import Administration, Dose
from treatments.courses.queries import NextDoseCard
from treatments.courses.series import series_of
from treatments.courses.views.previews import preview
from treatments.courses.views.shared import Page, Refusals, banner, chart, once, save, show, turn
from treatments.rules.schedule import DoubleDose, Series

_REFUSALS: Refusals = {
    services.DoseAlreadyGiven: None,
    services.GivenInTheFuture: "given_on",
    services.GivenOnSuchADay: "given_on",
    services.CourseStopped: None,
}

_NOT_GIVEN_REFUSALS: Refusals = {
    services.DoseAlreadyGiven: None,
    services.GivenInTheFuture: "on",
    services.GivenOnSuchADay: "on",
    services.MoreThanTheDose: "mg",
    services.ReasonMissing: "reason",
    services.CourseStopped: None,
}

# Who gives a dose is on record for good; a nurse who types it in for a colleague must not be put down by default.
_GIVERS = frozenset({Role.PROCEDURALIST, Role.PRESCRIBER})


@require_safe
def dose(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Show one dose: what is planned and why, its appointment, or what was recorded."""
    row = dose_or_404(request.user, dose_id)
    now, course = timezone.now(), row.course
    rights = request.user.rights.get(row.site_id, frozenset())
    goes_on = row.is_next and course.is_open
    planned = goes_on and row.patient.in_care
    today = row.site.today(now)
    booking = queries.standing_booking(row) if goes_on else None
    hold = queries.current_hold(course) if planned else None
    series = series_of(course) if planned else None
    asked = queries.asked_too_soon(row) if planned and row.floor is not None and today < row.floor else None
    context = {
        "patient": banner(row.patient, now),
        "dose": row,
        "regimen": course.regimen,
        "course": course,
        "card": None if series is None else queries.card_of(series, row, booking, today),
        "what_if": None if series is None else _what_if(request, series, today),
        "attempts": queries.attempts_at(row),
        "asked": None if asked is None else queries.decision_line(asked, row.site.zone),
        "may_decide": planned and hold is None and Permission.DECIDE in rights,
        "may_ask_too_soon": planned
        and asked is None
        and row.floor is not None
        and today < row.floor
        and Permission.DECIDE in rights,
        "booking": booking,
        "hold": None if hold is None else queries.hold_line(hold),
        "given": None if row.is_next else queries.given_record(row),
        "may_book": planned and Permission.BOOK_DOSES in rights,
        "may_cancel": booking is not None and Permission.BOOK_DOSES in rights,
        "may_give": goes_on and Permission.RECORD_DOSES in rights,
        "may_resume": Permission.MANAGE_COURSES in rights,
        "may_log_labs": planned and Permission.RECORD_LABS in rights,
        "chart_url": chart(row.patient),
    }
    return render(request, "courses/dose.html", context)


def _what_if(request: StaffRequest, series: Series, today: date) -> dict[str, Any]:
    """Return the question's form and, for a day that can be read, its answer. Nothing is saved, whatever is asked."""
    form = forms.WhatIfForm(request.GET if "if_on" in request.GET else None, initial={"if_on": today})
    facts: dict[str, Any] = {"form": form, "card": None, "preview": None}
    if form.is_bound and form.is_valid():
        try:
            facts["card"] = card = queries.what_if_card(series, today, form.cleaned_data["if_on"])
            facts["preview"] = preview(card.pairs)
        except DoubleDose:
            form.add_error("if_on", "A dose is recorded on that day; choose another.")
    return facts


@require_http_methods(["GET", "POST"])
def not_given(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record an attempt that gave nothing, or only part of the dose. The date of the dose stands as it stood."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    card = queries.card_now(row.pk, row.site.today(now))
    page = Page(
        f"Record that dose {row.label} was not given",
        "Record it",
        reverse("courses:dose", args=[row.pk]),
        "The dose stays the next one, at the date it had. After a partial dose a prescriber decides whether it counts.",
        template="courses/not_given.html",
        above_label=f"Dose {row.label}",
    )
    form = forms.NotGivenForm(
        request.POST or None,
        initial={"on": row.site.today(now)},
        performers=people_who_may(Permission.RECORD_DOSES, row.site),
        site=row.site,
        once=once(request, "record a failed attempt", row),
    )
    if request.method != "POST":
        if card is None:
            return turn(request, _closed(row), page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

    def work(values: dict[str, Any]) -> None:
        outcome, submission = values.pop("outcome"), values.pop("submission")
        record = services.record_partial if outcome == Administration.Outcome.PARTIAL else services.record_not_given
        attempted = services.Attempted(**values)
        record(dose=row, attempted=attempted, submission=submission, by=person_actor(request.user), at=now)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_NOT_GIVEN_REFUSALS,
        done="It was recorded. The dose is still to be given.",
        beside=lambda: {"card": queries.card_now(row.pk, row.site.today(now))},
    )


@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record that a dose was given here; the next date moves with it."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    card = queries.card_now(row.pk, row.site.today(now))
    page = _give_page(row, row.label if card is None else card.label)
    form = _give_form(request, row, card, now=now)
    if request.method != "POST":
        if card is None:
            return turn(request, _closed(row), page.above)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card, "given": None})

    def work(values: dict[str, Any]) -> None:
        names = ("mg", "ml", "lot", "vial_expires_on", "performer", "note")
        services.record_given(
            dose=row,
            given=services.Given(at=values["given_at"], **{name: values[name] for name in names}),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    def beside() -> dict[str, Any]:
        """Return the plan, or what somebody else recorded meanwhile."""
        return {"card": queries.card_now(row.pk, row.site.today(now)), "given": queries.given_record(row)}

    def done() -> str:
        return f"The dose was recorded. The next date has moved. {queries.next_words(queries.next_dose(row.course))}"

    return save(request, form, page, row.patient, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)


def _give_page(row: Dose, label: str) -> Page:
    return Page(
        f"Record dose {label}",
        "Record as given",
        chart(row.patient),
        "Record what happened as it was: early, late or different from the plan.",
        template="courses/give.html",
        above=reverse("courses:dose", args=[row.pk]),
        above_label=f"Dose {label}",
    )


def _closed(row: Dose) -> str:
    return (
        "This dose was recorded already." if not row.is_next else "The course was stopped; nothing more is given on it."
    )


def _give_form(request: StaffRequest, row: Dose, card: NextDoseCard | None, *, now: datetime) -> forms.GiveForm:
    local = now.astimezone(row.site.zone)
    performers = people_who_may(Permission.RECORD_DOSES, row.site)
    initial = {
        "mg": formatting.number(row.mg if card is None else card.mg),
        "ml": formatting.number(row.ml if card is None else card.ml),
        "given_on": local.date(),
        "given_time": local.time().replace(second=0, microsecond=0),
        "performer": _giver(request.user, row, performers),
    }
    return forms.GiveForm(
        request.POST or None,
        initial=initial,
        performers=performers,
        site=row.site,
        once=once(request, "record a dose", row),
    )


def _giver(user: User, row: Dose, performers: list[User]) -> int | None:
    """Return whom to propose as the one who gave it: the only one there is, or the person themselves if they give."""
    if len(performers) == 1:
        return performers[0].pk
    return user.pk if _GIVERS & roles_at(user, row.site) else None
