"""After the injection: watch, send home with advice and a next date, and call."""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from clinic import formatting
from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import User
from treatments.courses import queries as courses
from treatments.courses.models import Administration, Dose
from treatments.courses.services.keeping import confirm, first_time, locked
from treatments.dose_day import events
from treatments.dose_day.models import Discharge, FollowUpCall, Observation
from treatments.dose_day.queries.days import next_date, watched_until
from treatments.dose_day.services.checking import NobodyChecked
from treatments.rules import dose_day as rules


class NothingObserved(Exception):
    """An observation says something: one figure, or a few words."""


class NothingRecorded(Exception):
    """Nobody goes home from a dose day on which nothing was recorded of the dose."""


class InTheFuture(Exception):
    """The time lies ahead of now, or on another day."""


class AdviceMissing(Exception):
    """Whoever goes home was given the advice, or somebody with them was."""


class NoNextDate(Exception):
    """The next dose has no booking, and nobody said why."""


class CalledTooEarly(Exception):
    """The call comes after the dose day, and another one after today."""


class NobodyToCall(Exception):
    """Somebody reached them already, or it was given up."""


class NothingToldOf(Exception):
    """There is something to report, and nothing of it was written down."""


@dataclass(frozen=True, slots=True)
class Observed:
    """How the patient was: per minute, mmHg, per cent, °C, and pain from 0 to 10."""

    at: datetime
    pulse: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    saturation: int | None = None
    temperature: Decimal | None = None
    pain: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """How a patient left: when, who has the advice, why no next date is booked if none is, and when they are called."""

    left_at: datetime
    advice_to: str
    call_on: date
    no_booking_reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a call. `again_on` is the day of the next one, for somebody who was not reached."""

    outcome: str
    symptoms: tuple[str, ...] = ()
    note: str = ""
    again_on: date | None = None


@transaction.atomic
def observe(
    *, dose: Dose, observed: Observed, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> Observation:
    """Write down how the patient was at one moment. Raises NothingObserved, InTheFuture, AlreadySubmitted."""
    first_time(Observation, submission)
    facts = asdict(observed)
    moment = facts.pop("at")
    if all(value in {None, ""} for value in facts.values()):
        raise NothingObserved("Enter at least one figure, or a few words.")
    if moment > at:
        raise InTheFuture("This time lies in the future; enter when it was observed.")
    row = Observation(
        dose=dose,
        site_id=dose.site_id,
        patient_id=dose.patient_id,
        on=dose.site.today(moment),
        observed_at=moment,
        by=_person(by),
        **facts,
    )
    return writing.add(row, event=events.OBSERVED, by=by, at=at, submission=submission)


@transaction.atomic
def void_observation(
    *, observation: Observation, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Observation:
    """Take an observation back that was written down wrongly; it stays visible. Raises StaleRecord."""
    return writing.void(observation, event=events.OBSERVATION_VOIDED, by=by, at=at, reason=reason, expected=expected)


@transaction.atomic
def go_home(
    *,
    dose: Dose,
    on: date,
    home: Home,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Discharge:
    """Record that a patient went home after a dose day, and when they are called.

    Raises NothingRecorded, InTheFuture, AdviceMissing, NoNextDate, CalledTooEarly, and Unconfirmed for somebody who
    left before the observation was to end. Who went home once does not go home again: AlreadySubmitted.
    """
    course = locked(dose.course_id)
    first_time(Discharge, submission)
    there = Discharge.objects.standing().filter(dose=dose, on=on).first()
    if there is not None:
        raise writing.AlreadySubmitted(there)
    _can_leave(dose, on, home, at)
    coming = courses.next_dose(course) if course.is_open and dose.patient.in_care else None
    if coming is not None and next_date(coming, on) is None and not home.no_booking_reason.strip():
        raise NoNextDate(f"Dose {coming.label} has no booking after this day: book it first, or say why it is not.")
    said = confirm(rules.leaving(home.left_at, watched_until(dose, on)), confirmed)
    row = Discharge(dose=dose, on=on, site_id=dose.site_id, patient_id=dose.patient_id, by=_person(by), **asdict(home))
    row.call_due_on = home.call_on
    return writing.add(row, event=events.WENT_HOME, by=by, at=at, reason=said, submission=submission)


def _can_leave(dose: Dose, on: date, home: Home, at: datetime) -> None:
    if not Administration.objects.standing().filter(dose=dose, given_on=on, elsewhere=False).exists():
        raise NothingRecorded(f"Nothing was recorded of this dose on {formatting.day(on)}; do that first.")
    if home.left_at > at or dose.site.today(home.left_at) < on:
        raise InTheFuture("Nobody went home before the dose day, or in the future; check day and time.")
    if not home.advice_to.strip():
        raise AdviceMissing("Write who was given the advice.")
    if home.call_on <= on:
        raise CalledTooEarly("The call comes after the dose day; choose a later day.")


@transaction.atomic
def call(
    *, discharge: Discharge, told: Told, by: Actor, at: datetime, submission: uuid.UUID | None = None
) -> FollowUpCall:
    """Record a call. Whoever was not reached is called again on a day; otherwise the list has them no more.

    Raises NobodyToCall, CalledTooEarly, NothingToldOf, AlreadySubmitted.
    """
    home = Discharge.objects.select_for_update().get(pk=discharge.pk)
    first_time(FollowUpCall, submission)
    if home.call_due_on is None or home.voided_at is not None:
        raise NobodyToCall("Somebody reached them in the meantime, or nobody is to call any more.")
    not_reached = told.outcome in FollowUpCall.NOT_REACHED
    if not_reached and (told.again_on is None or told.again_on < home.site.today(at)):
        raise CalledTooEarly("Choose today or a later day for the next call.")
    if told.outcome == FollowUpCall.Outcome.SYMPTOMS and not (told.symptoms or told.note.strip()):
        raise NothingToldOf("Choose or write what was reported.")
    row = FollowUpCall(
        discharge=home,
        site_id=home.site_id,
        patient_id=home.patient_id,
        called_at=at,
        outcome=told.outcome,
        symptoms=list(told.symptoms),
        note=told.note,
        again_on=told.again_on if not_reached else None,
        by=_person(by),
    )
    row = writing.add(row, event=events.CALLED, by=by, at=at, submission=submission)
    writing.derive(home, call_due_on=row.again_on)
    return row


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyChecked("A person watches, sends home and calls.")
    return by.person
