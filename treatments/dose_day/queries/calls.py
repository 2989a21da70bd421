"""Whom to call after a dose day, and what came of the calls."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from clinic import formatting
from clinic.patients import choices
from clinic.patients.models import Carer
from clinic.staff.models import Site
from treatments.dose_day.models import Discharge, FollowUpCall

# Nobody makes more calls in a day; who is not on the page is on it once others were called.
LISTED = 100


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call that was made. `is_urgent`: something was told of that a prescriber hears about today."""

    when: str
    outcome: str
    symptoms: str
    note: str
    by: str
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class CallRow:
    """Somebody to call: whom, after which day, on which number, and what was tried before."""

    discharge_id: UUID
    patient_id: UUID
    dose_id: UUID
    patient: str
    born: str
    after: str
    on: str
    due: str
    is_late: bool
    telephones: tuple[str, ...]
    tried: int
    site: str
    site_id: UUID


def calls_due(sites: Sequence[Site], now: datetime) -> tuple[CallRow, ...]:
    """Return whom to call today or who should have been called, the longest waiting first. Three queries.

    Whoever was transferred since is called all the same: the puncture was made here. Nobody asks after the dead.
    """
    days = {site.pk: site.today(now) for site in sites}
    rows = Discharge.objects.standing().filter(
        site__in=days, call_due_on__lte=max(days.values(), default=date.min), patient__voided_at=None
    )
    rows = rows.exclude(patient__care_status=choices.CareStatus.DIED)
    found = rows.select_related("patient", "site", "dose").order_by("call_due_on", "pk")[:LISTED]
    due = [row for row in found if row.call_due_on is not None and row.call_due_on <= days[row.site_id]]
    phones = _telephones([row.patient_id for row in due])
    tried = _tried([row.pk for row in due])
    return tuple(_row(row, days[row.site_id], phones[row.patient_id], tried[row.pk]) for row in due)


def _row(row: Discharge, today: date, phones: Collection[str], tried: int) -> CallRow:
    due = row.call_due_on or today
    return CallRow(
        discharge_id=row.pk,
        patient_id=row.patient_id,
        dose_id=row.dose_id,
        patient=formatting.full_name(row.patient.family_name, row.patient.given_name),
        born=formatting.day(row.patient.born_on),
        after=f"{row.dose.label}, {formatting.day(row.on)}",
        on=row.on.isoformat(),
        due="Today" if due == today else formatting.until(due, today).capitalize(),
        is_late=due < today,
        telephones=tuple(phones),
        tried=tried,
        site=row.site.name,
        site_id=row.site_id,
    )


def _telephones(patient_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    carers = Carer.objects.standing().filter(patient__in=patient_ids).exclude(phone="").order_by("created_at")
    for carer in carers:
        about = f" ({carer.relationship})" if carer.relationship else ""
        found[carer.patient_id].append(f"{carer.name}{about}: {carer.phone}")
    return found


def _tried(discharge_ids: Collection[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = defaultdict(int)
    calls = FollowUpCall.objects.standing().filter(discharge__in=discharge_ids)
    for discharge_id in calls.values_list("discharge_id", flat=True):
        found[discharge_id] += 1
    return found


def calls_of(discharge_id: UUID | None) -> tuple[CallLine, ...]:
    """Return the calls after one dose day, newest first. One query."""
    if discharge_id is None:
        return ()
    rows = FollowUpCall.objects.standing().filter(discharge=discharge_id).select_related("by", "site")
    return tuple(_line(row) for row in rows.order_by("-called_at"))


def _line(row: FollowUpCall) -> CallLine:
    words = [FollowUpCall.Symptom(symptom).label for symptom in row.symptoms]
    return CallLine(
        when=formatting.moment(row.called_at, row.site.zone),
        outcome=row.get_outcome_display(),
        symptoms=", ".join(words),
        note=row.note,
        by=str(row.by),
        is_urgent=not FollowUpCall.URGENT.isdisjoint(row.symptoms),
    )
