"""Find a record within what the person may see, or answer 404: fetching and checking cannot be separated."""

import uuid

from django.shortcuts import get_object_or_404

from clinic.staff.models import User
from treatments.courses.models import Dose
from treatments.supply.models import Authorisation, Vial


def vial_or_404(user: User, pk: uuid.UUID) -> Vial:
    """Return the vial, taken out of the ledger or not, with its site, product and what it is reserved for."""
    joined = ("site", "product__version", "reserved_for__patient", "reserved_for__course", "reserved_for__site")
    return get_object_or_404(Vial.objects.seen_by(user).select_related(*joined), pk=pk)


def dose_to_supply(user: User, pk: uuid.UUID) -> Dose:
    """Return the dose with its course, site and patient."""
    doses = Dose.objects.seen_by(user).standing()
    return get_object_or_404(doses.select_related("site", "patient__site", "course__site"), pk=pk)


def authorisation_or_404(user: User, pk: uuid.UUID) -> Authorisation:
    """Return the authorisation, voided or not, with its site and patient."""
    rows = Authorisation.objects.seen_by(user).select_related("site", "patient__site")
    return get_object_or_404(rows, pk=pk)
