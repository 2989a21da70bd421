"""Overrides for the tests, given through the services."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from clinic.audit.trail import person_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from tests.treatments.labs import builders as labs
from tests.treatments.supply import builders as supply
from treatments.courses.models import Dose
from treatments.labs import services as lab_services
from treatments.labs.models import MonitoringPolicy
from treatments.readiness import queries, services
from treatments.readiness.models import Override, ReadinessPolicy
from treatments.rules.lights import Light
from treatments.rules.monitoring_terms import Level
from treatments.supply import services as supply_services


def all_but_labs(dose: Dose) -> Dose:
    """Put everything in order that a dose waits for besides its laboratory values."""
    patients.consent(dose.patient)
    patients.access_plan(dose.patient)
    supply.authorisation(dose.patient)
    supply_services.reserve(vial=supply.vial(dose.site), dose=dose, by=BY, at=AT)
    return dose


def said(dose: Dose, light: Light = Light.LABS) -> str:
    """Return what the light says now."""
    return queries.readiness_of_dose(dose.pk, AT).judged(light).lit.reason


def override(dose: Dose, *, person: User | None = None, submission: UUID | None = None, **facts: Any) -> Override:
    """Let a dose past its laboratory light for three days; without a person, by a new prescriber."""
    values: dict[str, Any] = {
        "light": Light.LABS,
        "reason_code": Override.Reason.CANNOT_WAIT,
        "reason": "Seen by the haematologist",
        "expires_on": dose.site.today(AT) + timedelta(days=3),
    } | facts
    return services.give_override(
        dose=dose,
        said=values.pop("said", None) or said(dose, values["light"]),
        by=person_actor(person or factories.user(Role.PRESCRIBER, site=dose.site)),
        at=AT,
        submission=submission,
        **values,
    )


def confirm(row: Override, *, person: User | None = None, **facts: Any) -> Override:
    """Confirm an override; without a person, by a new nurse."""
    second = person or factories.user(Role.NURSE, site=row.site)
    return services.confirm_override(override=row, by=person_actor(second), at=AT, **facts)


def policy(site: Site, *, since: date = date(2020, 1, 1), **values: Any) -> ReadinessPolicy:
    """Write down what a site asks of each light; what is left out is required."""
    return services.set_readiness_policy(site=site, effective_from=since, source="Ward round", by=BY, at=AT, **values)


def one_of_each(dose: Dose) -> dict[str, str]:
    """Leave one of everything that waits on a dose; return their ids by the name that addresses call them by."""
    if not MonitoringPolicy.objects.filter(site=dose.site).exists():
        labs.policy(dose.site, may_skip=True)
    (high,) = labs.log(dose.patient, labs.reported("inr", "1.8", "{INR}"))
    prescriber = factories.user(Role.PRESCRIBER, site=dose.site)
    review = labs.review(high, Level.STOP, person=prescriber)
    given = override(dose, person=prescriber)
    not_indicated = lab_services.mark_not_indicated(dose=dose, reason="No bleeding", by=person_actor(prescriber), at=AT)
    return {"review_id": str(review.pk), "override_id": str(given.pk), "said_id": str(not_indicated.pk)}
