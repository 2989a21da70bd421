"""One patient's events as lines of a list, and those that sound like what somebody is typing."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from clinic import formatting
from clinic.patients.models import Patient
from clinic.statuses import EVENT, Status
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.models import Administration
from treatments.rules.adverse_events import CRITERIA, SEVERE_FROM, days_since_dose
from treatments.rules.event_terms import similar

# Drug went in, wholly or partly; an attempt at which none did is no dose to count from.
WITH_DRUG = (Administration.Outcome.COMPLETED, Administration.Outcome.PARTIAL)

# So many lines at least, where there are any.
ON_THE_CHART = 5


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event in words: `since_dose` the days from the last dose before it, `listed` what the monograph says."""

    id: uuid.UUID
    term: str
    onset: str
    since_dose: str
    grade: str
    serious: str
    outcome: str
    listed: str
    status: Status
    void_reason: str

    @property
    def is_void(self) -> bool:
        """Say whether it no longer counts."""
        return bool(self.void_reason)


def events_of(patient: Patient) -> tuple[EventLine, ...]:
    """Return all events of a patient: those open first, then the latest; the voided ones last. Two queries."""
    given_on = given_days([patient.pk]).get(patient.pk, [])
    rows = AdverseEvent.objects.filter(patient=patient).select_related("monograph_version__monograph")
    newest = sorted(rows.order_by("-onset_on", "-created_at"), key=_standing)
    return tuple(line_of(row, given_on) for row in newest)


def panel(patient: Patient) -> tuple[EventLine, ...]:
    """Return what the chart shows: every open event, and the latest of those that are closed. Two queries."""
    lines = [line for line in events_of(patient) if not line.is_void]
    still_open = [line for line in lines if line.status is not EVENT["closed"]]
    return tuple(lines[: max(len(still_open), ON_THE_CHART)])


def similar_to(patient: Patient, typed: str, *, besides: uuid.UUID | None = None) -> tuple[EventLine, ...]:
    """Return the standing events of a patient whose term sounds like what is typed, the latest first."""
    rows = AdverseEvent.objects.standing().filter(patient=patient)
    others = rows if besides is None else rows.exclude(pk=besides)
    latest = others.select_related("monograph_version__monograph").order_by("-onset_on", "-created_at")
    found = similar(typed, [(row.term, row) for row in latest]) if typed.strip() else ()
    given_on = given_days([patient.pk]).get(patient.pk, []) if found else []
    return tuple(line_of(row, given_on) for row in found)


def given_days(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[date]]:
    """Return the days on which drug went in, for each of these patients. One query."""
    found: dict[uuid.UUID, list[date]] = {}
    given = Administration.objects.standing().filter(patient_id__in=patient_ids, outcome__in=WITH_DRUG)
    for patient_id, day in given.values_list("patient_id", "given_on"):
        found.setdefault(patient_id, []).append(day)
    return found


def line_of(row: AdverseEvent, given_on: Sequence[date]) -> EventLine:
    """Return an event in words, given the days on which drug went in."""
    return EventLine(
        id=row.pk,
        term=row.term,
        onset=formatting.day(row.onset_on),
        since_dose=since_dose(row.onset_on, given_on),
        grade=row.get_severity_display(),
        serious=", ".join(CRITERIA[name] for name in row.criteria),
        outcome=outcome_of(row),
        listed=listed_words(row),
        status=status_of(row),
        void_reason=row.void_reason,
    )


def since_dose(onset_on: date, given_on: Sequence[date]) -> str:
    """Say how many days after the last dose an event began."""
    days = days_since_dose(onset_on, given_on)
    if days is None:
        return "No dose before it"
    return f"{formatting.plural(days, 'day')} after the last dose" if days else "On the day of a dose"


def outcome_of(row: AdverseEvent) -> str:
    """Return the outcome with its day: "Resolved on 4 Jul 2026"."""
    said = row.get_outcome_display()
    return said if row.ended_on is None else f"{said} on {formatting.day(row.ended_on)}"


def listed_words(row: AdverseEvent) -> str:
    """Say whether the monograph lists the event, in which group, and in which version that was read."""
    if row.monograph_version is None:
        return "No monograph to compare with"
    source = f"({row.monograph_version.monograph.title}, version {row.monograph_version.number})"
    return (
        f"Listed: {formatting.inside(row.get_frequency_display())} {source}" if row.listed else f"Not listed {source}"
    )


def status_of(row: AdverseEvent) -> Status:
    """Return how the event stands."""
    if row.voided_at is not None:
        return EVENT["voided"]
    if not row.is_open:
        return EVENT["closed"]
    if row.is_serious:
        return EVENT["serious"]
    return EVENT["severe" if row.severity >= SEVERE_FROM else "open"]


def _standing(row: AdverseEvent) -> int:
    return 2 if row.voided_at is not None else int(not row.is_open)
