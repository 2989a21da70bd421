"""One sentence for each reading, in words a nurse would use: the value, its day, and what it asks for."""

from decimal import Decimal

from treatments.rules.monitoring import ANALYTES, Comparator
from treatments.rules.monitoring_limits import Beyond
from treatments.rules.monitoring_terms import Basis, Change, Group, LabDose, Lapse, Level, Limits, Result, Review
from treatments.rules.monitoring_validity import age_in_days
from treatments.rules.schedule_words import in_words

# Of the kept units, the two that are not printed as UCUM writes them.
_PRINTED_UNITS = {"10*9/L": "×10⁹/L", "{INR}": ""}
_PRINTED_SIGNS = {Comparator.AT_MOST.value: "≤", Comparator.AT_LEAST.value: "≥"}
_CALLS_FOR = {
    Level.WATCH: "look at it before the dose",
    Level.SIGN_OFF: "a prescriber signs it off before the dose",
    Level.STOP: "no dose unless a prescriber and a second person decide so",
}


def figure(value: Decimal) -> str:
    """Return a number without trailing zeros or exponent."""
    return f"{value.normalize():f}"


def value_in_words(result: Result) -> str:
    """Return "Platelets 96 ×10⁹/L"."""
    known = ANALYTES[result.analyte]
    sign = _PRINTED_SIGNS.get(result.comparator, result.comparator)
    return f"{known.name} {sign}{_with_unit(result.kept, known.unit)}"


def missing(group: Group) -> str:
    """Say what is not there at all, and of urine what would not do."""
    strip = " A dipstick does not count." if group.key == "urine" else ""
    return f"{group.name}: no result.{strip}"


def lapsed(lapse: Lapse, dose: LabDose, result: Result, allowed: int) -> str:
    """Say why a sample does not count for the dose."""
    what = f"{ANALYTES[result.analyte].name}: collected {in_words(result.collected_on)}"
    if lapse is Lapse.BEFORE_PREVIOUS:
        return f"{what}, before the last dose{_on_its_day(dose)}; a sample after it is needed."
    return f"{what}, {age_in_days(dose, result)} days before the dose; at most {allowed} count."


def judged(limits: Limits, result: Result, beyond: Beyond, change: Change | None, before: Result | None) -> str:
    """Say where a value that counts lies, and what that calls for."""
    what = f"{value_in_words(result)}, collected {in_words(result.collected_on)}"
    fall = "" if change is None or change.percent >= 0 else _fall(change)
    if beyond.level is Level.WITHIN:
        return f"{what}: within limits{fall and f', {fall}'}."
    if beyond.limit is None:
        return f"{what}: {fall}; {_CALLS_FOR[beyond.level]}."
    return f"{what}: {_beyond(limits, result, beyond, before)}{fall and f', {fall}'}; {_call(limits, beyond)}."


def answered(sentence: str, review: Review, level: Level) -> str:
    """Add who answered for a value that needs an answer."""
    done = "seen" if level is Level.WATCH else "signed off"
    second = f" and {review.second}" if review.second else ""
    return f"{sentence.partition(';')[0].rstrip('.')}; {done} by {review.by}{second}."


def waiting(sentence: str, review: Review) -> str:
    """Add that a stop waits for its second person."""
    return f"{sentence.rstrip('.')}. Signed off by {review.by}, waiting for a second person."


def change_in_words(change: Change) -> str:
    """Return "down 36 %", "up 10 %" or "unchanged"."""
    if change.percent == 0:
        return "unchanged"
    return f"{'down' if change.percent < 0 else 'up'} {abs(change.percent)} %"


def _with_unit(value: Decimal, unit: str) -> str:
    return f"{figure(value)} {_PRINTED_UNITS.get(unit, unit)}".rstrip()


def _on_its_day(dose: LabDose) -> str:
    return "" if dose.previous_on is None else f" on {in_words(dose.previous_on)}"


def _beyond(limits: Limits, result: Result, beyond: Beyond, before: Result | None) -> str:
    if beyond.bound is None:
        return "the laboratory's range is missing, so nobody can say that it lies within it"
    side = "below" if limits.is_floor else "above"
    again = f" again, after {figure(before.kept)} on {in_words(before.collected_on)}" if before is not None else ""
    at = f"{side} {_with_unit(beyond.bound, ANALYTES[result.analyte].unit)}"
    if beyond.limit is not None and beyond.limit.of_upper:
        times = beyond.limit.at
        at = f"{at}, {'the' if times == 1 else f'{figure(times)} times the'} upper end of the laboratory's range"
    basis = " (label)" if beyond.limit is not None and beyond.limit.basis is Basis.LABEL else ""
    return f"{at}{basis}{again if beyond.level is Level.SIGN_OFF and limits.on_repeat else ''}"


def _call(limits: Limits, beyond: Beyond) -> str:
    if limits.on_repeat and beyond.level is Level.WATCH:
        return "consider repeating it"
    return _CALLS_FOR[beyond.level]


def _fall(change: Change) -> str:
    return f"{change_in_words(change)} from {figure(change.first)} on {in_words(change.first_on)}"
