"""From a story to its days. Pure: the regimen, the story and the day of loading decide everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from monographs.rules.regimen import Regimen
from treatments.rules.schedule import Attempt, Series, forecast

_TRIES = 6
_AROUND = range(-4, 5)


@dataclass(frozen=True, slots=True)
class Days:
    """When the doses of a story were given, when the course was to begin, and the target of the next dose."""

    planned_start: date
    given: tuple[date, ...]
    target: date


def days_of_story(regimen: Regimen, story: Mapping[str, Any], today: date) -> Days:
    """Return the days that a story of `seeds/demo/patients.yaml` tells of, when it is told on `today`."""
    target = today + timedelta(days=story.get("next", 0))
    return days_of(regimen, doses=story.get("doses", 0), target=target, late=story.get("late", {}))


def days_of(regimen: Regimen, *, doses: int, target: date, late: Mapping[int, int]) -> Days:
    """Return a history of so many doses after which the next one's target is `target`, or the nearest day to it.

    `late` maps a dose's ordinal to the days it was late. Months of different length leave some targets unreachable.
    """
    start = target
    for _ in range(_TRIES):
        told = _told(regimen, start, doses, late)
        if told.target == target:
            return told
        start += target - told.target
    around = (_told(regimen, start + timedelta(days=days), doses, late) for days in _AROUND)
    return min(around, key=lambda told: abs(told.target - target))


def _told(regimen: Regimen, start: date, doses: int, late: Mapping[int, int]) -> Days:
    attempts: tuple[Attempt, ...] = ()
    for ordinal in range(1, doses + 1):
        day = _next_target(regimen, start, attempts) + timedelta(days=late.get(ordinal, 0))
        attempts = (*attempts, Attempt(day))
    return Days(start, tuple(attempt.on for attempt in attempts), _next_target(regimen, start, attempts))


def _next_target(regimen: Regimen, start: date, attempts: tuple[Attempt, ...]) -> date:
    last = attempts[-1].on if attempts else start
    target = forecast(Series(regimen, attempts, planned_start=start), last).next.target
    return target or start
