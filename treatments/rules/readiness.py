"""Six lights, one answer: whether this dose can go ahead.

A site says of each light whether it is required, advisory or off. A red light that is required makes the dose not
ready; one that is advisory asks to check; one that is off is not looked at. What no site can soften is a
contraindication, which counts even where its light is off, and a laboratory value at which two people decide, unless
the laboratory light is off.

An override lets a dose past a red light: the answer becomes "check", never "ready", so that it stays in sight. It
counts when it is for this dose and this light, covers everything that stands in the way, has not run out by the dose's
day, and, where two people are needed, was given by a prescriber and confirmed by somebody else.

The answer is about going ahead. What happened can always be recorded, whatever the lights say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.schedule_words import in_words

_OFF = "This site does not ask for it."
_WAITS = "The override waits for its second person."


class Need(StrEnum):
    """How much a site asks of a light."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    OFF = "off"


class Answer(StrEnum):
    """The one answer, best first; the values are keys of `clinic.statuses.LIGHT`."""

    READY = "ready"
    CHECK = "attention"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody's decision to go past a light. `rules` name what it covers, `dose` and `key` are opaque.

    `by` and `second` identify people; `second` is empty while nobody confirmed. `by_prescriber`: the first person was a
    prescriber that day. `expires_on` is the last day on which it counts.
    """

    key: str
    dose: str
    light: Light
    rules: frozenset[str]
    reason_code: str
    by: str
    by_prescriber: bool
    expires_on: date
    second: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One light as it counts at this site. `passed_by` is the override that lets the dose past it.

    `note` says why an override there is does not count; `waiting` is one that lacks nothing but its second person.
    """

    lit: Lit
    answer: Answer
    passed_by: Override | None = None
    note: str = ""
    waiting: Override | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer, with every light in order. `reasons` holds those that stand in the way, the worst first."""

    answer: Answer
    lights: tuple[Judged, ...]

    @property
    def reasons(self) -> tuple[Judged, ...]:
        """Return what is not simply ready: what keeps the dose first, then what asks to check."""
        return tuple(
            judged for answer in (Answer.NOT_READY, Answer.CHECK) for judged in self.lights if judged.answer is answer
        )


def readiness(
    lits: Iterable[Lit], needs: Mapping[Light, Need], overrides: Iterable[Override], *, dose: str, on: date
) -> Readiness:
    """Return whether a dose can go ahead on the day `on`. A light that `needs` does not name is required."""
    given = tuple(overrides)
    judged = tuple(
        _judge(lit, needs.get(lit.light, Need.REQUIRED), given, dose=dose, on=on)
        for lit in sorted(lits, key=lambda lit: tuple(Light).index(lit.light))
    )
    answers = {each.answer for each in judged}
    worst = next((answer for answer in reversed(Answer) if answer in answers), Answer.READY)
    return Readiness(worst, judged)


def needs_two(lit: Lit) -> bool:
    """Say whether only a prescriber with a second person may pass a light."""
    return lit.contraindicated or lit.two_people


def covered(lit: Lit) -> frozenset[str]:
    """Return the names of what an override of this light, given now, covers."""
    return frozenset(lit.rules or (lit.reason,))


def _judge(lit: Lit, need: Need, overrides: tuple[Override, ...], *, dose: str, on: date) -> Judged:
    if need is Need.OFF and not lit.contraindicated:
        return Judged(replace(lit, signal=Signal.NOT_NEEDED, reason=_OFF, two_people=False, rules=()), Answer.READY)
    if lit.signal is not Signal.NOT_READY:
        return Judged(lit, Answer.CHECK if lit.signal is Signal.ATTENTION else Answer.READY)
    if need is Need.ADVISORY and not needs_two(lit):
        return Judged(lit, Answer.CHECK)
    notes = {
        override: why_not(override, lit, on)
        for override in overrides
        if (override.dose, override.light) == (dose, lit.light)
    }
    for override, note in notes.items():
        if not note:
            return Judged(lit, Answer.CHECK, passed_by=override)
    waiting = next((override for override, note in notes.items() if note == _WAITS), None)
    return Judged(lit, Answer.NOT_READY, note=_WAITS if waiting else next(iter(notes.values()), ""), waiting=waiting)


def why_not(override: Override, lit: Lit, on: date) -> str:
    """Return why an override of this light and dose does not count on a day, empty when it does."""
    if on > override.expires_on:
        return f"The override ran out on {in_words(override.expires_on)}."
    if not covered(lit) <= override.rules:
        return "The override was given for something else; what stands in the way now is new."
    if not needs_two(lit):
        return ""
    if not override.by_prescriber:
        return "The override was not given by a prescriber, and here it must be."
    return "" if override.second and override.second != override.by else _WAITS
