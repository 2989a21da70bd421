"""Which vials a form offers for a dose."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clinic import formatting
from treatments.courses.models import Dose
from treatments.supply.models import Vial
from treatments.supply.queries import Choice, choices_for, wanted_for

# The choice that is no vial of the ledger.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class VialChoice:
    """A vial that can be chosen, and whether it is this dose's own."""

    id: UUID
    label: str
    is_chosen: bool


def vial_choices(dose: Dose, now: datetime) -> tuple[VialChoice, ...]:
    """Return the vials that can be given today, the reserved one first; nothing expired or held back."""
    (wanted,) = wanted_for([dose], now)
    usable = [choice for choice in choices_for(wanted, now) if not choice.reasons]
    return tuple(sorted(map(_choice, usable), key=lambda choice: not choice.is_chosen))


def used_choice(vial: Vial | None) -> tuple[VialChoice, ...]:
    """Return the vial that a record names already, to be chosen again."""
    if vial is None:
        return ()
    expiry = "" if vial.expires_on is None else f", expires {formatting.day(vial.expires_on)}"
    return (VialChoice(vial.pk, f"Lot {vial.lot}{expiry}, as recorded", is_chosen=True),)


def _choice(choice: Choice) -> VialChoice:
    reserved = ", reserved for this dose" if choice.is_chosen else ""
    where = f"{choice.status.label.lower()}, {choice.place}"
    return VialChoice(choice.id, f"{choice.name}, expires {choice.expires} ({where}{reserved})", choice.is_chosen)
