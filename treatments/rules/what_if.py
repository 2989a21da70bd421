"""What if the next dose is given on another day: its place, its window, its band, and every date after it.

Nothing is saved; the answer is the replay's own, with one dose more.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from monographs.rules.regimen import Band
from treatments.rules.comparing import Pair, compare
from treatments.rules.late_doses import is_worse
from treatments.rules.projection import project
from treatments.rules.replay import Window, replay, walk
from treatments.rules.schedule_terms import Attempt, Flag, GivenDose, ProjectedDose, Series

_KEY = "what if"


class Lies(StrEnum):
    """Where a day lies against the window of the next dose."""

    UNPLANNED = "unplanned"
    TOO_SOON = "too_soon"
    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer for one day. `given` is the dose it would be; `flags` are those of that dose and of the next target.

    `band` is the late-dose band of that day; `crosses`: it is worse than the one of the day asked on. `pairs` hold the
    doses to come, as projected now and if this dose is given on that day.
    """

    day: date
    lies: Lies
    given: GivenDose
    band: Band | None
    crosses: bool
    flags: tuple[Flag, ...]
    pairs: tuple[Pair, ...]


def what_if(series: Series, on: date, day: date, count: int) -> WhatIf:
    """Return what follows if the next dose is given on `day`, asked on `on`; `count` doses to come are compared.

    Raises DoubleDose when a dose was given on that day, NoSwitch as the replay does.
    """
    position = walk(series).position
    band = position.band_on(day)
    after = replace(series, attempts=(*series.attempts, Attempt(day, key=_KEY)))
    given = next(dose for dose in replay(after) if dose.key == _KEY)
    coming = ProjectedDose(given.ordinal, given.phase, given.label, given.mg, given.on)
    follows = project(replace(after, held=False), day, count=count - 1)
    return WhatIf(
        day=day,
        lies=lies(position.window(), day),
        given=given,
        band=band,
        crosses=is_worse(band, position.band_on(on)),
        flags=_flags(after, given),
        pairs=compare(project(replace(series, held=False), on, count=count), (coming, *follows)),
    )


def lies(window: Window, day: date) -> Lies:
    """Say where a day lies against a window."""
    if window.floor is not None and day < window.floor:
        return Lies.TOO_SOON
    if window.opens is None or window.closes is None:
        return Lies.UNPLANNED
    if day < window.opens:
        return Lies.BEFORE
    return Lies.INSIDE if day <= window.closes else Lies.AFTER


def _flags(after: Series, given: GivenDose) -> tuple[Flag, ...]:
    window = walk(after).position.window()
    return (*given.flags, Flag.TIGHT) if window.target != window.wanted else given.flags
