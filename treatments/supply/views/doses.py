"""Choose the vial of a dose."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses.services import CourseStopped
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.supply import forms, queries, services
from treatments.supply.access import dose_to_supply, vial_or_404

_REFUSALS: Refusals = {
    services.UnfitVial: "vial",
    services.CannotMove: "vial",
    services.DoseHasVial: None,
    services.DoseNotPlanned: None,
    CourseStopped: None,
}


@require_http_methods(["GET", "POST"])
def for_dose(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Reserve a vial for a dose; those that cannot be chosen are listed with every reason."""
    dose = dose_to_supply(request.user, dose_id)
    require(request.user, Permission.MANAGE_SUPPLY, dose.site_id)
    now = timezone.now()
    back = reverse("courses:dose", args=[dose.pk])
    (wanted,) = queries.wanted_for([dose], now)
    choices = queries.choices_for(wanted, now)
    day, amount = formatting.day(wanted.day), formatting.quantity(dose.mg, "mg")
    page = Page(
        f"Vial for dose {dose.label}",
        "Reserve",
        back,
        f"{amount}, to be good on {day}.",
        template="supply/for_dose.html",
        above_label=f"Dose {dose.label}",
    )
    if not (dose.is_next and dose.course.is_open and dose.patient.in_care):
        return turn(request, "This dose is not planned any more; no vial can be reserved for it.", back)
    form = forms.ReserveForm(request.POST or None, choices=choices, once=once(request, "reserve a vial", dose))
    wish = request.GET.get("vial", "")
    if wish in {str(choice.id) for choice in choices if not choice.reasons}:
        form.fields["vial"].initial = wish

    def beside() -> dict[str, Any]:
        """Return the vials as they are now: somebody else may have taken one."""
        found = queries.choices_for(wanted, now)
        return {
            "mine": next((choice for choice in found if choice.is_chosen), None),
            "fit": [choice for choice in found if not choice.reasons],
            "unfit": [choice for choice in found if choice.reasons],
            "amount": amount,
        }

    if request.method != "POST":
        return show(request, form, page, dose.patient, now=now, beside=beside)

    def work(values: dict[str, Any]) -> None:
        vial = vial_or_404(request.user, uuid.UUID(values["vial"]))
        by = person_actor(request.user)
        services.reserve(vial=vial, dose=dose, by=by, at=now, submission=values["submission"])

    done = f"The vial is reserved for dose {dose.label}."
    return save(request, form, page, dose.patient, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)
