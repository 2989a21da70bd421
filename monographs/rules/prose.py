"""The prose of a section around what was understood of it, so that a page shows each thing once and loses nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monographs.rules.blocks import Block, BlockKind, blocks_in
from monographs.rules.document import Document
from monographs.rules.effects import Effect
from monographs.rules.problems import Problems
from monographs.rules.sections import Section, SectionKind
from monographs.rules.wording import key_of

_TAG = re.compile(r"(q|a|question|answer) ?\d* ")


@dataclass(frozen=True, slots=True)
class Prose:
    """The Markdown of a section before and after its effects, precautions or questions; either may be ""."""

    before: str
    after: str


def prose_of(section: Section, document: Document) -> Prose:
    """Return what the section says beside the effects, precautions and questions that the document holds of it.

    A block is left out only when an effect, a precaution or a question says its words, so nothing can be lost.
    """
    said = [key_of(words) for words in _said(section.kind, document)]
    return _around(section.body, said) if said else Prose(section.body, "")


def heading_of(effect: Effect, document: Document) -> str:
    """Return the heading of an effect's group as the document words it."""
    return [group.heading for group in document.effect_groups if group.line < effect.line][-1]


def _said(kind: SectionKind, document: Document) -> Iterable[str]:
    """Return everything that is shown apart from the prose of a section of this kind."""
    if kind is SectionKind.SIDE_EFFECTS:
        return [group.heading for group in document.effect_groups] + [str(effect) for effect in document.effects]
    if kind is SectionKind.PRECAUTIONS:
        return [text for item in document.precautions for text in (item.label, f"{item.label} {item.text}")]
    if kind is SectionKind.FAQS:
        return [text for faq in document.faqs for text in (faq.question, faq.answer)]
    return ()


def _around(body: str, said: list[str]) -> Prose:
    """Leave out the lines of every block that is said already."""
    lines = body.split("\n")
    known, running = set(said), "\n".join(f" {words} " for words in said)
    blocks = [block for block in blocks_in(lines, 1, Problems()) if _is_said(block, known, running)]
    taken = {number for block in blocks for number in range(block.line, block.end)}
    first = min(taken, default=len(lines) + 1)
    kept = [(number, line) for number, line in enumerate(lines, 1) if number not in taken]
    return Prose(
        before="\n".join(line for number, line in kept if number < first).strip("\n"),
        after="\n".join(line for number, line in kept if number > first).strip("\n"),
    )


def _is_said(block: Block, known: set[str], running: str) -> bool:
    """A heading must be one of the texts as a whole; any other block may be a part of one."""
    words = key_of(block.text)
    if block.kind is BlockKind.HEADING:
        return words in known
    return any(part and f" {part} " in running for part in (words, _TAG.sub("", words, count=1)))
