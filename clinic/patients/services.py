"""Everything that changes a patient: each function is one use case in one transaction, with its trail.

What cannot be true is refused with sentences by field (`Refused`), before anything is written. All raise StaleRecord
when somebody else changed the row first, and those that make a row AlreadySubmitted when its form comes a second time.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.patients import events, folding, parts
from clinic.patients.choices import AllergyKind, CareStatus
from clinic.patients.facts import (
    AllergyFacts,
    CarerFacts,
    ConsentFacts,
    Facts,
    IdentifierFacts,
    PersonFacts,
    Problems,
    ProfileFacts,
    care_problems,
    day_problem,
    problems,
)
from clinic.patients.models import Allergy, Consent, Identifier, Patient, SmaProfile
from clinic.patients.parts import F, P, PartKind
from clinic.patients.queries import first_recorded_day
from clinic.records import writing
from clinic.records.models import ClinicalRecord
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site

R = TypeVar("R", bound=ClinicalRecord)


class Refused(ValueError):
    """What was said cannot be true. `problems` holds a sentence for each field at fault."""

    def __init__(self, found: Problems) -> None:
        """Keep the sentences by field."""
        super().__init__(" ".join(found.values()))
        self.problems = found


class IdentifierTaken(Refused):
    """The number stands for somebody already: `holder` is the identifier in force that has it.

    `by_another` says whether that is another patient than the one it was meant for.
    """

    def __init__(self, holder: Identifier, patient: Patient | None) -> None:
        """Name the number; say whose it is without naming anybody."""
        self.holder = holder
        self.by_another = patient is None or holder.patient_id != patient.pk
        whose = "another patient at this site" if self.by_another else "this patient already"
        super().__init__({"value": f"{holder} belongs to {whose}."})


# --- The person ------------------------------------------------------------------------------------------------------


@transaction.atomic
def register(
    *,
    site: Site,
    person: PersonFacts,
    by: Actor,
    at: datetime,
    identifiers: Sequence[IdentifierFacts] = (),
    profile: ProfileFacts | None = None,
    carers: Sequence[CarerFacts] = (),
    consents: Sequence[ConsentFacts] = (),
    reason: str = "",
    submission: uuid.UUID | None = None,
) -> Patient:
    """Register a patient with everything that is known on the day; the SMA profile starts empty without `profile`.

    Raises Refused, IdentifierTaken, AlreadySubmitted. `reason` says why somebody much like a known patient is another.
    """
    _first_time(Patient, submission)
    _refuse(person, person.born_on, site.today(at))
    patient = Patient(site=site, **person.values())
    with _refusing():
        patient.clean_fields(exclude={"site", *Patient.DERIVED})
    patient = writing.add(patient, event=events.REGISTERED, by=by, at=at, reason=reason, submission=submission)
    _add_profile(patient, profile or ProfileFacts(), by=by, at=at)
    for number in identifiers:
        _add(parts.IDENTIFIER, patient, number, by=by, at=at)
    for carer in carers:
        _add(parts.CARER, patient, carer, by=by, at=at)
    for consent in consents:
        _add(parts.CONSENT, patient, consent, by=by, at=at)
    return _refold(patient)


@transaction.atomic
def correct(
    *, patient: Patient, person: PersonFacts, by: Actor, at: datetime, expected: int | None = None, reason: str = ""
) -> Patient:
    """Correct name, birth or sex. Raises Refused, also for a birth after something recorded of the person's life."""
    patient = _locked(patient, expected)
    _refuse(person, person.born_on, patient.site.today(at))
    if (first := first_recorded_day(patient)) and person.born_on > first:
        sentence = f"Something is recorded for {formatting.day(first)} already, before this date of birth."
        raise Refused({"born_on": sentence})
    return _refold(_changed(patient, person.values(), event=events.CORRECTED, by=by, at=at, reason=reason))


@transaction.atomic
def set_profile(
    *, profile: SmaProfile, facts: ProfileFacts, by: Actor, at: datetime, expected: int | None = None, reason: str = ""
) -> SmaProfile:
    """Write down what is known of the person's SMA. Raises Refused."""
    patient = _locked(profile.patient)
    profile = _current(profile, expected)
    _refuse(facts, patient.born_on, patient.site.today(at))
    return _changed(profile, facts.values(), event=events.PROFILE_CORRECTED, by=by, at=at, reason=reason)


@transaction.atomic
def change_care_status(
    *, patient: Patient, to: CareStatus, on: date, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Patient:
    """Say from which day this site treats the person, or no longer does, and why. Raises Refused.

    Lists and reminders follow the status when they are read, so nothing else is written here.
    """
    patient = _locked(patient, expected)
    recorded, today = (patient.care_status, patient.care_status_on), patient.site.today(at)
    found = care_problems(to, on, recorded=recorded, born_on=patient.born_on, today=today)
    if found := found | _unreasoned(reason):
        raise Refused(found)
    values = {"care_status": to, "care_status_on": on}
    return _changed(patient, values, event=events.CARE_STATUS_CHANGED, by=by, at=at, reason=reason.strip())


# --- What belongs to them --------------------------------------------------------------------------------------------


@transaction.atomic
def add_part(
    *, kind: PartKind[F, P], patient: Patient, facts: F, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> P:
    """Add an identifier, a carer, a consent, what is known of allergies, an access plan, a measurement or a therapy.

    Raises Refused (a second consent of a kind in force too), IdentifierTaken, AlreadySubmitted.
    """
    patient = _locked(patient)
    _first_time(kind.model, submission)
    row = _add(kind, patient, facts, by=by, at=at, submission=submission)
    _refold_after(kind, patient)
    return row


@transaction.atomic
def correct_part(
    *,
    kind: PartKind[F, P],
    part: P,
    facts: F,
    by: Actor,
    at: datetime,
    expected: int | None = None,
    reason: str = "",
) -> P:
    """Correct a part. Raises as `add_part` does, and StaleRecord."""
    patient = _locked(part.patient)
    part = _current(part, expected)
    _refuse(facts, patient.born_on, patient.site.today(at))
    if isinstance(part, Consent) and isinstance(facts, ConsentFacts):
        _refuse_given_after_withdrawal(part, facts)
    with _no_clash(kind, patient, facts, part):
        part = _changed(part, facts.values(), event=kind.corrected, by=by, at=at, reason=reason)
    _refold_after(kind, patient)
    return part


@transaction.atomic
def void_part(*, kind: PartKind[F, P], part: P, reason: str, by: Actor, at: datetime, expected: int | None = None) -> P:
    """Take a part out of force that was entered in error; it stays in the history with the reason. Raises Refused."""
    patient = _locked(part.patient)
    part = _current(part, expected)
    if found := _unreasoned(reason):
        raise Refused(found)
    part = writing.void(part, event=kind.voided, by=by, at=at, reason=reason.strip())
    _refold_after(kind, patient)
    return part


@transaction.atomic
def withdraw_consent(
    *, consent: Consent, on: date, by: Actor, at: datetime, expected: int | None = None, reason: str = ""
) -> Consent:
    """End a consent on a day. Raises Refused for a day before it was given or to come, and for a second withdrawal."""
    patient = _locked(consent.patient)
    consent = _current(consent, expected)
    if consent.withdrawn_on:
        raise Refused({"on": f"This consent was withdrawn on {formatting.day(consent.withdrawn_on)} already."})
    if on < consent.given_on:
        raise Refused({"on": f"The consent was given on {formatting.day(consent.given_on)}, after this day."})
    if sentence := day_problem(on, born_on=patient.born_on, today=patient.site.today(at)):
        raise Refused({"on": sentence})
    values = {"withdrawn_on": on, "withdrawal_reason": reason.strip()}
    return _changed(consent, values, event=events.CONSENT_WITHDRAWN, by=by, at=at, reason=reason)


# --- How it is done --------------------------------------------------------------------------------------------------


def _locked(patient: Patient, expected: int | None = None) -> Patient:
    """Return the patient as they stand, locked until the transaction ends: people write about one person in turn."""
    locked = Patient.objects.select_for_update(of=("self",)).select_related("site").get(pk=patient.pk)
    if locked.voided_at or (expected is not None and locked.version != expected):
        raise StaleRecord(locked)
    return locked


def _current(row: R, expected: int | None) -> R:
    """Return the row as it stands if it still counts and has the version that the person had on screen."""
    current = type(row)._base_manager.select_related("patient__site").get(pk=row.pk)
    if current.voided_at or current.version != (row.version if expected is None else expected):
        raise StaleRecord(current)
    return current


def _first_time(model: type[ClinicalRecord], submission: uuid.UUID | None) -> None:
    """Refuse a form's second arrival before its own first row is taken for somebody else's."""
    first = None if submission is None else model._base_manager.filter(submission=submission).first()
    if first:
        raise AlreadySubmitted(first)


def _refuse(facts: Facts, born_on: date, today: date) -> None:
    if found := problems(facts, born_on=born_on, today=today):
        raise Refused(found)


def _unreasoned(reason: str) -> Problems:
    return {} if reason.strip() else {"reason": "Say why; the history keeps it."}


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a column cannot hold into a refusal."""
    try:
        yield
    except ValidationError as error:
        raise Refused({name: " ".join(said) for name, said in error.message_dict.items()}) from None


def _changed(row: R, values: dict[str, Any], *, event: str, by: Actor, at: datetime, reason: str) -> R:
    with _refusing():
        return writing.change(row, event=event, by=by, at=at, reason=reason, **values)


def _add_profile(patient: Patient, facts: ProfileFacts, *, by: Actor, at: datetime) -> None:
    _refuse(facts, patient.born_on, patient.site.today(at))
    profile = SmaProfile(patient=patient, **facts.values())
    with _refusing():
        profile.clean_fields(exclude={"patient"})
    writing.add(profile, event=events.PROFILE_ADDED, by=by, at=at)


def _add(
    kind: PartKind[F, P],
    patient: Patient,
    facts: F,
    *,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> P:
    _refuse(facts, patient.born_on, patient.site.today(at))
    row = kind.model(patient=patient, **facts.values(), **_besides(kind, patient))
    with _refusing():
        row.clean_fields(exclude={"patient", "site"})
    with _no_clash(kind, patient, facts):
        return writing.add(row, event=kind.added, by=by, at=at, submission=submission)


def _besides(kind: PartKind[F, P], patient: Patient) -> dict[str, Any]:
    """Return what a new part keeps besides the facts: a number its site, a plan the spine it is made for."""
    if kind.slug == parts.IDENTIFIER.slug:
        return {"site": patient.site}
    if kind.slug == parts.ACCESS_PLAN.slug:
        return {"spine": SmaProfile.objects.standing().filter(patient=patient).values_list("spine", flat=True).get()}
    return {}


@contextmanager
def _no_clash(kind: PartKind[F, P], patient: Patient, facts: F, part: P | None = None) -> Iterator[None]:
    """Refuse what stands in the way of another row; the database decides between two people at once."""
    _refuse_clash(patient, facts, part)
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        _refuse_clash(patient, facts, part)
        raise


def _refuse_clash(patient: Patient, facts: Facts, part: ClinicalRecord | None) -> None:
    if isinstance(facts, IdentifierFacts):
        _refuse_taken(patient, facts, part)
    if isinstance(facts, ConsentFacts) and not getattr(part, "withdrawn_on", None):
        _refuse_second_consent(patient, facts, part)
    if isinstance(facts, AllergyFacts):
        _refuse_allergies_and_none(patient, facts, part)


def _refuse_taken(patient: Patient, facts: IdentifierFacts, part: ClinicalRecord | None) -> None:
    holders = Identifier.objects.standing().filter(site=patient.site, **facts.values())
    if holder := (holders.exclude(pk=part.pk) if part else holders).first():
        raise IdentifierTaken(holder, patient)


def _refuse_second_consent(patient: Patient, facts: ConsentFacts, part: ClinicalRecord | None) -> None:
    in_force = Consent.objects.standing().filter(patient=patient, kind=facts.kind, withdrawn_on=None)
    if other := (in_force.exclude(pk=part.pk) if part else in_force).first():
        said = f"{other.get_answer_display().lower()} on {formatting.day(other.given_on)}"
        raise Refused({"kind": f"A consent for this, {said}, is in force. Correct or withdraw that one."})


def _refuse_allergies_and_none(patient: Patient, facts: AllergyFacts, part: ClinicalRecord | None) -> None:
    """Refuse to say that none is known beside an allergy, and twice. An allergy found later overrules the statement."""
    if facts.kind != AllergyKind.NONE_KNOWN:
        return
    recorded = Allergy.objects.standing().filter(patient=patient)
    if other := (recorded.exclude(pk=part.pk) if part else recorded).order_by("created_at").first():
        known = f"It was said on {formatting.day(other.noted_on)} that none is known; correct that entry."
        found = f"{other} is recorded. Void that entry first, if it was wrong."
        raise Refused({"kind": known if other.kind == AllergyKind.NONE_KNOWN else found})


def _refuse_given_after_withdrawal(consent: Consent, facts: ConsentFacts) -> None:
    if consent.withdrawn_on and facts.given_on > consent.withdrawn_on:
        raise Refused({"given_on": f"It was withdrawn on {formatting.day(consent.withdrawn_on)}, before this day."})


def _refold_after(kind: PartKind[F, P], patient: Patient) -> None:
    if kind.slug == parts.IDENTIFIER.slug:
        _refold(patient)


def _refold(patient: Patient) -> Patient:
    """Bring up to date what a search looks through and what lists are ordered by."""
    numbers = Identifier.objects.standing().filter(patient=patient).order_by("value")
    names = (patient.family_name, patient.given_name)
    return writing.derive(
        patient,
        search_text=folding.search_text(names, numbers.values_list("value", flat=True)),
        sort_name=folding.sort_name(*names),
    )
