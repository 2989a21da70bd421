"""Which effect of a monograph a term names, and which earlier events sound like it.

Pure: words in, words out. A term counts as listed only where it is the effect's own name or its explanation; anything
looser is shown to the person, never decided for them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# Two words are alike from so many letters on: "headach" finds "Headache", "rash" finds "Skin rash".
_SHORTEST_WORD = 3
_SAYS_NOTHING = frozenset({"and", "the", "with", "from", "for", "after", "low", "high", "reaction", "reactions"})
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect that a version of a monograph lists, with the explanation in brackets and its frequency group."""

    term: str
    explanation: str
    frequency: str


def listed(term: str, effects: Iterable[Effect]) -> Effect | None:
    """Return the effect that a term names, whatever its case and accents; None where the monograph lists none.

    "Adverse events", clinical-rules.md: listed in the monograph is derived, never typed.
    """
    said = folded(term)
    return next((effect for effect in effects if said in _names(effect)), None)


def similar(typed: str, earlier: Sequence[tuple[str, T]]) -> tuple[T, ...]:
    """Return those of the earlier (term, thing) that share a word with what is typed, or the beginning of one."""
    words = _telling(typed)
    return tuple(thing for term, thing in earlier if _shares(words, _telling(term)))


def folded(text: str) -> str:
    """Return a text without case, accents and surplus spaces, for comparing: "  Épistaxis " as "epistaxis"."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(plain.casefold().split())


def _names(effect: Effect) -> frozenset[str]:
    return frozenset({folded(effect.term), folded(effect.explanation)}) - {""}


def _telling(text: str) -> frozenset[str]:
    """Return the words that say which event it is."""
    words = _WORD.findall(folded(text))
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD and word not in _SAYS_NOTHING)


def _shares(words: frozenset[str], others: frozenset[str]) -> bool:
    return any(word.startswith(other) or other.startswith(word) for word in words for other in others)
