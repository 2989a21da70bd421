"""The label's bands for a late maintenance or catch-up dose (rule 6 of clinical-rules.md).

A band is chosen by whole calendar months from the last dose to the day the dose is, or will be, given. Its figures are
data of the regimen, with their source; nothing here knows a number of months.
"""

from datetime import date

from monographs.rules.dates import add_months, months_since
from monographs.rules.regimen import Band, LateRules


def band_at(late: LateRules, last: date, day: date) -> Band | None:
    """Return the worst band reached on `day` after a last dose on `last`, or None below the first."""
    months = months_since(last, day)
    reached = None
    for band in late.bands:
        if band.from_months > months:
            break
        reached = band
    return reached


def begins_on(late: LateRules, last: date, *, restart: bool, beyond: Band | None = None) -> date | None:
    """Return the first day of the first band that restarts loading, or of the first that does not; None without one.

    `beyond` is a band that was decided on already: only a worse one begins anything.
    """
    for band in late.bands:
        if band.restart is restart and is_worse(band, beyond):
            return add_months(last, band.from_months)
    return None


def is_worse(band: Band | None, than: Band | None) -> bool:
    """Say whether `band` lies further from the last dose than `than`; no band is the best there is."""
    if band is None:
        return False
    return than is None or band.from_months > than.from_months
