"""Vials, doses and authorisations for the tests, built through the services."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.patients.models import Patient
from clinic.staff.models import Site
from monographs.models import Product
from monographs.rules.product import Product as ProductRule
from monographs.rules.product import product_data
from tests.factories import AT, BY
from tests.rules.vial_stage import STORAGE
from tests.treatments.courses import builders as courses
from treatments.supply import services
from treatments.supply.models import Authorisation, Movement, Vial

EXPIRES = date(2027, 6, 30)
GTIN = "00364406058011"


def product(mg: int = 12) -> Product:
    """Return the product of a strength, carried by the version that carries the tests' regimen.

    Only the limits of 12 mg are confirmed.
    """
    version = courses.regimen().version
    rule = ProductRule(
        key=f"nusinersen-{mg}mg",
        name=f"Nusinersen {mg} mg in 5 mL",
        mg=Decimal(mg),
        ml=Decimal(5),
        gtins=(GTIN,) if mg == 12 else (),
        source="Test label",
        effective_from=date(2026, 1, 1),
        storage=STORAGE if mg == 12 else replace(STORAGE, confirmed=False, note="Those of 12 mg"),
    )
    facts = {"order": mg, "name": rule.name, "mg": rule.mg, "data": product_data(rule)}
    return Product.objects.get_or_create(version=version, key=rule.key, defaults=facts)[0]


def received(**facts: Any) -> services.Received:
    """Return what arrived: one vial of 12 mg, on 3 July, good for a year."""
    values: dict[str, Any] = {"lot": "AB12", "expires_on": EXPIRES, "count": 1, "received_at": AT - timedelta(days=1)}
    return services.Received(**(values | {"product": facts.pop("product", None) or product()} | facts))


def vial(site: Site, *, at: datetime = AT, **facts: Any) -> Vial:
    """Receive one vial."""
    (made,) = services.receive_vials(site=site, received=received(**facts), by=BY, at=at)
    return made


def again(row: Vial) -> Vial:
    """Return a vial as it stands in the database."""
    return Vial.objects.get(pk=row.pk)


def moves(row: Vial) -> list[str]:
    """Return what was done with a vial, in order."""
    return list(Movement.objects.filter(vial=row).order_by("number").values_list("kind", flat=True))


def authorisation(patient: Patient, **facts: Any) -> Authorisation:
    """Register an authorisation of three doses for the year 2026."""
    values: dict[str, Any] = {
        "payer": "Northern Health",
        "reference": "NH-1",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "doses_approved": 3,
    }
    return services.register_authorisation(
        patient=patient, facts=services.AuthorisationFacts(**(values | facts)), by=BY, at=AT
    )
