"""Whether a sample counts for a dose ("Monitoring", clinical-rules.md).

It counts when it was collected after the previous dose and not more days before the dose than the site's policy allows
for the dose's place in the series. The day of collection counts, never the day of the result or of the entry. A sample
from before the previous dose never counts, whatever its age: the label asks for the tests before every dose. On the day
of the previous dose the clock decides; where the dose's hour is not known, that day's sample belongs to that dose.
"""

from collections.abc import Iterable, Mapping

from treatments.rules.monitoring_terms import LabDose, Lapse, Place, Result

_FIRST_LABEL = "L1"


def place_of(phase: str, label: str) -> Place:
    """Return where a dose stands: L1 begins a series, also when loading begins again."""
    return Place.FIRST if label == _FIRST_LABEL else Place(phase)


def lapse_of(dose: LabDose, result: Result, ages: Mapping[Place, int]) -> Lapse | None:
    """Return why a sample does not count for the dose, None when it does."""
    if _is_before_previous(dose, result):
        return Lapse.BEFORE_PREVIOUS
    return Lapse.TOO_OLD if age_in_days(dose, result) > ages[dose.place] else None


def age_in_days(dose: LabDose, result: Result) -> int:
    """Return how many days before the dose the sample was collected."""
    return (dose.on - result.collected_on).days


def newest_first(dose: LabDose, results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return the results by analyte, the newest first; what was collected after the dose's day says nothing of it."""
    known: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: result.collected_at, reverse=True):
        if result.collected_on <= dose.on:
            known.setdefault(result.analyte, []).append(result)
    return known


def repeated(dose: LabDose, newest: Result, earlier: Result | None) -> Result | None:
    """Return the sample that the newest repeats: the one before it, if it too was collected since the previous dose.

    A later sample that is in order settles an abnormal one, because the newest decides; and after it, the next abnormal
    one is the first again.
    """
    if earlier is None or earlier.collected_at >= newest.collected_at or _is_before_previous(dose, earlier):
        return None
    return earlier


def _is_before_previous(dose: LabDose, result: Result) -> bool:
    if dose.previous_on is None:
        return False
    if dose.previous_at is not None and result.collected_on == dose.previous_on:
        return result.collected_at <= dose.previous_at
    return result.collected_on <= dose.previous_on
