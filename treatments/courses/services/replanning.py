"""Replay a course from scratch and write what follows: the labels of what was given, and the dose that comes next."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import events
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.series import series_of
from treatments.rules.schedule import Forecast, GivenDose, NextDose, forecast


def replan(course: Course, *, on: date, by: Actor, at: datetime) -> Dose:
    """Bring the stored series in line with what was given, in the caller's transaction; return the next dose.

    `on` is the local day from which the plan is read: the day before anything can be late, so that the stored amount
    is the planned one. Raises DoubleDose when two completed doses carry one date.
    """
    # A hold moves no date, and its end plans nothing anew: what is stored must not speak of one.
    answer = forecast(replace(series_of(course), held=False), on)
    doses = list(Dose.objects.standing().filter(course=course))
    _relabel(answer, doses, by=by, at=at)
    return _write_next(course, answer, doses, by=by, at=at)


def planned_from(course: Course) -> date:
    """Return the first day on which the plan of the next dose can be read without any lateness in it."""
    return last_given(course) or course.planned_start


def last_given(course: Course) -> date | None:
    """Return the day of the last dose that counts, None before the first."""
    given = Administration.objects.standing().filter(course=course, outcome=Administration.Outcome.COMPLETED)
    return given.order_by("-given_on").values_list("given_on", flat=True).first()


def _relabel(answer: Forecast, doses: list[Dose], *, by: Actor, at: datetime) -> None:
    """Number the given doses anew: a back-dated one moves every dose after it."""
    dose_of = {
        str(pk): dose_id for pk, dose_id in Administration.objects.filter(dose__in=doses).values_list("pk", "dose_id")
    }
    rows = {dose.pk: dose for dose in doses}
    for given in answer.history:
        row = rows[dose_of[given.key]]
        _change(row, _labels(given), by=by, at=at)


def _labels(given: GivenDose) -> dict[str, Any]:
    return {
        "is_next": False,
        "needs_review": False,
        "ordinal": given.ordinal,
        "label": given.label,
        "phase": given.phase.value,
        "flags": [flag.value for flag in given.flags],
    }


def _write_next(course: Course, answer: Forecast, doses: list[Dose], *, by: Actor, at: datetime) -> Dose:
    values = _plan(answer)
    given = {given.key for given in answer.history}
    taken = set(Administration.objects.filter(pk__in=given).values_list("dose_id", flat=True))
    for dose in doses:
        if dose.is_next and dose.pk not in taken:
            return _change(dose, values, by=by, at=at)
    row = Dose(course=course, site_id=course.site_id, patient_id=course.patient_id, **values)
    return writing.add(row, event=events.DOSE_PLANNED, by=by, at=at)


def _plan(answer: Forecast) -> dict[str, Any]:
    """Return the next dose's columns."""
    coming: NextDose = answer.next
    turns = coming.turns
    return {
        "is_next": True,
        "needs_review": _partial(answer),
        "ordinal": coming.ordinal,
        "label": coming.label,
        "phase": coming.phase.value,
        "mg": coming.mg,
        "ml": coming.ml,
        "previous_on": coming.previous_on,
        "floor": coming.floor,
        "target": coming.target,
        "opens": coming.opens,
        "closes": coming.closes,
        "review_from": turns.review_from,
        "interrupted_from": turns.interrupted_from,
        "restart_from": turns.restart_from,
        "flags": [flag.value for flag in coming.flags],
        "why": coming.why,
    }


def _partial(answer: Forecast) -> bool:
    """Say whether something other than the dates sends the course to a prescriber."""
    return any(flag.value == "partial" for flag in answer.next.flags)


def _change(row: Dose, values: dict[str, Any], *, by: Actor, at: datetime) -> Dose:
    if all(getattr(row, name) == value for name, value in values.items()):
        return row
    return writing.change(row, event=events.DOSE_REPLANNED, by=by, at=at, **values)
