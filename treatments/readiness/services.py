"""Let a dose past a light, confirm it as the second person, take it back; and write down what a site asks."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff import services as staff
from clinic.staff.access import may
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission
from treatments.courses.models import Dose
from treatments.courses.services.keeping import first_time, locked_open
from treatments.readiness import events, queries
from treatments.readiness.models import Override, ReadinessPolicy
from treatments.rules.lights import Light
from treatments.rules.readiness import Answer, Judged, covered, needs_two
from treatments.rules.schedule_words import in_words


class NothingToOverride(Exception):
    """The light does not stand in the way of the dose, or the dose is no longer to be given."""


class LightChanged(Exception):
    """Something else stands in the way than what was on screen. `reason` is the present sentence."""

    def __init__(self, reason: str) -> None:
        """Keep the sentence, so that the page can show it."""
        super().__init__("What stands in the way has changed; read it again before you decide.")
        self.reason = reason


class PrescriberNeeded(Exception):
    """Only a prescriber begins what two people decide."""


class SamePerson(Exception):
    """The second person is always another one than the first."""


class NoReason(Exception):
    """What was chosen needs a few words."""


class ExpiresTooLate(Exception):
    """The day has passed, or lies further ahead than the site's policy allows. The message names the last day."""


class AlreadyOverridden(Exception):
    """Somebody overrode the light before, and it waits for a second person. The message says who."""


class AlreadyConfirmed(Exception):
    """A second person confirmed it before."""


class NobodyDecided(Exception):
    """An override needs a person; a process is none."""


@transaction.atomic
def give_override(
    *,
    dose: Dose,
    light: Light,
    said: str,
    reason_code: str,
    reason: str,
    expires_on: date,
    by: Actor,
    at: datetime,
    submission: uuid.UUID | None = None,
) -> Override:
    """Let a dose past a light until a day. `said` is the sentence that the person read.

    It covers what stands in the way now and nothing that comes later; one there was for the same light, which no longer
    counts, is replaced. Where two people decide, a prescriber begins, and it counts once somebody else confirmed.
    Raises NothingToOverride, LightChanged, AlreadyOverridden, PrescriberNeeded, NoReason, ExpiresTooLate,
    CourseStopped, AlreadySubmitted.
    """
    person = _person(by)
    locked_open(dose.course_id)
    first_time(Override, submission)
    found = _asked(dose, light, said, at)
    judged = found.judged(light)
    lit, prescriber = judged.lit, may(person, Permission.SIGN_OFF, dose.site_id)
    two = needs_two(lit)
    if two and not prescriber:
        raise PrescriberNeeded("A prescriber begins this one, and a second person confirms it.")
    _check_reason(reason_code, reason, two=two)
    _check_day(found, expires_on)
    _replace(dose, judged, by=by, at=at)
    row = Override(
        site_id=dose.site_id,
        patient_id=dose.patient_id,
        dose=dose,
        light=light.value,
        rules=sorted(covered(lit)),
        said=lit.reason,
        reason_code=reason_code,
        reason=reason.strip(),
        expires_on=expires_on,
        by=person,
        as_prescriber=prescriber,
        needs_second=two,
    )
    said = f"{row.get_reason_code_display()} {row.reason}".strip()
    return writing.add(row, event=events.OVERRIDE_GIVEN, by=by, at=at, reason=said, submission=submission)


def _asked(dose: Dose, light: Light, said: str, at: datetime) -> queries.DoseReadiness:
    """Return the dose's lights, if this one stands in the way and says what the person read."""
    if not Dose.objects.get(pk=dose.pk).is_next:
        raise NothingToOverride("This dose was given already; there is nothing left to let past.")
    found = queries.readiness_of_dose(dose.pk, at)
    judged = found.judged(light)
    if judged.answer is not Answer.NOT_READY:
        raise NothingToOverride("This light does not stand in the way of the dose.")
    if judged.lit.reason != said:
        raise LightChanged(judged.lit.reason)
    return found


def _check_reason(code: str, reason: str, *, two: bool) -> None:
    if reason.strip():
        return
    if two:
        raise NoReason("Two people decide this; write a few words for the second one.")
    if code == Override.Reason.OTHER:
        raise NoReason("Say in a few words what the reason is.")


def _check_day(found: queries.DoseReadiness, expires_on: date) -> None:
    last = found.asked.today + timedelta(days=found.asking.override_days)
    if not found.asked.today <= expires_on <= last:
        raise ExpiresTooLate(f"Choose a day from today to {in_words(last)}, the last that this site's policy allows.")


def _replace(dose: Dose, judged: Judged, *, by: Actor, at: datetime) -> None:
    """Void the override that no longer counts; one that only lacks its second person is not pushed aside."""
    standing = queries.standing_override(dose.pk, judged.lit.light)
    if standing is not None and judged.waiting is not None:
        raise AlreadyOverridden(f"{standing.by} overrode this light already; it waits for a second person.")
    if standing is not None:
        writing.void(
            standing, event=events.OVERRIDE_REPLACED, by=by, at=at, reason="Replaced: it did not count any more."
        )


@transaction.atomic
def confirm_override(*, override: Override, by: Actor, at: datetime, expected: int | None = None) -> Override:
    """Confirm an override as the second person, for what was written on it and still stands in the way.

    Raises SamePerson, AlreadyConfirmed, NothingToOverride, AlreadySubmitted, and StaleRecord when it was withdrawn.
    """
    person = _person(by)
    locked_open(override.dose.course_id)
    stored = Override.objects.select_related("second", "dose").get(pk=override.pk)
    if stored.by_id == person.pk:
        raise SamePerson("You gave this override yourself; somebody else has to confirm it.")
    if stored.second_id == person.pk:
        raise AlreadySubmitted(stored)
    if stored.second is not None:
        raise AlreadyConfirmed(f"{stored.second} confirmed this already.")
    if stored.voided_at is None:
        _still_asked(stored, at)
    return writing.change(
        stored, event=events.OVERRIDE_CONFIRMED, by=by, at=at, expected=expected, second=person, second_at=at
    )


def _still_asked(stored: Override, at: datetime) -> None:
    """Refuse to confirm what nobody waits for: another light, another figure, a dose that was given."""
    if not stored.needs_second:
        raise NothingToOverride("This override needs no second person.")
    if not stored.dose.is_next:
        raise NothingToOverride("This dose was given already; there is nothing left to confirm.")
    lit = queries.readiness_of_dose(stored.dose_id, at).judged(Light(stored.light)).lit
    if not covered(lit) <= frozenset(stored.rules):
        raise NothingToOverride(f"What stands in the way has changed: {lit.reason} A prescriber has to decide anew.")


@transaction.atomic
def withdraw_override(
    *, override: Override, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Override:
    """Take an override back; the light stands in the way again. Raises NoReason, StaleRecord."""
    if not reason.strip():
        raise NoReason("Say why the override is taken back.")
    return writing.void(override, event=events.OVERRIDE_WITHDRAWN, by=by, at=at, reason=reason, expected=expected)


def set_readiness_policy(
    *, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any
) -> ReadinessPolicy:
    """Write down what a site asks of each light from a day on; earlier rows stay. Raises ValidationError."""
    policy = ReadinessPolicy(site=site, effective_from=effective_from, source=source, **values)
    return staff.added(policy, event=events.POLICY_SET, by=by, at=at)


def _person(by: Actor) -> User:
    if not isinstance(by.person, User):
        raise NobodyDecided("A person lets a dose past a light.")
    return by.person
