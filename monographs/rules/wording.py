"""Small readings of one piece of Markdown text: its plain words, and its bold lead-in."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

# Each run of marks is tried from its start only: a hostile run must not cost the square of its length.
_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])|\*+(?=\S)|(?<=\S)\*+|`+|(?<!\w)_+(?=\S)|(?<=[^\s_])_++(?!\w)")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_LEAD_IN = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?![*_\s])(?P<label>.{1,300}?)(?P=mark)(?P<rest>.*)", re.DOTALL)


def plain(markdown: str) -> str:
    """Return the words alone: one line, without emphasis marks, escapes and character references."""
    words = _MARKS.sub(lambda mark: mark[1] or "", markdown)
    return " ".join(_REFERENCE.sub(lambda reference: html.unescape(reference[0]), words).split())


@dataclass(frozen=True, slots=True)
class LeadIn:
    """A label that opens a piece of text, and the Markdown after it: "**Monitoring:** regular …".

    `colon` tells a label from a text that is emphasised as a whole.
    """

    label: str
    rest: str
    colon: bool


def lead_in(markdown: str) -> LeadIn | None:
    """Return the emphasised label at the start, or None; the colon may stand inside or outside the emphasis.

    Without a colon the emphasis must span the whole text: "**Common (>10%)**" is a lead-in, "*SMN2* gene" is not.
    """
    found = _LEAD_IN.match(markdown.strip())
    if found is None:
        return None
    label, rest = found["label"].strip(), found["rest"].strip()
    inside, outside = label.endswith(":"), rest.startswith(":")
    if not (inside or outside or not rest):
        return None
    return LeadIn(plain(label).removesuffix(":").rstrip(), rest.removeprefix(":").lstrip(), inside or outside)


def key_of(text: str) -> str:
    """Return the form in which two names are the same name: plain, lower case, letters and digits only."""
    return " ".join(re.findall(r"\w+", plain(text).replace("&", " and ").casefold()))


def anchor_for(title: str, taken: Iterable[str]) -> str:
    """Return a fragment for `title` that is unlike those `taken`: "side-effects", then "side-effects-2"."""
    base = key_of(title).replace(" ", "-")[:80].strip("-") or "section"
    used, anchor, number = set(taken), base, 1
    while anchor in used:
        number += 1
        anchor = f"{base}-{number}"
    return anchor
