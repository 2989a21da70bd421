"""A story's days: the history leads to the target it promises, whenever it is told."""

from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monographs.rules.document import parse
from monographs.rules.regimen import Regimen, regimen_from
from tests.monographs.rules.documents import SEED_MONOGRAPH, SEEDS
from tests.treatments.courses.builders import US_12MG
from treatments.demo.stories import Days, days_of, days_of_story
from treatments.rules.schedule import Attempt, NextDose, Series, Status, forecast

REGIMEN = regimen_from(US_12MG, version=1)
TODAY = date(2026, 7, 4)
REGIMENS = {regimen.key: regimen for regimen in parse(SEED_MONOGRAPH).regimens}
DEFAULT = next(regimen for regimen in REGIMENS.values() if regimen.is_default)
PATIENTS: list[dict[str, Any]] = yaml.safe_load((SEEDS / "demo" / "patients.yaml").read_text(encoding="utf-8"))
TOLD = [patient for patient in PATIENTS if patient["story"]]

# Month ends, leap days, the days on which clocks change in London and Chicago, the turn of the year.
SPECIAL = [
    date(2026, 1, 31),
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 2, 28),
    date(2028, 2, 29),
    date(2028, 3, 1),
]
on_special_days = pytest.mark.parametrize("today", SPECIAL, ids=str)


def regimen_of(story: dict[str, Any]) -> Regimen:
    return REGIMENS[story["regimen"]] if "regimen" in story else DEFAULT


def tell(story: dict[str, Any], today: date) -> Days:
    return days_of_story(regimen_of(story), story, today)


def coming(story: dict[str, Any], today: date) -> NextDose:
    days = tell(story, today)
    series = Series(
        regimen_of(story),
        tuple(Attempt(day) for day in days.given),
        planned_start=days.planned_start,
        held="hold" in story,
        stopped="stop" in story,
    )
    return forecast(series, today).next


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


@pytest.mark.parametrize(
    ("target", "nearest"),
    [
        (date(2026, 3, 31), {date(2026, 3, 30), date(2026, 4, 1)}),
        (date(2026, 6, 29), {date(2026, 6, 28)}),
        (date(2026, 6, 30), {date(2026, 7, 1)}),
        (date(2028, 6, 30), {date(2028, 6, 29), date(2028, 7, 1)}),
    ],
)
def test_a_target_to_which_no_month_leads_is_met_as_nearly_as_can_be(target: date, nearest: set[date]) -> None:
    assert days_of(REGIMEN, doses=4, target=target, late={}).target in nearest


@settings(max_examples=60)
@given(
    today=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    ahead=st.integers(-400, 118),
    doses=st.integers(0, 12),
    late=st.dictionaries(st.integers(1, 12), st.integers(1, 60), max_size=2),
)
def test_any_history_is_in_order_and_ends_near_its_target(
    today: date, ahead: int, doses: int, late: dict[int, int]
) -> None:
    days = days_of(REGIMEN, doses=doses, target=today + timedelta(days=ahead), late=late)
    assert list(days.given) == sorted(set(days.given))
    assert len(days.given) == doses
    assert abs((days.target - today).days - ahead) <= 2


@on_special_days
def test_every_next_target_is_where_its_story_says(today: date) -> None:
    for patient in TOLD:
        story = patient["story"]
        assert abs((tell(story, today).target - today).days - story["next"]) <= 2, patient


@on_special_days
def test_no_story_tells_of_a_day_to_come_or_before_birth(today: date) -> None:
    for patient in TOLD:
        days = tell(patient["story"], today)
        born_on = today - timedelta(days=patient["born_days_ago"])
        assert all(day <= today for day in days.given), patient
        assert born_on <= min(days.planned_start, today) - timedelta(days=21), patient


@on_special_days
def test_what_a_story_ends_with_comes_after_its_doses(today: date) -> None:
    for patient in TOLD:
        story, given_on = patient["story"], tell(patient["story"], today).given
        for chapter, day in (("stop", "day"), ("care", "day"), ("hold", "from")):
            if chapter in story and given_on:
                assert given_on[-1] <= today + timedelta(days=story[chapter][day]), patient


@on_special_days
def test_no_booking_lies_before_the_earliest_safe_day(today: date) -> None:
    for patient in TOLD:
        story = patient["story"]
        floor = coming(story, today).floor
        if "booked" in story and floor is not None:
            assert today + timedelta(days=story["booked"]) >= floor, patient


@on_special_days
def test_the_stories_show_every_status_there_is(today: date) -> None:
    assert {coming(patient["story"], today).status for patient in TOLD} == set(Status)


def test_about_sixty_patients_at_two_sites_with_numbers_of_their_own() -> None:
    assert 55 <= len(PATIENTS) <= 65
    assert {patient["site"] for patient in PATIENTS} == {"Northfield", "Lakeside"}
    assert len({patient["mrn"] for patient in PATIENTS}) == len(PATIENTS)
    assert len({(patient["family"], patient["given"]) for patient in PATIENTS}) == len(PATIENTS)
