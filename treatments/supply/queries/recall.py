"""One lot: where every vial of it is, and whom it was given to."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clinic import formatting
from clinic.staff.access import site_ids
from clinic.staff.models import User
from clinic.staff.roles import Permission
from treatments.courses.models import Administration
from treatments.supply.models import Movement, Vial
from treatments.supply.queries.ledgers import facts_of
from treatments.supply.queries.stock import VialRow, row_of


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One dose given from the lot. `typed`: only the dose's own record names the lot, no vial of the ledger does."""

    dose_id: uuid.UUID
    dose: str
    patient_id: uuid.UUID
    patient: str
    day: str
    amount: str
    site: str
    typed: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """Everything about one lot at the sites this person sees. `left` can still be quarantined."""

    lot: str
    vials: tuple[VialRow, ...]
    given: tuple[GivenRow, ...]
    left: int
    lot_sites: frozenset[uuid.UUID]


def recall(user: User, lot: str, now: datetime) -> Recall:
    """Return where a lot is and whom it was given to, whatever letters it was typed in. Six queries.

    Doses count whether a vial of the ledger was given or the lot was only typed into the dose's record.
    """
    lot = lot.strip()
    found = Vial.objects.seen_by(user).standing().filter(lot__iexact=lot)
    joined = found.select_related("site", "product", "reserved_for__patient", "reserved_for__course")
    vials = list(joined.order_by("site__name", "state", "expires_on", "pk"))
    facts = facts_of(vials, now.date())
    left = [vial for vial in vials if vial.state in {"received", "reserved", "out", "drawn"}]
    return Recall(
        lot=vials[0].lot if vials else lot,
        vials=tuple(row_of(vial, facts[vial.pk], now) for vial in vials),
        given=tuple(_given(user, lot, vials)),
        left=len(left),
        lot_sites=frozenset(vial.site_id for vial in left),
    )


def _given(user: User, lot: str, vials: Iterable[Vial]) -> Iterable[GivenRow]:
    """Yield the doses, the latest first, of the patients this person may see."""
    of_a_vial = set(
        Movement.objects.standing()
        .filter(vial__in=[vial.pk for vial in vials], kind=Movement.Kind.GIVEN)
        .values_list("administration_id", flat=True)
    )
    shown = Administration.objects.standing().filter(site__in=site_ids(user, Permission.VIEW_PATIENTS))
    typed = shown.filter(lot__iexact=lot)
    rows = (typed | shown.filter(pk__in=of_a_vial)).distinct().select_related("patient", "dose", "site")
    for row in rows.order_by("-given_on", "pk"):
        yield GivenRow(
            dose_id=row.dose_id,
            dose=row.dose.label,
            patient_id=row.patient_id,
            patient=formatting.full_name(row.patient.family_name, row.patient.given_name),
            day=formatting.day(row.given_on),
            amount=formatting.NOT_RECORDED if row.mg is None else formatting.quantity(row.mg, "mg"),
            site=row.site.name,
            typed=row.pk not in of_a_vial,
        )
