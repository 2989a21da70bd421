"""Side effects by frequency: the group headings, and under each its bullets with an explanation in brackets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from monographs.rules.blocks import Block, BlockKind
from monographs.rules.problems import Problems, quoted
from monographs.rules.wording import key_of, lead_in, plain

LONGEST_TERM = 200
LONGEST_EXPLANATION = 500

_TO = r"\s*%?\s*(?:-|\u2013|\u2014|to|and)\s*(?:<|less than|under)?\s*"
_RANGE = re.compile(rf"\b1{_TO}10\s*%|\b1/100{_TO}1/10(?!\d)")
_BELOW = r"(?:<|≤|less than|fewer than|under|below)\s*=?\s*1(?:\s*%|/100(?!\d))"
_UNDER_ONE = re.compile(rf"{_BELOW}|\b0\.\d+{_TO}1\s*%|1/1[,. ]?000|post-?\s?marketing|case reports?")
_ABOVE = r"(?:>|≥|more than|over|at least|above)\s*=?\s*1(?:0\s*%|/10(?!\d))"
_OVER_TEN = re.compile(rf"{_ABOVE}|\b10\s*% or more|very common")


class Frequency(StrEnum):
    """The three groups of the monograph: over 10 %, 1 to 10 %, and under 1 % or seen after marketing."""

    COMMON = "common"
    LESS_COMMON = "less_common"
    SERIOUS = "serious"


_BY_FIGURE = ((_RANGE, Frequency.LESS_COMMON), (_UNDER_ONE, Frequency.SERIOUS), (_OVER_TEN, Frequency.COMMON))
_BY_WORD = (
    (re.compile(r"\b(serious|severe|rare)\b"), Frequency.SERIOUS),
    (re.compile(r"\b(less common|uncommon|less frequent|infrequent)\b"), Frequency.LESS_COMMON),
    (re.compile(r"\b(common|frequent)\b"), Frequency.COMMON),
)


@dataclass(frozen=True, slots=True)
class EffectGroup:
    """A heading of one frequency group, as the document words it."""

    frequency: Frequency
    heading: str
    line: int


@dataclass(frozen=True, slots=True)
class Effect:
    """One side effect; `explanation` is the text in brackets after the term, or ""."""

    frequency: Frequency
    term: str
    explanation: str
    line: int

    def __str__(self) -> str:
        """Write it as the document does: "Fever", or "Proteinuria (protein in the urine)"."""
        return f"{self.term} ({self.explanation})" if self.explanation else self.term


@dataclass(frozen=True, slots=True)
class SideEffects:
    """All groups and all effects, in the order of the document."""

    groups: tuple[EffectGroup, ...]
    effects: tuple[Effect, ...]


def frequency_of(heading: str) -> Frequency | None:
    """Return the group that a heading's wording means: by its figures first, then by its words; else None."""
    return _match(heading, _BY_FIGURE) or _match(heading, _BY_WORD)


def _match(heading: str, patterns: tuple[tuple[re.Pattern[str], Frequency], ...]) -> Frequency | None:
    text = plain(heading).casefold()
    return next((frequency for pattern, frequency in patterns if pattern.search(text)), None)


def group_of(block: Block, following: Block | None) -> EffectGroup | None:
    """Return the effect group that a block opens, or None.

    A heading with the wording of a group always opens one, and so does a bold lead-in with its figures or alone on
    its line; other bold or colon-ended lines only when bullets follow, since they may be ordinary prose.
    """
    heading, certain = _heading_in(block)
    listed = following is not None and following.kind is BlockKind.BULLET
    frequency = frequency_of(heading)
    if frequency is None or not (certain or listed or _is_labelled_figure(block, heading)):
        return None
    return EffectGroup(frequency, plain(heading).removesuffix(":").strip()[:LONGEST_TERM], block.line)


def _heading_in(block: Block) -> tuple[str, bool]:
    """Return the words that may head a group, and whether the block can be nothing else; "" when none may."""
    if block.kind is BlockKind.HEADING:
        return block.text, True
    if block.kind is BlockKind.BULLET or block.level:
        return "", False
    if label := lead_in(block.text):
        return label.label, label.colon and not label.rest
    return (block.text, False) if block.text.rstrip().endswith(":") else ("", False)


def _is_labelled_figure(block: Block, heading: str) -> bool:
    return lead_in(block.text) is not None and _match(heading, _BY_FIGURE) is not None


def effects_in(sections: Sequence[Sequence[Block]], problems: Problems) -> SideEffects:
    """Return the groups and effects of the side effects sections.

    A list under no known frequency stays prose. Empty groups, malformed brackets and repeated effects go to `problems`.
    """
    reading = _Reading(problems)
    for blocks in sections:
        for block, following in zip_longest(blocks, blocks[1:]):
            reading.take(block, following)
        reading.close()
    return SideEffects(tuple(reading.groups), tuple(reading.effects))


class _Reading:
    """Reads the blocks of the section in order, knowing the group it is in and whether that has bullets yet."""

    def __init__(self, problems: Problems) -> None:
        self.groups: list[EffectGroup] = []
        self.effects: list[Effect] = []
        self._problems = problems
        self._group: EffectGroup | None = None
        self._filled = False
        self._lines: dict[str, int] = {}

    def take(self, block: Block, following: Block | None) -> None:
        """Open a group, add an effect, or leave the group when its list is over."""
        group = group_of(block, following)
        if group:
            self.close()
            self._group, self._filled = group, False
            self.groups.append(group)
        elif self._group and block.kind is BlockKind.BULLET:
            self._filled = True
            self._add(block, self._group.frequency)
        elif block.kind is BlockKind.HEADING or (self._filled and not block.level):
            self.close()

    def close(self) -> None:
        """Leave the group; one without bullets is reported."""
        if self._group and not self._filled:
            message = (
                f"{quoted(self._group.heading)} lists no effects; write each one below it on a line that begins with *."
            )
            self._problems.add(self._group.line, message)
        self._group = None

    def _add(self, block: Block, frequency: Frequency) -> None:
        effect = effect_from(block.text, frequency, block.line, self._problems)
        if effect is None:
            return
        before = self._lines.setdefault(key_of(effect.term), block.line)
        if before != block.line:
            message = (
                f"The effect {quoted(effect.term)} is listed twice (first on line {before}); keep it in one group."
            )
            self._problems.add(block.line, message)
        self.effects.append(effect)


def effect_from(text: str, frequency: Frequency, line: int, problems: Problems) -> Effect | None:
    """Read "Term" or "Term (explanation)"; None with a problem when the brackets or lengths are wrong."""
    words = plain(text).rstrip(".,; ")
    term, explanation = _bracket_split(words)
    if term is None:
        problems.add(line, f"The brackets in {quoted(words)} do not match; write it as: term (explanation).")
    elif not key_of(term):
        problems.add(line, f"{quoted(words)} has an explanation but no term; write it as: term (explanation).")
    elif len(term) > LONGEST_TERM or len(explanation) > LONGEST_EXPLANATION:
        problems.add(line, f"{quoted(words)} is too long for an effect; give a short term, then (explanation).")
    else:
        return Effect(frequency, term, explanation, line)
    return None


def _bracket_split(words: str) -> tuple[str | None, str]:
    """Return term and explanation; the term is None when brackets do not match."""
    depth, start = 0, len(words)
    for place, sign in enumerate(words):
        if sign == "(" and not depth:
            start = place
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return None, ""
    if depth:
        return None, ""
    if not words.endswith(")"):
        return words, ""
    return words[:start].strip(), words[start + 1 : -1].strip()
