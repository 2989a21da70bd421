"""The checklist of today, and the second person who confirms it."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.records.writing import StaleRecord
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses import queries as courses
from treatments.courses import services as course_services
from treatments.courses.access import dose_or_404
from treatments.courses.models import Dose
from treatments.courses.views.shared import Page, Refusals, banner, once, save, show, turn
from treatments.dose_day import forms, queries, services
from treatments.dose_day.access import checklist_or_404
from treatments.dose_day.forms.checking import initial_of, stored_as
from treatments.dose_day.models import Checklist
from treatments.dose_day.queries import VialChoice
from treatments.dose_day.queries.vials import used_choice, vial_named
from treatments.dose_day.views.days import address_of
from treatments.supply.models import Vial

_REFUSALS: Refusals = {
    services.NotAnswered: None,
    services.ChecklistMade: None,
    course_services.DoseAlreadyGiven: None,
    course_services.CourseStopped: None,
}


_SAVED = "The checklist was saved. Another person has to confirm it."


@require_http_methods(["GET", "POST"])
def checklist(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Fill in today's checklist, or change it; a change takes the second person's confirmation back."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    today, card = row.site.today(now), courses.card_now(row.pk, row.site.today(now))
    checks = queries.asked_today(row, today)
    page = Page(
        "Checklist before the dose",
        "Save the checklist",
        address_of(row),
        "Another person confirms it afterwards. A change takes that confirmation back.",
        template="dose_day/checklist.html",
        above_label="Dose day",
        stored_as=stored_as(checks),
    )
    if card is None:
        return turn(request, "This dose is not to come any more; there is nothing to check.", page.back)
    made = queries.checklist_of(row, today)
    vials = _offered(row, made, now)
    form = forms.ChecklistForm(
        request.POST or None,
        initial=_initial(made, next((str(vial.id) for vial in vials if vial.is_chosen), "")),
        checks=checks,
        vials=vials,
        once=once(request, "fill in a checklist", row),
    )
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now, beside=lambda: {"card": card})

    def work(values: dict[str, Any]) -> None:
        services.save_checklist(
            dose=row,
            answers=form.said(),
            vial=vial_named(row, values["vial"]),
            expected=values["version"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    saving: dict[str, Any] = {"work": work, "refusals": _REFUSALS, "done": _SAVED, "beside": lambda: {"card": card}}
    return save(request, form, page, row.patient, now=now, **saving)


def _offered(row: Dose, made: Checklist | None, now: datetime) -> tuple[VialChoice, ...]:
    """Return the vials to choose from, with the one that the list names already."""
    vials, chosen = queries.vial_choices(row, now), None if made is None else made.vial
    if chosen is None or any(vial.id == chosen.pk for vial in vials):
        return vials
    return (*vials, *used_choice(chosen))


def _initial(made: Checklist | None, reserved: str) -> dict[str, Any]:
    if made is None:
        return {"vial": reserved}
    chosen: Vial | None = made.vial
    answers: dict[str, Any] = dict(initial_of(made.said))
    return answers | {"version": made.version, "vial": "" if chosen is None else str(chosen.pk)}


@require_http_methods(["GET", "POST"])
def confirm(request: StaffRequest, checklist_id: uuid.UUID) -> HttpResponse:
    """Read the list once more, and confirm it as the second person."""
    row = checklist_or_404(request.user, checklist_id)
    require(request.user, Permission.SECOND, row.site_id)
    now, back = timezone.now(), address_of(row.dose)
    said = ""
    if request.method == "POST":
        try:
            services.confirm_checklist(checklist=row, by=person_actor(request.user), at=now, expected=_version(request))
        except StaleRecord:
            said = "The checklist was changed in the meantime; read it again."
        except (services.AlreadyConfirmed, services.NotToday, course_services.DoseAlreadyGiven) as over:
            return turn(request, str(over), back)
        except (services.SamePerson, course_services.CourseStopped) as refused:
            said = str(refused)
        else:
            messages.success(request, "You confirmed the checklist.")
            return redirect(back)
        row = checklist_or_404(request.user, checklist_id)
    context = {
        "patient": banner(row.patient, now),
        "dose": row.dose,
        "checklist": queries.checklist_card(queries.checklist_of(row.dose, row.on)),
        "is_own": row.checked_by_id == request.user.pk,
        "said": said,
        "back_url": back,
    }
    return render(request, "dose_day/confirm.html", context, status=409 if said else 200)


def _version(request: StaffRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() else 0
