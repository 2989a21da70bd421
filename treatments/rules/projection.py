"""The doses to come, if each is given on its target."""

from datetime import date

from monographs.rules.dates import add_months
from treatments.rules.schedule_reading import Reading, read
from treatments.rules.schedule_terms import Attempt, ProjectedDose, Series, Status

_MONTHS_AHEAD = 12


def project(series: Series, on: date, until: date | None = None, count: int | None = None) -> tuple[ProjectedDose, ...]:
    """Return the doses from the next one on, up to and including `until`, at most `count` of them.

    A dose whose target has passed is assumed to be given on `on`, under the late-dose band of that day. Without
    `until` and `count` the next twelve months are returned. Nothing is projected for a course that is stopped, that
    waits for a prescriber's review, or that has no start: its dates are not known. A hold is read as lifted on `on`.
    Raises DoubleDose and NoSwitch.
    """
    return projection_of(read(series, on), until, count)


def projection_of(reading: Reading, until: date | None = None, count: int | None = None) -> tuple[ProjectedDose, ...]:
    """Return the projection of a series that has been read already; the reading stays as it is."""
    day, on = reading.window.target, reading.on
    if day is None or reading.status is Status.STOPPED or Status.REVIEW in (reading.status, reading.underlying):
        return ()
    if until is None and count is None:
        until = add_months(on, _MONTHS_AHEAD)
    position = reading.walk.position.branch()
    doses: list[ProjectedDose] = []
    day = max(day, on)
    while day is not None and (until is None or day <= until) and (count is None or len(doses) < count):
        dose = position.give(Attempt(day))
        doses.append(ProjectedDose(dose.ordinal, dose.phase, dose.label, dose.mg, day))
        day = position.target()
    return tuple(doses)
