"""A regimen as tables that a clinician can check against the label."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clinic.formatting import day, plural, quantity
from monographs.rules.regimen import Band, Interval, Regimen, Step, Unit


@dataclass(frozen=True, slots=True)
class StepRow:
    """One dose: its label, amount and volume, and when it is given, with the day of the course where that is fixed."""

    label: str
    mg: str
    ml: str
    when: str


@dataclass(frozen=True, slots=True)
class LateRow:
    """What a maintenance dose calls for when it is late by so much since the last dose."""

    since_last: str
    calls_for: str


@dataclass(frozen=True, slots=True)
class RegimenTable:
    """One regimen. `late` is empty when no rules are known; `switch`, `effective` and `late_effective` may be ""."""

    key: str
    name: str
    is_default: bool
    source: str
    effective: str
    minimum: str
    steps: tuple[StepRow, ...]
    late: tuple[LateRow, ...]
    late_source: str
    late_effective: str
    switch: str


def regimen_table(regimen: Regimen) -> RegimenTable:
    """Return the regimen in words."""
    return RegimenTable(
        key=regimen.key,
        name=regimen.name,
        is_default=regimen.is_default,
        source=regimen.source,
        effective=_since(regimen.effective_from),
        minimum=plural(regimen.minimum_days, "day"),
        steps=(*_loading(regimen), _maintenance(regimen.maintenance)),
        late=tuple(_late(regimen.late.bands)) if regimen.late else (),
        late_source=regimen.late.source if regimen.late else "",
        late_effective=_since(regimen.late.effective_from) if regimen.late else "",
        switch=_switch(regimen),
    )


def _since(effective_from: date | None) -> str:
    return "" if effective_from is None else day(effective_from)


def _loading(regimen: Regimen) -> Iterator[StepRow]:
    """Yield L1, L2, …; a day of the course is known as long as every interval so far is counted in days."""
    on_day: int | None = 0
    for number, step in enumerate(regimen.loading, 1):
        counted = step.after.count if step.after.unit is Unit.DAYS else None
        on_day = None if on_day is None or counted is None else on_day + counted
        when = "first dose" if number == 1 else f"{_length(step.after)} after the dose before"
        counted_from_start = "" if on_day is None else f" (day {on_day})"
        yield StepRow(f"L{number}", _mg(step.mg), quantity(step.ml, "mL"), when + counted_from_start)


def _maintenance(step: Step) -> StepRow:
    return StepRow("Maintenance", _mg(step.mg), quantity(step.ml, "mL"), f"every {_length(step.after)}")


def _late(bands: tuple[Band, ...]) -> Iterator[LateRow]:
    yield LateRow(f"under {bands[0].from_months} months", "one dose as soon as possible, then the calendar as before")
    for band, following in zip(bands, [*bands[1:], None], strict=True):
        until = f" to under {following.from_months}" if following else " or more"
        since_last = f"{band.from_months}{until} months" if following else f"{band.from_months} months{until}"
        yield LateRow(since_last, _calls_for(band))


def _calls_for(band: Band) -> str:
    if band.restart:
        return "loading begins again"
    return f"{plural(band.doses, 'dose')}, {plural(band.apart_days, 'day')} apart"


def _switch(regimen: Regimen) -> str:
    if regimen.switch is None:
        return ""
    first = regimen.switch.first
    keys = ", ".join(regimen.switch.from_keys)
    return f"From {keys}: one dose of {_mg(first.mg)} ({quantity(first.ml, 'mL')}) in place of the next dose due."


def _mg(amount: Decimal) -> str:
    return quantity(amount, "mg")


def _length(interval: Interval) -> str:
    return str(interval)
