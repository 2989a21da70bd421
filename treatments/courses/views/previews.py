"""Before and after, as a page shows it before anybody confirms a change."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from clinic import formatting
from treatments.courses.models import Course
from treatments.courses.series import series_of
from treatments.courses.services.deciding import COMPARED
from treatments.rules.comparing import Pair, as_planned, compare
from treatments.rules.schedule import ProjectedDose, Status, forecast, project

NO_DATE = "No date"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One dose to come on either side, in words. `moves`: by how much; `differs`: anything about it changes."""

    before: str
    after: str
    moves: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change does to every dose to come. `notes` are sentences to read first; `mark` stands for all of it."""

    rows: tuple[PreviewRow, ...]
    notes: tuple[str, ...]
    mark: str

    @property
    def moves_nothing(self) -> bool:
        """Say whether every dose stays as it was."""
        return not any(row.differs for row in self.rows)


def preview(pairs: Iterable[Pair], *, notes: Iterable[str] = (), of: object = "") -> Preview:
    """Return a preview; `of` is what was entered, so that other values have another mark."""
    rows, said = tuple(map(_row, pairs)), tuple(note for note in notes if note)
    mark = hashlib.sha256(repr((rows, said, of)).encode()).hexdigest()[:32]
    return Preview(rows, said, mark)


def _row(pair: Pair) -> PreviewRow:
    return PreviewRow(_dose(pair.before), _dose(pair.after), _moves(pair), pair.differs)


def _dose(dose: ProjectedDose | None) -> str:
    if dose is None:
        return NO_DATE
    return f"{dose.label}, {formatting.quantity(dose.mg, 'mg')}: {formatting.weekday(dose.target)}"


def _moves(pair: Pair) -> str:
    days = pair.moves
    if days is None:
        return "no longer planned" if pair.after is None else "new"
    if days == 0:
        return "same day"
    return f"{formatting.plural(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"


def of_hold(course: Course, review_on: date, today: date) -> Preview:
    """Show what becomes of the plan if the course is resumed on the day of the review: a hold itself moves no date."""
    series = replace(series_of(course), held=False)
    later = max(review_on, today)
    notes = [
        "No date moves while the course is on hold. This is what follows if it is resumed on the day to look again.",
        _status_note(forecast(series, later).next.status, later),
    ]
    return preview(
        compare(as_planned(series, today, COMPARED), project(series, later, count=COMPARED)), notes=notes, of=later
    )


def of_resume(course: Course, on: date, today: date) -> Preview:
    """Show the plan as it stood before the hold, and as it is from the day of the resumption."""
    series = replace(series_of(course), held=False)
    notes = [_status_note(forecast(series, today).next.status, today)]
    return preview(
        compare(as_planned(series, today, COMPARED), project(series, today, count=COMPARED)), notes=notes, of=on
    )


def of_stop(course: Course, on: date, today: date) -> Preview:
    """Show every dose that is planned no longer."""
    planned = as_planned(replace(series_of(course), stopped=False), today, COMPARED)
    notes = ["These doses, and every one after them, are no longer planned."] if planned else []
    return preview(compare(planned, ()), notes=notes, of=on)


def _status_note(status: Status, on: date) -> str:
    """Say what a dose that is due or late on a day asks for."""
    words = {
        Status.OVERDUE: "the next dose is overdue and is given as soon as possible",
        Status.INTERRUPTED: "the course is interrupted: the label asks for catch-up doses, and a prescriber decides",
        Status.RESTART: "loading begins again, and a prescriber decides",
        Status.REVIEW: "a prescriber has to decide how the course goes on",
    }
    return f"On {formatting.day(on)} {words[status]}." if status in words else ""
