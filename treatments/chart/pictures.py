"""Laboratory trends as small pictures over one time axis: made here as finished numbers, drawn by the template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic import formatting
from treatments.chart.axes import Scale, Tick, TimeAxis, percent, pixels, scale, time_axis
from treatments.labs.queries import Point, Trend, Voided, in_words
from treatments.rules.monitoring import NO_RANGE, Range, Standing
from treatments.rules.monitoring_defaults import DEFAULT
from treatments.rules.monitoring_reading import change_from
from treatments.rules.monitoring_terms import Result
from treatments.rules.monitoring_words import change_in_words

HEIGHT = 76
_TOP, _BOTTOM = 8, 68
_LABEL_GAP = 5.0
_STANDING_WORDS = {
    Standing.BELOW: "below range",
    Standing.WITHIN: "within range",
    Standing.ABOVE: "above range",
    Standing.UNSETTLED: "",
}
_OFF = frozenset({Standing.BELOW, Standing.ABOVE})


@dataclass(frozen=True, slots=True)
class DoseMark:
    """A dose on the time axis. `label` is empty where it would lie on the one before; `about` says it in full."""

    x: str
    kind: str
    label: str
    about: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One result in a picture."""

    x: str
    y: str
    about: str
    is_off: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """The line from one result to the next."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A number written at the left edge."""

    y: str
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """The laboratory's reference range, from side to side."""

    y: str
    height: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result in the table beneath its picture."""

    id: UUID
    when: str
    result: str
    kept: str
    reference: str
    standing: str
    is_off: bool
    laboratory: str
    entered_by: str


@dataclass(frozen=True, slots=True)
class VoidedRow:
    """One result that no longer counts, in the table beneath the picture."""

    when: str
    result: str
    laboratory: str
    entered_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One analyte: its last value in words, the drawing, and every result for the table, newest first.

    `last_change` says how the last value lies to the first one on record; `voided` are those that no longer count.
    """

    key: str
    name: str
    last: str
    last_day: str
    last_ago: str
    last_standing: str
    last_change: str
    is_off: bool
    summary: str
    band: Band | None
    marks: tuple[Mark, ...]
    segments: tuple[Segment, ...]
    dots: tuple[Dot, ...]
    rows: tuple[ResultRow, ...]
    voided: tuple[VoidedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Pictures:
    """All analytes over one time axis, with the doses as ticks and today as a line. Heights are in pixels."""

    ticks: tuple[Tick, ...]
    today: str
    doses: tuple[DoseMark, ...]
    doses_about: str
    pictures: tuple[Picture, ...]
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class DoseDay:
    """What the pictures need of a dose: its day, its label, and "given", "planned" or "late"."""

    day: date
    label: str
    kind: str


def pictures(trends: tuple[Trend, ...], doses: tuple[DoseDay, ...], today: date, zone: ZoneInfo) -> Pictures | None:
    """Return the pictures, or None while there is no result to draw. `zone` is the site's, for times of collection."""
    if not trends:
        return None
    results = [point.collected_on for trend in trends for point in trend.points]
    axis = time_axis([today, *results, *(dose.day for dose in doses)])
    given = sum(dose.kind == "given" for dose in doses)
    return Pictures(
        ticks=axis.ticks(),
        today=percent(axis.x(today)),
        doses=marked(sorted(doses, key=lambda dose: dose.day), axis),
        doses_about=f"{formatting.plural(given, 'dose')} given between {_span(axis)}.",
        pictures=tuple(_picture(trend, axis, today, zone) for trend in trends),
    )


def _span(axis: TimeAxis) -> str:
    return f"{formatting.day(axis.first)} and {formatting.day(axis.last)}"


def marked(doses: Iterable[DoseDay], axis: TimeAxis) -> tuple[DoseMark, ...]:
    """Place the doses, writing a label only where it does not lie on the one before."""
    marks, labelled = list[DoseMark](), float("-inf")
    for dose in doses:
        x = axis.x(dose.day)
        has_room = x - labelled >= _LABEL_GAP
        labelled = x if has_room else labelled
        about = f"{dose.label}, {'given' if dose.kind == 'given' else 'planned for'} {formatting.day(dose.day)}"
        marks.append(DoseMark(percent(x), dose.kind, dose.label if has_room else "", about))
    return tuple(marks)


def _picture(trend: Trend, axis: TimeAxis, today: date, zone: ZoneInfo) -> Picture:
    unit, last = trend.analyte.unit, trend.last
    reference = _newest_range(trend.points)
    ends = [end for end in (reference.low, reference.high) if end is not None]
    drawn = scale([*(point.kept for point in trend.points), *ends], _TOP, _BOTTOM)
    places = [(axis.x(point.collected_on), drawn.y(point.kept)) for point in trend.points]
    return Picture(
        key=trend.analyte.key,
        name=trend.analyte.name,
        last=in_words(last.comparator, last.kept, unit),
        last_day=formatting.day(last.collected_on),
        last_ago=formatting.since(last.collected_on, today),
        last_standing=_standing(last),
        last_change=_change(trend),
        is_off=last.standing in _OFF,
        summary=_summary(trend),
        band=_band(reference, drawn),
        marks=_marks(trend.points, ends, drawn),
        segments=tuple(
            Segment(percent(x1), pixels(y1), percent(x2), pixels(y2)) for (x1, y1), (x2, y2) in pairwise(places)
        ),
        dots=tuple(
            Dot(percent(x), pixels(y), _about(point, unit), is_off=point.standing in _OFF)
            for point, (x, y) in zip(trend.points, places, strict=True)
        ),
        rows=tuple(_row(point, unit, zone) for point in reversed(trend.points)),
        voided=tuple(_voided(each, zone) for each in reversed(trend.voided)),
    )


def _change(trend: Trend) -> str:
    """Return "down 36 % since the first", for an analyte whose fall matters; else nothing."""
    if DEFAULT.limits[trend.analyte.key].fall_percent is None:
        return ""
    first, last = (_as_result(trend, point) for point in (trend.points[0], trend.last))
    change = change_from(first, last)
    return "" if change is None else f"{change_in_words(change)} since the first"


def _as_result(trend: Trend, point: Point) -> Result:
    return Result(trend.analyte.key, point.collected_at, point.collected_on, point.kept, point.comparator)


def _voided(each: Voided, zone: ZoneInfo) -> VoidedRow:
    when = formatting.moment(each.collected_at, zone)
    return VoidedRow(when, each.words, each.laboratory, each.entered_by, each.reason)


def _newest_range(points: tuple[Point, ...]) -> Range:
    """Return the range that came with the newest result that had one; laboratories change theirs now and then."""
    known = (point.reference for point in reversed(points) if point.reference != NO_RANGE)
    return next(known, NO_RANGE)


def _band(reference: Range, drawn: Scale) -> Band | None:
    if reference == NO_RANGE:
        return None
    top = drawn.y(drawn.high if reference.high is None else reference.high)
    bottom = drawn.y(drawn.low if reference.low is None else reference.low)
    return Band(pixels(top), pixels(bottom - top))


def _marks(points: tuple[Point, ...], ends: list[Decimal], drawn: Scale) -> tuple[Mark, ...]:
    """Write the ends of the range at the left edge; without one, the lowest and the highest result."""
    kept = [point.kept for point in points]
    shown = sorted({*ends} if ends else {min(kept), max(kept)})
    return tuple(Mark(pixels(drawn.y(value)), formatting.number(value)) for value in shown)


def _about(point: Point, unit: str) -> str:
    standing = _STANDING_WORDS[point.standing]
    value = in_words(point.comparator, point.kept, unit)
    return f"{formatting.day(point.collected_on)}: {value}{', ' + standing if standing else ''}"


def _standing(point: Point) -> str:
    """Return "within range, 150 to 400", or nothing where there is no range to compare with."""
    words, reference = _STANDING_WORDS[point.standing], _range(point.reference)
    return f"{words}, {reference}" if words else reference


def _range(reference: Range) -> str:
    """Return "10 to 14", "up to 0.15", "from 10", or nothing."""
    low, high = reference.low, reference.high
    if low is None:
        return "" if high is None else f"up to {formatting.number(high)}"
    if high is None:
        return f"from {formatting.number(low)}"
    return f"{formatting.number(low)} to {formatting.number(high)}"


def _summary(trend: Trend) -> str:
    """Say in one sentence what the picture shows, for those who cannot see it."""
    unit, kept = trend.analyte.unit, [point.kept for point in trend.points]
    first, last = trend.points[0], trend.last
    return (
        f"{formatting.plural(len(kept), 'result')} between {formatting.day(first.collected_on)} and"
        + f" {formatting.day(last.collected_on)}; lowest {formatting.quantity(min(kept), unit)}, highest"
        + f" {formatting.quantity(max(kept), unit)}, last {in_words(last.comparator, last.kept, unit)}."
    )


def _row(point: Point, unit: str, zone: ZoneInfo) -> ResultRow:
    reported, kept = in_words(point.comparator, point.value, point.unit), in_words(point.comparator, point.kept, unit)
    printed = formatting.unit(unit)
    return ResultRow(
        id=point.id,
        when=formatting.moment(point.collected_at, zone),
        result=reported,
        kept="" if reported == kept else kept,
        reference=f"{_range(point.reference)} {printed}".strip() if point.reference != NO_RANGE else "",
        standing=_STANDING_WORDS[point.standing],
        is_off=point.standing in _OFF,
        laboratory=point.laboratory,
        entered_by=point.entered_by,
    )
