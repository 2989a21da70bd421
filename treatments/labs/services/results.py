"""Log what the laboratory reported, correct what was logged wrongly, and void what should not be there at all."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses.services.keeping import first_time
from treatments.labs import events
from treatments.labs.models import LabResult
from treatments.rules.monitoring import ANALYTES, Reported, convert, convert_range


class NothingReported(Exception):
    """The set holds no result."""


class ReportedTwice(Exception):
    """The set holds two values of one analyte; a sample gives one. The message names it."""


class CollectedLater(Exception):
    """The sample would have been collected after the moment of entry."""


class CollectedBeforeBirth(Exception):
    """The sample would have been collected before the patient was born."""


class SameSample(Exception):
    """The patient has a value of the analyte from this very moment already. The message names the analytes."""


class NobodyEntered(Exception):
    """A result needs a person who entered it; a process is none."""


class AlreadyVoided(Exception):
    """The result was voided before."""


class NoReason(Exception):
    """Nothing is voided without a reason."""


class NothingDiffers(Exception):
    """The correction says what is stored already."""


@transaction.atomic
def log_results(
    *,
    patient: Patient,
    collected_at: datetime,
    laboratory: str,
    values: Sequence[Reported],
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> tuple[LabResult, ...]:
    """Write one row per value of a sample, all or none; the day of collection is the local day at the site.

    Each row's key is made from the form's key and its place in the form, so that a form sent twice makes one set, even
    when other values were typed into it meanwhile. Raises the exceptions above, those of
    `treatments.rules.monitoring`, AlreadySubmitted, and ValidationError for what no column can hold.
    """
    _check_set(values)
    _check_moment(patient, collected_at, at)
    person = _person(by)
    rows = [_row(patient, collected_at, laboratory, value, person) for value in values]
    return _added(rows, by=by, at=at, keys=[_key(submission, place) for place in range(len(rows))])


@transaction.atomic
def void_result(*, result: LabResult, reason: str, by: Actor, at: datetime, expected: int | None = None) -> LabResult:
    """Void a result, keeping it visible with the reason. Raises NoReason, AlreadyVoided and StaleRecord."""
    _check_standing(result, reason)
    return writing.void(result, event=events.RESULT_VOIDED, by=by, at=at, reason=reason, expected=expected)


@transaction.atomic
def correct_result(
    *,
    result: LabResult,
    collected_at: datetime,
    laboratory: str,
    value: Reported,
    reason: str,
    by: Actor,
    at: datetime,
    expected: int | None = None,
    submission: uuid.UUID | None = None,
) -> LabResult:
    """Put the right result in the place of a wrong one, which stays visible as voided with the reason.

    What was answered for the wrong value does not answer for the right one. Raises NothingDiffers, NoReason,
    AlreadyVoided, StaleRecord and AlreadySubmitted, and for the new value what `log_results` raises.
    """
    patient = result.patient
    _check_moment(patient, collected_at, at)
    row = _row(patient, collected_at, laboratory, value, _person(by))
    first_time(LabResult, submission)
    stored = LabResult.objects.select_for_update().get(pk=result.pk)
    _check_standing(stored, reason)
    if all(getattr(stored, name) == getattr(row, name) for name in _REPORTED):
        raise NothingDiffers("This is what is stored already; change what is wrong, or leave the page.")
    writing.void(stored, event=events.RESULT_CORRECTED, by=by, at=at, reason=reason, expected=expected)
    row.corrects = stored
    return _added([row], by=by, at=at, keys=[submission])[0]


# What a report says of one analyte.
_REPORTED = ("collected_at", "comparator", "value", "unit", "range_low", "range_high", "laboratory")


def _check_standing(result: LabResult, reason: str) -> None:
    if not reason.strip():
        raise NoReason("Say why the result is taken back.")
    if result.voided_at is not None:
        raise AlreadyVoided("This result was voided already.")


def _added(
    rows: Sequence[LabResult], *, by: Actor, at: datetime, keys: Sequence[uuid.UUID | None]
) -> tuple[LabResult, ...]:
    try:
        return tuple(
            writing.add(row, event=events.RESULT_LOGGED, by=by, at=at, submission=key)
            for row, key in zip(rows, keys, strict=True)
        )
    except IntegrityError:
        names = _known_of_this_sample(rows)
        if not names:
            raise
        raise SameSample(
            f"A sample collected at this very time already has a value for {', '.join(names)}. Correct the time, leave"
            + " those rows empty, or void the earlier value first."
        ) from None


def _check_set(values: Sequence[Reported]) -> None:
    if not values:
        raise NothingReported("Enter at least one result.")
    seen: set[str] = set()
    for value in values:
        if value.analyte in seen:
            raise ReportedTwice(f"{ANALYTES[value.analyte].name} stands twice in one sample; keep one value.")
        seen.add(value.analyte)


def _check_moment(patient: Patient, collected_at: datetime, at: datetime) -> None:
    if collected_at > at:
        raise CollectedLater("The sample cannot have been collected later than now.")
    if patient.site.today(collected_at) < patient.born_on:
        raise CollectedBeforeBirth("The sample cannot have been collected before the patient was born.")


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyEntered("A laboratory result is entered by a person.")
    return by.person


def _row(patient: Patient, collected_at: datetime, laboratory: str, reported: Reported, person: User) -> LabResult:
    kept = convert(reported.analyte, reported.value, reported.unit)
    reference = convert_range(reported.analyte, reported.reference, reported.unit)
    row = LabResult(
        site_id=patient.site_id,
        patient=patient,
        analyte=reported.analyte,
        collected_at=collected_at,
        collected_on=patient.site.today(collected_at),
        comparator=reported.comparator,
        value=reported.value,
        unit=reported.unit,
        kept=kept,
        range_low=reference.low,
        range_high=reference.high,
        laboratory=laboratory,
        entered_by=person,
    )
    # The database would round a number with too many decimals without a word.
    row.clean_fields(exclude={"site", "patient", "entered_by", "created_at"})
    return row


def _key(submission: uuid.UUID | None, place: int) -> uuid.UUID | None:
    return None if submission is None else uuid.uuid5(submission, str(place))


def _known_of_this_sample(rows: Sequence[LabResult]) -> list[str]:
    """Return the names of the set's analytes of which this very sample has a standing value already."""
    first, analytes = rows[0], [row.analyte for row in rows]
    sample = LabResult.objects.standing().filter(patient_id=first.patient_id, collected_at=first.collected_at)
    known = set(sample.filter(analyte__in=analytes).values_list("analyte", flat=True))
    return [ANALYTES[key].name for key in analytes if key in known]
