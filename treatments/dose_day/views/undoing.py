"""Put a record right, or take it back; what moves is shown first."""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.queries import people_who_may
from clinic.staff.roles import Permission
from treatments.courses import services as course_services
from treatments.courses.models import Administration
from treatments.courses.series import series_of
from treatments.courses.services.deciding import COMPARED
from treatments.courses.views.previews import Preview, preview
from treatments.courses.views.shared import Page, Refusals, save, show, turn
from treatments.dose_day import forms, queries, services
from treatments.dose_day.access import administration_or_404
from treatments.dose_day.queries.vials import used_choice, vial_named, with_the_chosen
from treatments.dose_day.views.days import address_of
from treatments.dose_day.views.giving import FACTS, REFUSALS, facts_of, given_of
from treatments.rules.comparing import compare
from treatments.rules.schedule import Attempt, Series, project
from treatments.supply import services as supply

_LEAD = (
    "The record stays readable, struck out, with your reason. Its vial goes back to where it was, and every later date"
    + " is counted anew."
)
_REFUSALS: Refusals = {
    course_services.ReasonMissing: "reason",
    course_services.TakenBackAlready: None,
    course_services.NotCorrectable: None,
    course_services.CourseStopped: None,
    supply.CannotMove: None,
    supply.NoReason: "reason",
}


@require_http_methods(["GET", "POST"])
def take_back(request: StaffRequest, administration_id: uuid.UUID) -> HttpResponse:
    """Take back what was recorded of an attempt."""
    row = administration_or_404(request.user, administration_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    page = Page(
        "Take a record back",
        "Take it back",
        address_of(row.dose),
        _LEAD,
        danger=True,
        previewed=True,
        template="dose_day/take_back.html",
        above_label="Dose day",
    )
    form = forms.TakeBackForm(request.POST or None, initial={"version": row.version})
    card = queries.record_card(row)
    if request.method != "POST":
        if closed := _closed(row):
            return turn(request, closed, page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"record": card})

    def work(values: dict[str, Any]) -> None:
        services.take_back(
            administration=row,
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    def first(_values: dict[str, Any]) -> Preview:
        before = series_of(row.course)
        return _moves(row, before, course_services.without(before, row), now, of=str(row.pk))

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The record was taken back.",
        beside=lambda: {"record": card},
        first=first,
    )


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, administration_id: uuid.UUID) -> HttpResponse:
    """Put a dose that was given here on record as it was."""
    row = administration_or_404(request.user, administration_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    page = Page(
        f"Correct the record of dose {row.dose.label}",
        "Save the correction",
        address_of(row.dose),
        "The old record stays readable, struck out, with your reason.",
        previewed=True,
        template="dose_day/take_back.html",
        above_label="Dose day",
    )
    if request.method != "POST" and (closed := _closed(row) or _not_ours(row)):
        return turn(request, closed, page.back)
    form = _correct_form(request, row, now)
    card = queries.record_card(row)
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now, beside=lambda: {"record": card})

    def work(values: dict[str, Any]) -> None:
        services.correct(
            administration=row,
            given=given_of(values),
            vial=vial_named(row.dose, values["vial"]),
            facts=facts_of(values),
            reason=values["reason"],
            confirmed=values["confirmed"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals={**REFUSALS, **_REFUSALS, supply.CannotMove: "vial"},
        done="The record was corrected.",
        beside=lambda: {"record": card},
        first=lambda values: _moved_by(row, values, now),
    )


def _moved_by(row: Administration, values: dict[str, Any], now: datetime) -> Preview | None:
    """Show what another day moves, None where the day stays."""
    on = values["given_at"].astimezone(row.site.zone).date()
    if on == row.given_on:
        return None
    before = series_of(row.course)
    kept = course_services.without(before, row)
    after = replace(kept, attempts=(*kept.attempts, Attempt(on, mg=values["mg"], key=str(row.pk))))
    return _moves(row, before, after, now, of=on)


def _correct_form(request: StaffRequest, row: Administration, now: datetime) -> forms.CorrectForm:
    """Return the form with what is on record: its vial and its person can be chosen again, whatever became of them."""
    used = supply.used_at(row)
    offered = (*used_choice(used), *queries.vial_choices(row.dose, now))
    performers = people_who_may(Permission.RECORD_DOSES, row.site)
    return forms.CorrectForm(
        request.POST or None,
        initial=_recorded(row, "" if used is None else str(used.pk)),
        vials=with_the_chosen(row.dose, offered, request.POST.get("vial", "")),
        performers=performers if row.performer is None or row.performer in performers else [*performers, row.performer],
        site=row.site,
    )


def _recorded(row: Administration, vial: str) -> dict[str, Any]:
    """Return what is on record as the form's first values."""
    zone = row.site.zone
    procedure = queries.procedure_of(row)
    values: dict[str, Any] = {
        "version": row.version,
        "vial": vial or queries.OTHER,
        "lot": "" if vial else row.lot,
        "vial_expires_on": None if vial else row.vial_expires_on,
        "mg": "" if row.mg is None else formatting.number(row.mg),
        "ml": "" if row.ml is None else formatting.number(row.ml),
        "given_on": row.given_on,
        "given_time": None if row.given_at is None else row.given_at.astimezone(zone).time(),
        "performer": row.performer_id,
        "note": row.note,
    }
    if procedure is None:
        return values
    ended = None if procedure.ended_at is None else procedure.ended_at.astimezone(zone).time()
    kept = {name: getattr(procedure, name) for name in (*FACTS, "complications")}
    kept["csf_ml"] = None if procedure.csf_ml is None else formatting.number(procedure.csf_ml)
    return values | kept | {"ended_time": ended}


def _moves(row: Administration, before: Series, after: Series, now: datetime, *, of: object) -> Preview:
    """Show every date to come on either side."""
    today = row.site.today(now)
    pairs = compare(project(before, today, count=COMPARED), project(after, today, count=COMPARED))
    return preview(pairs, of=of)


def _closed(row: Administration) -> str:
    if row.voided_at is not None:
        return f"This record was taken back already: {row.void_reason}"
    return "" if row.course.is_open else "The course was stopped; what was recorded on it stands."


def _not_ours(row: Administration) -> str:
    if row.elsewhere or row.outcome != Administration.Outcome.COMPLETED:
        return "Only a dose given here is corrected; take this record back and make it anew."
    return ""
