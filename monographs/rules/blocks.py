"""A Markdown text as a flat row of blocks: headings, bullets and paragraphs, each with its line.

Only the block structure is read here, with the same parser that renders the page, so that what is understood and
what is shown agree. Indented code and underlined headings are not part of the format.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from markdown_it.token import Token

from monographs.rules.markdown import blocks_only
from monographs.rules.problems import Problems

DEEPEST_LIST = 6
_DEEPEST_TOKEN = 2 * DEEPEST_LIST + 1
_LOST_BULLET = re.compile(r"^\s*[*+-]\s+(?=\S)")
_BARE_MARKER = re.compile(r"^\s*[*+-]\s*$")
_TIGHT_HEADING = re.compile(r"^#{1,6}[^\W\d_]")
_EMPTY_BULLET = "This bullet is empty; write its text or remove it."
_UNCLEAR_LINE = "This line follows a bullet: indent it if it is part of the bullet, else put a blank line before it."
_LEAVES = {"inline", "fence", "hr", "table_open", "blockquote_open"}
_CELLS = {"th_open", "td_open"}


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    BULLET = "bullet"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, bullet or paragraph.

    `level` is a heading's level (1-6), else the depth of the list it stands in (0 outside lists). `line` is the
    first line in the file and `end` the line after the last, both counted from 1.
    """

    kind: BlockKind
    level: int
    text: str
    line: int
    end: int


def blocks_in(lines: Sequence[str], first: int, problems: Problems) -> tuple[Block, ...]:
    """Return the blocks of `lines`, whose first is line `first` of the file; malformed ones go to `problems`."""
    return _Walk(lines, first, problems).over(blocks_only().parse("\n".join(lines)))


class _Walk:
    """Walks the parser's tokens once, remembering the list it is in and the bullet that has no text yet."""

    def __init__(self, lines: Sequence[str], first: int, problems: Problems) -> None:
        self._lines = lines
        self._first = first
        self._problems = problems
        self._depth = 0
        self._bullet: int | None = None
        self._before = ""
        self._heading = 0

    def over(self, tokens: Sequence[Token]) -> tuple[Block, ...]:
        """Return the blocks of all tokens, in order."""
        blocks: list[Block] = []
        for token in tokens:
            self._enter(token)
            if token.type == "inline" and self._before not in _CELLS:
                blocks.extend(self._blocks_of(token))
            if token.type in _LEAVES:
                self._bullet = None
            self._before = token.type
        return tuple(blocks)

    def _enter(self, token: Token) -> None:
        """Follow the nesting, and report what is empty, unclosed or too deep."""
        if token.level > _DEEPEST_TOKEN and token.map:
            message = f"This is nested more than {DEEPEST_LIST} lists deep; use fewer levels."
            self._problems.add(self._line(token), message)
        if token.type.endswith("_list_open") or token.type.endswith("_list_close"):
            self._depth += token.nesting
        elif token.type.startswith("list_item_"):
            self._report_empty_bullet()
            self._bullet = self._line(token) if token.nesting == 1 else None
        elif token.type == "heading_open":
            self._heading = int(token.tag[1:])
        elif token.type == "fence":
            self._check_fence(token)

    def _line(self, token: Token) -> int:
        return self._first + (token.map[0] if token.map else 0)

    def _end(self, token: Token) -> int:
        return self._first + (token.map[1] if token.map else 0)

    def _report_empty_bullet(self) -> None:
        if self._bullet is not None:
            self._problems.add(self._bullet, _EMPTY_BULLET)

    def _check_fence(self, token: Token) -> None:
        start, end = token.map or [0, 0]
        last = self._lines[end - 1].strip(" \t>")
        if end - start < 2 or not last.startswith(token.markup) or last.strip(token.markup[0]):
            message = f"The code block opened here is never closed; close it with {token.markup} on a line of its own."
            self._problems.add(self._line(token), message)

    def _blocks_of(self, token: Token) -> Iterator[Block]:
        """Yield the block of one inline token, and the bullets that deep indentation glued to its paragraph."""
        block = Block(BlockKind.TEXT, self._depth, token.content, self._line(token), self._end(token))
        if self._before == "heading_open" and token.level == 1:
            yield self._heading_block(block)
            return
        if self._bullet is not None:
            block = replace(block, kind=BlockKind.BULLET, line=self._bullet)
        yield from self._parts(block, self._line(token))

    def _heading_block(self, block: Block) -> Block:
        if not block.text.strip():
            self._problems.add(block.line, "This heading is empty; write its text or remove it.")
        return replace(block, kind=BlockKind.HEADING, level=self._heading)

    def _parts(self, block: Block, first: int) -> Iterator[Block]:
        """Split a paragraph where a line in it is a bullet of its own."""
        start, lines = 0, block.text.split("\n")
        self._check_lines(lines, first, in_list=block.level > 0)
        cuts = [n for n, line in enumerate(lines) if n and _LOST_BULLET.match(line)]
        for cut in [*cuts, len(lines)]:
            text = _LOST_BULLET.sub("", "\n".join(lines[start:cut])) if start else "\n".join(lines[:cut])
            line = first + start if start else block.line
            part = replace(block, text=text.strip(), line=line, end=first + cut)
            yield replace(part, kind=BlockKind.BULLET, level=block.level + 1) if start else part
            start = cut

    def _check_lines(self, lines: Sequence[str], first: int, *, in_list: bool) -> None:
        for number, line in enumerate(lines, first):
            if _BARE_MARKER.match(line):
                self._problems.add(number, _EMPTY_BULLET)
            elif in_list and number > first and not self._lines[number - self._first][:1].isspace():
                self._problems.add(number, _UNCLEAR_LINE)
            if _TIGHT_HEADING.match(line):
                self._problems.add(number, "This looks like a heading; put a space after the #.")
