"""One result in words, for the pages that ask somebody to answer for it."""

from dataclasses import dataclass

from clinic import formatting, statuses
from clinic.statuses import Status
from treatments.labs.models import LabResult, LabReview
from treatments.labs.queries.results import in_words
from treatments.rules.monitoring_terms import Basis, Reading
from treatments.rules.monitoring_words import change_in_words

_DONE = {
    LabReview.Level.WATCH: "Seen by",
    LabReview.Level.SIGN_OFF: "Signed off by",
    LabReview.Level.STOP: "Signed off by",
}


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """A result, ready to show. `rows` are (term, description); `status` is None where it asks for nothing."""

    title: str
    status: Status | None
    sentence: str
    rows: tuple[tuple[str, str], ...]


def result_facts(result: LabResult, reading: Reading | None) -> ResultFacts:
    """Return a result with how it is read now; the reviews that stand are among its rows. One query."""
    level = None if reading is None else reading.level
    return ResultFacts(
        title=result.get_analyte_display(),
        status=None if level is None else statuses.LAB[level.value],
        sentence="" if reading is None else reading.sentence,
        rows=(*_reported(result), *_limit(reading), *_change(reading), *_answers(result)),
    )


def _reported(result: LabResult) -> list[tuple[str, str]]:
    rows = [
        ("Result", in_words(result.comparator, result.value, result.unit)),
        ("Collected", formatting.moment(result.collected_at, result.site.zone)),
        ("Laboratory", result.laboratory or formatting.NOT_RECORDED),
    ]
    ends = [("from", result.range_low), ("to", result.range_high)]
    printed = " ".join(f"{word} {formatting.number(end)}" for word, end in ends if end is not None)
    return [*rows, ("Laboratory’s range", printed or "none printed")]


def _limit(reading: Reading | None) -> list[tuple[str, str]]:
    if reading is None or reading.limit is None:
        return []
    whose = "Label" if reading.limit.basis is Basis.LABEL else "Policy"
    return [("Whose limit", f"{whose}: {reading.limit.source}")]


def _change(reading: Reading | None) -> list[tuple[str, str]]:
    change = None if reading is None else reading.change
    if change is None:
        return []
    first = f"{formatting.number(change.first)} on {formatting.day(change.first_on)}"
    return [("Since the first value", f"{change_in_words(change)}, from {first}")]


def _answers(result: LabResult) -> list[tuple[str, str]]:
    """Return who answered for it so far, with what they said."""
    rows = (
        LabReview.objects.standing().filter(result=result).select_related("by", "second", "site").order_by("created_at")
    )
    return [(_DONE[LabReview.Level(row.level)], _said(row)) for row in rows.select_related("by", "second", "site")]


def _said(row: LabReview) -> str:
    when = formatting.moment(row.created_at, row.site.zone)
    second = ""
    if row.second is not None and row.second_at is not None:
        second = f" Confirmed by {row.second}, {formatting.moment(row.second_at, row.site.zone)}."
    return f"{row.by}, {when}{f': {row.reason}' if row.reason else ''}{second}"


def waiting_review(result: LabResult) -> LabReview | None:
    """Return the sign-off of a stop that waits for its second person, if there is one. One query."""
    rows = LabReview.objects.standing().filter(result=result, level=LabReview.Level.STOP, second=None)
    return rows.select_related("by").first()
