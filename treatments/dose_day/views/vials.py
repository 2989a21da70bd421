"""The vial that a form names."""

import uuid

from treatments.courses.models import Dose
from treatments.dose_day.queries import VialChoice
from treatments.dose_day.queries.vials import used_choice
from treatments.supply.models import Vial


def vial_named(dose: Dose, choice: str) -> Vial | None:
    """Return the vial that was chosen, None where the choice names none of the dose's site."""
    try:
        key = uuid.UUID(choice)
    except ValueError:
        return None
    return Vial.objects.standing().filter(site_id=dose.site_id, pk=key).first()


def with_the_chosen(dose: Dose, vials: tuple[VialChoice, ...], choice: str) -> tuple[VialChoice, ...]:
    """Keep on offer what a form that is sent already names: the service says what stands in its way."""
    if any(str(vial.id) == choice for vial in vials):
        return vials
    return (*vials, *used_choice(vial_named(dose, choice)))
