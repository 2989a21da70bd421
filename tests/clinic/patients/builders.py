"""Patients for the tests, registered through the services."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from clinic.patients import parts, services
from clinic.patients.facts import (
    AccessPlanFacts,
    AllergyFacts,
    CarerFacts,
    ConsentFacts,
    IdentifierFacts,
    MeasurementFacts,
    PersonFacts,
    ProfileFacts,
    TherapyFacts,
)
from clinic.patients.models import (
    AccessPlan,
    Allergy,
    Carer,
    Consent,
    Identifier,
    Measurement,
    OtherTherapy,
    Patient,
)
from clinic.staff.models import Site
from tests.factories import AT, BY

BORN = date(2020, 5, 17)
TODAY = date(2026, 7, 4)
NHS = "9434765919"
NHS_TOO = "4010232137"


def person(
    given_name: str = "Ana", family_name: str = "Berg", born_on: date = BORN, sex: str = "female"
) -> PersonFacts:
    """Return who somebody born on 17 May 2020 is."""
    return PersonFacts(given_name, family_name, born_on, sex)


def patient(
    site: Site,
    family_name: str = "Berg",
    given_name: str = "Ana",
    *,
    born_on: date = BORN,
    mrn: str = "",
    nhs: str = "",
    profile: ProfileFacts | None = None,
    carers: Sequence[CarerFacts] = (),
    consents: Sequence[ConsentFacts] = (),
    at: datetime = AT,
) -> Patient:
    """Register somebody, with these numbers."""
    numbers = [IdentifierFacts(kind, value) for kind, value in (("mrn", mrn), ("nhs", nhs)) if value]
    return services.register(
        site=site,
        person=person(given_name, family_name, born_on),
        identifiers=numbers,
        profile=profile,
        carers=carers,
        consents=consents,
        by=BY,
        at=at,
    )


def identifier(of: Patient, kind: str = "mrn", value: str = "M1") -> Identifier:
    """Record a number."""
    return services.add_part(kind=parts.IDENTIFIER, patient=of, facts=IdentifierFacts(kind, value), by=BY, at=AT)


def carer(of: Patient, name: str = "Maria Berg", email: str = "maria@example.org", **facts: Any) -> Carer:
    """Record somebody who looks after the patient."""
    said = CarerFacts(name=name, email=email, **facts)
    return services.add_part(kind=parts.CARER, patient=of, facts=said, by=BY, at=AT)


def consent(of: Patient, kind: str = "treatment", given_on: date = date(2026, 1, 5), by: str = "Maria Berg") -> Consent:
    """Record a consent."""
    return services.add_part(kind=parts.CONSENT, patient=of, facts=ConsentFacts(kind, given_on, by), by=BY, at=AT)


def allergy(of: Patient, substance: str = "Latex", *, kind: str = "allergy", reaction: str = "") -> Allergy:
    """Record an allergy."""
    said = AllergyFacts(kind, date(2026, 1, 5), substance, reaction)
    return services.add_part(kind=parts.ALLERGY, patient=of, facts=said, by=BY, at=AT)


def no_known_allergies(of: Patient, noted_on: date = date(2026, 1, 5)) -> Allergy:
    """Record that somebody asked and none is known."""
    return services.add_part(kind=parts.ALLERGY, patient=of, facts=AllergyFacts("none_known", noted_on), by=BY, at=AT)


def access_plan(of: Patient, reviewed_on: date = date(2026, 1, 5), **facts: Any) -> AccessPlan:
    """Record how the cerebrospinal fluid is reached."""
    words = {"approach": "interlaminar", "guidance": "ultrasound", "sedation": "sedation"} | facts
    said = AccessPlanFacts(reviewed_on=reviewed_on, **words)
    return services.add_part(kind=parts.ACCESS_PLAN, patient=of, facts=said, by=BY, at=AT)


def measurement(of: Patient, measured_on: date = date(2026, 1, 5), **facts: Any) -> Measurement:
    """Record a weight and a height."""
    return services.add_part(
        kind=parts.MEASUREMENT, patient=of, facts=MeasurementFacts(measured_on, **facts), by=BY, at=AT
    )


def therapy(of: Patient, therapy: str = "risdiplam", started_on: date = date(2024, 1, 5), **facts: Any) -> OtherTherapy:
    """Record another therapy."""
    return services.add_part(
        kind=parts.THERAPY, patient=of, facts=TherapyFacts(therapy, started_on, **facts), by=BY, at=AT
    )
