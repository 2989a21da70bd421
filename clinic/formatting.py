"""How dates, ages, names, numbers and amounts are written for people.

Pure: no Django, no clock, no locale. Dates are calendar dates at the site; what day it is now is always an argument.
Rows of lists are formatted here, in Python, because template filters in a long table double the time of its page.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOT_RECORDED = "not recorded"
ADULT_FROM_YEARS = 18
# UCUM codes whose way of writing differs from what people print.
UNITS_IN_PRINT = {"10*9/L": "×10⁹/L", "10*3/uL": "×10³/µL", "/uL": "/µL", "{INR}": "", "1": ""}


def day(on: date) -> str:
    """Return "4 Apr 2026"."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """Return "Sat 4 Apr 2026", for days on which somebody has to be there."""
    return f"{WEEKDAYS[on.weekday()]} {day(on)}"


def day_range(first: date, last: date) -> str:
    """Return "27 Jun – 18 Jul 2026", saying month and year once where they are the same: "4–18 Jul 2026"."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} – {day(last)}"
    return f"{first.day}–{day(last)}"


def between(first: date, last: date) -> str:
    """Return "between 27 Jun and 18 Jul 2026", for the sentence "due between …"; "on 4 Apr 2026" for a single day."""
    if first == last:
        return f"on {day(first)}"
    start = day(first) if first.year != last.year else f"{first.day} {MONTHS[first.month - 1]}"
    return f"between {start} and {day(last)}"


def clock(at: time) -> str:
    """Return "09:05", on the 24-hour clock."""
    return f"{at:%H:%M}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return the instant `at` as the clock of `zone` shows it: "4 Apr 2026, 14:05". `at` must know its own zone."""
    if at.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    there = at.astimezone(zone)
    return f"{day(there)}, {clock(there.time())}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return "1 dose" or "3 doses"; `many` where adding an s is wrong."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def until(on: date, today: date) -> str:
    """Return how far a day to come is: "today", "tomorrow", "in 3 days"; once past, how late: "5 days late"."""
    days = (on - today).days
    if days < 0:
        return f"{plural(-days, 'day')} late"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


def since(on: date, today: date) -> str:
    """Return how long ago a past day was: "today", "yesterday", "3 days ago"; "in 3 days" when it lies ahead."""
    days = (today - on).days
    if days < 0:
        return until(on, today)
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def age(born: date, on: date) -> str:
    """Return the age on a day: "12 d" under one month, "7 m", "2 y 4 m", and whole years from 18: "34 y".

    Who was born on 29 February turns a year older on 1 March. Raises ValueError for a day before the birth.
    """
    if on < born:
        raise ValueError(f"{on:%Y-%m-%d} lies before the birth on {born:%Y-%m-%d}.")
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months < 1:
        return f"{(on - born) // timedelta(days=1)} d"
    years, rest = divmod(months, 12)
    return f"{years} y" if years >= ADULT_FROM_YEARS else _years_and_months(years, rest)


def _years_and_months(years: int, months: int) -> str:
    parts = [f"{years} y"] if years else []
    return " ".join([*parts, f"{months} m"] if months else parts)


def full_name(family: str, given: str) -> str:
    """Return "OKAFOR, Amara": the family name stands out, so that nobody takes one for the other."""
    return ", ".join(part for part in (family.strip().upper(), given.strip()) if part)


def identifier(value: str) -> str:
    """Return a number in groups that can be read aloud, "129 728 7652"; anything but seven digits or more unchanged."""
    if not (value.isascii() and value.isdigit() and len(value) >= 7):
        return value
    groups = []
    while len(value) > 4:
        groups.append(value[:3])
        value = value[3:]
    return " ".join([*groups, value])


def inside(label: str) -> str:
    """Return a label as it stands inside a sentence: "Ultrasound" as "ultrasound", "CT" as it is."""
    return label if label.isupper() else label[:1].lower() + label[1:]


def number(value: Decimal) -> str:
    """Return a decimal without trailing zeros or exponent: "12", "0.05", "1200"."""
    return f"{value.normalize():f}"


def unit(ucum: str) -> str:
    """Return a UCUM unit the way it is printed: "10*9/L" as "×10⁹/L", "{INR}" as nothing."""
    return UNITS_IN_PRINT.get(ucum, ucum)


def quantity(value: Decimal, ucum: str) -> str:
    """Return a number with its unit: "12 mg", "212 ×10⁹/L", "1.1" for an INR."""
    return f"{number(value)} {unit(ucum)}".rstrip()
