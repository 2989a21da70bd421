"""The schedule: which dose comes next, when, and why. Pure: no clock, no database; the day is an argument.

`forecast` is the one answer everything else shows: worklist, chart, calendar, reminders and calculator. The rules are
numbered in clinical-rules.md, "The engine"; each answer names those it used. The application proposes, a prescriber
decides: nothing here replaces either.

    >>> forecast(Series(regimen, (Attempt(date(2026, 1, 5)),)), on=date(2026, 1, 10)).next.target
    datetime.date(2026, 1, 19)
"""

from datetime import date
from functools import lru_cache

from monographs.rules.regimen import Band
from treatments.rules.late_doses import is_worse
from treatments.rules.projection import project
from treatments.rules.replay import CatchUp, Loading, Maintenance, replay, walk
from treatments.rules.schedule_reading import Reading, read
from treatments.rules.schedule_status import status_on
from treatments.rules.schedule_terms import (
    Attempt,
    DoubleDose,
    Flag,
    Forecast,
    GivenDose,
    NextDose,
    NoSwitch,
    Outcome,
    Phase,
    Plan,
    Policy,
    ProjectedDose,
    Ruling,
    Series,
    Status,
    Turns,
    worst,
)
from treatments.rules.schedule_words import why

__all__ = [
    "Attempt",
    "DoubleDose",
    "Flag",
    "Forecast",
    "GivenDose",
    "NextDose",
    "NoSwitch",
    "Outcome",
    "Phase",
    "Plan",
    "Policy",
    "ProjectedDose",
    "Ruling",
    "Series",
    "Status",
    "Turns",
    "band_crossing",
    "band_on",
    "forecast",
    "forecast_of",
    "project",
    "replay",
    "status_on",
    "worst",
]

_PROPOSALS = frozenset({Status.REVIEW, Status.RESTART, Status.INTERRUPTED})
_BY_PLACE: dict[type, tuple[int, ...]] = {Loading: (2,), CatchUp: (6,), Maintenance: (3, 4, 5)}
_BY_FLAG: dict[Flag, tuple[int, ...]] = {
    Flag.INTERVAL_SHORT: (7,),
    Flag.EARLY_REANCHORED: (4,),
    Flag.SLOT_SKIPPED: (4,),
    Flag.TIGHT: (5, 10),
    Flag.PARTIAL: (8, 10),
}


def forecast(series: Series, on: date) -> Forecast:
    """Return the history and the next dose of a series, as on a day. Raises DoubleDose and NoSwitch.

    The whole history counts, also a dose dated after `on`. A course on hold, stopped or under review keeps its
    target and window: what is hidden is `underlying`.
    """
    return forecast_of(read(series, on))


def forecast_of(reading: Reading) -> Forecast:
    """Return the forecast of a series that has been read already."""
    regimen, position, window = reading.series.regimen, reading.walk.position, reading.window
    phase, label, of, step = position.place_under(reading.band, reading.on).planned(position)
    flags = _flags(reading)
    dose = NextDose(
        ordinal=position.ordinal + 1,
        phase=phase,
        label=label,
        of=of,
        mg=step.mg,
        ml=step.ml,
        floor=window.floor,
        target=window.target,
        opens=window.opens,
        closes=window.closes,
        status=reading.status,
        underlying=reading.underlying,
        flags=flags,
        rules=_rules(reading, flags),
        why=why(reading),
        turns=reading.turns,
        previous_on=position.last,
    )
    history, series = reading.walk.history, reading.series
    return Forecast(regimen.key, regimen.version, reading.on, history, dose, reading.started, series)


def band_on(series: Series, day: date) -> Band | None:
    """Return the late-dose band in force if the next dose were given on `day`; None when it is one ordinary dose."""
    return walk(series).position.band_on(day)


def band_crossing(series: Series, on: date, booked: date) -> bool:
    """Say whether a booking's day falls in a worse late-dose band than today, so that waiting costs more doses."""
    position = walk(series).position
    return is_worse(position.band_on(booked), position.band_on(on))


def _rules(reading: Reading, flags: tuple[Flag, ...]) -> tuple[int, ...]:
    """Return the numbers of the rules that made this answer, ascending."""
    used = {9, *_BY_PLACE[type(reading.walk.position.place)]}
    for flag in flags:
        used.update(_BY_FLAG[flag])
    if reading.band is not None:
        used.add(6)
    if (
        not _PROPOSALS.isdisjoint((reading.status, reading.underlying))
        or reading.walk.position.unruled
        or reading.walk.position.ruling
    ):
        used.add(10)
    return tuple(sorted(used))


def _flags(reading: Reading) -> tuple[Flag, ...]:
    """Return every flag of the history and those of the next dose, each once, in the order of `Flag`."""
    found = {flag for dose in reading.walk.history for flag in dose.flags}
    if reading.window.target != reading.window.wanted:
        found.add(Flag.TIGHT)
    if reading.walk.partials:
        found.add(Flag.PARTIAL)
    return _in_order(frozenset(found)) if found else ()


@lru_cache(maxsize=64)
def _in_order(flags: frozenset[Flag]) -> tuple[Flag, ...]:
    return tuple(flag for flag in Flag if flag in flags)
