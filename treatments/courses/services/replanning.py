"""Replay a course from scratch and write what follows: the labels of what was given, and the dose that comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from clinic.audit.trail import Actor
from clinic.records import writing
from treatments.courses import events
from treatments.courses.models import Administration, Booking, Course, Dose
from treatments.courses.series import series_of
from treatments.rules.replay import walk
from treatments.rules.schedule import Flag, Forecast, GivenDose, NextDose, Series, forecast
from treatments.rules.schedule_reading import doubted
from treatments.rules.schedule_words import in_words


@dataclass(frozen=True, slots=True)
class Intended:
    """What is to be stored of a course, beside the standing doses in which it is stored.

    `places` are those of the doses that count, by their keys; `homeless` count and have none yet. `coming` is the place
    of the next dose, None where there is none yet; `too_many` are places that no dose takes any more.
    """

    answer: Forecast
    places: dict[str, Dose]
    homeless: tuple[GivenDose, ...]
    coming: Dose | None
    too_many: tuple[Dose, ...]

    @property
    def is_stored(self) -> bool:
        """Say whether all of it is stored already, so that `replan` has nothing to write."""
        if self.homeless or self.too_many or self.coming is None:
            return False
        labelled = all(_has(self.places[given.key], _labels(given)) for given in self.answer.history)
        return labelled and _has(self.coming, _plan(self.answer))


def replan(course: Course, *, by: Actor, at: datetime) -> Dose:
    """Bring the stored series in line with what was given and decided, in the caller's transaction.

    Returns the next dose. The plan is read on the day of the last dose, before anything can be late, so that the stored
    amount is the planned one. Raises DoubleDose when two completed doses carry one date.
    """
    doses = list(Dose.objects.standing().filter(course=course))
    tried = {str(row.pk): row for row in Administration.objects.standing().filter(course=course)}
    found = intended(course, series_of(course), doses, tried)
    places = dict(found.places)
    for given in found.homeless:
        places[given.key] = _place_of_its_own(course, given, found.answer, tried[given.key], by=by, at=at)
    for given in found.answer.history:
        _change(places[given.key], _labels(given), by=by, at=at)
    return _write_next(course, found, places, by=by, at=at)


def intended(course: Course, series: Series, doses: list[Dose], tried: Mapping[str, Administration]) -> Intended:
    """Return what is to be stored of a course. No query: `doses` and `tried`, by key, are those that stand.

    Raises DoubleDose, NoSwitch, and KeyError where a whole dose has no place.
    """
    # A hold moves no date, and its end plans nothing anew: what is stored must not speak of one.
    series = replace(series, held=False)
    answer = forecast(series, last_given(series) or course.planned_start)
    places, homeless = _places(answer, doses, tried)
    taken = {place.pk for place in places.values()}
    waiting = [dose for dose in doses if dose.pk not in taken]
    coming = _coming(waiting, [dose for dose in doses if dose.pk in taken]) if waiting else None
    return Intended(answer, places, homeless, coming, tuple(dose for dose in waiting if dose is not coming))


def last_given(series: Series) -> date | None:
    """Return the day of the last dose that counts, None before the first."""
    return walk(series).position.last


def _places(
    answer: Forecast, doses: list[Dose], tried: Mapping[str, Administration]
) -> tuple[dict[str, Dose], tuple[GivenDose, ...]]:
    """Return the place of each dose that counts, by its key, and the doses that have none; no two share one.

    A whole dose has the place in which it was given. A partial one that counts has the place for which it was tried,
    unless a whole one was given in it, or it is still to come although other doses were given since.
    """
    free = {dose.pk: dose for dose in doses}
    places: dict[str, Dose] = {}
    homeless: list[GivenDose] = []
    for given in sorted(answer.history, key=lambda given: tried[given.key].outcome != Administration.Outcome.COMPLETED):
        row, last = tried[given.key], given is answer.history[-1]
        whole, place = row.outcome == Administration.Outcome.COMPLETED, free.get(row.dose_id)
        if whole or (place is not None and (last or not place.is_next)):
            places[given.key] = free.pop(row.dose_id)  # a whole dose without a place is a broken record: say so
        else:
            homeless.append(given)
    return places, tuple(homeless)


def _place_of_its_own(
    course: Course, given: GivenDose, answer: Forecast, row: Administration, *, by: Actor, at: datetime
) -> Dose:
    place = Dose(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        mg=given.mg,
        ml=row.ml or answer.next.ml,
        why=f"Part of a dose was given on {in_words(given.on)}, and it counts.",
        **_labels(given),
    )
    place = writing.add(place, event=events.DOSE_PLANNED, by=by, at=at)
    writing.change(row, event=events.DOSE_REPLANNED, by=by, at=at, dose=place)
    return place


def _labels(given: GivenDose) -> dict[str, Any]:
    return {
        "is_next": False,
        "needs_review": False,
        "ordinal": given.ordinal,
        "label": given.label,
        "phase": given.phase.value,
        "flags": [flag.value for flag in given.flags],
    }


def _write_next(course: Course, found: Intended, places: dict[str, Dose], *, by: Actor, at: datetime) -> Dose:
    """Write the plan into the place that is still to be given, and take back any place too many."""
    values = _plan(found.answer)
    if found.coming is None:
        row = Dose(course=course, site_id=course.site_id, patient_id=course.patient_id, **values)
        return writing.add(row, event=events.DOSE_PLANNED, by=by, at=at)
    for dose in found.too_many:
        given_in = [(given.on, places[given.key]) for given in found.answer.history]
        _hand_over(dose, found.coming, given_in, by=by, at=at)
        _take_back(dose, by=by, at=at)
    return _change(found.coming, values, by=by, at=at)


def _coming(waiting: list[Dose], given: list[Dose]) -> Dose:
    """Return the place that comes next: where a dose was taken back, its own again if it was the last one given.

    It keeps the page and the attempts that belong to it. A dose taken back from the middle leaves the end as it is, and
    so does one whose place was never planned, because it was made for a dose given elsewhere.
    """
    latest = max((dose.ordinal for dose in given), default=0)
    planned = [dose for dose in waiting if dose.is_next]
    reopened = [dose for dose in waiting if not dose.is_next and dose.target and dose.ordinal > latest]
    return min(reopened or planned or waiting, key=lambda dose: dose.ordinal)


def _hand_over(dose: Dose, coming: Dose, given: list[tuple[date, Dose]], *, by: Actor, at: datetime) -> None:
    """Keep what was tried with the dose that was given next after it, or else with the one that comes."""
    for attempt in Administration.objects.standing().filter(dose=dose):
        heir = next((place for on, place in given if on >= attempt.given_on), coming)
        writing.change(attempt, event=events.DOSE_REPLANNED, by=by, at=at, dose=heir)


def _take_back(dose: Dose, *, by: Actor, at: datetime) -> None:
    """Void a place that no dose takes any more, and its appointment with it."""
    reason = "The series was counted anew without this place."
    for booking in Booking.objects.standing().filter(dose=dose, cancelled_at=None):
        writing.change(booking, event=events.BOOKING_CANCELLED, by=by, at=at, cancelled_at=at, cancel_reason=reason)
    writing.void(dose, event=events.DOSE_TAKEN_BACK, by=by, at=at, reason=reason)


def _plan(answer: Forecast) -> dict[str, Any]:
    """Return the next dose's columns."""
    coming: NextDose = answer.next
    turns = coming.turns
    return {
        "is_next": True,
        "needs_review": _waits(answer),
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


def _waits(answer: Forecast) -> bool:
    """Say whether something other than the dates sends the course to a prescriber."""
    return Flag.PARTIAL in answer.next.flags or bool(doubted(answer.series))


def _change(row: Dose, values: dict[str, Any], *, by: Actor, at: datetime) -> Dose:
    if _has(row, values):
        return row
    return writing.change(row, event=events.DOSE_REPLANNED, by=by, at=at, **values)


def _has(row: Dose, values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())
