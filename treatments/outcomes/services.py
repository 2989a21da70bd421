"""Record a motor score, and void one that was recorded wrongly."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.patients.models import Patient, SmaProfile
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses.services.keeping import confirm
from treatments.outcomes import events
from treatments.outcomes.models import MotorScore
from treatments.rules import motor_scores as rule
from treatments.rules.cautions import Caution


class OutOfRange(Exception):
    """The score lies outside of its scale. The message says how far it goes."""


class AssessedOnSuchADay(Exception):
    """The day lies ahead, or before the patient was born. The message says which."""


class AlreadyScored(Exception):
    """There is a score of this scale on this day. The message says which."""


class NobodyEntered(Exception):
    """A score needs a person who entered it; a process is none."""


class AlreadyVoided(Exception):
    """The score was voided before."""


class NoReason(Exception):
    """Nothing is voided without a reason."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was found: the scale's key, the score, the day, who assessed, and the conditions."""

    scale: str
    value: int
    assessed_on: date
    assessor: str
    conditions: str = ""


@transaction.atomic
def record_score(
    *,
    patient: Patient,
    score: Score,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> MotorScore:
    """Record a score. Raises OutOfRange, AssessedOnSuchADay, AlreadyScored, AlreadySubmitted.

    Raises Unconfirmed where the scale is not meant for somebody of this age or function.
    """
    person = _person(by)
    if sentence := rule.range_problem(score.scale, score.value):
        raise OutOfRange(sentence)
    _check_day(patient, score.assessed_on, at)
    said = confirm(_cautions(patient, score), confirmed)
    row = MotorScore(
        site_id=patient.site_id,
        patient=patient,
        scale=score.scale,
        value=score.value,
        assessed_on=score.assessed_on,
        assessor=score.assessor.strip(),
        conditions=score.conditions.strip(),
        entered_by=person,
    )
    row.clean_fields(exclude={"site", "patient", "entered_by", "created_at"})
    try:
        with transaction.atomic():
            return writing.add(row, event=events.SCORE_RECORDED, by=by, at=at, reason=said, submission=submission)
    except IntegrityError:
        _refuse_second(patient, score)
        raise


@transaction.atomic
def void_score(*, score: MotorScore, reason: str, by: Actor, at: datetime, expected: int | None = None) -> MotorScore:
    """Void a score, keeping it visible with the reason. Raises NoReason, AlreadyVoided and StaleRecord."""
    if not reason.strip():
        raise NoReason("Say why the score is voided.")
    if score.voided_at is not None:
        raise AlreadyVoided("This score was voided already.")
    return writing.void(score, event=events.SCORE_VOIDED, by=by, at=at, reason=reason.strip(), expected=expected)


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyEntered("A motor score is entered by a person.")
    return by.person


def _check_day(patient: Patient, on: date, at: datetime) -> None:
    if on > patient.site.today(at):
        raise AssessedOnSuchADay("This day lies in the future; enter when the patient was assessed.")
    if on < patient.born_on:
        raise AssessedOnSuchADay(f"The patient was born on {formatting.day(patient.born_on)}; check the year.")


def _cautions(patient: Patient, score: Score) -> tuple[Caution, ...]:
    profile = SmaProfile.objects.standing().filter(patient=patient).first()
    function = "" if profile is None else profile.motor_function
    return rule.cautions(score.scale, born_on=patient.born_on, assessed_on=score.assessed_on, function=function)


def _refuse_second(patient: Patient, score: Score) -> None:
    """Turn the broken rule of one score per scale and day into a sentence."""
    standing = MotorScore.objects.standing().filter(patient=patient, scale=score.scale, assessed_on=score.assessed_on)
    if other := standing.first():
        scale = rule.SCALES[score.scale]
        said = f"{scale.name} {rule.in_words(scale, other.value)} is recorded for {formatting.day(score.assessed_on)}."
        raise AlreadyScored(f"{said} Void that score first, if it is wrong.") from None
