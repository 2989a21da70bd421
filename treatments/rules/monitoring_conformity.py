"""The conformity table of monitoring: worked cases that a clinician can read, and whether the rules agree with each.

One row is one dose with what the laboratory reported before it, and the readings, the light and the answer it must
have. The columns, an empty cell meaning none:

- `policy`: `us` asks for the whole set, `eu` takes it as advice and lets a clinician leave it out, `off` asks nothing.
- `results`: entries separated by `;`, each ANALYTE VALUE UNIT [LOW-HIGH] @DAY[THH:MM]. `normal @DAY` stands for a whole
  set in order. `urine_dipstick` is what a strip says: it is read and counts for nothing.
- `answered`: ANALYTE=LEVEL, with `+second` where a second person confirmed.
- `other_lights`: LIGHT=SIGNAL, `contraindicated` being a signal of its own.
- `override`: LIGHT and what is to be known of it: `two` (a second person confirmed), `nurse` (no prescriber gave it),
  `alone` (the second is the first), `expired`, `elsewhere` (for another dose), `stale` (for something else).
- `readings` names only what the row is about; `refused` is a part of the sentence that refuses a result.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from treatments.rules.conformity import BadTable, RowResult
from treatments.rules.labs_light import labs_light
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.monitoring import NO_RANGE, Range, convert, convert_range
from treatments.rules.monitoring_defaults import DEFAULT
from treatments.rules.monitoring_reading import readings
from treatments.rules.monitoring_terms import LabDose, LabPolicy, Level, Place, Result, Review
from treatments.rules.readiness import Answer, Need, Override, covered, readiness
from treatments.rules.schedule_entries import day_from

INPUTS = ("case", "policy", "place", "dose_on", "previous", "born", "results", "not_indicated", "answered")
INPUTS_OF_LIGHTS = ("other_lights", "override")
ANSWERS = ("readings", "light", "answer", "refused")
COLUMNS = INPUTS + INPUTS_OF_LIGHTS + ANSWERS

_EUROPEAN = replace(DEFAULT, may_skip=True)
_POLICIES: Mapping[str, tuple[LabPolicy, Need]] = MappingProxyType(
    {"us": (DEFAULT, Need.REQUIRED), "eu": (_EUROPEAN, Need.ADVISORY), "off": (DEFAULT, Need.OFF)}
)
_ANSWER_WORDS = {Answer.READY: "ready", Answer.CHECK: "check", Answer.NOT_READY: "not ready"}
_NORMAL = ("platelets 250 10*9/L", "inr 1.0 {INR}", "aptt 30 s [25-38]", "urine_protein 0.10 g/L")
_ENTRY = re.compile(
    r"(?P<analyte>\w+) (?P<sign>[<>]=?)?(?P<value>[\w.]+)(?: (?P<unit>\S+))?(?: \[(?P<low>[\d.]*)-(?P<high>[\d.]*)\])?"
    + r" @(?P<day>[\d-]+)(?:T(?P<clock>[\d:]+))?"
)
_MORNING = time(8)
_STRIP = "urine_dipstick"
_DOSE = "this dose"


class BadCell(ValueError):
    """A cell cannot be read. The message shows it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row as written, by column."""

    name: str
    cells: Mapping[str, str]


def cases_from(lines: Iterable[str]) -> tuple[Case, ...]:
    """Read the lines of a conformity table. Raises BadTable when a column is missing."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BadTable(f"The table lacks the columns {', '.join(missing)}.")
    rows = ({column: (row[column] or "").strip() for column in COLUMNS} for row in reader)
    return tuple(Case(cells["case"], cells) for cells in rows)


def check(cases: Iterable[Case]) -> Iterator[RowResult]:
    """Compare each case with the answer of the rules, under the policy that the application proposes."""
    for case in cases:
        yield RowResult(case.name, tuple(_differences(case.cells)))


def _differences(cells: Mapping[str, str]) -> Iterator[str]:
    try:
        came = _answers(cells)
    except ValueError as refusal:
        if not cells["refused"] or cells["refused"] not in str(refusal):
            yield f"refused: expected {cells['refused'] or 'an answer'}, got {refusal}"
        return
    if cells["refused"]:
        yield f"refused: expected {cells['refused']}, got an answer"
        return
    for entry in cells["readings"].split():
        analyte, _, expected = entry.partition("=")
        if came.get(analyte) != expected:
            yield f"{analyte}: expected {expected}, got {came.get(analyte, 'nothing')}"
    for column in ("light", "answer"):
        if cells[column] != came[column]:
            yield f"{column}: expected {cells[column] or 'nothing'}, got {came[column]}"


def _answers(cells: Mapping[str, str]) -> dict[str, str]:
    """Return what the rules say: each analyte's standing by its key, the light and the answer."""
    policy, need = _POLICIES[_one_of(cells["policy"], _POLICIES)]
    dose = _dose(cells)
    results = tuple(_results(cells["results"], _reviews(cells["answered"])))
    first = {result.analyte: result for result in sorted(results, key=_when, reverse=True)}
    read = readings(dose, results, policy, first)
    labs = labs_light(read, not_indicated=cells["not_indicated"] if policy.may_skip else "")
    lits = (labs, *_other_lights(cells["other_lights"]))
    overrides = tuple(_overrides(cells["override"], lits, dose.on))
    answer = readiness(lits, {Light.LABS: need}, overrides, dose=_DOSE, on=dose.on).answer
    standings = {reading.analyte: reading.standing.value for reading in read}
    return standings | {"light": labs.signal.value, "answer": _ANSWER_WORDS[answer]}


def _when(result: Result) -> datetime:
    return result.collected_at


def _dose(cells: Mapping[str, str]) -> LabDose:
    day, _, clock = cells["previous"].partition("T")
    previous = day_from(day) if day else None
    at = datetime.combine(previous, _clock(clock), tzinfo=UTC) if previous and clock else None
    place = Place(_one_of(cells["place"], set(Place)))
    return LabDose(day_from(cells["dose_on"]), place, day_from(cells["born"]), previous, at)


def _results(cell: str, reviews: Mapping[str, Review]) -> Iterator[Result]:
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        whole_set, _, day = entry.partition("normal @")
        entries = [entry] if whole_set or not day else [f"{normal} @{day}" for normal in _NORMAL]
        for one in entries:
            found = _ENTRY.fullmatch(one)
            if found is None:
                raise BadCell(f"“{one}” is not a result.")
            if found["analyte"] != _STRIP:
                yield _result(found, reviews)


def _result(found: re.Match[str], reviews: Mapping[str, Review]) -> Result:
    analyte, unit = found["analyte"], found["unit"] or ""
    reference = Range(_end(found["low"]), _end(found["high"]))
    on = day_from(found["day"])
    return Result(
        analyte=analyte,
        collected_at=datetime.combine(on, _clock(found["clock"]), tzinfo=UTC),
        collected_on=on,
        kept=convert(analyte, _decimal(found["value"]), unit),
        comparator=found["sign"] or "",
        reference=NO_RANGE if reference == NO_RANGE else convert_range(analyte, reference, unit),
        reviews=(reviews[analyte],) if analyte in reviews else (),
    )


def _reviews(cell: str) -> dict[str, Review]:
    found = {}
    for entry in cell.split():
        analyte, _, what = entry.partition("=")
        level, _, second = what.partition("+")
        found[analyte] = Review(Level(_one_of(level, set(Level))), "Dr Petra Prescriber", second and "Nadia Nurse")
    return found


def _other_lights(cell: str) -> Iterator[Lit]:
    for entry in cell.split():
        light, _, signal = entry.partition("=")
        barred = signal == "contraindicated"
        shown = Signal.NOT_READY if barred else Signal(_one_of(signal, set(Signal)))
        yield Lit(Light(_one_of(light, set(Light))), shown, "As the table says.", contraindicated=barred)


def _overrides(cell: str, lits: tuple[Lit, ...], on: date) -> Iterator[Override]:
    for entry in filter(None, (part.strip() for part in cell.split(";"))):
        name, *said = entry.split()
        lit = next(lit for lit in lits if lit.light == _one_of(name, set(Light)))
        yield Override(
            key=entry,
            dose="another dose" if "elsewhere" in said else _DOSE,
            light=lit.light,
            rules=frozenset({"something else"}) if "stale" in said else covered(lit),
            reason_code="urgent",
            by="first",
            by_prescriber="nurse" not in said,
            expires_on=on - timedelta(days=1) if "expired" in said else on,
            second="second" if "two" in said else "first" if "alone" in said else "",
        )


def _one_of(word: str, known: Iterable[str]) -> str:
    if word not in set(known):
        raise BadCell(f"“{word}” is none of {', '.join(sorted(known))}.")
    return word


def _end(cell: str | None) -> Decimal | None:
    return _decimal(cell) if cell else None


def _decimal(cell: str) -> Decimal:
    try:
        return Decimal(cell)
    except InvalidOperation:
        raise BadCell(f"“{cell}” is not a number.") from None


def _clock(cell: str | None) -> time:
    return time.fromisoformat(cell) if cell else _MORNING
