"""The shared time axis and the scales of the pictures."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.chart.axes import LEFT, RIGHT, Scale, TimeAxis, percent, pixels, scale, time_axis

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


class TestTheTimeAxis:
    def test_it_runs_from_edge_to_edge(self) -> None:
        axis = TimeAxis(date(2026, 1, 1), date(2026, 1, 11))
        assert (axis.x(date(2026, 1, 1)), axis.x(date(2026, 1, 11))) == (LEFT, RIGHT)
        assert axis.x(date(2026, 1, 6)) == pytest.approx((LEFT + RIGHT) / 2)

    def test_it_spans_all_days_and_at_least_four_weeks(self) -> None:
        day = date(2026, 7, 4)
        assert time_axis([day]) == TimeAxis(day, date(2026, 8, 1))
        assert time_axis([day, day + timedelta(days=27)]).last == date(2026, 8, 1)
        assert time_axis([day + timedelta(days=29), day]).last == date(2026, 8, 2)

    @given(st.lists(DAYS, min_size=1, max_size=6))
    def test_every_day_lies_on_it(self, days: list[date]) -> None:
        axis = time_axis(days)
        assert all(LEFT <= axis.x(day) <= RIGHT + 1e-9 for day in days)

    @given(DAYS, st.integers(28, 36_000))
    def test_few_ticks_are_written_each_the_first_of_a_month_on_the_axis(self, first: date, span: int) -> None:
        axis = TimeAxis(first, first + timedelta(days=span))
        ticks = axis.ticks()
        assert len(ticks) <= 10
        assert len({tick.label for tick in ticks}) == len(ticks)
        places = [float(tick.x.rstrip("%")) for tick in ticks]
        assert places == sorted(places)
        assert all(LEFT - 0.1 <= place <= RIGHT + 0.1 for place in places)

    def test_months_are_written_every_one_two_three_or_six_of_them(self) -> None:
        def labels(first: date, last: date) -> list[str]:
            return [tick.label for tick in TimeAxis(first, last).ticks()]

        assert labels(date(2026, 1, 5), date(2026, 4, 2)) == ["Feb 2026", "Mar 2026", "Apr 2026"]
        assert labels(date(2025, 9, 30), date(2026, 7, 4)) == [
            "Nov 2025",
            "Jan 2026",
            "Mar 2026",
            "May 2026",
            "Jul 2026",
        ]
        assert labels(date(2024, 12, 1), date(2026, 7, 4))[:3] == ["Jan 2025", "Apr 2025", "Jul 2025"]
        assert labels(date(2023, 4, 1), date(2026, 7, 4))[:3] == ["Jul 2023", "Jan 2024", "Jul 2024"]

    def test_every_second_tick_gives_way_where_there_is_little_room(self) -> None:
        ticks = TimeAxis(date(2025, 1, 1), date(2025, 6, 30)).ticks()
        assert [tick.minor for tick in ticks] == [False, True, False, True, False, True]


class TestTheScale:
    def test_larger_values_lie_higher(self) -> None:
        drawn = Scale(Decimal(100), Decimal(200), 10, 60)
        assert (drawn.y(Decimal(100)), drawn.y(Decimal(150)), drawn.y(Decimal(200))) == (60, 35, 10)

    def test_it_leaves_air_above_and_below(self) -> None:
        drawn = scale([Decimal(180), Decimal(100)], 10, 60)
        assert (drawn.low, drawn.high) == (Decimal(90), Decimal(190))

    def test_nothing_is_drawn_below_zero(self) -> None:
        assert scale([Decimal("0.01"), Decimal("0.2")], 10, 60).low == 0

    @pytest.mark.parametrize("value", ["0", "0.05", "1.1", "2000"])
    def test_a_single_value_has_a_scale_around_it(self, value: str) -> None:
        drawn = scale([Decimal(value)], 10, 60)
        assert drawn.low < drawn.high
        assert 10 <= drawn.y(Decimal(value)) <= 60

    def test_what_the_scale_does_not_reach_is_drawn_at_its_edge(self) -> None:
        drawn = Scale(Decimal(100), Decimal(200), 10, 60)
        assert (drawn.y(Decimal(99)), drawn.y(Decimal(201))) == (60, 10)

    @given(st.lists(st.decimals(0, 2000, places=4), min_size=1, max_size=8))
    def test_every_value_lies_inside(self, values: list[Decimal]) -> None:
        drawn = scale(values, 10, 60)
        assert all(10 <= drawn.y(value) <= 60 for value in values)


def test_numbers_are_written_for_the_drawing() -> None:
    assert (percent(12.345), pixels(60.0)) == ("12.3%", "60.0")
