"""Amounts, intervals and counts as prose writes them: "12 mg", "every four months", "14-day", "three doses"."""

import re
from decimal import Decimal

from monographs.rules.regimen import Interval, Unit

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = dict(zip(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty"), range(20, 90, 10), strict=True))
_WORDS = {word: number for number, word in enumerate(_SMALL)} | _TENS | {"single": 1}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_DAYS = {"day": 1, "week": 7, "fortnight": 14}

_SHORT_WORDS = "|".join(sorted((*_SMALL, "single"), key=len, reverse=True))
_NUMBER = rf"(?:\d{{1,3}}|(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_SMALL[1:10])}))?|(?:{_SHORT_WORDS}))"
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
_UNIT = "(?:day|week|fortnight|month|year)"
_LENGTH = rf"(?P<number>{_NUMBER})(?:\s+|-)(?:calendar\s+)?(?P<unit>{_UNIT})s?\b"

_FIGURE = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,6}}(?:[.,]\d{{1,3}})?|{_NUMBER})"
_MG = r"(?:mg|milligrams?)\b(?!\s*(?:/|per\s+k|per\s+m))"
_AMOUNT = re.compile(
    rf"\b(?P<other>{_NUMBER}\s+(?:or|to)\s+|\d{{1,3}}\s*[-\u2013/]\s*)?(?P<number>{_FIGURE})[\s-]*{_MG}"
)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
# The clearest wording first. "for 3 months" and "within 4 hours" are durations, not intervals.
_REPEATED = (
    re.compile(rf"\b(?:every|each)\s+{_LENGTH}"),
    re.compile(rf"\b(?:every|each|once\s+an?|once\s+per)\s+(?P<unit>{_UNIT})\b"),
)
_ONCE = (
    re.compile(rf"\b{_LENGTH}['\u2019]?[\s-]+(?:after|later|apart|intervals?|between|following|from)\b"),
    re.compile(rf"\bintervals?\s+of\s+{_LENGTH}"),
    re.compile(rf"(?<!for )(?<!within )\b{_LENGTH}"),
)
_BACKWARD = re.compile(rf"\b(?:after|following|since|from|before)\s+(?:the\s+)?(?:last\s+|previous\s+)?{_ORDINAL}\b")
_BETWEEN = r"(?:[x\u00d7]\s*)?(?:[\d.,]+[\s-]*mg\s+)?(?:(?!mg\b|ml\b|day|week|month|year)[a-z]+\s+){0,2}"
_COUNT = re.compile(rf"\b(?P<number>{_NUMBER})\s+{_BETWEEN}doses?\b|[x\u00d7]\s*(?P<times>\d{{1,2}})\b")
_NTH_DOSE = re.compile(rf"\b(?P<nth>{_ORDINAL})\s+(?:loading\s+)?dose\b(?!s)")
_NAME = re.compile(rf"\b(?:{_ORDINAL}\s+)?(?:loading|initial|starting|maintenance)\s+doses?\b|\b{_ORDINAL}\s+dose\b")


def amount_in(words: str) -> Decimal | None:
    """Return the one amount in mg that lower-case `words` name; None for none, for several, and for mg per kg."""
    found = list(_AMOUNT.finditer(words))
    amounts = {_decimal(amount["number"]) for amount in found}
    if len(amounts) != 1 or any(amount["other"] for amount in found):
        return None
    return amounts.pop()


def repeated_interval_in(words: str) -> Interval | None:
    """Return the interval of "every 14 days" and the like, or None."""
    return _first_interval(_REPEATED, words)


def interval_in(words: str) -> Interval | None:
    """Return the interval that `words` name, repeated or not: "30 days after", "14-day intervals"; or None."""
    return repeated_interval_in(words) or _first_interval(_ONCE, words)


def _first_interval(patterns: tuple[re.Pattern[str], ...], words: str) -> Interval | None:
    for pattern in patterns:
        if found := pattern.search(words):
            return _interval(found.groupdict().get("number") or "one", found["unit"])
    return None


def _interval(number: str, unit: str) -> Interval:
    count = whole_number(number)
    if unit in _DAYS:
        return Interval(count * _DAYS[unit], Unit.DAYS)
    return Interval(count * 12 if unit == "year" else count, Unit.MONTHS)


def count_in(words: str) -> int | None:
    """Return how many doses `words` speak of: 3 for "three doses", 1 for "a fourth dose"; None when they do not say."""
    if position_in(words):
        return 1
    found = _COUNT.search(words)
    return whole_number(found["number"] or found["times"]) if found else None


def position_in(words: str) -> int | None:
    """Return which dose `words` name: 4 for "a fourth dose"; not "after the third dose", which names another one."""
    found = _NTH_DOSE.search(_BACKWARD.sub("", words.casefold()))
    if found is None:
        return None
    nth = found["nth"]
    return _ORDINALS.index(nth) + 1 if nth in _ORDINALS else int(nth[:-2])


def dose_name_in(words: str) -> str:
    """Return the name that a sentence gives to its dose, "Maintenance Dose", else "Dose"."""
    found = _NAME.search(_BACKWARD.sub("", words.casefold()))
    return found[0].title() if found else "Dose"


def whole_number(word: str) -> int:
    """Return the number that digits or a word mean: "14", "fourteen", "twenty-eight"."""
    if word.isdecimal():
        return int(word)
    return sum(_WORDS[part] for part in re.split(r"[ -]", word))


def _decimal(number: str) -> Decimal:
    """Return an amount; a comma before three digits groups thousands, any other comma is a decimal sign."""
    if not number[0].isdecimal():
        return Decimal(whole_number(number))
    return Decimal(number.replace(",", "" if _THOUSANDS.fullmatch(number) else "."))
