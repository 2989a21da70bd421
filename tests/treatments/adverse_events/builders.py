"""Adverse events for the tests, recorded through the service."""

from datetime import date, datetime
from typing import Any

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import User
from clinic.staff.roles import Role
from monographs.models import Effect, Section, Version
from tests import factories
from tests.factories import AT
from tests.treatments.courses.builders import regimen
from treatments.adverse_events import services
from treatments.adverse_events.models import AdverseEvent
from treatments.rules.adverse_events import EventFacts
from treatments.rules.cautions import CODES

ONSET = date(2026, 7, 2)
LISTED = (
    ("common", "Common (>10%)", "Headache", ""),
    ("common", "Common (>10%)", "Thrombocytopenia", "low platelet count"),
    ("serious", "Serious (<1%)", "Aseptic meningitis", ""),
)


def facts(**said: Any) -> EventFacts:
    """Return a mild headache that goes on, or whatever else is said."""
    said["criteria"] = frozenset(said.get("criteria", ()))
    values: dict[str, Any] = {
        "term": "Headache",
        "onset_on": ONSET,
        "known_on": said.get("onset_on", ONSET),
        "severity": 1,
        "causality": (("drug", "possible"), ("procedure", "probable"), ("sedation", ""), ("disease", "unlikely")),
        "action": "none",
        "outcome": "ongoing",
    }
    return EventFacts(**(values | said))


def record(patient: Patient, *, person: User | None = None, at: datetime = AT, **said: Any) -> AdverseEvent:
    """Record an event, confirming whatever is asked."""
    keys = {name: said.pop(name) for name in ("submission", "confirmed") if name in said}
    nurse = person or factories.user(Role.NURSE, site=patient.site)
    options: dict[str, Any] = {"confirmed": CODES} | keys
    return services.record_event(patient=patient, facts=facts(**said), by=person_actor(nurse), at=at, **options)


def list_effects(version: Version | None = None) -> Version:
    """Let the monograph of the tests' regimen list three effects."""
    version = version or regimen().version
    Section.objects.create(
        version=version, order=1, anchor="side-effects", kind="side_effects", title="Side effects", body=""
    )
    for order, (frequency, heading, term, explanation) in enumerate(LISTED, 1):
        Effect.objects.create(
            version=version, order=order, frequency=frequency, heading=heading, term=term, explanation=explanation
        )
    return version
