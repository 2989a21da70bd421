"""The conformity table: worked cases that a clinician can read, and whether the engine agrees with each.

One row is one history on one day with the answer it must have, under the default policy. An empty cell means that there
is no such value. `given` lists the attempts as DAY[:MG][:OUTCOME], separated by spaces, and `on` is the day asked
about; a day is a date, or an instant with the site's time zone, whose local day counts. `decisions`, a column that a
table may lack, lists what a prescriber decided. `treatments.rules.conformity_entries` says how each of them is written.
`flags` is compared whatever the order.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monographs.rules.regimen import Regimen
from treatments.rules.calculator import UnknownRegimen, regimen_of
from treatments.rules.conformity_entries import (
    ZoneOf,
    attempt_of,
    day_of,
    decision_from,
    rulings_from,
    with_verdicts,
)
from treatments.rules.schedule import Series, forecast
from treatments.rules.schedule_entries import mg_from

INPUTS = ("case", "regimen", "given", "on")
OPTIONAL = "decisions"
ANSWERS = ("ordinal", "phase", "label", "mg", "floor", "target", "opens", "closes", "status", "flags")


class BadTable(ValueError):
    """The file is not a conformity table. The message names the columns it lacks."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row as written: its name, the inputs, and the answer by column."""

    name: str
    regimen: str
    given: str
    on: str
    expected: Mapping[str, str]
    decisions: str = ""


@dataclass(frozen=True, slots=True)
class RowResult:
    """Whether one row holds; `differences` say, column by column, what was expected and what came."""

    case: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether the engine agrees with the row."""
        return not self.differences


def cases_from(lines: Iterable[str]) -> tuple[Case, ...]:
    """Read the lines of a conformity table. Raises BadTable when a column is missing."""
    reader = csv.DictReader(lines)
    missing = [column for column in (*INPUTS, *ANSWERS) if column not in (reader.fieldnames or ())]
    if missing:
        raise BadTable(f"The table lacks the columns {', '.join(missing)}.")
    return tuple(_case(row) for row in reader)


def _case(row: Mapping[str, str | None]) -> Case:
    cells = {column: (row[column] or "").strip() for column in (*INPUTS, *ANSWERS)}
    expected = {column: cells[column] for column in ANSWERS}
    decisions = (row.get(OPTIONAL) or "").strip()
    return Case(cells["case"], cells["regimen"], cells["given"], cells["on"], expected, decisions)


def check(regimens: Mapping[str, Regimen], cases: Iterable[Case], zone_of: ZoneOf) -> Iterator[RowResult]:
    """Compare each case with the engine's answer, under the default policy. `zone_of` finds a time zone by name."""
    for case in cases:
        yield RowResult(case.name, tuple(_differences(regimens, case, zone_of)))


def _differences(regimens: Mapping[str, Regimen], case: Case, zone_of: ZoneOf) -> Iterator[str]:
    try:
        came = _answer(regimens, case, zone_of)
        expected = {column: _plain(column, cell) for column, cell in case.expected.items()}
    except (ValueError, UnknownRegimen) as refused:
        yield f"no answer: {refused}"
        return
    for column in ANSWERS:
        if expected[column] != came[column]:
            yield f"{column}: expected {expected[column] or 'nothing'}, got {came[column] or 'nothing'}"


def _answer(regimens: Mapping[str, Regimen], case: Case, zone_of: ZoneOf) -> dict[str, str]:
    decided = tuple(decision_from(entry) for entry in case.decisions.split())
    attempts = with_verdicts((attempt_of(entry, zone_of) for entry in case.given.split()), decided)
    regimen, rulings = regimen_of(regimens, case.regimen), rulings_from(attempts, decided)
    dose = forecast(Series(regimen, attempts, rulings=rulings), day_of(case.on, zone_of)).next
    return {column: _plain(column, _text(getattr(dose, column))) for column in ANSWERS}


def _text(value: object) -> str:
    """Write an answer as a cell: dates ISO, flags separated by spaces."""
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)


def _plain(column: str, cell: str) -> str:
    """Write a cell in one way only: amounts without trailing zeros, flags in alphabetical order."""
    if column == "mg" and cell:
        return f"{mg_from(cell).normalize():f}"
    return " ".join(sorted(cell.split())) if column == "flags" else cell
