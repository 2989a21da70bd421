"""Record an adverse event, follow it up, close it, and void what was recorded wrongly.

What cannot be true is refused with sentences by field (`Refused`), before anything is written; all raise StaleRecord
when somebody else changed the event first.
"""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.records.writing import StaleRecord
from clinic.staff.models import User
from monographs.models import Version
from treatments.adverse_events import events, queries
from treatments.adverse_events.models import CAUSE_FIELDS, CRITERION_FIELDS, AdverseEvent
from treatments.courses.services.keeping import confirm, first_time
from treatments.rules import adverse_events as rule
from treatments.rules.adverse_events import EventFacts, Problems
from treatments.rules.event_terms import folded


class Refused(ValueError):
    """What was said cannot be true. `problems` holds a sentence for each field at fault."""

    def __init__(self, found: Problems) -> None:
        """Keep the sentences by field."""
        super().__init__(" ".join(found.values()))
        self.problems = found


class NobodyRecorded(Exception):
    """An event needs a person who recorded it; a process is none."""


class AlreadyClosed(Exception):
    """The event has an outcome already."""


class AlreadyVoided(Exception):
    """The event was voided before."""


class NoReason(Exception):
    """Nothing recorded is corrected or voided without a reason."""


@transaction.atomic
def record_event(
    *,
    patient: Patient,
    facts: EventFacts,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> AdverseEvent:
    """Record what happened; whether the monograph lists it is read in the text that is in force.

    Raises Refused, Unconfirmed where an event of the same name is open or began on that day, AlreadySubmitted.
    """
    person = _person(by)
    patient = _locked(patient)
    first_time(AdverseEvent, submission)
    _refuse(facts, patient, at)
    said = confirm(rule.cautions(facts, queries.same_name_candidates(patient, facts.onset_on)), confirmed)
    values = _columns(facts) | _listing(patient, facts.term)
    row = AdverseEvent(site_id=patient.site_id, patient=patient, recorded_by=person, **values)
    row.clean_fields(exclude={"site", "patient", "recorded_by", "created_at"})
    return writing.add(row, event=events.RECORDED, by=by, at=at, reason=said, submission=submission)


@transaction.atomic
def correct_event(
    *, event: AdverseEvent, facts: EventFacts, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> AdverseEvent:
    """Write down what is known by now; the version before stays in the trail, with the reason.

    Another term is looked up anew in the text that is in force. Raises Refused, NoReason.
    """
    patient = _locked(event.patient)
    event = _current(event, expected)
    if not reason.strip():
        raise NoReason("Say what became known, or what was wrong.")
    _refuse(facts, patient, at)
    anew = {} if folded(facts.term) == folded(event.term) else _listing(patient, facts.term)
    values = _columns(facts) | anew
    return writing.change(event, event=events.CORRECTED, by=by, at=at, reason=reason.strip(), **values)


@transaction.atomic
def close_event(
    *,
    event: AdverseEvent,
    outcome: str,
    ended_on: date | None,
    by: Actor,
    at: datetime,
    note: str = "",
    expected: int | None = None,
) -> AdverseEvent:
    """Say how an open event ended. A death is a correction, because the grade changes with it.

    Raises Refused, AlreadyClosed.
    """
    patient = _locked(event.patient)
    event = _current(event, expected)
    if not event.is_open:
        raise AlreadyClosed(f"This event is closed already: {event.get_outcome_display().lower()}.")
    if outcome not in rule.CLOSING or (outcome == rule.UNKNOWN and ended_on is None):
        raise Refused({"outcome": "Say how it ended; an outcome that is not known needs the last day it was seen."})
    _refuse(replace(event.facts, outcome=outcome, ended_on=ended_on), patient, at)
    values: dict[str, Any] = {"outcome": outcome, "ended_on": ended_on}
    return writing.change(event, event=events.CLOSED, by=by, at=at, reason=note.strip(), **values)


@transaction.atomic
def void_event(
    *, event: AdverseEvent, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> AdverseEvent:
    """Take an event out of force that never was; it stays visible with the reason. Raises NoReason, AlreadyVoided."""
    if not reason.strip():
        raise NoReason("Say why the event is voided.")
    if event.voided_at is not None:
        raise AlreadyVoided("This event was voided already.")
    return writing.void(event, event=events.VOIDED, by=by, at=at, reason=reason.strip(), expected=expected)


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyRecorded("An adverse event is recorded by a person.")
    return by.person


def _locked(patient: Patient) -> Patient:
    """Return the patient as they stand, locked, so that two people cannot record the same event side by side."""
    return Patient.objects.select_for_update(of=("self",)).select_related("site").get(pk=patient.pk)


def _current(event: AdverseEvent, expected: int | None) -> AdverseEvent:
    """Return the event as it stands if it still counts and has the version that the person had on screen."""
    current = AdverseEvent.objects.select_related("patient__site").get(pk=event.pk)
    if current.voided_at or current.version != (event.version if expected is None else expected):
        raise StaleRecord(current)
    return current


def _refuse(facts: EventFacts, patient: Patient, at: datetime) -> None:
    if found := rule.problems(facts, born_on=patient.born_on, today=patient.site.today(at)):
        raise Refused(found)


def _columns(facts: EventFacts) -> dict[str, Any]:
    """Return the facts by the names of the row's columns."""
    return {
        "term": facts.term.strip(),
        "onset_on": facts.onset_on,
        "known_on": facts.known_on,
        "severity": facts.severity,
        **{name: name in facts.criteria for name in CRITERION_FIELDS},
        **{CAUSE_FIELDS[cause]: judged for cause, judged in facts.causality},
        "action": facts.action,
        "outcome": facts.outcome,
        "ended_on": facts.ended_on,
        "narrative": facts.narrative.strip(),
    }


def _listing(patient: Patient, term: str) -> dict[str, Any]:
    """Return whether the text in force lists the term, with that text and the frequency group."""
    text = queries.effects_for(patient)
    if text is None:
        return {"monograph_version": None, "listed": None, "frequency": ""}
    effect = queries.listed_in(text, term)
    found = {} if effect is None else {"term": effect.term}
    return found | {
        "monograph_version": Version.objects.get(pk=text.version_id),
        "listed": effect is not None,
        "frequency": "" if effect is None else effect.frequency,
    }
