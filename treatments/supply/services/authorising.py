"""Register what a payer has approved, correct it, renew it, and void what was registered wrongly."""

import uuid
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.records import writing
from treatments.supply import events
from treatments.supply.models import Authorisation
from treatments.supply.services.moving import NoReason


class OutOfOrder(Exception):
    """The period ends before it begins."""


class AlreadyRegistered(Exception):
    """The payer's reference is registered for this patient already."""


class AlreadyRenewed(Exception):
    """Another authorisation has taken this one's place already."""


class AuthorisationVoided(Exception):
    """The authorisation was voided; nothing follows from it. The message says why it was."""


@dataclass(frozen=True, slots=True)
class AuthorisationFacts:
    """What stands in the payer's letter. `mg` None: any strength. Both days are included."""

    payer: str
    reference: str
    starts_on: date
    ends_on: date
    doses_approved: int
    mg: Decimal | None = None
    note: str = ""


@transaction.atomic
def register_authorisation(
    *,
    patient: Patient,
    facts: AuthorisationFacts,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Authorisation:
    """Register an authorisation of a patient. Raises OutOfOrder, AlreadyRegistered, AlreadySubmitted."""
    row = Authorisation(patient=patient, site_id=patient.site_id, **asdict(facts))
    return _add(row, facts, event=events.AUTHORISATION_REGISTERED, by=by, at=at, submission=submission)


@transaction.atomic
def renew_authorisation(
    *,
    renewed: Authorisation,
    facts: AuthorisationFacts,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Authorisation:
    """Register the authorisation that takes another's place. Raises as `register_authorisation`, and AlreadyRenewed."""
    stored = _standing(renewed)
    first = None if submission is None else Authorisation.objects.filter(submission=submission).first()
    if first is None and Authorisation.objects.standing().filter(renews=stored).exists():
        raise AlreadyRenewed("This authorisation was renewed already.")
    row = Authorisation(patient_id=stored.patient_id, site_id=stored.site_id, renews=stored, **asdict(facts))
    return _add(row, facts, event=events.AUTHORISATION_RENEWED, by=by, at=at, submission=submission)


@transaction.atomic
def correct_authorisation(
    *,
    authorisation: Authorisation,
    facts: AuthorisationFacts,
    reason: str,
    by: Actor,
    at: datetime,
    expected: int | None = None,
) -> Authorisation:
    """Correct what was typed wrongly. Raises OutOfOrder, AlreadyRegistered, NoReason, StaleRecord."""
    _in_order(facts)
    _need(reason)
    event = events.AUTHORISATION_CORRECTED
    try:
        with transaction.atomic():
            return writing.change(
                authorisation, event=event, by=by, at=at, reason=reason, expected=expected, **asdict(facts)
            )
    except IntegrityError:
        raise AlreadyRegistered(_TWICE) from None


@transaction.atomic
def void_authorisation(
    *, authorisation: Authorisation, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Authorisation:
    """Void an authorisation, keeping it visible with the reason. Raises AuthorisationVoided, NoReason, StaleRecord."""
    _need(reason)
    stored = _standing(authorisation)
    event = events.AUTHORISATION_VOIDED
    return writing.void(stored, event=event, by=by, at=at, reason=reason, expected=expected)


_TWICE = "This payer’s reference is registered for this patient already; correct or renew that one."


def _add(
    row: Authorisation,
    facts: AuthorisationFacts,
    *,
    event: str,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None,
) -> Authorisation:
    _in_order(facts)
    row.clean_fields(exclude={"patient", "site", "renews", "created_at"})
    try:
        with transaction.atomic():
            return writing.add(row, event=event, by=by, at=at, submission=submission)
    except IntegrityError:
        raise AlreadyRegistered(_TWICE) from None


def _standing(authorisation: Authorisation) -> Authorisation:
    """Return the row locked, as it stands."""
    stored = Authorisation.objects.select_for_update().get(pk=authorisation.pk)
    if stored.voided_at is not None:
        raise AuthorisationVoided(f"This authorisation was voided already: {stored.void_reason}")
    return stored


def _in_order(facts: AuthorisationFacts) -> None:
    if facts.ends_on < facts.starts_on:
        raise OutOfOrder("It ends before it begins; exchange the two days.")


def _need(reason: str) -> None:
    if not reason.strip():
        raise NoReason("Say why.")
