"""What the calculator's page shows: the rulebook's own answer, in words. Nothing is computed here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from clinic import formatting, statuses
from clinic.statuses import Status
from monographs.rules.regimen import Regimen
from treatments.courses.queries import FLAG_WORDS, PROPOSALS
from treatments.rules.calculator import Answer
from treatments.rules.schedule import Policy

STANDARD = Policy()

# The numbered rules of the schedule, each in one line; the clinic's own figures stand in STANDARD_IN_SHORT.
RULES_IN_SHORT: dict[int, str] = {
    2: "A loading dose is due its interval after the day on which the dose before it was really given.",
    3: "Maintenance is counted from the last loading dose, or from the catch-up, switch or early dose in its place.",
    4: "A maintenance dose fills the latest place in the calendar reached, or the next when near; none is owed later.",
    5: "The next target is the next place in the calendar, but never before the earliest safe day.",
    6: "A late maintenance dose follows the label's late-dose rules, by the months since the last dose.",
    7: "A dose given before the earliest safe day still counts, and is flagged.",
    8: "A partly given dose counts for nothing by itself; a prescriber decides whether it counts.",
    9: "The status follows from the dates on the day asked about; the worst that applies is shown.",
    10: "This is a proposal: a prescriber accepts it, changes it with a reason, or declines it.",
}

STANDARD_IN_SHORT = f"""The usual tolerances, which a site may change: a loading window closes
{STANDARD.loading_days_after} days after the target; a maintenance window opens {STANDARD.maintenance_days_before} days
before it and closes {STANDARD.maintenance_days_after} days after; a dose up to {STANDARD.early_days} days early fills
its place."""


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A dose that counts, ready to show."""

    ordinal: int
    label: str
    day: str
    amount: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComingLine:
    """A dose to come, ready to show."""

    ordinal: int
    label: str
    day: str
    amount: str


@dataclass(frozen=True, slots=True)
class NextLine:
    """The dose that comes next, ready to show. `rules` are (number, short text)."""

    label: str
    amount: str
    target: str
    window: str
    floor: str
    status: Status
    underlying: Status | None
    is_proposal: bool
    flags: tuple[str, ...]
    why: str
    rules: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One answer, ready to show. `coming_if` says what the doses to come assume, or why there are none."""

    regimen: Regimen
    effective: str
    policy: str
    on: str
    next: NextLine
    history: tuple[GivenLine, ...]
    coming: tuple[ComingLine, ...]
    coming_if: str


def result_of(regimen: Regimen, answer: Answer) -> Result:
    """Put the calculator's answer into words."""
    coming = tuple(
        ComingLine(dose["ordinal"], dose["label"], _day(dose["target"]), _amount(dose["mg"]))
        for dose in answer["projection"]
    )
    return Result(
        regimen=regimen,
        effective="" if regimen.effective_from is None else formatting.day(regimen.effective_from),
        policy=STANDARD_IN_SHORT,
        on=_day(answer["on"]),
        next=_next(answer["next"]),
        history=tuple(_given(dose) for dose in answer["history"]),
        coming=coming,
        coming_if=_assumed(answer) if coming else _why_none(answer["next"]),
    )


def _next(dose: Answer) -> NextLine:
    underlying = dose["underlying"]
    return NextLine(
        label=dose["label"],
        amount=_amount(dose["mg"]),
        target="No date yet" if dose["target"] is None else _day(dose["target"]),
        window="No window yet" if dose["opens"] is None else _span(dose["opens"], dose["closes"]),
        floor="None: no dose before it" if dose["floor"] is None else _day(dose["floor"]),
        status=statuses.DOSE[dose["status"]],
        underlying=None if underlying is None else statuses.DOSE[underlying],
        is_proposal=not PROPOSALS.isdisjoint((dose["status"], underlying)),
        flags=_flags(dose["flags"]),
        why=dose["why"],
        rules=tuple((number, RULES_IN_SHORT[number]) for number in dose["rules"]),
    )


def _given(dose: Answer) -> GivenLine:
    return GivenLine(dose["ordinal"], dose["label"], _day(dose["given_on"]), _amount(dose["mg"]), _flags(dose["flags"]))


def _assumed(answer: Answer) -> str:
    """Say what the projection takes for granted; a target that has passed cannot be kept any more."""
    dose = answer["next"]
    if not PROPOSALS.isdisjoint((dose["status"], dose["underlying"])):
        return "What the late-dose rule proposes, beginning on the day asked about; a prescriber decides."
    if dose["target"] < answer["on"]:
        return "If the next dose is given on the day asked about, and each one after it on its target."
    return "If each dose is given on its target."


def _why_none(dose: Answer) -> str:
    if dose["target"] is None:
        return "Without a first dose there is no date to count from."
    if statuses.DOSE["review"].key in (dose["status"], dose["underlying"]):
        return "No dates can be foreseen until a prescriber has decided."
    return "No dose falls into the time asked about."


def _flags(flags: Iterable[str]) -> tuple[str, ...]:
    return tuple(FLAG_WORDS[flag] for flag in flags)


def _day(iso: str) -> str:
    return formatting.day(date.fromisoformat(iso))


def _span(first: str, last: str) -> str:
    return formatting.day_range(date.fromisoformat(first), date.fromisoformat(last))


def _amount(mg: Any) -> str:
    return formatting.quantity(Decimal(str(mg)), "mg")
