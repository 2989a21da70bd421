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


def vial_words(vial: Vial) -> str:
    """Name a vial by what two people read on it: lot, serial number, strength and expiry."""
    serial = f", serial {vial.serial}" if vial.serial else ""
    expiry = "" if vial.expires_on is None else f", expires {formatting.day(vial.expires_on)}"
    return f"Lot {vial.lot}{serial}, {formatting.quantity(vial.mg, 'mg')}{expiry}"


def used_choice(vial: Vial | None) -> tuple[VialChoice, ...]:
    """Return the vial that a record names already, to be chosen again."""
    if vial is None:
        return ()
    return (VialChoice(vial.pk, f"{vial_words(vial)}, as recorded", is_chosen=True),)


def _choice(choice: Choice) -> VialChoice:
    reserved = ", reserved for this dose" if choice.is_chosen else ""
    where = ", ".join(part for part in (choice.status.label.lower(), choice.place) if part)
    return VialChoice(choice.id, f"{choice.name}, expires {choice.expires}{reserved} ({where})", choice.is_chosen)


def vial_named(dose: Dose, choice: str) -> Vial | None:
    """Return the vial that was chosen, None where the choice names none of the dose's site."""
    try:
        key = UUID(choice)
    except ValueError:
        return None
    return Vial.objects.standing().filter(site_id=dose.site_id, pk=key).first()


def with_the_chosen(dose: Dose, vials: tuple[VialChoice, ...], choice: str) -> tuple[VialChoice, ...]:
    """Keep on offer what a form that is sent already names: the service says what stands in its way."""
    if any(str(vial.id) == choice for vial in vials):
        return vials
    return (*vials, *used_choice(vial_named(dose, choice)))
