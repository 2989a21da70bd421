"""A whole monograph: from the text of one Markdown file to plain values.

The format is YAML front matter with `layout` and `title`, headings for sections, bullets, bold lead-ins, side effects
in three groups by frequency, precautions by kind, questions with answers, and a disclaimer. Whatever is not known is
kept as prose in its section; whatever is malformed is refused by line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from monographs.rules.blocks import Block, BlockKind, blocks_in
from monographs.rules.dosage import Statement, statements_in
from monographs.rules.effects import Effect, EffectGroup, Frequency, effects_in
from monographs.rules.faqs import Faq, faqs_in
from monographs.rules.front_matter import FrontMatter, front_matter_in, split
from monographs.rules.precautions import Precaution, PrecautionKind, precautions_in
from monographs.rules.problems import InvalidDocument, Problem, Problems
from monographs.rules.product import Product
from monographs.rules.regimen import Regimen
from monographs.rules.sections import Part, Section, SectionKind, body_of, parts_in, sections_of
from monographs.rules.wording import key_of, lead_in, plain

__all__ = [
    "Document",
    "Effect",
    "EffectGroup",
    "Faq",
    "Frequency",
    "InvalidDocument",
    "Precaution",
    "PrecautionKind",
    "Problem",
    "Product",
    "Regimen",
    "Section",
    "SectionKind",
    "Statement",
    "parse",
]

MOST_BYTES = 2_000_000
MOST_LINES = 20_000
_LONGEST_NAME = 200
_NOT_TEXT = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a monograph says. Texts named `body`, `text`, `answer` and `disclaimer` are Markdown, all others plain.

    `sections` holds the whole prose in order, without the disclaimer; `effects`, `precautions`, `faqs` and
    `statements` are what was understood of it. `regimens` and `products` come from the
    front matter. An absent text is "".
    """

    title: str
    generic_name: str
    layout: str
    sections: tuple[Section, ...]
    effect_groups: tuple[EffectGroup, ...]
    effects: tuple[Effect, ...]
    precautions: tuple[Precaution, ...]
    faqs: tuple[Faq, ...]
    disclaimer: str
    statements: tuple[Statement, ...]
    regimens: tuple[Regimen, ...]
    products: tuple[Product, ...]
    sources: tuple[str, ...]
    reviewed_on: date | None
    reviewed_by: str


def parse(text: str, *, version: int = 1) -> Document:
    """Read a monograph; its regimens become those of `version`.

    Raises InvalidDocument with every problem found, each with its line in the file.
    """
    problems = Problems()
    lines = _lines_of(text, problems)
    where, body = split(lines, problems)
    front = front_matter_in(lines, where, version, problems)
    document = _read(lines, body, front, problems)
    problems.refuse()
    return document


def _lines_of(text: str, problems: Problems) -> list[str]:
    """Return the lines without byte order mark and carriage returns; a text beyond the limits is refused at once."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        problems.add(1, f"The document is larger than {MOST_BYTES // 1_000_000} MB; a monograph is far shorter.")
        problems.refuse()
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        problems.add(MOST_LINES + 1, f"The document has more than {MOST_LINES} lines; a monograph is far shorter.")
        problems.refuse()
    return [_clean(line, number, problems) for number, line in enumerate(lines, 1)]


def _clean(line: str, number: int, problems: Problems) -> str:
    """Report a character that no text has, such as NUL, and read on without it."""
    if found := _NOT_TEXT.search(line):
        code = f"U+{ord(found[0]):04X}"
        problems.add(number, f"This line holds the control character {code}, which is no text; remove it.")
        return _NOT_TEXT.sub(" ", line)
    return line


def _read(lines: Sequence[str], body: int, front: FrontMatter, problems: Problems) -> Document:
    """Read the body, which begins at the index `body`, and put everything together."""
    blocks = blocks_in(lines[body:], body + 1, problems)
    labelled = _labelled_disclaimers(blocks)
    omitted = {block.line for found in labelled for block in found}
    prose = [block for block in blocks if block.line not in omitted]
    parts = parts_in(prose, front.title, range(body + 1, len(lines) + 1), problems)
    numbers = {number for found in labelled for block in found for number in range(block.line, block.end)}
    side_effects = effects_in(_blocks(parts, SectionKind.SIDE_EFFECTS), problems)
    return Document(
        title=front.title,
        generic_name=_generic_name(parts, problems) or front.generic_name or front.title,
        layout=front.layout,
        sections=sections_of(parts, lines, numbers, problems),
        effect_groups=side_effects.groups,
        effects=side_effects.effects,
        precautions=precautions_in(_blocks(parts, SectionKind.PRECAUTIONS), problems),
        faqs=faqs_in(_blocks(parts, SectionKind.FAQS), problems),
        disclaimer=_disclaimer(labelled, parts, lines, problems),
        statements=statements_in(_blocks(parts, SectionKind.DOSAGE)),
        regimens=front.regimens,
        products=front.products,
        sources=front.sources,
        reviewed_on=front.reviewed_on,
        reviewed_by=front.reviewed_by,
    )


def _blocks(parts: Sequence[Part], kind: SectionKind) -> tuple[tuple[Block, ...], ...]:
    """Return the blocks of each section of one kind."""
    return tuple(part.blocks for part in parts if part.kind is kind)


def _generic_name(parts: Sequence[Part], problems: Problems) -> str:
    """Return the first line of the section of that name, "" without one."""
    block = next((block for blocks in _blocks(parts, SectionKind.GENERIC_NAME) for block in blocks), None)
    name = plain(block.text) if block else ""
    if block and len(name) > _LONGEST_NAME:
        problems.add(block.line, f"The generic name is longer than {_LONGEST_NAME} characters; begin with the name.")
    return name


def _labelled_disclaimers(blocks: Sequence[Block]) -> list[tuple[Block, ...]]:
    """Return the blocks of each disclaimer that is a bold lead-in; its text may follow in the next paragraph."""
    found: list[tuple[Block, ...]] = []
    for block, following in zip_longest(blocks, blocks[1:]):
        label = None if block.kind is BlockKind.HEADING else lead_in(block.text)
        if label and key_of(label.label) == "disclaimer":
            continued = not label.rest and following is not None and following.kind is BlockKind.TEXT
            found.append((block, following) if continued and following else (block,))
    return found


def _disclaimer(
    labelled: Sequence[tuple[Block, ...]], parts: Sequence[Part], lines: Sequence[str], problems: Problems
) -> str:
    """Return the one disclaimer, "" without any; report a second one, and one without text."""
    texts = sorted(_disclaimer_texts(labelled, parts, lines))
    for line, text in texts:
        if not text:
            problems.add(line, "The disclaimer has no text; write it after the label.")
    for line, _ in texts[1:]:
        problems.add(line, f"There is a disclaimer already (line {texts[0][0]}); keep one.")
    return texts[0][1] if texts else ""


def _disclaimer_texts(
    labelled: Sequence[tuple[Block, ...]], parts: Sequence[Part], lines: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield each disclaimer's line and text, from lead-ins and from sections of that name."""
    for found in labelled:
        label = lead_in(found[0].text)
        yield found[0].line, found[1].text if len(found) > 1 else label.rest if label else ""
    for part in parts:
        if part.kind is SectionKind.DISCLAIMER:
            yield part.line, body_of(part, lines, set())
