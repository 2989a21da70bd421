"""A regimen: the ordered loading steps, then one maintenance step that repeats.

Regimens are data. A monograph's front matter carries them, `regimen_from` reads them, and a course pins the version
it began under. Nothing here is specific to one drug.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from monographs.rules.dates import add_months

LONGEST_INTERVAL = 9999
LARGEST_AMOUNT = 10_000
LONGEST_TEXT = 200
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNITS = {"day": "days", "days": "days", "month": "months", "months": "months"}


class InvalidRegimen(ValueError):
    """The data does not describe a regimen. The message names the place, the value and what is expected."""


class Unit(StrEnum):
    """What an interval is counted in."""

    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Interval:
    """A length of time on the calendar: exact days, or calendar months clamped to the month's end."""

    count: int
    unit: Unit

    def after(self, day: date) -> date:
        """Return the day that lies this interval after `day`."""
        if self.unit is Unit.MONTHS:
            return add_months(day, self.count)
        return day + timedelta(days=self.count)

    def __str__(self) -> str:
        """Say the interval in words: "14 days", "1 month"."""
        return f"{self.count} {self.unit if self.count != 1 else self.unit.rstrip('s')}"


@dataclass(frozen=True, slots=True)
class Step:
    """One dose of the regimen: the amount, the volume, and the interval from the dose before it."""

    mg: Decimal
    ml: Decimal
    after: Interval


@dataclass(frozen=True, slots=True)
class Band:
    """What a maintenance dose calls for when it is at least `from_months` months late by the last dose.

    `doses` catch-up doses, `apart_days` days apart; `restart` means loading begins again and `doses` is 0.
    """

    from_months: int
    doses: int
    apart_days: int
    restart: bool


@dataclass(frozen=True, slots=True)
class LateRules:
    """The label's bands for a late maintenance dose, ascending; below the first band one dose is given.

    They have a source and a first day of their own: a label may change them and leave the schedule as it is.
    """

    bands: tuple[Band, ...]
    source: str
    effective_from: date | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """How a course on another regimen may change to this one: a first dose in place of the next one due."""

    from_keys: tuple[str, ...]
    first: Step


@dataclass(frozen=True, slots=True)
class Regimen:
    """A versioned dosing schedule. `late` is None when no late-dose rules are known: a prescriber decides."""

    key: str
    version: int
    name: str
    loading: tuple[Step, ...]
    maintenance: Step
    minimum_days: int
    late: LateRules | None
    switch: Switch | None
    source: str
    effective_from: date | None
    is_default: bool


def interval_from(text: object, where: str) -> Interval:
    """Read "14 days" or "4 months". Raises InvalidRegimen naming `where`."""
    words = str(text).casefold().split()
    if len(words) != 2 or not words[0].isdecimal() or words[1] not in _UNITS:
        raise InvalidRegimen(f"{where}: {_shown(text)} is not an interval; write it like “14 days” or “4 months”.")
    if len(words[0]) > len(str(LONGEST_INTERVAL)):
        raise InvalidRegimen(f"{where}: {_shown(text)} is longer than {LONGEST_INTERVAL} {words[1]}.")
    return Interval(int(words[0]), Unit(_UNITS[words[1]]))


def regimen_from(data: Mapping[str, Any], version: int) -> Regimen:
    """Read one regimen from a monograph's front matter. Raises InvalidRegimen naming the key that is wrong."""
    key = _key(data)
    known = {"key", "name", "default", "source", "effective_from", "loading", "maintenance"}
    _only(data, known | {"minimum_interval", "late_maintenance", "switch"}, key)
    loading = data.get("loading")
    if not isinstance(loading, list) or not loading:
        raise InvalidRegimen(f"{key}.loading: list at least one step.")
    minimum = interval_from(data.get("minimum_interval"), f"{key}.minimum_interval")
    if minimum.unit is not Unit.DAYS:
        raise InvalidRegimen(f"{key}.minimum_interval: give it in days, not {minimum}.")
    return Regimen(
        key=key,
        version=version,
        name=_text(data, "name", key),
        loading=tuple(_step(step, "after", f"{key}.loading[{n}]", first=n == 1) for n, step in enumerate(loading, 1)),
        maintenance=_step(data.get("maintenance"), "every", f"{key}.maintenance"),
        minimum_days=minimum.count,
        late=_late_rules(data.get("late_maintenance"), key),
        switch=_switch(data.get("switch"), key),
        source=_text(data, "source", key),
        effective_from=_day(data.get("effective_from"), f"{key}.effective_from"),
        is_default=_flag(data, "default", key),
    )


def _shown(value: object) -> str:
    """Return a value short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _key(data: Mapping[str, Any]) -> str:
    key = data.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > LONGEST_TEXT:
        raise InvalidRegimen("regimens: each regimen needs a `key` of small letters, digits and single hyphens.")
    return key


def _only(data: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(_shown(name) for name in set(data) - known)
    if unknown:
        raise InvalidRegimen(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}.")


def _text(data: Mapping[str, Any], name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRegimen(f"{where}.{name}: write it as text.")
    if len(value.strip()) > LONGEST_TEXT:
        raise InvalidRegimen(f"{where}.{name}: shorten it to {LONGEST_TEXT} characters.")
    return value.strip()


def _flag(data: Mapping[str, Any], name: str, where: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRegimen(f"{where}.{name}: {_shown(value)} is neither true nor false.")
    return value


def _day(value: object, where: str) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise InvalidRegimen(f"{where}: {_shown(value)} is not a date; write it like 2026-03-30.") from None


def _amount(data: Mapping[str, Any], name: str, where: str) -> Decimal:
    """Return an amount as written, to the thousandth at most: a dose is never rounded here."""
    value = data.get(name)
    try:
        amount = Decimal(str(value))
        sound = amount.is_finite() and 0 < amount <= LARGEST_AMOUNT and amount == round(amount, 3)
    except InvalidOperation:
        sound = False
    if not sound:
        raise InvalidRegimen(f"{where}.{name}: {_shown(value)} is not an amount above 0 and up to {LARGEST_AMOUNT}.")
    return amount


def _step(data: object, interval: str, where: str, *, first: bool = False) -> Step:
    if not isinstance(data, Mapping):
        raise InvalidRegimen(f"{where}: write a step as mg, ml and {interval}.")
    _only(data, {"mg", "ml", interval}, where)
    after = interval_from(data.get(interval), f"{where}.{interval}")
    if not after.count and not first:
        raise InvalidRegimen(f"{where}.{interval}: only the first dose has no interval before it; give one above 0.")
    return Step(_amount(data, "mg", where), _amount(data, "ml", where), after)


def _late_rules(data: object, key: str) -> LateRules | None:
    if data is None:
        return None
    where = f"{key}.late_maintenance"
    if not isinstance(data, Mapping) or not isinstance(data.get("bands"), list):
        raise InvalidRegimen(f"{where}: write `source` and a list of `bands`.")
    _only(data, {"source", "bands", "effective_from"}, where)
    bands = tuple(_band(band, f"{where}.bands[{n}]") for n, band in enumerate(data["bands"], 1))
    starts = [band.from_months for band in bands]
    if not bands or starts != sorted(set(starts)):
        raise InvalidRegimen(f"{where}.bands: list at least one band, each starting later than the one before.")
    effective_from = _day(data.get("effective_from"), f"{where}.effective_from")
    return LateRules(bands, _text(data, "source", where), effective_from)


def _band(data: object, where: str) -> Band:
    if not isinstance(data, Mapping):
        raise InvalidRegimen(f"{where}: write a band as from and doses and apart, or from and restart.")
    _only(data, {"from", "doses", "apart", "restart"}, where)
    start = interval_from(data.get("from"), f"{where}.from")
    if start.unit is not Unit.MONTHS:
        raise InvalidRegimen(f"{where}.from: give it in months, not {start}.")
    if data.get("restart") is True:
        return Band(start.count, doses=0, apart_days=0, restart=True)
    apart = interval_from(data.get("apart"), f"{where}.apart")
    doses = data.get("doses")
    if type(doses) is not int or not 0 < doses < 100 or apart.unit is not Unit.DAYS or not apart.count:
        raise InvalidRegimen(f"{where}: `doses` is a number from 1 to 99, and `apart` is in days and above 0.")
    return Band(start.count, doses, apart.count, restart=False)


def _switch(data: object, key: str) -> Switch | None:
    if data is None:
        return None
    where = f"{key}.switch"
    if not isinstance(data, Mapping) or not isinstance(data.get("from"), list):
        raise InvalidRegimen(f"{where}: write `from`, a list of regimen keys, with mg and ml of the first dose.")
    _only(data, {"from", "mg", "ml"}, where)
    if not data["from"]:
        raise InvalidRegimen(f"{where}.from: list at least one regimen key.")
    first = Step(_amount(data, "mg", where), _amount(data, "ml", where), Interval(0, Unit.DAYS))
    return Switch(tuple(str(name) for name in data["from"]), first)
