"""The template library `clinic`: thin filters over `clinic.formatting` and `clinic.statuses`.

A value that is missing is written as "not recorded", never as a blank or a question mark. Lists of many rows are
formatted in Python by their queries; these filters are for pages about one thing.
"""

from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from django.forms import BoundField
from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic import formatting
from clinic.statuses import REGISTRIES, Status

register = Library()


@register.filter
def day(on: date | None) -> str:
    """Write a date as "4 Apr 2026"."""
    return formatting.NOT_RECORDED if on is None else formatting.day(on)


@register.filter
def weekday(on: date | None) -> str:
    """Write a date as "Sat 4 Apr 2026"."""
    return formatting.NOT_RECORDED if on is None else formatting.weekday(on)


@register.filter
def to_day(first: date, last: date) -> str:
    """Write a range: `{{ dose.opens|to_day:dose.closes }}` is "27 Jun – 18 Jul 2026"."""
    return formatting.day_range(first, last)


@register.filter
def between(first: date, last: date) -> str:
    """Write a window in a sentence: `due {{ opens|between:closes }}` is "due between 27 Jun and 18 Jul 2026"."""
    return formatting.between(first, last)


@register.filter
def moment(at: datetime | None, zone: tzinfo) -> str:
    """Write an instant on the clock of a site: `{{ given_at|moment:site.zone }}` is "4 Apr 2026, 14:05"."""
    return formatting.NOT_RECORDED if at is None else formatting.moment(at, zone)


@register.filter
def until(on: date, today: date) -> str:
    """Write how far a day to come is, or how late: "in 3 days", "5 days late"."""
    return formatting.until(on, today)


@register.filter
def since(on: date, today: date) -> str:
    """Write how long ago a day was: "3 days ago"."""
    return formatting.since(on, today)


@register.filter
def age(born: date, on: date) -> str:
    """Write the age on a day: "2 y 4 m"."""
    return formatting.age(born, on)


@register.filter
def identifier(value: str) -> str:
    """Write a number in groups: "129 728 7652"."""
    return formatting.identifier(value)


@register.filter
def quantity(value: Decimal | None, unit: str) -> str:
    """Write a number with its UCUM unit: `{{ dose.mg|quantity:"mg" }}` is "12 mg"."""
    return formatting.NOT_RECORDED if value is None else formatting.quantity(value, unit)


@register.filter
def status(key: str, registry: str) -> Status:
    """Look a status up: `{{ key|status:"dose" }}`. Raises KeyError for a word the registry does not know."""
    return REGISTRIES[registry][key]


@register.filter
@lru_cache
def tag(status: Status) -> SafeString:
    """Draw a status: its word in its tone, with its shape. Kept, because a long list draws the same few."""
    return format_html('<span class="tag tone-{} shape-{}">{}</span>', status.tone, status.shape, status.label)


@register.filter
@lru_cache
def light(status: Status, about: str) -> SafeString:
    """Draw one light of a row: `<div class="lights">{{ status|light:"Labs" }}</div>`.

    The state is seen as shape and tone, and read aloud as a word. The markup is short: a list holds hundreds.
    """
    return format_html(
        '<span class="tone-{} shape-{}">{}<i>: {}</i></span>', status.tone, status.shape, about, status.label
    )


@register.filter
def focus_target(field: BoundField) -> str:
    """Return the id of the control that a link in the error summary should reach; a group's is its first choice."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.simple_block_tag
def table_region(content: str, label: str) -> SafeString:
    """Wrap a table in a region of its own that scrolls sideways, can be reached by keyboard, and says what it is."""
    return format_html('<div class="table-region" role="region" tabindex="0" aria-label="{}">{}</div>', label, content)
