"""What a scanner reads off a carton: the GS1 element string with product number, lot, expiry and serial number.

Source: GS1 General Specifications, sections 3 (application identifiers), 7.8 (element strings and the separator FNC1)
and 7.12 (two-digit years). Both forms are read: the one people see, `(01)…(17)…`, and the one a scanner sends, where
an identifier follows its predecessor and FNC1 ends what has no fixed length. Nothing is guessed: what cannot be read
is refused with a sentence, and what is unknown is left for a person to fill in.

    >>> scan = read("(01)00364406058011(17)280200(10)AB12(21)77", date(2026, 7, 4))
    >>> scan.lot, scan.expires_on.isoformat(), scan.serial
    ('AB12', '2028-02-29', '77')
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

# How FNC1 arrives: the control character itself, or what scanners are set to send where a browser would drop it.
_SEPARATORS = re.compile("\x1d|␝|<GS>|\\{GS\\}|\\[GS\\]", re.IGNORECASE)
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9]")
_IN_BRACKETS = re.compile(r"\(([0-9]{2,4})\)([^(]*)")
_LEGIBLE = re.compile(r"[A-Za-z0-9!\"%&'()*+,\-./_:;<=>?]{1,90}")
_DIGITS = re.compile(r"[0-9]+")
# Identifiers of a fixed length, in digits after the identifier (7.8.5-2), of those that stand on medicines.
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
# Identifiers whose value ends at the separator, with the longest value each may have.
_OPEN = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8, "240": 30, "241": 30, "250": 30}
_OPEN |= dict.fromkeys(("710", "711", "712", "713", "714", "715"), 20)
_NAMES = {"01": "product number", "10": "lot", "17": "expiry", "21": "serial number"}
_LONGEST = 400


class UnreadableScan(ValueError):
    """The text is not an element string that can be trusted. The message says where it fails, in one sentence."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read; "" or None for what the carton does not say. `gtin` has 14 digits and a right check digit."""

    gtin: str = ""
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""


def read(text: str, today: date) -> Scan:
    """Read one scan; `today` decides the century of a two-digit year. Raises UnreadableScan."""
    text = text.strip()
    if not text:
        raise UnreadableScan("There is nothing to read.")
    if len(text) > _LONGEST:
        raise UnreadableScan("This is far longer than any carton’s code; scan one carton at a time.")
    bracketed = text.startswith("(")
    found: dict[str, str] = {}
    for identifier, value in _bracketed(text) if bracketed else _scanned(text):
        if found.setdefault(identifier, value) != value:
            raise UnreadableScan(f"The code gives two values for the {_name(identifier)}; scan the carton again.")
    return Scan(
        gtin=_gtin(found["01"]) if "01" in found else "",
        lot=found.get("10", ""),
        expires_on=_day(found["17"], today) if "17" in found else None,
        serial=found.get("21", ""),
    )


@dataclass(frozen=True, slots=True)
class Scans:
    """Several cartons of one product and lot: how many, and the serial numbers of those that carry one."""

    first: Scan
    count: int
    serials: tuple[str, ...]


def read_all(text: str, today: date) -> Scans:
    """Read one carton per line. Raises UnreadableScan naming the line, also for another product, lot or expiry."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableScan("There is nothing to read.")
    scans: list[Scan] = []
    for number, line in enumerate(lines, 1):
        try:
            scan = read(line, today)
        except UnreadableScan as refusal:
            raise UnreadableScan(f"Line {number}: {refusal}") from None
        if scans and replace(scan, serial="") != replace(scans[0], serial=""):
            raise UnreadableScan(
                f"Line {number}: another product, lot or expiry than line 1; receive each lot by itself."
            )
        if scan.serial and scan in scans:
            raise UnreadableScan(f"Line {number}: this carton was scanned already, on line {scans.index(scan) + 1}.")
        scans.append(scan)
    return Scans(scans[0], len(scans), tuple(scan.serial for scan in scans if scan.serial))


def has_right_check_digit(gtin: str) -> bool:
    """Say whether the last of the digits is what the others ask for: weights 3 and 1 from the right (7.9)."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(gtin)))
    return weighed % 10 == 0


def year_of(two_digits: int, today: date) -> int:
    """Return the year that two digits mean: the one at most 50 years ahead of, and 49 behind, the current year."""
    year = today.year - today.year % 100 + two_digits
    distance = two_digits - today.year % 100
    if distance >= 51:
        return year - 100
    return year + 100 if distance <= -50 else year


def _bracketed(text: str) -> Iterator[tuple[str, str]]:
    """Yield each identifier with its value from the form with brackets."""
    end = 0
    for part in _IN_BRACKETS.finditer(text):
        if part.start() != end:
            break
        end = part.end()
        yield part[1], _checked(part[1], _SEPARATORS.sub("", part[2]).strip())
    if end != len(text):
        raise UnreadableScan(f"“{text[end : end + 20]}” is not an identifier in brackets, such as (17).")


def _scanned(text: str) -> Iterator[tuple[str, str]]:
    """Yield each identifier with its value from the form that a scanner sends."""
    rest = _SEPARATORS.sub("\x1d", _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text)
    rest = rest.removeprefix("\x1d")
    while rest:
        identifier = _identifier(rest)
        value, rest = _split(identifier, rest[len(identifier) :])
        yield identifier, _checked(identifier, value)


def _identifier(rest: str) -> str:
    found = next((rest[:length] for length in (2, 3) if rest[:length] in _FIXED or rest[:length] in _OPEN), "")
    if not found:
        raise UnreadableScan(
            f"“{rest[:20]}” begins with no identifier known here. Scan the carton’s square code, or type its facts."
        )
    return found


def _split(identifier: str, rest: str) -> tuple[str, str]:
    """Return the identifier's value and what follows it; a separator after a fixed length is allowed."""
    if identifier in _FIXED:
        length = _FIXED[identifier]
        return rest[:length], rest[length:].removeprefix("\x1d")
    value, _, following = rest.partition("\x1d")
    return value, following


def _checked(identifier: str, value: str) -> str:
    """Return the value if it is one that its identifier may have."""
    if identifier in _FIXED:
        if len(value) != _FIXED[identifier] or not _DIGITS.fullmatch(value):
            raise UnreadableScan(
                f"The {_name(identifier)} “{value[:20]}” does not have {_FIXED[identifier]} digits; scan again."
            )
        return value
    if not _LEGIBLE.fullmatch(value):
        raise UnreadableScan(f"The {_name(identifier)} “{value[:20]}” is empty or has a sign that no code holds.")
    if len(value) > _OPEN.get(identifier, 90):
        raise UnreadableScan(
            f"The {_name(identifier)} is longer than {_OPEN[identifier]} signs: the scanner dropped a separator."
            + " Type the facts from the carton."
        )
    return value


def _name(identifier: str) -> str:
    return _NAMES.get(identifier, f"value of ({identifier})")


def _gtin(digits: str) -> str:
    if not has_right_check_digit(digits):
        raise UnreadableScan(f"The product number {digits} has a wrong check digit; scan the carton again.")
    return digits


def _day(digits: str, today: date) -> date:
    """Return the day of YYMMDD; day 00 means the last day of the month (3.4.7)."""
    year, month, day = year_of(int(digits[:2]), today), int(digits[2:4]), int(digits[4:])
    if not 1 <= month <= 12 or not day <= monthrange(year, month)[1]:
        raise UnreadableScan(f"The expiry {digits} is no day of the calendar, as year, month and day.")
    return date(year, month, day or monthrange(year, month)[1])
