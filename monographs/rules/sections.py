"""The document cut at its headings into sections, each with its kind, its text and an address of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monographs.rules.blocks import Block, BlockKind
from monographs.rules.effects import frequency_of
from monographs.rules.problems import Problems, quoted
from monographs.rules.rendering import LONGEST_TEXT
from monographs.rules.wording import anchor_for, key_of, plain

LONGEST_TITLE = 200
MOST_SECTIONS = 200


class SectionKind(StrEnum):
    """What a section is about, by its heading; `other` is prose that is kept as it stands."""

    GENERIC_NAME = "generic_name"
    USAGE = "usage"
    DOSAGE = "dosage"
    SIDE_EFFECTS = "side_effects"
    MECHANISM = "mechanism"
    PRECAUTIONS = "precautions"
    FAQS = "faqs"
    DISCLAIMER = "disclaimer"
    LATE_DOSES = "late_doses"
    MONITORING = "monitoring"
    ADMINISTRATION = "administration"
    STORAGE = "storage"
    OTHER = "other"


_HEADINGS = {
    SectionKind.GENERIC_NAME: r"(generic|international nonproprietary) names?",
    SectionKind.USAGE: r"(medical )?(usage|uses?|indications?( and (usage|uses?))?)|what .+ is used for",
    SectionKind.DOSAGE: r"(dosages?|dos(e|es|ing)|posology)( and (method of )?administration)?",
    SectionKind.SIDE_EFFECTS: r"(possible )?((side|adverse|undesirable) effects|adverse (drug )?reactions)",
    SectionKind.MECHANISM: r"how (it|.+) works|mechanism( of action)?",
    SectionKind.PRECAUTIONS: r"precautions( and warnings)?|warnings( and precautions)?",
    SectionKind.FAQS: r"faqs?|frequently asked questions|questions and answers",
    SectionKind.DISCLAIMER: r"disclaimer",
    SectionKind.LATE_DOSES: r"((late|missed|delayed)( (and|or) (late|missed|delayed))?)( maintenance)? doses?",
    SectionKind.MONITORING: r"(laboratory )?monitoring( .+)?|laboratory tests",
    SectionKind.ADMINISTRATION: r"(preparation and )?administration|how it is given",
    SectionKind.STORAGE: r"storage( and handling)?",
}
_KINDS = tuple((kind, re.compile(pattern)) for kind, pattern in _HEADINGS.items())
# Sub-headings with one of these names may belong to the section above them; the others begin a section anywhere.
_NESTABLE = {
    SectionKind.OTHER,
    SectionKind.LATE_DOSES,
    SectionKind.MONITORING,
    SectionKind.ADMINISTRATION,
    SectionKind.STORAGE,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `anchor` is unique in the document, `order` counts from 0, `body` is Markdown."""

    anchor: str
    title: str
    kind: SectionKind
    order: int
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of the file from one section heading to the next, before they become a Section."""

    title: str
    kind: SectionKind
    level: int
    blocks: tuple[Block, ...]
    line: int
    first: int
    end: int


def kind_of(heading: str) -> SectionKind:
    """Return the kind that a heading's words mean."""
    words = key_of(heading)
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(words)), SectionKind.OTHER)


def parts_in(blocks: Sequence[Block], name: str, body: range, problems: Problems) -> tuple[Part, ...]:
    """Cut the blocks at the section headings; `body` holds the numbers of the lines to cut.

    Text before the first section is a part of level 0 titled `name`. The document's own heading belongs to no part.
    """
    first = body.start
    if blocks and _is_document_heading(blocks, name):
        first, blocks = blocks[0].end, blocks[1:]
    found = list(_starts(blocks))
    if len(found) > MOST_SECTIONS:
        problems.add(blocks[found[MOST_SECTIONS]].line, f"There are more than {MOST_SECTIONS} sections; join some.")
    starts = [*found[:MOST_SECTIONS], len(blocks)]
    ends = [*(blocks[place].line for place in starts[:-1]), body.stop]
    intro = Part(name, SectionKind.OTHER, 0, tuple(blocks[: starts[0]]), first, first, ends[0])
    places = zip(starts[:-1], starts[1:], ends[1:], strict=True)
    parts = [_part(blocks[place:stop], end) for place, stop, end in places]
    _check(parts, problems)
    return (intro, *parts)


def _is_document_heading(blocks: Sequence[Block], name: str) -> bool:
    """The first heading is the document's own when it is the name, or the only one of level 1 and no known section."""
    first, same = blocks[0], key_of(blocks[0].text) == key_of(name)
    if first.kind is not BlockKind.HEADING:
        return False
    top = [block for block in blocks if block.kind is BlockKind.HEADING and block.level == 1]
    return same or (top == [first] and kind_of(first.text) is SectionKind.OTHER)


def _starts(blocks: Sequence[Block]) -> Iterator[int]:
    """Yield the places of the headings that begin a section: no deeper than the section before, or known by name."""
    level, kind = 6, SectionKind.OTHER
    for place, block in enumerate(blocks):
        if block.kind is not BlockKind.HEADING:
            continue
        found = kind_of(block.text)
        is_group = kind is SectionKind.SIDE_EFFECTS and found is SectionKind.OTHER and frequency_of(block.text)
        if not is_group and (block.level <= level or found not in _NESTABLE):
            level, kind = block.level, found
            yield place


def _part(blocks: Sequence[Block], end: int) -> Part:
    head = blocks[0]
    title = plain(head.text).removesuffix(":").strip()
    return Part(title, kind_of(head.text), head.level, tuple(blocks[1:]), head.line, head.end, end)


def _check(parts: Sequence[Part], problems: Problems) -> None:
    """Report sections that are named twice, or at absurd length."""
    seen: dict[str, int] = {}
    for part in parts:
        before = seen.setdefault(key_of(part.title), part.line)
        if before != part.line and part.title:
            message = f"A section {quoted(part.title)} exists already (line {before}); join the two or rename one."
            problems.add(part.line, message)
        if len(part.title) > LONGEST_TITLE:
            problems.add(part.line, f"This heading is longer than {LONGEST_TITLE} characters; shorten it.")


def sections_of(
    parts: Sequence[Part], lines: Sequence[str], omitted: set[int], problems: Problems
) -> tuple[Section, ...]:
    """Return the parts as sections, leaving out the `omitted` lines and the disclaimer, which the page shows itself."""
    sections: list[Section] = []
    for part in parts:
        body = body_of(part, lines, omitted)
        if part.kind is SectionKind.DISCLAIMER or not (part.level or body):
            continue
        _check_body(part, body, problems)
        anchor = anchor_for(part.title, (section.anchor for section in sections))
        sections.append(Section(anchor, part.title, part.kind, len(sections), body, part.line))
    return tuple(sections)


def _check_body(part: Part, body: str, problems: Problems) -> None:
    """Report a section too long to show, and one that is known by name and empty."""
    if len(body) > LONGEST_TEXT:
        message = f"The section {quoted(part.title)} is longer than {LONGEST_TEXT} characters; divide it."
        problems.add(part.line, message)
    if not body and part.kind is not SectionKind.OTHER:
        problems.add(part.line, f"The section {quoted(part.title)} is empty; write its text or remove the heading.")


def body_of(part: Part, lines: Sequence[str], omitted: set[int]) -> str:
    """Return the Markdown of a part; `lines` are those of the whole file, `omitted` line numbers are left out."""
    numbers = range(part.first, part.end)
    body = "\n".join(lines[number - 1] for number in numbers if number not in omitted)
    return body.strip("\n") if body.strip() else ""
