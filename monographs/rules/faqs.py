"""Questions and answers: "Q:" bullets with "A:" nested below them, or sub-headings that are questions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monographs.rules.blocks import Block, BlockKind
from monographs.rules.problems import Problems, quoted
from monographs.rules.wording import lead_in, plain

LONGEST_QUESTION = 500
_MARK = r"\s*(?P<mark>\*{1,3}|_{1,3})?\s*"
_TAG = re.compile(
    rf"{_MARK}(?P<tag>Q|A|Question|Answer)\s?\d*\s*(?P<closed>(?P=mark))?\s*[:.]\s*(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Faq:
    """One question, as plain words, and its answer, as Markdown."""

    question: str
    answer: str
    line: int


@dataclass(slots=True)
class _Draft:
    """A question whose answer is still being gathered; `depth` is that of the question's bullet."""

    question: str
    line: int
    depth: int
    answers: list[str] = field(default_factory=list)


def faqs_in(sections: Sequence[Sequence[Block]], problems: Problems) -> tuple[Faq, ...]:
    """Return the questions with their answers; one without the other goes to `problems`, other text stays prose."""
    reading = _Reading(problems)
    for blocks in sections:
        for block in blocks:
            reading.take(block)
        reading.close()
    return tuple(reading.faqs)


class _Reading:
    """Reads the blocks of the section in order, knowing the question that is open."""

    def __init__(self, problems: Problems) -> None:
        self.faqs: list[Faq] = []
        self._problems = problems
        self._open: _Draft | None = None
        self._lines: dict[str, int] = {}

    def take(self, block: Block) -> None:
        """Open a question, or add the block to the answer of the open one, or leave it when its list is over."""
        tag, rest = _tagged(block)
        if tag == "q":
            self.close()
            self._open = _Draft(plain(rest), block.line, 0 if block.kind is BlockKind.HEADING else block.level)
        elif tag == "a":
            self._answer(rest, block)
        elif self._open and (block.level < self._open.depth or block.kind is BlockKind.HEADING):
            self.close()
        elif self._open:
            self._open.answers.append(f"* {block.text}" if block.kind is BlockKind.BULLET else block.text)

    def _answer(self, rest: str, block: Block) -> None:
        if self._open is None:
            self._problems.add(block.line, "This answer has no question before it; write the question as Q: above it.")
        elif rest:
            self._open.answers.append(rest)

    def close(self) -> None:
        """Keep the open question with its answer; report one that lacks either, or was asked before."""
        draft, self._open = self._open, None
        if draft is None:
            return
        before = self._lines.setdefault(draft.question.casefold(), draft.line)
        if sentence := _wrong(draft, before):
            self._problems.add(draft.line, sentence)
        else:
            self.faqs.append(Faq(draft.question, "\n\n".join(draft.answers), draft.line))


def _wrong(draft: _Draft, before: int) -> str:
    """Return what is wrong with a question, or ""."""
    if not draft.question:
        return "This question is empty; write it after Q:."
    if len(draft.question) > LONGEST_QUESTION:
        return f"This question is longer than {LONGEST_QUESTION} characters; shorten it."
    if not draft.answers:
        return f"The question {quoted(draft.question)} has no answer; write it below as A: and the answer."
    if before != draft.line:
        return f"The question {quoted(draft.question)} is asked twice (first on line {before}); keep one."
    return ""


def _tagged(block: Block) -> tuple[str, str]:
    """Return "q" or "a" and the text after the tag, or "" for a block that is neither."""
    found = _TAG.match(block.text)
    if found:
        mark, rest = found["mark"], found["rest"]
        still_open = mark and not found["closed"]
        return found["tag"][0].casefold(), (rest.replace(mark, "", 1) if still_open else rest).strip()
    label = lead_in(block.text)
    bold = label is not None and not label.rest
    if (bold or block.kind is BlockKind.HEADING) and plain(block.text).endswith("?"):
        return "q", block.text
    return "", ""
