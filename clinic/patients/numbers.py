"""Numbers by which somebody knows a patient: brought into one form, and checked where the number can check itself.

Pure: no Django models, no database.
"""

import re
import unicodedata

from clinic.patients.choices import IdentifierKind

LONGEST = 40
_ALLOWED = re.compile(r"[^\W_](?:[^\W_]|[-/._])*")
_NHS_DIGITS = 10


class RefusedNumber(ValueError):
    """The number cannot be what it is said to be. The message says why, for the person who typed it."""


def normalise(kind: str, typed: str) -> str:
    """Return the number as it is kept: no spaces, capitals, plain digits. Raises RefusedNumber.

    Spaces never belong to a number: they are how people group what they read aloud. An NHS number carries a check
    digit, so a slip in typing it is found here.
    """
    number = "".join(unicodedata.normalize("NFKC", typed).split()).upper()
    if kind == IdentifierKind.NHS:
        return _nhs_number(number.replace("-", ""))
    if len(number) > LONGEST:
        raise RefusedNumber(f"This number is longer than {LONGEST} characters.")
    if not _ALLOWED.fullmatch(number):
        raise RefusedNumber("Use letters and digits; between them also - / . and _, but nothing else.")
    return number


def _nhs_number(number: str) -> str:
    """Check length and check digit: modulus 11 over nine digits weighted 10 to 2; a check of ten is not issued."""
    if not (number.isascii() and number.isdigit()) or len(number) != _NHS_DIGITS:
        raise RefusedNumber("An NHS number has 10 digits, such as 943 476 5919.")
    if len(set(number)) == 1:
        raise RefusedNumber("An NHS number is never the same digit ten times.")
    weighted = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False))
    if (11 - weighted % 11) % 11 != int(number[-1]):
        raise RefusedNumber("The check digit does not fit, so at least one digit is wrong. Compare it with the letter.")
    return number
