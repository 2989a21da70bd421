"""The seven kinds of things that belong to a patient, told apart by data and handled alike by everything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from clinic.patients import events, facts, models

F = TypeVar("F", bound=facts.Facts)
P = TypeVar("P", bound=models.PatientPart)


@dataclass(frozen=True, slots=True)
class PartKind(Generic[F, P]):
    """One kind of part: its word in an address, its words on a page, its facts and row, and its events in the trail."""

    slug: str
    one: str
    this: str
    facts: type[F]
    model: type[P]
    added: str
    corrected: str
    voided: str

    def __str__(self) -> str:
        """Return its word in an address."""
        return self.slug


IDENTIFIER = PartKind(
    "identifier",
    "an identifier",
    "the identifier",
    facts.IdentifierFacts,
    models.Identifier,
    events.IDENTIFIER_ADDED,
    events.IDENTIFIER_CORRECTED,
    events.IDENTIFIER_VOIDED,
)
CARER = PartKind(
    "carer",
    "a carer",
    "the carer",
    facts.CarerFacts,
    models.Carer,
    events.CARER_ADDED,
    events.CARER_CORRECTED,
    events.CARER_VOIDED,
)
CONSENT = PartKind(
    "consent",
    "a consent",
    "the consent",
    facts.ConsentFacts,
    models.Consent,
    events.CONSENT_GIVEN,
    events.CONSENT_CORRECTED,
    events.CONSENT_VOIDED,
)
ALLERGY = PartKind(
    "allergy",
    "what is known of allergies",
    "the entry about allergies",
    facts.AllergyFacts,
    models.Allergy,
    events.ALLERGY_ADDED,
    events.ALLERGY_CORRECTED,
    events.ALLERGY_VOIDED,
)
ACCESS_PLAN = PartKind(
    "access-plan",
    "an access plan",
    "the access plan",
    facts.AccessPlanFacts,
    models.AccessPlan,
    events.ACCESS_PLAN_ADDED,
    events.ACCESS_PLAN_CORRECTED,
    events.ACCESS_PLAN_VOIDED,
)
MEASUREMENT = PartKind(
    "measurement",
    "weight and height",
    "the measurement",
    facts.MeasurementFacts,
    models.Measurement,
    events.MEASUREMENT_ADDED,
    events.MEASUREMENT_CORRECTED,
    events.MEASUREMENT_VOIDED,
)
THERAPY = PartKind(
    "therapy",
    "another SMA therapy",
    "the therapy",
    facts.TherapyFacts,
    models.OtherTherapy,
    events.THERAPY_ADDED,
    events.THERAPY_CORRECTED,
    events.THERAPY_VOIDED,
)

KINDS: Mapping[str, PartKind[Any, Any]] = MappingProxyType(
    {kind.slug: kind for kind in (IDENTIFIER, CARER, CONSENT, ALLERGY, ACCESS_PLAN, MEASUREMENT, THERAPY)}
)
