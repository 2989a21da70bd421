"""Laboratory monitoring: which analytes count, in which units they come, and what is plausible.

The table is that of clinical-rules.md, "Monitoring". Every value is kept in one unit per analyte, converted exactly:
all numbers are decimals, never floats. Units are written in UCUM.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

# 1 mg/mmol of creatinine is 8.84 mg/g: creatinine weighs 113.12 g/mol.
_MG_PER_MMOL_IN_MG_PER_G = Decimal("8.84")
_ONE, _HUNDREDTH, _THOUSANDTH = Decimal(1), Decimal("0.01"), Decimal("0.001")
# Far more digits than a result can have, so that no conversion is ever rounded.
_EXACT_DIGITS = 60


class Comparator(StrEnum):
    """What a laboratory puts before a number that it could not measure exactly."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


class Standing(StrEnum):
    """Where a value lies by the laboratory's own range. `UNSETTLED`: there is none, or the value leaves it open."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Analyte:
    """Something that is measured. `unit` is the one kept; `factors` turn each accepted unit into it.

    `low` and `high`, both in the kept unit and both still plausible, bound what can be a real result.
    """

    key: str
    name: str
    loinc: str
    unit: str
    factors: Mapping[str, Decimal]
    low: Decimal
    high: Decimal

    @property
    def units(self) -> tuple[str, ...]:
        """Return the accepted units, the kept one first."""
        return tuple(self.factors)


@dataclass(frozen=True, slots=True)
class Range:
    """A laboratory's reference range; either end may be missing. Both ends still lie within it."""

    low: Decimal | None
    high: Decimal | None


NO_RANGE = Range(None, None)


@dataclass(frozen=True, slots=True)
class Reported:
    """A result as the laboratory reported it: one number in the laboratory's own unit, and its range in that unit."""

    analyte: str
    value: Decimal
    unit: str
    comparator: str = ""
    reference: Range = NO_RANGE


class UnknownAnalyte(ValueError):
    """Nothing of this name is monitored. The message lists what is."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not monitored; known are {_listed(tuple(ANALYTES), 'and')}.")
        self.key = key


class UnknownUnit(ValueError):
    """The analyte does not come in this unit. The message names it and lists the units that are accepted."""

    def __init__(self, analyte: Analyte, unit: str) -> None:
        super().__init__(f"{unit or 'No unit'} is not accepted for {analyte.name}; use {_listed(analyte.units, 'or')}.")
        self.analyte, self.unit = analyte, unit


class Implausible(ValueError):
    """No such result exists. `likely` holds the accepted units in which the same number would be plausible."""

    def __init__(self, analyte: Analyte, value: Decimal, unit: str, likely: tuple[str, ...]) -> None:
        limits = f"{analyte.name} is expected between {analyte.low} and {analyte.high} {analyte.unit}"
        advice = f"did you mean {_listed(likely, 'or')}?" if likely else f"{limits}; check the number."
        super().__init__(f"{value} {unit}: {advice}")
        self.analyte, self.value, self.unit, self.likely = analyte, value, unit, likely


class Disordered(ValueError):
    """A reference range whose lower end lies above its upper end."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        super().__init__(f"The range ends at {high}, before it begins at {low}; exchange the two.")


def _listed(words: tuple[str, ...], last: str) -> str:
    """Return "a, b or c"."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _table(*analytes: Analyte) -> Mapping[str, Analyte]:
    return MappingProxyType({analyte.key: analyte for analyte in analytes})


ANALYTES: Mapping[str, Analyte] = _table(
    Analyte(
        key="platelets",
        name="Platelets",
        loinc="777-3",
        unit="10*9/L",
        factors={"10*9/L": _ONE, "G/L": _ONE, "10*3/uL": _ONE, "/uL": _THOUSANDTH},
        low=Decimal(1),
        high=Decimal(2000),
    ),
    Analyte(
        key="inr",
        name="INR",
        loinc="6301-6",
        unit="{INR}",
        factors={"{INR}": _ONE, "1": _ONE},
        low=Decimal("0.5"),
        high=Decimal(20),
    ),
    Analyte(
        key="pt",
        name="Prothrombin time",
        loinc="5902-2",
        unit="s",
        factors={"s": _ONE},
        low=Decimal(5),
        high=Decimal(200),
    ),
    Analyte(
        key="aptt",
        name="aPTT",
        loinc="14979-9",
        unit="s",
        factors={"s": _ONE},
        low=Decimal(10),
        high=Decimal(250),
    ),
    Analyte(
        key="urine_protein",
        name="Urine protein",
        loinc="2888-6",
        unit="g/L",
        factors={"g/L": _ONE, "mg/L": _THOUSANDTH, "mg/dL": _HUNDREDTH},
        low=Decimal(0),
        high=Decimal(50),
    ),
    Analyte(
        key="urine_pcr",
        name="Urine protein/creatinine",
        loinc="2890-2",
        unit="g/g",
        factors={"g/g": _ONE, "mg/g": _THOUSANDTH, "mg/mmol": _MG_PER_MMOL_IN_MG_PER_G * _THOUSANDTH},
        low=Decimal(0),
        high=Decimal(50),
    ),
)


def analyte(key: str) -> Analyte:
    """Return the analyte of this key. Raises UnknownAnalyte."""
    if key not in ANALYTES:
        raise UnknownAnalyte(key)
    return ANALYTES[key]


def convert(key: str, value: Decimal, unit: str) -> Decimal:
    """Return a result in the kept unit, exactly.

    Raises UnknownAnalyte, UnknownUnit, and Implausible for what cannot be a result: out of the analyte's range, or no
    number at all.
    """
    known = analyte(key)
    kept = _rescaled(known, value, unit)
    if not known.low <= kept <= known.high:
        raise Implausible(known, value, unit, _likely(known, value, unit))
    return kept


def convert_range(key: str, reference: Range, unit: str) -> Range:
    """Return a laboratory's range in the kept unit, exactly.

    Raises UnknownAnalyte, UnknownUnit, Disordered, and Implausible for an end below zero or above what is plausible.
    """
    low, high = reference.low, reference.high
    if low is not None and high is not None and low > high:
        raise Disordered(low, high)
    return Range(*(None if end is None else _converted_end(analyte(key), end, unit) for end in (low, high)))


def _converted_end(known: Analyte, end: Decimal, unit: str) -> Decimal:
    """Convert one end of a range; it may lie below the smallest plausible result, as a range from 0 does."""
    kept = _rescaled(known, end, unit)
    if not 0 <= kept <= known.high:
        raise Implausible(known, end, unit, _likely(known, end, unit))
    return kept


def _rescaled(known: Analyte, value: Decimal, unit: str) -> Decimal:
    """Return the value in the kept unit, however large. Raises UnknownUnit, and Implausible for what is no number."""
    if unit not in known.factors:
        raise UnknownUnit(known, unit)
    if not value.is_finite():
        raise Implausible(known, value, unit, ())
    with localcontext(prec=_EXACT_DIGITS):
        return value * known.factors[unit]


def _likely(known: Analyte, value: Decimal, unit: str) -> tuple[str, ...]:
    """Return the units in which the number would be plausible, one for each order of magnitude."""
    found: dict[Decimal, str] = {}
    for other, factor in known.factors.items():
        if factor != known.factors[unit] and known.low <= _rescaled(known, value, other) <= known.high:
            found.setdefault(factor, other)
    return tuple(found.values())


def standing(kept: Decimal, comparator: str, reference: Range) -> Standing:
    """Say where a value lies by the laboratory's range, both in one unit. "<0.3" leaves open if it is above 0.2."""
    smallest, largest = _bounds(kept, comparator)
    low, high = reference.low, reference.high
    if low is None and high is None:
        return Standing.UNSETTLED
    if low is not None and largest is not None and (largest < low or (largest == low and comparator == "<")):
        return Standing.BELOW
    if high is not None and (smallest > high or (smallest == high and comparator == ">")):
        return Standing.ABOVE
    return Standing.WITHIN if _lies_in(smallest, largest, reference) else Standing.UNSETTLED


def _lies_in(smallest: Decimal, largest: Decimal | None, reference: Range) -> bool:
    """Say whether everything from `smallest` to `largest` (None: without end) lies in the range."""
    if reference.low is not None and smallest < reference.low:
        return False
    return reference.high is None or (largest is not None and largest <= reference.high)


def _bounds(kept: Decimal, comparator: str) -> tuple[Decimal, Decimal | None]:
    """Return the smallest and the largest amount that a value may stand for; no result is below nothing."""
    if comparator in {Comparator.BELOW, Comparator.AT_MOST}:
        return Decimal(0), kept
    if comparator in {Comparator.ABOVE, Comparator.AT_LEAST}:
        return kept, None
    return kept, kept
