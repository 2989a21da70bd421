"""How each analyte stands for one dose: the newest result of each decides.

Of the analytes that serve the same end, such as INR and prothrombin time, one that counts is enough; where several
count, each is read. What a site does not ask for is read all the same once it was measured: nobody can unsee 40
platelets.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from treatments.rules import monitoring_words as words
from treatments.rules.monitoring import ANALYTES, Comparator
from treatments.rules.monitoring_limits import Beyond, level_of
from treatments.rules.monitoring_terms import (
    Change,
    Group,
    LabDose,
    LabPolicy,
    Lapse,
    Level,
    Limits,
    Reading,
    Result,
    Review,
)
from treatments.rules.monitoring_validity import lapse_of, newest_first, repeated

_SIGNED = frozenset(Comparator)


def readings(
    dose: LabDose, results: Iterable[Result], policy: LabPolicy, first: Mapping[str, Result] | None = None
) -> tuple[Reading, ...]:
    """Return one reading for each analyte that counts, and one for each part of the set that nothing counts for.

    `results` are standing results of the patient, at least the newest two of each analyte; `first` holds the first one
    on record of each. Analytes that are not monitored, such as a dipstick, are passed over.
    """
    known = newest_first(dose, results)
    return tuple(reading for group in policy.groups for reading in _of_group(group, dose, known, policy, first or {}))


def _of_group(
    group: Group, dose: LabDose, known: Mapping[str, list[Result]], policy: LabPolicy, first: Mapping[str, Result]
) -> Iterator[Reading]:
    found = [_read(dose, known[key], policy, first.get(key)) for key in group.analytes if key in known]
    counting = [reading for reading in found if reading.lapse is None]
    if counting:
        yield from counting
    elif group.required and found:
        yield max(found, key=_collected)
    elif group.required:
        yield _nothing(group)


def _collected(reading: Reading) -> float:
    return 0.0 if reading.result is None else reading.result.collected_at.timestamp()


def _nothing(group: Group) -> Reading:
    key = group.analytes[0]
    rule = f"{key}:{Lapse.MISSING}"
    return Reading(key, group.name, None, None, Lapse.MISSING, None, None, False, rule, words.missing(group))  # noqa: FBT003


def _read(dose: LabDose, newest: list[Result], policy: LabPolicy, first: Result | None) -> Reading:
    result, limits = newest[0], policy.limits[newest[0].analyte]
    before = repeated(dose, result, newest[1] if len(newest) > 1 else None)
    change = change_from(first, result)
    beyond = _with_fall(level_of(limits, result, born_on=dose.born_on, before=before), limits, change)
    lapse = lapse_of(dose, result, policy.ages)
    sentence = words.judged(limits, result, beyond, change if _fell(limits, change) else None, before)
    review = answer(beyond.level, result)
    if lapse is not None:
        sentence = words.lapsed(lapse, dose, result, policy.ages[dose.place])
    elif review is not None:
        sentence = words.answered(sentence, review, beyond.level)
    elif beyond.level is Level.STOP and (half := _half_answered(result)) is not None:
        sentence = words.waiting(sentence, half)
    return Reading(
        analyte=result.analyte,
        name=ANALYTES[result.analyte].name,
        result=result,
        level=beyond.level,
        lapse=lapse,
        limit=beyond.limit,
        change=change,
        settled=review is not None,
        rule=_rule(result, lapse, beyond.level, settled=review is not None),
        sentence=sentence,
    )


def answer(level: Level, result: Result) -> Review | None:
    """Return the review that answers for this level: made for it or for a worse one, and at a stop by two people."""
    for review in result.reviews:
        if review.level.rank >= level.rank > 0 and (level is not Level.STOP or review.second):
            return review
    return None


def _half_answered(result: Result) -> Review | None:
    return next((review for review in result.reviews if review.level is Level.STOP), None)


def _rule(result: Result, lapse: Lapse | None, level: Level, *, settled: bool) -> str:
    """Name what stands in the way, with its figure and day, so that no override covers the next figure too."""
    if lapse is not None:
        return f"{result.analyte}:{lapse}@{result.collected_on.isoformat()}"
    if settled or level is Level.WITHIN:
        return ""
    figure = f"{result.comparator}{words.figure(result.kept)}"
    return f"{result.analyte}:{level}={figure}@{result.collected_on.isoformat()}"


def change_from(first: Result | None, result: Result) -> Change | None:
    """Return the change from the first value on record; None where a sign or zero leaves nothing to compare with."""
    if first is None or first.collected_at >= result.collected_at or first.kept == 0:
        return None
    if first.comparator in _SIGNED or result.comparator in _SIGNED:
        return None
    percent = int((result.kept - first.kept) * 100 / first.kept)
    return Change(percent, first.kept, first.collected_on)


def _fell(limits: Limits, change: Change | None) -> bool:
    return limits.fall_percent is not None and change is not None and change.percent <= -Decimal(limits.fall_percent)


def _with_fall(beyond: Beyond, limits: Limits, change: Change | None) -> Beyond:
    """Watch a value within its limits that fell too far from the first one on record."""
    return Beyond(Level.WATCH) if beyond.level is Level.WITHIN and _fell(limits, change) else beyond
