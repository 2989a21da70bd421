"""Precautions by kind: bullets, bold lead-ins or sub-headings, each a label and its text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monographs.rules.blocks import Block, BlockKind
from monographs.rules.problems import Problems, quoted
from monographs.rules.wording import lead_in, plain

LONGEST_LABEL = 200


class PrecautionKind(StrEnum):
    """What a precaution is about; `other` keeps whatever the label does not say."""

    CONTRAINDICATION = "contraindication"
    RISK = "risk"
    PREGNANCY = "pregnancy"
    MONITORING = "monitoring"
    OTHER = "other"


_STEMS = (
    (PrecautionKind.CONTRAINDICATION, ("contraindicat", "contra-indicat", "do not use")),
    (PrecautionKind.PREGNANCY, ("pregnan", "breast", "lactat", "fertility")),
    (PrecautionKind.MONITORING, ("monitor",)),
    (PrecautionKind.RISK, ("risk", "warning", "caution")),
)


@dataclass(frozen=True, slots=True)
class Precaution:
    """One precaution. `label` is "" for a bullet without a lead-in; `text` is Markdown."""

    kind: PrecautionKind
    label: str
    text: str
    line: int


@dataclass(slots=True)
class _Draft:
    """A precaution whose text is still being gathered."""

    label: str
    line: int
    depth: int
    is_heading: bool = False
    colon: bool = True
    texts: list[str] = field(default_factory=list)


def kind_of(label: str) -> PrecautionKind:
    """Return the kind that a label's words mean."""
    words = plain(label).casefold()
    found = (kind for kind, stems in _STEMS if any(stem in words for stem in stems))
    return next(found, PrecautionKind.OTHER)


def precautions_in(sections: Sequence[Sequence[Block]], problems: Problems) -> tuple[Precaution, ...]:
    """Return the precautions of the sections; a label without text goes to `problems`, plain paragraphs stay prose."""
    return tuple(precaution for blocks in sections for precaution in _of_section(blocks, problems))


def _of_section(blocks: Sequence[Block], problems: Problems) -> tuple[Precaution, ...]:
    drafts: list[_Draft] = []
    for block in blocks:
        _take(block, drafts)
    for draft in drafts:
        if not draft.texts and draft.colon and not draft.is_heading:
            problems.add(draft.line, f"{quoted(draft.label)} has no text; write it after the label.")
        if len(draft.label) > LONGEST_LABEL:
            problems.add(draft.line, f"This label is longer than {LONGEST_LABEL} characters; shorten it.")
    return tuple(_precaution(draft) for draft in drafts if draft.texts or not draft.is_heading)


def _precaution(draft: _Draft) -> Precaution:
    """Finish a draft; a bullet emphasised as a whole is a text without a label."""
    if not draft.texts:
        return Precaution(kind_of(draft.label), "", draft.label, draft.line)
    return Precaution(kind_of(draft.label), draft.label, "\n\n".join(draft.texts), draft.line)


def _take(block: Block, drafts: list[_Draft]) -> None:
    """Begin a precaution with this block, or add the block to the one it belongs to."""
    owner = drafts[-1] if drafts else None
    label = lead_in(block.text)
    if block.kind is BlockKind.HEADING:
        drafts.append(_Draft(plain(block.text).removesuffix(":"), block.line, 0, is_heading=True))
    elif label and block.level <= 1:
        texts = [label.rest] if label.rest else []
        drafts.append(_Draft(label.label, block.line, block.level, colon=label.colon, texts=texts))
    elif owner and _belongs(block, owner):
        owner.texts.append(f"* {block.text}" if block.kind is BlockKind.BULLET else block.text)
    elif block.kind is BlockKind.BULLET:
        drafts.append(_Draft("", block.line, block.level, texts=[block.text]))


def _belongs(block: Block, owner: _Draft) -> bool:
    """A sub-heading owns all below it; a bullet what is nested in it; a bold paragraph the list that follows."""
    if owner.is_heading:
        return True
    if block.kind is BlockKind.BULLET:
        return block.level > owner.depth
    return block.level >= owner.depth > 0 or not owner.texts
