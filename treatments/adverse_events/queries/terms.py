"""The terms to choose from, and what they are compared with."""

from datetime import date

from django.db.models import F, Q

from clinic.patients.models import Patient
from monographs import queries as monographs
from monographs.models import Regimen
from monographs.queries import EffectList
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.models import Course
from treatments.rules.adverse_events import OpenEvent
from treatments.rules.event_terms import Effect, listed


def effects_for(patient: Patient) -> EffectList | None:
    """Return the effects that are in force of the medicine the patient is treated with.

    It is that of their open course, else of their last one, else of the regimen that is proposed first. None where no
    text lists any.
    """
    courses = Course.objects.standing().filter(patient=patient)
    latest = courses.order_by(F("stopped_on").desc(nulls_first=True), "-created_at")
    monograph_id = latest.values_list("regimen__version__monograph", flat=True).first()
    if monograph_id is None:
        monograph_id = _proposed_first()
    return None if monograph_id is None else monographs.effects_in_force(monograph_id)


def _proposed_first() -> int | None:
    try:
        return monographs.default_regimen().version.monograph_id
    except Regimen.DoesNotExist:
        return None


def listed_in(text: EffectList, term: str) -> Effect | None:
    """Return the effect of a text that a term names."""
    return listed(term, [Effect(row.term, row.explanation, row.frequency) for row in text.effects])


def same_name_candidates(patient: Patient, onset_on: date) -> list[OpenEvent]:
    """Return the events that a new one could be, if its name is theirs: those open, and those that began that day."""
    could_be = Q(pk__in=AdverseEvent.objects.open().values("pk")) | Q(onset_on=onset_on)
    rows = AdverseEvent.objects.standing().filter(could_be, patient=patient).order_by("onset_on", "created_at")
    return [OpenEvent(row.term, row.onset_on, row.severity, row.is_serious) for row in rows]
