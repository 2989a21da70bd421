"""The one Markdown parser, for what is understood and for what is shown, so that the two agree."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from monographs.rules.wording import lead_in

HARD_NESTING = 20
_LINK = re.compile(r"(https?://[^\s/]|mailto:[^\s/])", re.IGNORECASE)


class FormatParser(MarkdownIt):
    """CommonMark with tables, without raw HTML, images, indented code and underlined headings.

    A line that begins with a bold label begins a paragraph, whether or not a blank line stands before it. Nesting is
    cut at HARD_NESTING, which bounds the time; `blocks` refuses a document long before that depth.
    """

    def __init__(self) -> None:
        options: dict[str, Any] = {"html": False, "maxNesting": HARD_NESTING}
        super().__init__("commonmark", options)
        self.enable("table").disable(["code", "lheading", "image"])
        self.block.ruler.before("paragraph", "label", _begins_with_label, {"alt": ["paragraph"]})

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Accept absolute http, https and mailto addresses; any other link stays visible as text."""
        return _LINK.match(url) is not None


def _begins_with_label(state: StateBlock, line: int, _end: int, silent: bool) -> bool:  # noqa: FBT001
    """End the paragraph before a line that begins with a bold label; asked for a block of its own, there is none.

    Without its colon a bold line ends only a bullet that it is not indented below: in prose it may be mere emphasis.
    """
    if not silent:
        return False
    label = lead_in(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
    return label is not None and (label.colon or state.sCount[line] < state.blkIndent)


def blocks_only() -> FormatParser:
    """Return a parser that reads block structure alone, and leaves link definitions standing as text."""
    parser = FormatParser()
    parser.disable("reference")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
