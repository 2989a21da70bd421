"""Search in the monographs in force: sections, effects, precautions and questions, each found row with its place."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import strip_tags

from monographs.models import Effect, Faq, Part, Precaution, Section, Version
from monographs.rules.rendering import to_html
from monographs.rules.sections import SectionKind

MOST_WORDS = 8
MOST_HITS = 50
EXCERPT_LENGTH = 220
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of an excerpt, as plain text; `found` when it is one of the words that were looked for."""

    text: str
    found: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where all words stand: the monograph, the section and its address, and an excerpt in pieces."""

    title: str
    section: str
    url: str
    excerpt: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found. `is_cut` when there was more than is shown; `words` is empty when nothing was asked."""

    words: tuple[str, ...]
    hits: tuple[Hit, ...]
    is_cut: bool


def words_in(text: str) -> tuple[str, ...]:
    """Return the words to look for, each once; signs alone are no words."""
    return tuple(dict.fromkeys(_WORD.findall(text)))[:MOST_WORDS]


def search(text: str) -> Results:
    """Return every place in the versions in force that holds all words of `text`, in whatever case.

    In the order of the monographs' titles, then sections, effects, precautions and questions; five queries at most.
    """
    words = words_in(text)
    if not words:
        return Results((), (), is_cut=False)
    places = _Places()
    hits = [
        *_hits(Section, ("title", "body", "closing"), words, places, _section_text),
        *_hits(Effect, ("term", "explanation", "heading"), words, places, _effect_text),
        *_hits(Precaution, ("label", "text"), words, places, _precaution_text),
        *_hits(Faq, ("question", "answer"), words, places, _faq_text),
    ]
    hits.sort(key=lambda hit: hit.title)
    return Results(words, tuple(hits[:MOST_HITS]), is_cut=len(hits) > MOST_HITS)


class _Places:
    """Where each kind of row stands on its monograph's page."""

    _HOMES = {
        Effect: SectionKind.SIDE_EFFECTS,
        Precaution: SectionKind.PRECAUTIONS,
        Faq: SectionKind.FAQS,
    }

    def __init__(self) -> None:
        rows = _in_force(Section.objects.filter(kind__in=self._HOMES.values()))
        self._homes = {(row.version_id, row.kind): row for row in rows.order_by("-order")}

    def section_of(self, row: Part) -> Section:
        """Return the section under which a row is shown."""
        return row if isinstance(row, Section) else self._homes[row.version_id, self._HOMES[type(row)]]


def _hits(
    model: type[P], fields: Sequence[str], words: Sequence[str], places: _Places, text_of: Callable[[P], str]
) -> Iterable[Hit]:
    """Yield the rows that hold all words. The database narrows, the words themselves decide, alike on every engine."""
    wanted = Q()
    for word in words:
        # SQLite folds the case of ASCII letters only; other words are left to the check below.
        if word.isascii():
            wanted &= Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)
    rows: QuerySet[P] = QuerySet(model=model)
    for row in _in_force(rows.filter(wanted)).order_by("version_id", "order"):
        text = text_of(row)
        if all(re.search(re.escape(word), text, re.IGNORECASE) for word in words):
            section = places.section_of(row)
            monograph = row.version.monograph
            url = f"{reverse('monographs:detail', args=[monograph.slug])}#{section.anchor}"
            yield Hit(monograph.title, section.title, url, excerpt(text, words))


def _in_force(rows: QuerySet[P]) -> QuerySet[P]:
    return rows.filter(version__state=Version.State.PUBLISHED).select_related("version__monograph")


def _section_text(row: Section) -> str:
    return " ".join(part for part in (row.title, _plain(row.body), _plain(row.closing)) if part)


def _effect_text(row: Effect) -> str:
    explanation = f" ({row.explanation})" if row.explanation else ""
    return f"{row.term}{explanation} · {row.heading}"


def _precaution_text(row: Precaution) -> str:
    return f"{row.label}: {_plain(row.text)}" if row.label else _plain(row.text)


def _faq_text(row: Faq) -> str:
    return f"{row.question} {_plain(row.answer)}"


def _plain(markdown: str) -> str:
    """Return the words as the page shows them, on one line."""
    return " ".join(html.unescape(strip_tags(to_html(markdown))).split())


def excerpt(text: str, words: Sequence[str]) -> tuple[Piece, ...]:
    """Return the text around the first of the words, cut between words, with every one of them marked."""
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    found = pattern.search(text)
    first, last = found.span() if found else (0, 0)
    start = max(0, first - EXCERPT_LENGTH // 3)
    if start:
        start = min(text.find(" ", start) + 1 or start, first)
    end = start + EXCERPT_LENGTH
    if end < len(text):
        end = max(text.rfind(" ", start, end), last)
    shown = ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")
    return tuple(_pieces(shown, pattern))


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterable[Piece]:
    place = 0
    for found in pattern.finditer(text):
        if found.start() > place:
            yield Piece(text[place : found.start()], found=False)
        yield Piece(found[0], found=True)
        place = found.end()
    if place < len(text):
        yield Piece(text[place:], found=False)
