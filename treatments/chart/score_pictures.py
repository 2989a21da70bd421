"""Motor scores as small pictures over one time axis, each with the lines from which a change matters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from clinic import formatting
from treatments.chart.axes import Scale as DrawnScale
from treatments.chart.axes import Tick, TimeAxis, percent, pixels, scale, time_axis
from treatments.chart.pictures import DoseDay, DoseMark, Dot, Mark, Segment, marked
from treatments.outcomes.queries import ScorePoint, ScoreTrend
from treatments.rules import motor_scores as rule

HEIGHT = 96
_TOP, _BOTTOM = 8, 88


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score in the table beneath its picture. `since` says how it lies to the first one."""

    id: UUID
    when: str
    score: str
    since: str
    assessor: str
    conditions: str


@dataclass(frozen=True, slots=True)
class ScorePicture:
    """One scale: its last score in words, the drawing, and every score for the table, newest first.

    `lines` are the scores from which a change since the first one matters; empty where nobody knows such a change, as
    `about_change` says; `marks` stand at the left edge then.
    """

    key: str
    name: str
    long_name: str
    last: str
    last_day: str
    last_ago: str
    since: str
    about_change: str
    sources: str
    summary: str
    lines: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    segments: tuple[Segment, ...]
    dots: tuple[Dot, ...]
    rows: tuple[ScoreRow, ...]


@dataclass(frozen=True, slots=True)
class ScorePictures:
    """All scales over one time axis, with the doses as lines and today. Heights are in pixels."""

    ticks: tuple[Tick, ...]
    today: str
    doses: tuple[DoseMark, ...]
    pictures: tuple[ScorePicture, ...]
    height: int = HEIGHT


def score_pictures(trends: tuple[ScoreTrend, ...], doses: tuple[DoseDay, ...], today: date) -> ScorePictures | None:
    """Return the pictures, or None while there is no score to draw."""
    if not trends:
        return None
    assessed = [point.assessed_on for trend in trends for point in trend.points]
    axis = time_axis([today, *assessed, *(dose.day for dose in doses)])
    return ScorePictures(
        ticks=axis.ticks(),
        today=percent(axis.x(today)),
        doses=marked(sorted(doses, key=lambda dose: dose.day), axis),
        pictures=tuple(_picture(trend, axis, today) for trend in trends),
    )


def _picture(trend: ScoreTrend, axis: TimeAxis, today: date) -> ScorePicture:
    known, last = trend.scale, trend.last
    limits = _limits(trend)
    drawn = scale(list(map(Decimal, (*(point.value for point in trend.points), *limits))), _TOP, _BOTTOM)
    places = [(axis.x(point.assessed_on), drawn.y(Decimal(point.value))) for point in trend.points]
    return ScorePicture(
        key=known.key,
        name=known.name,
        long_name=known.long_name,
        last=_score(trend, last),
        last_day=formatting.day(last.assessed_on),
        last_ago=formatting.since(last.assessed_on, today),
        since=_since(trend, last),
        about_change=_about_change(known),
        sources=_sources(known),
        summary=_summary(trend),
        lines=_marks(limits, drawn),
        marks=() if limits else _marks({trend.first.value, last.value}, drawn),
        segments=tuple(
            Segment(percent(x1), pixels(y1), percent(x2), pixels(y2)) for (x1, y1), (x2, y2) in pairwise(places)
        ),
        dots=tuple(
            Dot(percent(x), pixels(y), f"{formatting.day(point.assessed_on)}: {_score(trend, point)}", is_off=False)
            for point, (x, y) in zip(trend.points, places, strict=True)
        ),
        rows=tuple(_row(trend, point) for point in reversed(trend.points)),
    )


def _limits(trend: ScoreTrend) -> tuple[int, ...]:
    """Return the scores from which a gain and a loss since the first one matter, where the scale reaches them."""
    if trend.scale.change is None:
        return ()
    both = (trend.first.value - trend.scale.change.least, trend.first.value + trend.scale.change.least)
    return tuple(limit for limit in both if trend.scale.low <= limit <= trend.scale.high)


def _marks(values: Iterable[int], drawn: DrawnScale) -> tuple[Mark, ...]:
    return tuple(Mark(pixels(drawn.y(Decimal(value))), str(value)) for value in sorted(values))


def _score(trend: ScoreTrend, point: ScorePoint) -> str:
    """Return "48", "310 m", or "48 (50 %)" for a scale that is read as a share."""
    share = rule.percent(trend.scale, point.value)
    words = rule.in_words(trend.scale, point.value)
    return f"{words} ({share})" if share else words


def _since(trend: ScoreTrend, point: ScorePoint) -> str:
    """Say how a score lies to the first one: "+5 since 4 Jan 2026, a change that matters"."""
    if point is trend.first:
        return "first score"
    found = rule.compared(trend.scale.key, trend.first.value, point.value)
    if not found.difference:
        return "as at first"
    said = f"{found.difference:+d} since {formatting.day(trend.first.assessed_on)}"
    return f"{said}, a change that matters" if found.matters else said


def _about_change(known: rule.Scale) -> str:
    if known.change is None:
        return f"No smallest change that matters is known for {known.name}; each one gained or lost counts by itself."
    least = known.change.least
    change = f"{least} {known.unit}" if known.unit else formatting.plural(least, "point")
    return f"Dashed: {change} more or less than at first, the smallest change that matters."


def _sources(known: rule.Scale) -> str:
    """Say where the smallest change is from, and how exact the measuring itself is."""
    change = f"Smallest change that matters: {known.change.source}." if known.change else ""
    error = f"Measuring by itself varies by {known.error}." if known.error else ""
    return f"{change} {error}".strip()


def _summary(trend: ScoreTrend) -> str:
    """Say in one sentence what the picture shows, for those who cannot see it."""
    first, last = trend.first, trend.last
    said = f"{formatting.plural(len(trend.points), 'score')} of {trend.scale.name}"
    if first is last:
        return f"{said}: {_score(trend, last)} on {formatting.day(last.assessed_on)}."
    return (
        f"{said} between {formatting.day(first.assessed_on)} and {formatting.day(last.assessed_on)}; first"
        + f" {_score(trend, first)}, last {_score(trend, last)}, {_since(trend, last)}."
    )


def _row(trend: ScoreTrend, point: ScorePoint) -> ScoreRow:
    return ScoreRow(
        id=point.id,
        when=formatting.day(point.assessed_on),
        score=_score(trend, point),
        since=_since(trend, point),
        assessor=point.assessor,
        conditions=point.conditions,
    )
