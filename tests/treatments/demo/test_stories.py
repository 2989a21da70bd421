"""A story's days: the history leads to the target it promises."""

from datetime import date, timedelta

import pytest

from monographs.rules.regimen import regimen_from
from tests.treatments.courses.builders import US_12MG
from treatments.demo.stories import days_of
from treatments.rules.schedule import Attempt, Series, forecast

REGIMEN = regimen_from(US_12MG, version=1)
TODAY = date(2026, 7, 4)


@pytest.mark.parametrize("doses", [0, 1, 3, 4, 9])
@pytest.mark.parametrize("ahead", [-30, 0, 45])
def test_the_history_leads_to_the_promised_target(doses: int, ahead: int) -> None:
    days = days_of(REGIMEN, doses=doses, target=TODAY + timedelta(days=ahead), late={})
    assert days.target == TODAY + timedelta(days=ahead)
    assert len(days.given) == doses
    series = Series(REGIMEN, tuple(Attempt(day) for day in days.given), planned_start=days.planned_start)
    assert forecast(series, TODAY).next.target == days.target


def test_a_late_dose_is_late_by_so_many_days() -> None:
    days = days_of(REGIMEN, doses=6, target=TODAY, late={6: 20})
    on_time = days_of(REGIMEN, doses=5, target=days.given[5] - timedelta(days=20), late={})
    assert days.given[5] - on_time.target == timedelta(days=20)


def test_a_target_no_month_leads_to_is_met_within_days() -> None:
    days = days_of(REGIMEN, doses=4, target=date(2026, 3, 31), late={})
    assert abs((days.target - date(2026, 3, 31)).days) <= 3
