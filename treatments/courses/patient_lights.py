"""The two lights of a dose that depend on the patient alone: consent and access plan, for one and for many."""

import uuid
from collections.abc import Collection

from clinic.patients import queries as patients
from treatments.rules.access_plan import AccessPlan, access_plan_light
from treatments.rules.consent import TreatmentConsent, consent_light
from treatments.rules.lights import Lit, Signal


def consent_lights(patient_ids: Collection[uuid.UUID], *, when_missing: Signal) -> dict[uuid.UUID, Lit]:
    """Return the light of the treatment consent of each of these patients. One query."""
    known = patients.treatment_consents(patient_ids)
    return {pk: consent_light(_consent(known.get(pk)), when_missing=when_missing) for pk in patient_ids}


def access_plan_lights(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Lit]:
    """Return the light of the access plan of each of these patients. Two queries."""
    known = patients.accesses(patient_ids)
    return {pk: access_plan_light(_plan(access.plan), spine=access.spine) for pk, access in known.items()}


def _consent(known: patients.KnownConsent | None) -> TreatmentConsent | None:
    if known is None:
        return None
    return TreatmentConsent(known.given_on, known.given_by, known.refused, known.withdrawn_on)


def _plan(known: patients.KnownPlan | None) -> AccessPlan | None:
    return None if known is None else AccessPlan(known.words, known.reviewed_on, known.spine)
