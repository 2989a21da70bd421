"""The light of adverse events before a dose, for one dose and for many in the same number of queries."""

import uuid
from collections.abc import Collection

from clinic.patients.queries import hypersensitivities
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.models import Dose
from treatments.rules.adverse_events import OpenEvent, adverse_events_light
from treatments.rules.lights import Lit


def light_of(dose: Dose) -> Lit:
    """Return how the light stands before this dose."""
    return lights_of([dose])[dose.pk]


def lights_of(doses: Collection[Dose]) -> dict[uuid.UUID, Lit]:
    """Return how the light stands before each of these doses, by the dose's id. Two queries."""
    patient_ids = {dose.patient_id for dose in doses}
    events, known = _open_events(patient_ids), hypersensitivities(patient_ids)
    return {
        dose.pk: adverse_events_light(events.get(dose.patient_id, []), known.get(dose.patient_id, [])) for dose in doses
    }


def _open_events(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[OpenEvent]]:
    found: dict[uuid.UUID, list[OpenEvent]] = {}
    for row in AdverseEvent.objects.open().filter(patient_id__in=patient_ids).order_by("onset_on", "created_at"):
        event = OpenEvent(row.term, row.onset_on, row.severity, row.is_serious)
        found.setdefault(row.patient_id, []).append(event)
    return found
