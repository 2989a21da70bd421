"""Fields that the forms of this room share, with the sentences for what cannot be read."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

# A year outside is a slip of the finger; and these lie far enough from the calendar's ends to count in either zone.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def day_field(label: str, **options: Any) -> forms.DateField:
    """Return a date field with the browser's own picker, ISO underneath."""
    said = {"required": "Enter the day.", "invalid": "Enter a day that exists, as year-month-day: 2026-05-17."}
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[_in_our_years],
        error_messages=said,
        **options,
    )


def _in_our_years(day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise forms.ValidationError(f"Check the year: {day.year:04} is not between 1900 and 2199.")


def time_field(label: str, **options: Any) -> forms.TimeField:
    """Return a time field with the browser's own picker."""
    said = {"required": "Enter the time.", "invalid": "Enter a time on the 24-hour clock, such as 14:05."}
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, error_messages=said, **options)


def amount_field(label: str, unit: str, **options: Any) -> forms.DecimalField:
    """Return a field for an amount above zero and up to 100, with two decimals.

    It is a plain text box with the number pad of a phone: a number box changes its value under a turning wheel.
    """
    return forms.DecimalField(
        label=label,
        max_digits=6,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": f"Enter the {label.lower()} in {unit}.",
            "invalid": "Enter a plain number, with a point for decimals, such as 4.5.",
            "min_value": "Enter more than 0.",
            "max_value": f"Enter 100 {unit} or less.",
        },
        **options,
    )


def words_field(label: str, rows: int = 2, **options: Any) -> forms.CharField:
    """Return a field for a few words, at most 500 characters."""
    said = {"required": "Write the reason in a few words."}
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=500, widget=widget, error_messages=said, **options)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which this zone's clock showed this; the first one when it showed it twice.

    Raises ValueError with a sentence when the clock jumped over it.
    """
    local = datetime.combine(day, clock, tzinfo=zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"The clocks went forward on that day; there was no {clock:%H:%M}.")
    return at
