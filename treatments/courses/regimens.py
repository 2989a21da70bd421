"""A regimen on one line, for whoever chooses between several."""

from itertools import accumulate

from clinic import formatting
from monographs.rules.regimen import Regimen, Step, Unit


def in_short(regimen: Regimen) -> str:
    """Say what is given when: "12 mg on days 0, 14, 28 and 58, then 12 mg every 4 months"."""
    steps, repeated = regimen.loading, regimen.maintenance
    maintenance = f"then {formatting.quantity(repeated.mg, 'mg')} every {repeated.after}"
    if any(step.after.unit is not Unit.DAYS for step in steps):
        return f"{formatting.plural(len(steps), 'loading dose')}, {maintenance}"
    return f"{_loading(steps)}, {maintenance}"


def _loading(steps: tuple[Step, ...]) -> str:
    """Name the day of each loading dose, and its amount where they differ."""
    days = list(accumulate(step.after.count for step in steps))
    if len({step.mg for step in steps}) > 1:
        doses = zip(steps, days, strict=True)
        return _listed([f"{formatting.quantity(step.mg, 'mg')} on day {day}" for step, day in doses])
    amount = formatting.quantity(steps[0].mg, "mg")
    return f"{amount} on day {days[0]}" if len(days) == 1 else f"{amount} on days {_listed([str(day) for day in days])}"


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
