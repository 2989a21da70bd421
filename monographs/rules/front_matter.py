"""The front matter: title and layout, who reviewed it and when, its sources, and regimens and products as data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monographs.rules.problems import Problems
from monographs.rules.product import InvalidProduct, Product, product_from
from monographs.rules.regimen import InvalidRegimen, Regimen, regimen_from
from monographs.rules.yaml_values import Entry, mapping_in

LONGEST_NAME = 200
_FENCE = re.compile(r"^---\s*$")
_CLOSE = re.compile(r"^(---|\.\.\.)\s*$")
_BODY_BEGINS = re.compile(r"^\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says. Absent texts are "", an absent date is None, absent lists are empty."""

    title: str = ""
    layout: str = ""
    generic_name: str = ""
    reviewed_on: date | None = None
    reviewed_by: str = ""
    sources: tuple[str, ...] = ()
    regimens: tuple[Regimen, ...] = ()
    products: tuple[Product, ...] = ()


def split(lines: Sequence[str], problems: Problems) -> tuple[range | None, int]:
    """Return the indices of the front matter's lines, None without any, and the index at which the body begins.

    Where the front matter is missing or never closed that is reported, and the body is guessed, so that its own
    problems are found in the same reading.
    """
    start = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not _FENCE.match(lines[start]):
        message = "The document has no front matter; begin it with a line ---, then title: and its name, then ---."
        problems.add(start + 1, message)
        return None, start
    close = next((n for n in range(start + 1, len(lines)) if _CLOSE.match(lines[n])), None)
    if close is not None:
        return range(start + 1, close), close + 1
    problems.add(start + 1, "The front matter opened here is never closed; add a line --- after its last entry.")
    end = next((n for n in range(start + 1, len(lines)) if _BODY_BEGINS.match(lines[n])), len(lines))
    return range(start + 1, end), end


def front_matter_in(lines: Sequence[str], where: range | None, version: int, problems: Problems) -> FrontMatter:
    """Return what the lines at the indices `where` say; the regimens are of `version`."""
    if where is None:
        return FrontMatter()
    entries = mapping_in("\n".join(lines[n] for n in where), where.start + 1, problems)
    if entries is None:
        return FrontMatter()
    if not _given(entries, "title"):
        problems.add(where.start, "The front matter has no title; add a line title: with the name of the medicine.")
    _check_review(entries, problems)
    return FrontMatter(
        title=_name(entries, "title", problems),
        layout=_name(entries, "layout", problems),
        generic_name=_name(entries, "generic_name", problems),
        reviewed_on=_day(entries.get("reviewed_on"), problems),
        reviewed_by=_name(entries, "reviewed_by", problems),
        sources=_sources(entries.get("sources"), problems),
        regimens=_regimens(entries.get("regimens"), version, problems),
        products=_products(entries.get("products"), problems),
    )


def _given(entries: Mapping[str, Entry], name: str) -> bool:
    value = entries[name].value if name in entries else None
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _name(entries: Mapping[str, Entry], name: str, problems: Problems) -> str:
    """Return a short text, "" when absent."""
    entry = entries.get(name)
    if entry is None or entry.value is None:
        return ""
    if not isinstance(entry.value, str):
        problems.add(entry.line, f"“{name}” is not text; put quotes around it.")
        return ""
    text = " ".join(entry.value.split())
    if len(text) > LONGEST_NAME:
        problems.add(entry.line, f"“{name}” is longer than {LONGEST_NAME} characters; shorten it.")
    return text


def _check_review(entries: Mapping[str, Entry], problems: Problems) -> None:
    """A review is a day and a person; one without the other says nothing."""
    day, person = _given(entries, "reviewed_on"), _given(entries, "reviewed_by")
    if day != person:
        entry = entries["reviewed_on" if day else "reviewed_by"]
        problems.add(entry.line, "A review needs both reviewed_on and reviewed_by; give both, or neither.")


def _day(entry: Entry | None, problems: Problems) -> date | None:
    value = entry.value if entry else None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if entry and value is not None:
        problems.add(entry.line, "“reviewed_on” is not a date; write it like 2026-03-30, without quotes.")
    return None


def _sources(entry: Entry | None, problems: Problems) -> tuple[str, ...]:
    if entry is None or entry.value is None:
        return ()
    if not isinstance(entry.value, list):
        problems.add(entry.line, "“sources” is not a list; write each source on its own line after a dash.")
        return ()
    for item in entry.items():
        if not isinstance(item.value, str) or not item.value.strip():
            problems.add(item.line, "This source is not text; put quotes around it.")
    return tuple(" ".join(str(value).split()) for value in entry.value)


def _regimens(entry: Entry | None, version: int, problems: Problems) -> tuple[Regimen, ...]:
    if entry is None or entry.value is None:
        return ()
    if not isinstance(entry.value, list):
        problems.add(entry.line, "“regimens” is not a list; begin each regimen with - key: on a line of its own.")
        return ()
    read = [(item, _regimen(item, version, problems)) for item in entry.items()]
    found = [(item, regimen) for item, regimen in read if regimen]
    _check_regimens(found, problems)
    return tuple(regimen for _, regimen in found)


def _regimen(item: Entry, version: int, problems: Problems) -> Regimen | None:
    if not isinstance(item.value, Mapping):
        problems.add(item.line, "This regimen is not a list of names and values; begin it with - key: and its name.")
        return None
    try:
        return regimen_from(item.value, version=version)
    except InvalidRegimen as error:
        path = str(error).partition(":")[0].partition(".")[2]
        problems.add(item.line_of(path), f"A regimen cannot be read. {error}")
        return None


def _check_regimens(found: Sequence[tuple[Entry, Regimen]], problems: Problems) -> None:
    """Keys are unique, exactly one of several is the default, and a switch names regimens that exist."""
    keys = [regimen.key for _, regimen in found]
    defaults = [item for item, regimen in found if regimen.is_default]
    for number, (item, regimen) in enumerate(found):
        if regimen.key in keys[:number]:
            problems.add(item.line, f"The regimen “{regimen.key}” is given twice; keep one.")
        for key in regimen.switch.from_keys if regimen.switch else ():
            if key not in keys:
                message = f"“{regimen.key}” is switched to from “{key}”, which is not among the regimens; correct it."
                problems.add(item.line_of("switch.from"), message)
    for item in defaults[1:]:
        problems.add(item.line, "More than one regimen says default: true; keep it on one of them.")
    if len(found) > 1 and not defaults:
        problems.add(found[0][0].line, "No regimen is the default; write default: true on one of them.")


def _products(entry: Entry | None, problems: Problems) -> tuple[Product, ...]:
    if entry is None or entry.value is None:
        return ()
    if not isinstance(entry.value, list):
        problems.add(entry.line, "“products” is not a list; begin each product with - key: on a line of its own.")
        return ()
    read = [(item, _product(item, problems)) for item in entry.items()]
    found = [(item, product) for item, product in read if product]
    for number, (item, product) in enumerate(found):
        if product.key in {other.key for _, other in found[:number]}:
            problems.add(item.line, f"The product “{product.key}” is given twice; keep one.")
    return tuple(product for _, product in found)


def _product(item: Entry, problems: Problems) -> Product | None:
    if not isinstance(item.value, Mapping):
        problems.add(item.line, "This product is not a list of names and values; begin it with - key: and its name.")
        return None
    try:
        return product_from(item.value)
    except InvalidProduct as error:
        path = str(error).partition(":")[0].partition(".")[2]
        problems.add(item.line_of(path), f"A product cannot be read. {error}")
        return None
