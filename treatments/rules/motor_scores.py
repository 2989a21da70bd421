"""The motor scales: their range, whom they are meant for, and which change matters.

All of it is data with its source. A score outside of the range is refused, for it cannot be; a scale that is not meant
for this person is only asked about, because a person decides. No score ever stops a treatment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from monographs.rules.dates import months_since
from treatments.rules.cautions import Caution

NON_SITTER, SITTER, WALKER = "non_sitter", "sitter", "walker"
_FUNCTIONS = {NON_SITTER: "a non-sitter", SITTER: "a sitter", WALKER: "a walker"}
_MONTHS_IN_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Group:
    """People whom a scale is meant for: completed months of age, both included, and motor function; empty is any."""

    from_months: int = 0
    to_months: int | None = None
    functions: frozenset[str] = frozenset()

    def holds(self, months: int, function: str) -> bool:
        """Say whether somebody belongs to it; a function that is not recorded excludes nobody."""
        in_age = self.from_months <= months and (self.to_months is None or months <= self.to_months)
        return in_age and (not function or not self.functions or function in self.functions)


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change that matters, in the scale's own unit, and where that is from."""

    least: int
    source: str


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale. `unit` stands behind a score; `in_percent` says that the score is shown as a share of `high` too.

    `change` is None where no smallest change is known; `error` says how exact the measuring itself is, if known.
    """

    key: str
    name: str
    long_name: str
    unit: str
    low: int
    high: int
    meant_for: str
    groups: tuple[Group, ...]
    change: Change | None
    error: str = ""
    in_percent: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """How a score lies to the first one: the difference, and whether it reaches the smallest change that matters."""

    difference: int
    matters: bool | None


_SITTING = frozenset({SITTER, WALKER})
_SERIES = "thresholds of a series of 120 treated patients"
_ERROR = "in 26 patients (doi 10.2490/prm.20250001)"

SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        scale.key: scale
        for scale in (
            Scale(
                key="chop_intend",
                name="CHOP INTEND",
                long_name="Children’s Hospital of Philadelphia Infant Test of Neuromuscular Disorders",
                unit="",
                low=0,
                high=64,
                meant_for="children up to 38 months and non-sitters of any age",
                groups=(Group(to_months=38), Group(functions=frozenset({NON_SITTER}))),
                change=Change(4, "responders in 61 treated children with type 1 (doi 10.3233/JND-180315)"),
            ),
            Scale(
                key="hine_2",
                name="HINE-2",
                long_name="Hammersmith Infant Neurological Examination, section 2",
                unit="",
                low=0,
                high=26,
                meant_for="children from 2 to 24 months",
                groups=(Group(from_months=2, to_months=24),),
                change=Change(2, "responders in 61 treated children with type 1 (doi 10.3233/JND-180315)"),
            ),
            Scale(
                key="hfmse",
                name="HFMSE",
                long_name="Hammersmith Functional Motor Scale Expanded",
                unit="",
                low=0,
                high=66,
                meant_for="sitters and walkers from 2 years",
                groups=(Group(from_months=24, functions=_SITTING),),
                change=Change(3, f"{_SERIES}; 2 to 4 in untreated patients (doi 10.1111/ene.16309)"),
                error=f"4.7 points {_ERROR}",
            ),
            Scale(
                key="rulm",
                name="RULM",
                long_name="Revised Upper Limb Module",
                unit="",
                low=0,
                high=37,
                meant_for="sitters and walkers from 30 months",
                groups=(Group(from_months=30, functions=_SITTING),),
                change=Change(2, _SERIES),
                error=f"3.3 points {_ERROR}",
            ),
            Scale(
                key="mfm32",
                name="MFM32",
                long_name="Motor Function Measure, 32 items",
                unit="",
                low=0,
                high=96,
                meant_for="everybody from 6 years, and those who do not walk from 2 years",
                groups=(Group(from_months=72), Group(from_months=24, functions=frozenset({NON_SITTER, SITTER}))),
                change=Change(3, "sitters and non-ambulant children (PMC8802297)"),
                in_percent=True,
            ),
            Scale(
                key="six_minute_walk",
                name="6MWT",
                long_name="Six-minute walk test",
                unit="m",
                low=0,
                high=1000,
                meant_for="walkers",
                groups=(Group(functions=frozenset({WALKER})),),
                change=Change(30, _SERIES),
                error=f"58 m {_ERROR}",
            ),
            Scale(
                key="who_milestones",
                name="WHO milestones",
                long_name="Motor milestones attained: sitting, crawling, standing and walking with help and alone",
                unit="of 6",
                low=0,
                high=6,
                meant_for="children",
                groups=(Group(to_months=18 * _MONTHS_IN_A_YEAR - 1),),
                change=None,
            ),
        )
    }
)


def range_problem(key: str, value: int) -> str:
    """Say why a score cannot be: it lies outside of its scale; nothing where it can."""
    scale = SCALES[key]
    if scale.low <= value <= scale.high:
        return ""
    return f"{scale.name} goes from {in_words(scale, scale.low)} to {in_words(scale, scale.high)}."


def cautions(key: str, *, born_on: date, assessed_on: date, function: str) -> tuple[Caution, ...]:
    """Ask whether the scale is meant, where it is not meant for somebody of this age or function."""
    scale, months = SCALES[key], months_since(born_on, assessed_on)
    if any(group.holds(months, function) for group in scale.groups):
        return ()
    who = ", ".join(word for word in (_age(months), _FUNCTIONS.get(function, "")) if word)
    return (Caution("scale_not_meant_for", f"{scale.name} is meant for {scale.meant_for}; the patient is {who}."),)


def compared(key: str, first: int, value: int) -> Compared:
    """Return how a score lies to the first one; `matters` is None where no smallest change is known."""
    change, difference = SCALES[key].change, value - first
    return Compared(difference, None if change is None else abs(difference) >= change.least)


def in_words(scale: Scale, value: int) -> str:
    """Return a score as it is printed: "48", "310 m", "3 of 6"."""
    return f"{value} {scale.unit}".rstrip()


def percent(scale: Scale, value: int) -> str:
    """Return the score as a share of the highest, where the scale is read that way: "50 %"; else nothing."""
    return f"{100 * value / scale.high:.0f} %" if scale.in_percent else ""


def _age(months: int) -> str:
    if months < 2 * _MONTHS_IN_A_YEAR:
        return f"{months} {'month' if months == 1 else 'months'} old"
    return f"{months // _MONTHS_IN_A_YEAR} years old"
