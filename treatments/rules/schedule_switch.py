"""From one regimen to another: the first dose of the new one takes the place of the next dose of the old one.

Only from maintenance and not while interrupted; otherwise the new course begins under review, for a prescriber to
decide. Source: clinical-rules.md, "Regimens to ship".
"""

from dataclasses import replace
from datetime import date

from monographs.rules.regimen import Regimen
from treatments.rules.schedule import forecast
from treatments.rules.schedule_terms import NextDose, NoSwitch, Phase, Series, Status

_DOUBTS = {
    Status.REVIEW: "The course before the switch was under review",
    Status.RESTART: "The course before the switch was interrupted",
    Status.INTERRUPTED: "The course before the switch was interrupted",
    Status.NOT_STARTED: "The course before the switch had not begun",
}


def switch_to(series: Series, regimen: Regimen, on: date) -> Series:
    """Return the series of the course that follows, as decided on a day, with the due date taken over.

    Holds and stops are not carried over. Raises NoSwitch where `regimen` does not name the regimen switched from.
    """
    switch = regimen.switch
    if switch is None or series.regimen.key not in switch.from_keys:
        raise NoSwitch(f"No switch is known from {series.regimen.key} to {regimen.key}.")
    coming = forecast(replace(series, held=False, stopped=False), on).next
    return Series(
        regimen=regimen,
        policy=series.policy,
        planned_start=coming.target,
        switched=True,
        previous_on=coming.previous_on,
        review=_doubt(coming),
    )


def _doubt(coming: NextDose) -> str:
    if coming.status in _DOUBTS:
        return _DOUBTS[coming.status]
    return "" if coming.phase is Phase.MAINTENANCE else "The switch was made before maintenance"
