"""A product: one strength as it is bought, with how it is stored. Data from a monograph's front matter, never code.

`product_from` reads one, `product_data` writes it down again. Whether the limits are confirmed for the strength is part
of the record: figures taken over from another strength bind like any others, and say so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST_TEXT = 200
LARGEST_AMOUNT = 1000
_COLDEST, _WARMEST = -90, 60
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GTIN = re.compile(r"[0-9]{14}")
_UNITS = {"hour": "hours", "hours": "hours", "day": "days", "days": "days"}


class InvalidProduct(ValueError):
    """The data does not describe a product. The message names the place, the value and what is expected."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a vial may be somewhere, and up to which temperature in °C."""

    lasts: timedelta
    up_to: Decimal


@dataclass(frozen=True, slots=True)
class DrawnUp:
    """How soon after drawing up a dose must be given, by the label of one region: "us" or "eu"."""

    label: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Storage:
    """The limits of one product: refrigerated between `coldest` and `warmest` °C, and what it bears outside.

    `confirmed` says that the source states these figures for this very strength; if not, `note` says where they are
    from. Both stays are counted in all, over every stay; going back into the refrigerator renews neither.
    """

    coldest: Decimal
    warmest: Decimal
    in_carton: Stay
    out_of_carton: Stay
    drawn_up: tuple[DrawnUp, ...]
    source: str
    confirmed: bool
    note: str = ""

    def drawn_up_limit(self, label: str) -> timedelta:
        """Return how soon to give what was drawn up by this region's label; by the strictest for one not named."""
        named = {limit.label: limit.within for limit in self.drawn_up}
        return named.get(label, min(named.values()))


@dataclass(frozen=True, slots=True)
class Product:
    """One strength: mg in mL, the numbers printed on its carton, its source, and how it is stored."""

    key: str
    name: str
    mg: Decimal
    ml: Decimal
    gtins: tuple[str, ...]
    source: str
    effective_from: date
    storage: Storage


def length_from(text: object, where: str) -> timedelta:
    """Read "30 hours" or "14 days". Raises InvalidProduct naming `where`."""
    words = str(text).casefold().split()
    if len(words) != 2 or not re.fullmatch(r"[0-9]{1,4}", words[0]) or words[1] not in _UNITS or not int(words[0]):
        raise InvalidProduct(f"{where}: {text!r} is not a length of time; write it like “30 hours” or “14 days”.")
    return timedelta(**{_UNITS[words[1]]: int(words[0])})


def in_words(length: timedelta) -> str:
    """Say a length of time as labels do: whole days from three on, hours below: "14 days", "30 hours", "4 hours"."""
    hours = length // timedelta(hours=1)
    count, unit = (hours // 24, "day") if hours >= 72 and hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def product_from(data: Mapping[str, Any]) -> Product:
    """Read one product from a monograph's front matter. Raises InvalidProduct naming the key that is wrong."""
    key = data.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > LONGEST_TEXT:
        raise InvalidProduct("products: each product needs a `key` of small letters, digits and single hyphens.")
    _only(data, {"key", "name", "mg", "ml", "gtins", "source", "effective_from", "storage"}, key)
    return Product(
        key=key,
        name=_text(data, "name", key),
        mg=_amount(data, "mg", key),
        ml=_amount(data, "ml", key),
        gtins=_gtins(data.get("gtins", []), f"{key}.gtins"),
        source=_text(data, "source", key),
        effective_from=_day(data.get("effective_from"), f"{key}.effective_from"),
        storage=_storage(data.get("storage"), f"{key}.storage"),
    )


def product_data(product: Product) -> dict[str, Any]:
    """Return the product as `product_from` reads it: text, numbers and lists only, so it survives JSON."""
    storage = product.storage
    data = {name: getattr(product, name) for name in ("key", "name", "source")}
    return data | {
        "mg": f"{product.mg:f}",
        "ml": f"{product.ml:f}",
        "gtins": list(product.gtins),
        "effective_from": product.effective_from.isoformat(),
        "storage": {
            "refrigerator": {"from": f"{storage.coldest:f}", "to": f"{storage.warmest:f}"},
            "in_carton": _stay_data(storage.in_carton),
            "out_of_carton": _stay_data(storage.out_of_carton),
            "drawn_up": {limit.label: in_words(limit.within) for limit in storage.drawn_up},
            "source": storage.source,
            "confirmed": storage.confirmed,
            **({"note": storage.note} if storage.note else {}),
        },
    }


def _stay_data(stay: Stay) -> dict[str, str]:
    return {"lasts": in_words(stay.lasts), "up_to": f"{stay.up_to:f}"}


def _storage(data: object, where: str) -> Storage:
    found = _mapping(data, {"refrigerator", "in_carton", "out_of_carton", "drawn_up", "source", "confirmed"}, where)
    cold = _mapping(found.get("refrigerator"), {"from", "to"}, f"{where}.refrigerator")
    coldest, warmest = (_degrees(cold.get(end), f"{where}.refrigerator.{end}") for end in ("from", "to"))
    if coldest >= warmest:
        raise InvalidProduct(f"{where}.refrigerator: it begins at {coldest} and ends at {warmest}; exchange the two.")
    confirmed, note = found.get("confirmed"), str(found.get("note") or "").strip()
    if not isinstance(confirmed, bool):
        raise InvalidProduct(f"{where}.confirmed: say true, or false with a note.")
    if not (confirmed or note):
        raise InvalidProduct(f"{where}.note: limits that are not confirmed need a note saying where they are from.")
    return Storage(
        coldest=coldest,
        warmest=warmest,
        in_carton=_stay(found.get("in_carton"), f"{where}.in_carton"),
        out_of_carton=_stay(found.get("out_of_carton"), f"{where}.out_of_carton"),
        drawn_up=_drawn_up(found.get("drawn_up"), f"{where}.drawn_up"),
        source=_text(found, "source", where),
        confirmed=confirmed,
        note=note,
    )


def _stay(data: object, where: str) -> Stay:
    found = _mapping(data, {"lasts", "up_to"}, where)
    return Stay(length_from(found.get("lasts"), f"{where}.lasts"), _degrees(found.get("up_to"), f"{where}.up_to"))


def _drawn_up(data: object, where: str) -> tuple[DrawnUp, ...]:
    if not isinstance(data, Mapping) or not data:
        raise InvalidProduct(f"{where}: name at least one label with its limit, such as us: 4 hours.")
    return tuple(DrawnUp(str(label), length_from(length, f"{where}.{label}")) for label, length in data.items())


def _gtins(data: object, where: str) -> tuple[str, ...]:
    if not isinstance(data, list) or not all(isinstance(number, str) and _GTIN.fullmatch(number) for number in data):
        raise InvalidProduct(f"{where}: list each GTIN with its 14 digits, in quotes.")
    return tuple(data)


def _mapping(data: object, known: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InvalidProduct(f"{where}: write {', '.join(sorted(known))}.")
    _only(data, known | {"note"}, where)
    return data


def _only(data: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(str(name)[:60] for name in set(data) - known):
        raise InvalidProduct(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}.")


def _text(data: Mapping[str, Any], name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or len(value.strip()) > LONGEST_TEXT:
        raise InvalidProduct(f"{where}.{name}: write it as text of at most {LONGEST_TEXT} characters.")
    return value.strip()


def _day(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise InvalidProduct(f"{where}: {value!r} is not a date; write it like 2026-03-30.") from None


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _amount(data: Mapping[str, Any], name: str, where: str) -> Decimal:
    amount = _number(data.get(name))
    if amount is None or not 0 < amount <= LARGEST_AMOUNT or amount != round(amount, 2):
        given = data.get(name)
        raise InvalidProduct(
            f"{where}.{name}: {given!r} is not an amount above 0 and up to {LARGEST_AMOUNT}, with two decimals at most."
        )
    return amount


def _degrees(value: object, where: str) -> Decimal:
    degrees = _number(value)
    if degrees is None or not _COLDEST <= degrees <= _WARMEST:
        raise InvalidProduct(f"{where}: {value!r} is not a temperature in °C.")
    return degrees
