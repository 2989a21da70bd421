"""Markdown to HTML that is safe to put on a page, whoever wrote it.

Two walls: the Markdown parser writes no raw HTML, images or unknown links, and nh3 then removes whatever is not on a
short list. Time is bounded by LONGEST_TEXT; a longer text is shown as plain words, so nothing is lost.
"""

import html
from collections.abc import Sequence

import nh3
from markdown_it.token import Token

from monographs.rules.markdown import FormatParser

LONGEST_TEXT = 50_000
TOP_HEADING = 3
_TEXT_TAGS = {"p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "a", "h3", "h4", "h5", "h6"}
_PARSER = FormatParser()
_CLEANER = nh3.Cleaner(
    tags=_TEXT_TAGS | {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"},
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


def to_html(markdown: str) -> str:
    """Return safe HTML for a section's text; its headings begin at h3, below the page's and the section's own."""
    if len(markdown) > LONGEST_TEXT:
        return f"<p>{html.escape(markdown)}</p>"
    tokens = _PARSER.parse(markdown)
    _shift_headings(tokens)
    return _CLEANER.clean(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def _shift_headings(tokens: Sequence[Token]) -> None:
    """Move headings so that the highest is TOP_HEADING, whatever level the document's author chose."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1:]) for token in headings), default=TOP_HEADING)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1:]) - highest + TOP_HEADING, 6)}"
