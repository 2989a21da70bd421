"""What only a prescriber settles: what the rules propose, and between what the prescriber chooses (rule 10).

A proposal changes nothing. A decision on one becomes a ruling, which the replay respects, or, about a partial dose, a
verdict on whether that dose counts. Declining one leaves the course where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from monographs.rules.regimen import Band
from treatments.rules.replay import Maintenance
from treatments.rules.schedule_reading import Reading, doubted
from treatments.rules.schedule_terms import Attempt, Plan, Ruling, Status
from treatments.rules.schedule_words import catch_up, in_words, late, loading_gap, number, window_closed

BY_POLICY = "The clinic's own policy"


class Matter(StrEnum):
    """What a proposal is about."""

    PARTIAL = "partial"
    DOUBT = "doubt"
    RESTART = "restart"
    INTERRUPTED = "interrupted"
    LOADING_GAP = "loading_gap"
    NO_RULE = "no_rule"
    TIGHT = "tight"


class Verdict(StrEnum):
    """Whether a partial dose counts (rule 8)."""

    COUNTS = "counts"
    DOES_NOT_COUNT = "does_not_count"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a prescriber may decide. `doses` and `apart_days` are those of a run of catch-up doses, else 0."""

    plan: Plan | Verdict
    doses: int = 0
    apart_days: int = 0

    @property
    def sets_a_day(self) -> bool:
        """Say whether this is about a dose on a day, which has to be named."""
        return self.plan in {Plan.AS_PLANNED, Plan.CATCH_UP, Plan.RESTART}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What waits for a prescriber. `says` is a sentence without its full stop, `source` where the rule stands.

    The first of `choices` is what the rules propose, unless `is_open`: then no rule is known and none is proposed.
    `day` is the earliest day for the dose in question; when `as_soon_as_possible`, any day from then on is as
    proposed. `attempt` is the partial dose that it is about.
    """

    matter: Matter
    rules: tuple[int, ...]
    says: str
    source: str
    choices: tuple[Choice, ...]
    day: date
    as_soon_as_possible: bool = True
    is_open: bool = False
    attempt: Attempt | None = None

    def accepts(self, choice: Choice, day: date | None) -> bool:
        """Say whether deciding so is what was proposed."""
        same_day = not choice.sets_a_day or self.as_soon_as_possible or day == self.day
        return not self.is_open and choice == self.choices[0] and same_day


_ORDINARY, _RESTART, _SKIP = Choice(Plan.AS_PLANNED), Choice(Plan.RESTART), Choice(Plan.SKIP)
_VERDICTS = (Choice(Verdict.DOES_NOT_COUNT), Choice(Verdict.COUNTS))


def proposals(reading: Reading) -> tuple[Proposal, ...]:
    """Return what waits for a prescriber on the day of the reading, in the order in which it is to be settled.

    A partial dose comes first, because what follows depends on it; while a course is on hold nothing else is asked.
    """
    if reading.status is Status.STOPPED:
        return ()
    partial = tuple(_partial(reading, attempt) for attempt in reading.walk.partials)
    if partial or reading.status is Status.ON_HOLD:
        return partial
    return tuple(_about_the_next(reading))


def ruling(choice: Choice, day: date | None, *, after: date | None, made_on: date) -> Ruling | None:
    """Return what a choice says to the replay; None for a verdict, which speaks of a dose that was tried."""
    if isinstance(choice.plan, Verdict):
        return None
    return Ruling(after, made_on, choice.plan, day if choice.sets_a_day else None, choice.doses, choice.apart_days)


def in_words_of(choice: Choice, reading: Reading) -> str:
    """Say what a choice means for this course, in a few words."""
    place = reading.walk.position.place
    label = place.planned(reading.walk.position)[1]
    words = {
        Plan.RESTART: "Start loading again with L1",
        Plan.SKIP: "Let this place in the calendar pass; the next dose is the one after it",
        Verdict.COUNTS: f"It counts as {label}",
        Verdict.DOES_NOT_COUNT: f"It does not count; {label} is still to be given",
    }
    if choice.plan is Plan.CATCH_UP:
        every = reading.series.regimen.maintenance.after
        run = catch_up(choice.doses, choice.apart_days)
        return f"{run[0].upper()}{run[1:]}, then maintenance every {every} from the last of them"
    if choice.plan is Plan.AS_PLANNED:
        return f"One dose, {label}; then the calendar goes on" if isinstance(place, Maintenance) else f"Give {label}"
    return words[choice.plan]


def _about_the_next(reading: Reading) -> Iterator[Proposal]:
    """Yield what waits about the dose that comes next."""
    if doubt := doubted(reading.series):
        yield _doubt(reading, doubt)
    elif reading.band is not None:
        yield _late(reading, reading.band)
    elif reading.turns.review_from is not None and reading.on >= reading.turns.review_from:
        yield _gap(reading) if loading_gap(reading) else _no_rule(reading)
    elif reading.window.target is not None and reading.window.target != reading.window.wanted:
        yield _tight(reading, reading.window.target)


def _earliest(reading: Reading) -> date:
    """Return the first day on which a dose can be given: today, or the floor when that lies ahead."""
    floor = reading.window.floor
    return reading.on if floor is None or floor < reading.on else floor


def _partial(reading: Reading, attempt: Attempt) -> Proposal:
    says = f"Only part of the dose was given on {in_words(attempt.on)}; by itself that counts for nothing"
    choices: tuple[Choice, ...] = _VERDICTS
    if any(dose.on == attempt.on for dose in reading.walk.history):
        says, choices = f"{says}, and a dose that counts was given on that day", _VERDICTS[:1]
    day = _earliest(reading)
    return Proposal(Matter.PARTIAL, (8, 10), says, BY_POLICY, choices, day, is_open=True, attempt=attempt)


def _doubt(reading: Reading, doubt: str) -> Proposal:
    source = reading.series.regimen.source
    return Proposal(Matter.DOUBT, (9, 10), doubt, source, (_ORDINARY, _RESTART), _earliest(reading), is_open=True)


def _late(reading: Reading, band: Band) -> Proposal:
    """Rule 6: what the label asks for after so many months; the prescriber may choose any other of its bands."""
    rules = reading.series.regimen.late
    bands = () if rules is None else tuple(_by_band(each) for each in rules.bands)
    proposed = _by_band(band)
    others = tuple(choice for choice in (_ORDINARY, *bands) if choice != proposed)
    matter = Matter.RESTART if band.restart else Matter.INTERRUPTED
    source = "" if rules is None else rules.source
    says = late(reading.walk.position, band)
    return Proposal(matter, (6, 10), says, source, (proposed, *others), _earliest(reading))


def _by_band(band: Band) -> Choice:
    return _RESTART if band.restart else Choice(Plan.CATCH_UP, band.doses, band.apart_days)


def _gap(reading: Reading) -> Proposal:
    """Rule 2: late loading doses keep the remaining intervals; after so long a prescriber looks first."""
    says, day = loading_gap(reading), _earliest(reading)
    return Proposal(Matter.LOADING_GAP, (2, 10), says, BY_POLICY, (_ORDINARY, _RESTART), day)


def _no_rule(reading: Reading) -> Proposal:
    """Rule 9: the window closed and nothing is known about late doses."""
    says, source = window_closed(reading), reading.series.regimen.source
    return Proposal(Matter.NO_RULE, (9, 10), says, source, (_ORDINARY, _RESTART), _earliest(reading), is_open=True)


def _tight(reading: Reading, target: date) -> Proposal:
    """Rule 5: the next place in the calendar comes too soon after the last dose."""
    regimen, window = reading.series.regimen, reading.window
    planned = "" if window.wanted is None else f", {in_words(window.wanted)},"
    apart = number(regimen.minimum_days)
    says = f"The planned day{planned} comes less than {apart} days after the last dose; the dose would move to"
    says = f"{says} {in_words(target)}"
    choices = (_ORDINARY, _SKIP) if isinstance(reading.walk.position.place, Maintenance) else (_ORDINARY,)
    return Proposal(Matter.TIGHT, (5, 10), says, regimen.source, choices, target, as_soon_as_possible=False)
