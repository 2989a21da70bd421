"""Attempts written by hand: "2026-01-19", "2026-01-19:12", "2026-01-19:12:partial"."""

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from treatments.rules.schedule_terms import Attempt, Outcome

_OUTCOMES = frozenset(Outcome)
_MOST_MG = 1000  # twenty times the largest dose of any regimen: beyond it is a slip of the pen


class BadEntry(ValueError):
    """Something written by hand cannot be read. The message says what and how it is written."""


def day_from(text: object) -> date:
    """Read a day written like 2026-01-19. Raises BadEntry."""
    # The seventh place keeps out the other ISO forms, week dates among them, which nobody means here.
    written = text if isinstance(text, str) and text[7:8] == "-" else ""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadEntry(f"“{text}” is not a date; write it like 2026-01-19.") from None


def mg_from(amount: object) -> Decimal:
    """Read an amount in mg, above 0 and at most 1000. Raises BadEntry."""
    return _mg(str(amount))


@lru_cache(maxsize=256)  # a file of a million lines holds a handful of amounts
def _mg(text: str) -> Decimal:
    try:
        mg = Decimal(text)
    except InvalidOperation:
        mg = Decimal(0)
    if not mg.is_finite() or not 0 < mg <= _MOST_MG:
        raise BadEntry(f"“{text}” is not an amount in mg; write it like 12.")
    return mg


def attempt_from(text: str) -> Attempt:
    """Read DATE[:MG][:OUTCOME]; without them it is the planned amount, completed. Raises BadEntry."""
    day, *rest = text.strip().split(":")
    outcome = Outcome(rest.pop()) if rest and rest[-1] in _OUTCOMES else Outcome.COMPLETED
    if len(rest) > 1:
        raise BadEntry(f"“{text}” is not a dose; write it like 2026-01-19 or 2026-01-19:12.")
    return Attempt(day_from(day), mg_from(rest[0]) if rest else None, outcome)
