"""How names and numbers are folded, so that a search forgives case, accents, order, spaces and punctuation.

Pure: no Django, no database. Accents are taken off letters of the Latin and Greek scripts only, where people leave
them out when they type; in other scripts a mark is part of the letter and stays.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

# What people type for an apostrophe: quotation marks, modifier letters, accents standing alone, a prime.
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bb\u02bc\u0060\u00b4\u2032"), "'")
# Letters that no decomposition takes apart, as people write them on a keyboard that lacks them.
_LETTERS = _APOSTROPHES | str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
    }
)
_LONGEST_SORT_NAME = 200
_MOST_WORDS = 8
_ALIKE = 0.75
_SHORTEST_TELLING_NAME = 3


def fold(text: str) -> str:
    """Return the text without case and accents: "Ødegård-STRAUẞ" as "odegard-strauss". Twice is as once."""
    caseless = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold())
    plain = "".join(_without_accents(caseless)).translate(_LETTERS)
    return unicodedata.normalize("NFKC", plain)


def search_text(names: Iterable[str], numbers: Iterable[str] = ()) -> str:
    """Return what a search looks through: each word once, folded, with a space before it.

    A name of several pieces can be found by each of them and written together: "O'Brien-Åse" is kept as `obrien`,
    `ase`, `o`, `brien` and `obrienase`. Numbers are treated alike.
    """
    words: dict[str, None] = {}
    for text in (*names, *numbers):
        pieces = _pieces(fold(text))
        words |= dict.fromkeys((*query_words(text), *pieces, "".join(pieces)))
    return "".join(f" {word}" for word in words if word)


def sort_name(family_name: str, given_name: str) -> str:
    """Return the key by which lists order people: family name first, folded, at most 200 characters."""
    return " ".join((*_pieces(fold(family_name)), *_pieces(fold(given_name))))[:_LONGEST_SORT_NAME]


def query_words(typed: str) -> tuple[str, ...]:
    """Return the words of a search, folded, at most eight. An apostrophe joins what it stands between."""
    return tuple(_pieces(fold(typed).replace("'", "")))[:_MOST_WORDS]


def readings(typed: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to read a search; a record that fits one of them is found.

    As typed; with groups of digits joined, for "943 476 5919"; and all in one, for a number such as "AB 123".
    """
    words = query_words(typed)
    return tuple(dict.fromkeys((words, tuple(_joined_digits(words)), ("".join(words),)))) if words else ()


def matches(text: str, typed: str) -> bool:
    """Say whether a search finds this text: every word of one reading begins a word of it."""
    return any(all(f" {word}" in text for word in reading) for reading in readings(typed))


def alike(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Say whether two people born on the same day may be one, going by (given, family) names.

    They may when the names are nearly the same letters in any order of names, or share a whole name of three letters
    or more: a changed surname, a second given name left out, given and family name swapped.
    """
    ours, theirs = (_pieces(fold(" ".join(names))) for names in (one, other))
    if any(len(name) >= _SHORTEST_TELLING_NAME for name in set(ours) & set(theirs)):
        return True
    return SequenceMatcher(None, " ".join(sorted(ours)), " ".join(sorted(theirs)), autojunk=False).ratio() >= _ALIKE


def _without_accents(decomposed: str) -> Iterator[str]:
    """Drop the combining marks that follow a letter of a script in which people leave them out."""
    forgiving = False
    for char in decomposed:
        if not unicodedata.combining(char):
            forgiving = unicodedata.name(char, "").startswith(("LATIN", "GREEK"))
        elif forgiving and "\u0300" <= char <= "\u036f":
            continue
        yield char


def _pieces(text: str) -> list[str]:
    """Split at everything that is neither letter nor mark nor digit; marks are parts of letters in many scripts."""
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in text).split()


def _joined_digits(words: tuple[str, ...]) -> Iterator[str]:
    digits = ""
    for word in words:
        if word.isdigit():
            digits += word
            continue
        if digits:
            yield digits
        digits = ""
        yield word
    if digits:
        yield digits
