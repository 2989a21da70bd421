"""The dosage sentences of the prose, and where they differ from the regimens given as data."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from monographs.rules.blocks import Block, BlockKind
from monographs.rules.quantities import (
    amount_in,
    count_in,
    dose_name_in,
    interval_in,
    position_in,
    repeated_interval_in,
)
from monographs.rules.regimen import Interval, Regimen, Step
from monographs.rules.wording import lead_in, plain

LONGEST_PARAGRAPH = 4_000
LONGEST_LABEL = 100
_PREFIX = re.compile(r"(?P<label>[A-Z][\w -]{0,60}):\s+(?P<rest>.+)", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.;])\s+(?=[A-Z0-9])")
_LOADING_WORDS = ("loading", "initial", "starting", "induction")


@dataclass(frozen=True, slots=True)
class Statement:
    """One dosage sentence understood.

    `interval` is the time from the dose before, or between repeated doses; `count` is how many doses it speaks of,
    None for a series without end. Either is None when the sentence does not say.
    """

    label: str
    mg: Decimal
    interval: Interval | None
    count: int | None

    @property
    def is_maintenance(self) -> bool:
        """Whether the label names the dose that repeats."""
        return "maintenance" in self.label.casefold()

    @property
    def position(self) -> int | None:
        """Which loading dose the label names: 4 for "Fourth Dose"; else None."""
        return None if self.is_maintenance else position_in(self.label)

    @property
    def is_series(self) -> bool:
        """Whether the label names the loading doses together."""
        named = any(word in self.label.casefold() for word in _LOADING_WORDS)
        return named and not self.is_maintenance and not self.position


def statements_in(sections: Sequence[Sequence[Block]]) -> tuple[Statement, ...]:
    """Return the dosage sentences of the dosage sections, in order; other sentences are passed over."""
    return tuple(statement for blocks in sections for statement in _of_section(blocks))


def _of_section(blocks: Sequence[Block]) -> Iterator[Statement]:
    heading = ""
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            heading = plain(block.text).removesuffix(":")
        elif len(block.text) <= LONGEST_PARAGRAPH:
            yield from _of_text(block.text, heading)


def _of_text(text: str, heading: str) -> Iterator[Statement]:
    """A labelled text is one statement; in running text each sentence with an amount and an interval is one."""
    label, rest = _labelled(text, heading)
    if label:
        statement = statement_from(label, rest)
        if statement:
            yield statement
        return
    for sentence in _SENTENCE_END.split(plain(text)):
        statement = statement_from(dose_name_in(sentence), sentence)
        if statement and statement.interval:
            yield statement


def _labelled(text: str, heading: str) -> tuple[str, str]:
    """Return the label of a text, bold, before a colon or from the sub-heading above; "" without any."""
    label = lead_in(text)
    if label and label.rest:
        return label.label, label.rest
    prefix = _PREFIX.match(plain(text))
    return (prefix["label"], prefix["rest"]) if prefix else (heading, text)


def statement_from(label: str, text: str) -> Statement | None:
    """Read one sentence; None when it does not name exactly one amount in mg.

    "One dose every 4 months" is a series, not one dose.
    """
    words = plain(text).casefold()
    mg = amount_in(words)
    if mg is None:
        return None
    count = 1 if position_in(label) else count_in(words)
    if count == 1 and repeated_interval_in(words):
        count = None
    return Statement(label[:LONGEST_LABEL], mg, interval_in(words), count)


def differences(statements: Sequence[Statement], regimens: Sequence[Regimen]) -> tuple[str, ...]:
    """Return one sentence for each value in which the statements and the default regimen differ, naming both.

    The default is the regimen marked so, else the first. Only what the prose says is compared, except that it must
    give as many loading doses as the regimen, and a maintenance dose. Nothing differs from no regimen.
    """
    regimen = next((regimen for regimen in regimens if regimen.is_default), regimens[0] if regimens else None)
    if regimen is None:
        return ()
    found = [sentence for statement in statements for sentence in _differs(statement, regimen)]
    return (*found, *_counts_differ(statements, regimen), *_lacks_maintenance(statements, regimen))


def _differs(statement: Statement, regimen: Regimen) -> Iterator[str]:
    """Compare one statement with the doses it speaks of; the first of a series has no interval before it."""
    steps: Sequence[Step] = ()
    intervals: Sequence[Step] = ()
    if statement.is_maintenance:
        steps = intervals = (regimen.maintenance,)
    elif statement.position:
        steps = intervals = regimen.loading[statement.position - 1 : statement.position]
    elif statement.is_series:
        steps = regimen.loading[: statement.count]
        intervals = steps[1:]
    else:
        yield f"{statement.label}: the text says {_mg(statement.mg)}, {regimen.key} has no dose of that name."
    yield from _amounts_differ(statement, steps, regimen.key)
    yield from _intervals_differ(statement, intervals, regimen.key)


def _amounts_differ(statement: Statement, steps: Sequence[Step], key: str) -> Iterator[str]:
    for mg in dict.fromkeys(step.mg for step in steps if step.mg != statement.mg):
        yield f"{statement.label}: the text says {_mg(statement.mg)}, {key} says {_mg(mg)}."


def _intervals_differ(statement: Statement, steps: Sequence[Step], key: str) -> Iterator[str]:
    said = statement.interval
    for after in dict.fromkeys(step.after for step in steps if said and step.after != said):
        yield f"{statement.label}: the text says an interval of {said}, {key} says {after}."


def _counts_differ(statements: Sequence[Statement], regimen: Regimen) -> Iterator[str]:
    counts = [statement.count for statement in statements if statement.is_series or statement.position]
    if None in counts:
        return
    said, planned = sum(count for count in counts if count), len(regimen.loading)
    if said != planned:
        yield f"Loading doses: the text gives {said or 'none'}, {regimen.key} gives {planned}."


def _lacks_maintenance(statements: Sequence[Statement], regimen: Regimen) -> Iterator[str]:
    if not any(statement.is_maintenance for statement in statements):
        step = regimen.maintenance
        yield f"Maintenance dose: the text gives none, {regimen.key} gives {_mg(step.mg)} every {step.after}."


def _mg(amount: Decimal) -> str:
    return f"{amount:f} mg"
