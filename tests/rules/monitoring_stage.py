"""A dose on 4 July 2026 after one on 4 March, and results as the laboratory gave them nine days before it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from treatments.rules.monitoring import NO_RANGE, Range
from treatments.rules.monitoring_defaults import DEFAULT
from treatments.rules.monitoring_reading import readings
from treatments.rules.monitoring_terms import LabDose, LabPolicy, Level, Place, Reading, Result, Review

DOSE = LabDose(date(2026, 7, 4), Place.MAINTENANCE, date(2020, 5, 17), date(2026, 3, 4))
COLLECTED = date(2026, 6, 25)
PRESCRIBER, NURSE = "Dr Petra Prescriber", "Nadia Nurse"


def result(analyte: str = "platelets", kept: str = "250", on: date = COLLECTED, **facts: Any) -> Result:
    """Return a result collected at eight in the morning; `low` and `high` make its range."""
    ends = [None if facts.get(end) is None else Decimal(facts.pop(end)) for end in ("low", "high")]
    at = datetime.combine(on, facts.pop("clock", time(8)), tzinfo=UTC)
    return Result(analyte, at, on, Decimal(kept), reference=Range(*ends) if any(ends) else NO_RANGE, **facts)


def normal(**changed: Result | None) -> tuple[Result, ...]:
    """Return a whole set in order, but for what is changed or left out."""
    full: dict[str, Result | None] = {
        "platelets": result(),
        "inr": result("inr", "1.0"),
        "aptt": result("aptt", "30", low="25", high="38"),
        "urine_protein": result("urine_protein", "0.10"),
    }
    return tuple(each for each in (full | changed).values() if each is not None)


def reviewed(level: Level, *, second: str = "") -> tuple[Review, ...]:
    """Return a prescriber's review up to a level."""
    return (Review(level, PRESCRIBER, second),)


def read(
    results: Iterable[Result],
    *,
    dose: LabDose = DOSE,
    policy: LabPolicy = DEFAULT,
    first: Mapping[str, Result] | None = None,
) -> dict[str, Reading]:
    """Return the readings by analyte."""
    return {reading.analyte: reading for reading in readings(dose, results, policy, first)}


def asking(*keys: str) -> LabPolicy:
    """Return the policy of a site that asks for these parts of the set only."""
    groups = tuple(replace(group, required=group.key in keys) for group in DEFAULT.groups)
    return replace(DEFAULT, groups=groups)
