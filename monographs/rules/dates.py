"""Calendar arithmetic as the label means it: whole days, and months that keep the day number.

Dates are calendar dates in the site's time zone. Nothing here knows what day it is today.
"""

from calendar import monthrange
from datetime import date

_IN_EVERY_MONTH = 28


def add_months(day: date, months: int) -> date:
    """Return the same day number `months` later, or the month's last day where there is none.

    31 October + 4 months is 28 February, or 29 February in a leap year.
    """
    years, month0 = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month0 + 1
    if day.day <= _IN_EVERY_MONTH:  # most days are, and asking for the month's length costs more than all the rest
        return date(year, month, day.day)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def months_since(start: date, day: date) -> int:
    """Return the greatest n with `start` + n months on or before `day`.

    So "8 months or more" begins on the very date `start` + 8 months. Negative when `day` lies before `start`.
    """
    months = (day.year - start.year) * 12 + day.month - start.month
    return months if add_months(start, months) <= day else months - 1
