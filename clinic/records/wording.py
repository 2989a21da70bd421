"""How a stored value is written for people, whatever field it comes from. Conflicts and histories share it."""

from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import singledispatch
from typing import Any

from clinic import formatting


@singledispatch
def in_words(value: Any, zone: tzinfo) -> str:
    """Write a value in words: dates by their month's name, instants on the clock of `zone`, nothing as not recorded."""
    return str(value) or formatting.NOT_RECORDED


@in_words.register
def _nothing(_value: None, _zone: tzinfo) -> str:
    return formatting.NOT_RECORDED


@in_words.register(bool)
def _yes_or_no(value: object, _zone: tzinfo) -> str:
    return "Yes" if value else "No"


@in_words.register
def _instant(value: datetime, zone: tzinfo) -> str:
    return formatting.moment(value, zone)


@in_words.register
def _day(value: date, _zone: tzinfo) -> str:
    return formatting.day(value)


@in_words.register
def _clock(value: time, _zone: tzinfo) -> str:
    return formatting.clock(value)


@in_words.register
def _number(value: Decimal, _zone: tzinfo) -> str:
    return formatting.number(value)


@in_words.register(list)
@in_words.register(tuple)
def _several(values: list[Any] | tuple[Any, ...], zone: tzinfo) -> str:
    return ", ".join(in_words(value, zone) for value in values) or formatting.NOT_RECORDED
