"""What must hold for every history: order, edits, floors, the calendar, the bands, and agreement with a slow twin."""

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from monographs.rules.dates import add_months
from monographs.rules.regimen import Regimen
from tests.rules.naive_schedule import Naive, plus
from tests.rules.schedule_stage import EU, HIGH, REGIMENS, US
from treatments.rules.schedule import (
    Attempt,
    Outcome,
    Phase,
    Series,
    forecast,
    project,
    replay,
    status_on,
)

GAPS = {US.key: [0, 14, 14, 30], EU.key: [0, 14, 14, 35], HIGH.key: [0, 14]}
DAY = timedelta(days=1)

starts = st.dates(date(2016, 1, 1), date(2036, 12, 31))
# Mostly gaps that happen, with both sides of every limit: 14 days, 4, 8, 16 and 40 months.
gaps = st.one_of(
    st.sampled_from([1, 13, 14, 15, 28, 30, 35, 108, 115, 116, 120, 122, 123, 137, 138, 229, 236]),
    st.integers(240, 246),
    st.integers(484, 490),
    st.integers(1214, 1222),
    st.integers(1, 300),
)
regimens = st.sampled_from(list(REGIMENS.values()))
outcomes = st.sampled_from([*[Outcome.COMPLETED] * 5, Outcome.NOT_DONE, Outcome.ENTERED_IN_ERROR])


def on_days(days: list[date]) -> tuple[Attempt, ...]:
    return tuple(Attempt(day, key=day.isoformat()) for day in days)


@st.composite
def histories(draw: st.DrawFn, most: int = 12) -> list[date]:
    """Return up to `most` days in order, no two alike."""
    lengths, start = draw(st.lists(gaps, max_size=most)), draw(starts)
    return [start + timedelta(days=total) for total in accumulate(lengths)]


@st.composite
def all_series(draw: st.DrawFn) -> Series:
    """Return a series of any shipped regimen with attempts of every outcome but a partial one."""
    entries = [Attempt(day, outcome=draw(outcomes), key=day.isoformat()) for day in draw(histories())]
    return Series(draw(regimens), tuple(entries))


@given(all_series(), st.integers(0, 2000), st.randoms(use_true_random=False))
def test_the_order_of_entry_does_not_matter(series: Series, later: int, shuffler: random.Random) -> None:
    on = date(2026, 1, 1) + timedelta(days=later)
    shuffled = list(series.attempts)
    shuffler.shuffle(shuffled)

    one, other = forecast(series, on), forecast(replace(series, attempts=tuple(shuffled)), on)

    assert (one.history, one.next) == (other.history, other.next)


@given(histories(), regimens, st.data())
def test_an_edit_equals_a_history_entered_right_from_the_start(
    days: list[date], regimen: Regimen, data: st.DataObject
) -> None:
    on = date(2030, 6, 15)
    voided = {day for day in days if data.draw(st.booleans())}
    edited = tuple(
        entry._replace(outcome=Outcome.ENTERED_IN_ERROR) if entry.on in voided else entry for entry in on_days(days)
    )
    from_the_start = on_days([day for day in days if day not in voided])

    one, other = forecast(Series(regimen, edited), on), forecast(Series(regimen, from_the_start), on)

    assert (one.history, one.next) == (other.history, other.next)


@given(histories(), regimens)
def test_a_dose_added_later_leaves_what_came_before_it_unchanged(days: list[date], regimen: Regimen) -> None:
    whole = replay(Series(regimen, on_days(days)))

    for end in range(len(days)):
        assert replay(Series(regimen, on_days(days[:end]))) == whole[:end]


@given(all_series(), st.integers(0, 2000))
def test_the_next_dose_never_lies_before_the_floor(series: Series, later: int) -> None:
    dose = forecast(series, date(2026, 1, 1) + timedelta(days=later)).next

    dates = [dose.floor, dose.opens, dose.target, dose.closes]
    if dose.previous_on is None:
        assert dates == [None] * 4
    else:
        assert dose.floor == dose.previous_on + 14 * DAY
        assert dates == sorted(day for day in dates if day)


@given(all_series(), st.integers(0, 2000))
def test_a_projection_keeps_the_minimum_interval(series: Series, later: int) -> None:
    on = date(2026, 1, 1) + timedelta(days=later)
    last = max((entry.on for entry in series.attempts if entry.outcome is Outcome.COMPLETED), default=None)

    targets = [dose.target for dose in project(series, on, count=6)]

    assert all(target >= on for target in targets)
    for before, after in zip([last, *targets], targets, strict=False):
        assert before is None or (after - before).days >= 14


@given(starts, regimens)
def test_who_is_on_time_has_exactly_three_maintenance_doses_a_year_for_forty_years(
    start: date, regimen: Regimen
) -> None:
    doses = project(Series(regimen, on_days([start])), start, until=add_months(start, 41 * 12))
    targets = [dose.target for dose in doses if dose.phase is Phase.MAINTENANCE]
    anchor = [start, *(dose.target for dose in doses if dose.phase is Phase.LOADING)][-1]

    for year in range(40):
        begins, ends = plus(anchor, 12 * year), plus(anchor, 12 * year + 12)
        assert sum(begins < target <= ends for target in targets) == 3


@given(starts, regimens, st.lists(st.integers(-7, 14), min_size=120, max_size=120))
def test_forty_years_of_doses_inside_their_windows_do_not_move_the_calendar(
    start: date, regimen: Regimen, jitters: list[int]
) -> None:
    days = [start]
    for step in regimen.loading[1:]:
        days.append(step.after.after(days[-1]))
    slots = [plus(days[-1], 4 * slot) for slot in range(1, 122)]
    given_on = [slot + timedelta(days=jitter) for slot, jitter in zip(slots, jitters, strict=False)]

    answer = forecast(Series(regimen, on_days([*days, *given_on])), given_on[-1])

    assert answer.next.target == slots[120]
    assert answer.next.label == "M121"
    assert answer.next.flags == ()


@given(starts, st.sampled_from([US, EU]))
def test_a_band_begins_on_its_very_day_whatever_the_month(start: date, regimen: Regimen) -> None:
    days = [start]
    for step in regimen.loading[1:]:
        days.append(step.after.after(days[-1]))
    series = Series(regimen, on_days(days))

    for months, before, after in (
        (8, ("M1", None), ("C1", 2)),
        (16, ("C1", 2), ("C1", 3)),
        (40, ("C1", 3), ("L1", None)),
    ):
        edge = plus(days[-1], months)
        found = [forecast(series, on).next for on in (edge - DAY, edge)]
        assert [(dose.label, dose.of) for dose in found] == [before, after]
        assert replay(replace(series, attempts=on_days([*days, edge])))[-1].label == after[0]
        assert replay(replace(series, attempts=on_days([*days, edge - DAY])))[-1].label == before[0]


@given(all_series(), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_stored_turns_say_the_status_of_every_day_for_years(
    series: Series, held: bool, stopped: bool, partial: bool
) -> None:
    last = max((entry.on for entry in series.attempts), default=date(2026, 1, 1))
    extra = (Attempt(last + DAY, outcome=Outcome.PARTIAL),) if partial else ()
    series = replace(series, attempts=(*series.attempts, *extra), held=held, stopped=stopped)
    stored = forecast(series, last)

    for later in range(-20, 1300):
        on = last + timedelta(days=later)
        said = status_on(
            stored.next.turns, on, started=stored.started, held=held, stopped=stopped, needs_review=partial
        )
        assert forecast(series, on).next.status is said


@given(histories(), regimens, st.one_of(st.integers(-30, 1500), st.sampled_from([242, 243, 244, 245, 487, 1217, 1218])))
@settings(max_examples=400)
def test_the_engine_agrees_with_a_slow_and_plain_twin(days: list[date], regimen: Regimen, later: int) -> None:
    on = (days[-1] if days else date(2026, 1, 1)) + timedelta(days=later)
    twin = Naive(GAPS[regimen.key], late=regimen.late is not None)
    labels = [twin.give(day) for day in days]

    answer = forecast(Series(regimen, on_days(days)), on)
    dose = answer.next

    assert [entry.label for entry in answer.history] == labels
    assert (dose.label, dose.target, dose.status) == (twin.next_label(on), twin.target(), twin.status(on))
    assert ((dose.opens, dose.closes) if dose.opens else None) == twin.window()
    assert {flag.value for flag in dose.flags} == twin.flags | ({"tight"} if twin.tight() else set())
