"""The one Markdown parser, for what is understood and for what is shown, so that the two agree."""

import re
from typing import Any

from markdown_it import MarkdownIt

HARD_NESTING = 20
_LINK = re.compile(r"(https?://[^\s/]|mailto:[^\s/])", re.IGNORECASE)


class FormatParser(MarkdownIt):
    """CommonMark with tables, without raw HTML, images, indented code and underlined headings.

    Nesting is cut at HARD_NESTING, which bounds the time; `blocks` refuses a document long before that depth.
    """

    def __init__(self) -> None:
        options: dict[str, Any] = {"html": False, "maxNesting": HARD_NESTING}
        super().__init__("commonmark", options)
        self.enable("table").disable(["code", "lheading", "image"])

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Accept absolute http, https and mailto addresses; any other link stays visible as text."""
        return _LINK.match(url) is not None


def blocks_only() -> FormatParser:
    """Return a parser that reads block structure alone, and leaves link definitions standing as text."""
    parser = FormatParser()
    parser.disable("reference")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
