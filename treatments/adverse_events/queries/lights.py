"""The light of adverse events before the next dose, for one patient and for many in the same number of queries."""

import uuid
from collections.abc import Collection

from clinic.patients.queries import hypersensitivities
from treatments.adverse_events.models import AdverseEvent
from treatments.rules.adverse_events import OpenEvent, adverse_events_light
from treatments.rules.lights import Lit


def lights_of(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Lit]:
    """Return how the light stands before the next dose of each of these patients. Two queries."""
    events, known = _open_events(patient_ids), hypersensitivities(patient_ids)
    return {pk: adverse_events_light(events.get(pk, []), known.get(pk, [])) for pk in patient_ids}


def _open_events(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[OpenEvent]]:
    found: dict[uuid.UUID, list[OpenEvent]] = {}
    for row in AdverseEvent.objects.open().filter(patient_id__in=patient_ids).order_by("onset_on", "created_at"):
        event = OpenEvent(row.term, row.onset_on, row.severity, row.is_serious)
        found.setdefault(row.patient_id, []).append(event)
    return found
