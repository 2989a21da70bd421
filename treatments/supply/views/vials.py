"""One vial: its page, each of its moves, correcting it, and taking it out of the ledger."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import Actor, person_actor
from clinic.staff.access import StaffRequest, may, require
from clinic.staff.roles import Permission
from treatments.courses.forms import ReasonForm
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.rules.vials import Kind
from treatments.supply import forms, queries, services
from treatments.supply.access import vial_or_404
from treatments.supply.models import Vial

_REFUSALS: Refusals = {
    services.CannotMove: None,
    services.UnfitVial: None,
    services.MovedInTheFuture: "on",
    services.NoReason: "reason",
}
_CORRECTION_REFUSALS: Refusals = {services.CannotMove: None, services.KnownSerial: "serial"}


@dataclass(frozen=True, slots=True)
class Move:
    """A move that a page offers: its word in the address, its kind, and what the page says."""

    kind: Kind
    label: str
    done: str
    lead: str = ""
    danger: bool = False


MOVES: dict[str, Move] = {
    "take-out": Move(
        Kind.TAKEN_OUT,
        "Take out of the refrigerator",
        "The vial is out of the refrigerator; its clock runs.",
        "From this moment its time outside the refrigerator counts.",
    ),
    "unbox": Move(Kind.UNBOXED, "Take out of its carton", "From now on the time without carton counts."),
    "put-back": Move(
        Kind.PUT_BACK,
        "Put back into the refrigerator",
        "The vial is back in the refrigerator.",
        "Unopened only. What it has used of its time outside stays used.",
    ),
    "draw-up": Move(Kind.DRAWN, "Draw up", "The vial is drawn up; it must be given within hours."),
    "release": Move(Kind.RELEASED, "End the reservation", "The vial is free for another dose."),
    "quarantine": Move(
        Kind.QUARANTINED,
        "Quarantine",
        "The vial is in quarantine.",
        "Nobody can choose it until it is released. If it is reserved, the reservation ends.",
        danger=True,
    ),
    "free": Move(Kind.FREED, "Release from quarantine", "The vial can be used again."),
    "return": Move(Kind.RETURNED, "Return to the supplier", "The vial was returned.", danger=True),
    "waste": Move(
        Kind.WASTED,
        "Waste",
        "The vial was written off.",
        "It leaves the stock for good. If it is reserved, the dose has no vial any more.",
        danger=True,
    ),
}


@require_safe
def vial(request: StaffRequest, vial_id: uuid.UUID) -> HttpResponse:
    """Show a vial with its clocks and its whole ledger."""
    row = vial_or_404(request.user, vial_id)
    page = queries.vial_page(row, timezone.now())
    may_manage = may(request.user, Permission.MANAGE_SUPPLY, row.site_id)
    context = {
        "page": page,
        "vial": row,
        "actions": _actions(row, page) if may_manage else [],
        "may_manage": may_manage,
        "monograph_slug": row.product.version.monograph.slug,
    }
    return render(request, "supply/vial.html", context)


@dataclass(frozen=True, slots=True)
class Action:
    """One link that leads to a form."""

    label: str
    url: str
    primary: bool = False


def _actions(row: Vial, page: queries.VialPage) -> list[Action]:
    """Return the moves that can be made, in the order of the work."""
    return [
        Action(move.label, reverse("supply:move", args=[row.pk, name]))
        for name, move in MOVES.items()
        if move.kind in page.possible
    ]


@require_http_methods(["GET", "POST"])
def move(request: StaffRequest, vial_id: uuid.UUID, move: str) -> HttpResponse:
    """Make one move of a vial."""
    row = vial_or_404(request.user, vial_id)
    require(request.user, Permission.MANAGE_SUPPLY, row.site_id)
    if move not in MOVES:
        raise Http404("There is no such move.")
    now, wanted = timezone.now(), MOVES[move]
    page = _page(row, wanted.label, wanted.label, wanted.lead, danger=wanted.danger)
    form = forms.MoveForm(
        request.POST or None,
        kind=wanted.kind,
        site=row.site,
        once=once(request, f"move a vial: {move}", row),
    )
    if request.method != "POST":
        if wanted.kind not in queries.vial_page(row, now).possible:
            return turn(request, "This vial has been moved meanwhile; its ledger says where it is.", page.back)
        return show(request, form, page, None, now=now, beside=partial(_beside, row))

    def work(values: dict[str, Any]) -> None:
        _do(row, wanted.kind, values, by=person_actor(request.user), at=now)

    return save(
        request,
        form,
        page,
        None,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done=wanted.done,
        beside=partial(_beside, row),
    )


def _do(row: Vial, kind: Kind, values: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """Write the move; drawing up asks once more whether the vial can be given."""
    done_at, submission = values["at"], values["submission"]
    if kind is Kind.DRAWN:
        services.draw_up(vial=row, happened_at=done_at, by=by, at=at, submission=submission)
        return
    names = ("in_carton", "place", "code", "reason")
    facts = services.Facts(at=done_at, **{name: values[name] for name in names if name in values})
    services.move(vial=row, kind=kind, facts=facts, by=by, at=at, submission=submission)


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, vial_id: uuid.UUID) -> HttpResponse:
    """Correct what was typed from the carton."""
    row = vial_or_404(request.user, vial_id)
    require(request.user, Permission.MANAGE_SUPPLY, row.site_id)
    now, page = (
        timezone.now(),
        _page(row, "Correct the vial", "Save the correction", "The old values stay in the trail."),
    )
    names = ("lot", "expires_on", "gtin", "serial")
    initial = {name: getattr(row, name) for name in names} | {"version": row.version}
    form = forms.CorrectForm(request.POST or None, initial=initial)
    if request.method != "POST":
        return show(request, form, page, None, now=now, beside=partial(_beside, row))

    def work(values: dict[str, Any]) -> None:
        services.correct_vial(
            vial=row,
            values={name: values[name] for name in names},
            reason=values["reason"],
            expected=values["version"],
            by=person_actor(request.user),
            at=now,
        )

    done = "The vial was corrected."
    return save(
        request,
        form,
        page,
        None,
        now=now,
        work=work,
        refusals=_CORRECTION_REFUSALS,
        done=done,
        beside=partial(_beside, row),
    )


@require_http_methods(["GET", "POST"])
def void(request: StaffRequest, vial_id: uuid.UUID) -> HttpResponse:
    """Take a vial out of the ledger that was never there."""
    row = vial_or_404(request.user, vial_id)
    require(request.user, Permission.MANAGE_SUPPLY, row.site_id)
    now = timezone.now()
    lead = "For a vial entered by mistake, or an order that was cancelled. It stays visible with your reason."
    page = _page(row, "Remove from the ledger", "Remove", lead, danger=True)
    form = ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, None, now=now, beside=partial(_beside, row))

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.void_vial(vial=row, by=person_actor(request.user), at=now, **facts)

    done = "The vial was taken out of the ledger."
    beside = partial(_beside, row)
    return save(request, form, page, None, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)


def _page(row: Vial, title: str, submit_label: str, lead: str = "", *, danger: bool = False) -> Page:
    return Page(
        title,
        submit_label,
        reverse("supply:vial", args=[row.pk]),
        lead,
        danger=danger,
        template="supply/move.html",
        above_label="Vial",
    )


def _beside(row: Vial) -> dict[str, Any]:
    """Return what stands above a form about a vial: which one, and whom it is reserved for."""
    dose = row.reserved_for
    if dose is None:
        return {"vial": row, "reserved_for": ""}
    name = formatting.full_name(dose.patient.family_name, dose.patient.given_name)
    return {"vial": row, "reserved_for": f"{name}, dose {dose.label}"}
