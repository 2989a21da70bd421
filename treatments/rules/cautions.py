"""What a person must have seen before a dose is booked or recorded. A caution never refuses what happened.

The sentences name the figures that were entered: who confirms one has confirmed those figures and no others.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from treatments.rules.schedule_words import in_words

CODES = (
    "before_last_dose",
    "interval_short",
    "amount_differs",
    "volume_differs",
    "vial_expired",
    "on_hold",
    "before_window",
    "after_window",
    "band_crossing",
    "same_event",
    "scale_not_meant_for",
    "not_checked",
    "checked_otherwise",
    "not_ready",
    "vial_unfit",
    "vial_not_in_stock",
    "injection_time",
    "left_early",
)


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to confirm: a stable code for the record, and the sentence to read."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the schedule says of the dose: mg, mL, the last dose before it, the earliest safe day, and the window.

    Dates are local days; None where the schedule has none yet.
    """

    mg: Decimal
    ml: Decimal
    previous_on: date | None
    floor: date | None
    opens: date | None
    closes: date | None


def giving(
    plan: Plan, *, given_on: date, mg: Decimal, ml: Decimal | None, vial_expires_on: date | None, held: bool
) -> tuple[Caution, ...]:
    """Return what must be confirmed before this administration is recorded."""
    return tuple(
        caution
        for caution in (
            _order(plan, given_on) or _too_soon(plan, given_on) or _early(plan, given_on),
            _amount(plan, mg),
            _volume(plan, ml),
            _expired(vial_expires_on, given_on),
            _held(held=held),
        )
        if caution
    )


def booking(plan: Plan, *, on: date, crosses_band: bool, held: bool) -> tuple[Caution, ...]:
    """Return what must be confirmed before this day is booked."""
    found = (_early(plan, on), _after(plan, on), crossing(on) if crosses_band else None, _held(held=held))
    return tuple(caution for caution in found if caution)


def _order(plan: Plan, given_on: date) -> Caution | None:
    """A day before the last dose is rare, and most often a slip of month or year; the replay takes it all the same."""
    if plan.previous_on is None or given_on >= plan.previous_on:
        return None
    said = f"{in_words(given_on)} is before the last recorded dose, on {in_words(plan.previous_on)};"
    return Caution("before_last_dose", f"{said} the series will be counted anew from this day.")


def _too_soon(plan: Plan, given_on: date) -> Caution | None:
    """A dose before the floor still counts, because the drug is in; it is flagged (rule 7)."""
    if plan.floor is None or plan.previous_on is None or given_on >= plan.floor:
        return None
    days = (given_on - plan.previous_on).days
    said = f"Only {days} {'day' if days == 1 else 'days'} after the last dose on {in_words(plan.previous_on)};"
    return Caution("interval_short", f"{said} the earliest safe day is {in_words(plan.floor)}.")


def _amount(plan: Plan, mg: Decimal) -> Caution | None:
    if mg == plan.mg:
        return None
    return Caution("amount_differs", f"{_plain(mg)} mg was entered; the schedule says {_plain(plan.mg)} mg.")


def _volume(plan: Plan, ml: Decimal | None) -> Caution | None:
    if ml is None or ml == plan.ml:
        return None
    return Caution("volume_differs", f"{_plain(ml)} mL was entered; a dose is {_plain(plan.ml)} mL.")


def _expired(vial_expires_on: date | None, given_on: date) -> Caution | None:
    if vial_expires_on is None or vial_expires_on >= given_on:
        return None
    return Caution("vial_expired", f"The vial had expired on {in_words(vial_expires_on)}, before the dose was given.")


def _held(*, held: bool) -> Caution | None:
    return Caution("on_hold", "The course is on hold.") if held else None


def _early(plan: Plan, on: date) -> Caution | None:
    if plan.opens is None or on >= plan.opens:
        return None
    return Caution("before_window", f"{in_words(on)} is before the window opens on {in_words(plan.opens)}.")


def _after(plan: Plan, on: date) -> Caution | None:
    if plan.closes is None or on <= plan.closes:
        return None
    return Caution("after_window", f"{in_words(on)} is after the window closes on {in_words(plan.closes)}.")


def crossing(on: date) -> Caution:
    """Return the caution for a day on which the label asks for more doses than today (rule 6)."""
    said = f"On {in_words(on)} more doses will be called for than today:"
    return Caution("band_crossing", f"{said} a boundary of the label's late-dose rules lies before it.")


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
