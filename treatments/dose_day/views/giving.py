"""Record that a dose was given, or was not."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, may, require
from clinic.staff.models import User
from clinic.staff.queries import people_who_may, roles_at
from clinic.staff.roles import Permission, Role
from treatments.courses import queries as courses
from treatments.courses import services as course_services
from treatments.courses.access import dose_or_404
from treatments.courses.models import Administration, Dose
from treatments.courses.queries import NextDoseCard
from treatments.courses.services import Attempted, Given
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.dose_day import forms, queries, services
from treatments.dose_day.models import Procedure
from treatments.dose_day.queries.vials import vial_named, with_the_chosen
from treatments.dose_day.views.days import address_of
from treatments.supply import services as supply

REFUSALS: Refusals = {
    course_services.DoseAlreadyGiven: None,
    course_services.GivenInTheFuture: "given_on",
    course_services.GivenOnSuchADay: "given_on",
    course_services.CourseStopped: None,
    services.EndsBeforeItBegins: "ended_time",
    services.VialMissing: "vial",
    supply.CannotMove: "vial",
    supply.UnfitVial: "vial",
}
_NOT_GIVEN_REFUSALS: Refusals = {
    course_services.DoseAlreadyGiven: None,
    course_services.GivenInTheFuture: "on",
    course_services.GivenOnSuchADay: "on",
    course_services.MoreThanTheDose: "mg",
    course_services.ReasonMissing: "reason",
    course_services.CourseStopped: None,
    services.DrawnUp: "vial",
    supply.CannotMove: "vial",
}
FACTS = (
    "csf_ml",
    "csf_appearance",
    "level",
    "approach",
    "guidance",
    "needle",
    "punctures",
    "sedation",
    "complication_note",
)

# Who gives a dose is on record for good; a nurse who types it in for a colleague must not be put down by default.
_GIVERS = frozenset({Role.PROCEDURALIST, Role.PRESCRIBER})


@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record that a dose was given here; its vial leaves the stock, and the next date moves."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    card = courses.card_now(row.pk, row.site.today(now))
    page = Page(
        f"Record dose {(card or row).label}",
        "Record as given",
        address_of(row),
        "Record what happened as it was: early, late or different from the plan.",
        template="dose_day/give.html",
        draft=True,
        above_label="Dose day",
    )
    vials = with_the_chosen(row, queries.vial_choices(row, now), request.POST.get("vial", ""))
    performers = people_who_may(Permission.RECORD_DOSES, row.site)
    form = forms.GiveForm(
        request.POST or None,
        initial=_initial(request.user, row, card, vials, performers, now),
        vials=vials,
        performers=performers,
        site=row.site,
        once=once(request, "record a dose", row),
    )
    if request.method != "POST":
        if card is None:
            return turn(request, _closed(row), page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card, "given": None})

    def work(values: dict[str, Any]) -> None:
        services.give(
            dose=row,
            given=given_of(values),
            vial=vial_named(row, values["vial"]),
            facts=facts_of(values),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    def beside() -> dict[str, Any]:
        """Return the plan, or what somebody else recorded meanwhile."""
        return {"card": courses.card_now(row.pk, row.site.today(now)), "given": courses.given_record(row)}

    def done() -> str:
        return f"The dose was recorded. The next date has moved. {courses.next_words(courses.next_dose(row.course))}"

    return save(request, form, page, row.patient, now=now, work=work, refusals=REFUSALS, done=done, beside=beside)


def given_of(values: dict[str, Any]) -> Given:
    """Return what a valid form says was given. Of a vial of the ledger, lot and expiry are the ledger's."""
    return Given(
        at=values["given_at"],
        mg=values["mg"],
        ml=values["ml"],
        lot=values["lot"],
        vial_expires_on=values["vial_expires_on"] or values["given_on"],
        performer=values["performer"],
        note=values["note"],
    )


def facts_of(values: dict[str, Any]) -> services.Facts:
    """Return what a valid form says of how the attempt went."""
    return services.Facts(
        ended_at=values.get("ended_at"),
        complications=tuple(values["complications"]),
        next_step=values.get("next_step", ""),
        **{name: values[name] for name in FACTS},
    )


def _initial(
    user: User,
    row: Dose,
    card: NextDoseCard | None,
    vials: tuple[queries.VialChoice, ...],
    performers: list[User],
    now: datetime,
) -> dict[str, Any]:
    local = now.astimezone(row.site.zone)
    return planned_way(row) | {
        "vial": next((str(vial.id) for vial in vials if vial.is_chosen), None if vials else queries.OTHER),
        "mg": formatting.number(row.mg if card is None else card.mg),
        "ml": formatting.number(row.ml if card is None else card.ml),
        "given_on": local.date(),
        "given_time": local.time().replace(second=0, microsecond=0),
        "performer": _giver(user, row, performers),
    }


def planned_way(row: Dose) -> dict[str, Any]:
    """Return the way that was planned for this patient, to be changed where it was another."""
    plan = row.patient.accessplans.standing().order_by("-reviewed_on", "-created_at").first()
    if plan is None:
        return {}
    return {"approach": plan.approach, "guidance": plan.guidance, "sedation": plan.sedation}


def _giver(user: User, row: Dose, performers: list[User]) -> int | None:
    """Return whom to propose as the one who gave it: the only one there is, or the person themselves if they give."""
    if len(performers) == 1:
        return performers[0].pk
    return user.pk if _GIVERS & roles_at(user, row.site) else None


def _closed(row: Dose) -> str:
    return (
        "This dose was recorded already." if not row.is_next else "The course was stopped; nothing more is given on it."
    )


@require_http_methods(["GET", "POST"])
def not_given(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record an attempt that gave nothing, or only part of the dose; then go to what happens next."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    card = courses.card_now(row.pk, row.site.today(now))
    step = request.POST.get("next_step", "")
    page = Page(
        f"Record that dose {row.label} was not given",
        "Record it",
        _next_page(request, row, step),
        "The dose stays the next one, at the date it had. After a partial dose a prescriber decides whether it counts.",
        template="dose_day/not_given.html",
        draft=True,
        above=address_of(row),
        above_label="Dose day",
    )
    form = forms.NotGivenForm(
        request.POST or None,
        initial=planned_way(row) | {"on": row.site.today(now), "vial": "none"},
        vials=with_the_chosen(row, queries.vial_choices(row, now), request.POST.get("vial", "")),
        performers=people_who_may(Permission.RECORD_DOSES, row.site),
        site=row.site,
        once=once(request, "record a failed attempt", row),
    )
    if request.method != "POST":
        if card is None:
            return turn(request, _closed(row), page.above)
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

    def work(values: dict[str, Any]) -> None:
        failed = services.Failed(_attempted(values), vial_named(row, values["vial"]), facts_of(values))
        by = person_actor(request.user)
        services.not_given(dose=row, failed=failed, submission=values["submission"], by=by, at=now)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_NOT_GIVEN_REFUSALS,
        done=_told(request, row, step),
        beside=lambda: {"card": courses.card_now(row.pk, row.site.today(now))},
    )


def _attempted(values: dict[str, Any]) -> Attempted:
    """Return what a valid form says was tried."""
    partly = values["outcome"] == Administration.Outcome.PARTIAL
    return Attempted(
        on=values["on"],
        reason=values["reason"],
        mg=values["mg"] if partly else None,
        lot=values["lot"],
        performer=values["performer"],
        note=values["note"],
    )


def _next_page(request: StaffRequest, row: Dose, step: str) -> str:
    """Return the page on which what happens next is done, if the person may do it; else the dose's own."""
    if step == Procedure.Next.REBOOK and may(request.user, Permission.BOOK_DOSES, row.site_id):
        booking = courses.standing_booking(row)
        if booking is not None:
            return reverse("courses:move", args=[booking.pk])
        return reverse("courses:book", args=[row.pk])
    pages = {Procedure.Next.HOLD.value: "courses:hold", Procedure.Next.STOP.value: "courses:stop"}
    if step in pages and may(request.user, Permission.MANAGE_COURSES, row.site_id):
        return reverse(pages[step], args=[row.course_id])
    return address_of(row)


def _told(request: StaffRequest, row: Dose, step: str) -> str:
    said = "It was recorded. The dose is still to be given."
    if step in {Procedure.Next.HOLD, Procedure.Next.STOP}:
        if may(request.user, Permission.MANAGE_COURSES, row.site_id):
            return f"{said} Now say since when, and why."
        return f"{said} A prescriber has to {Procedure.Next(step).label[0].lower()}{Procedure.Next(step).label[1:]}."
    return said
