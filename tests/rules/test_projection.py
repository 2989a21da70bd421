"""The doses to come, if each is given on its target."""

import pytest

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import EU, HIGH, HIGH_LOADED, LOADED, US, day, series
from treatments.rules.projection import projection_of
from treatments.rules.schedule import Phase, Series, project, replay
from treatments.rules.schedule_reading import read


def planned(asked: Series, on: str, until: str | None = None, count: int | None = None) -> list[tuple[str, str]]:
    doses = project(asked, day(on), day(until) if until else None, count)
    return [(dose.label, dose.target.isoformat()) for dose in doses]


@pytest.mark.parametrize(
    ("regimen", "doses"),
    [
        (US, ["2026-01-19", "2026-02-02", "2026-03-04", "2026-07-04", "2026-11-04"]),
        (EU, ["2026-01-19", "2026-02-02", "2026-03-09", "2026-07-09", "2026-11-09"]),
    ],
)
def test_loading_and_maintenance_follow_each_other(regimen: Regimen, doses: list[str]) -> None:
    found = planned(series("2026-01-05", regimen), "2026-01-05", until="2026-12-31")

    assert found == list(zip(["L2", "L3", "L4", "M1", "M2"], doses, strict=True))


def test_a_dose_says_its_place_and_its_amount() -> None:
    (dose,) = project(series(HIGH_LOADED, HIGH), day("2026-05-19"), count=1)

    assert (dose.ordinal, dose.phase, dose.label, int(dose.mg)) == (3, Phase.MAINTENANCE, "M1", 28)


@pytest.mark.parametrize(("until", "last"), [("2026-11-03", "M1"), ("2026-11-04", "M2")])
def test_the_last_day_is_part_of_the_projection(until: str, last: str) -> None:
    assert planned(series(LOADED), "2026-03-05", until=until)[-1][0] == last


@pytest.mark.parametrize("count", [0, 1, 7])
def test_as_many_doses_are_projected_as_asked_for(count: int) -> None:
    assert len(planned(series(LOADED), "2026-03-05", count=count)) == count


def test_the_narrower_of_two_limits_holds() -> None:
    assert len(planned(series(LOADED), "2026-03-05", until="2030-01-01", count=2)) == 2
    assert len(planned(series(LOADED), "2026-03-05", until="2026-08-01", count=2)) == 1


def test_without_a_limit_twelve_months_are_projected() -> None:
    targets = [target for _, target in planned(series(LOADED), "2026-07-04")]

    assert targets == ["2026-07-04", "2026-11-04", "2027-03-04", "2027-07-04"]


def test_nothing_is_projected_before_the_day_asked_about() -> None:
    assert planned(series(LOADED), "2026-07-18", until="2026-07-17") == []


@pytest.mark.parametrize("on", ["2026-07-05", "2026-07-25"])
def test_a_dose_whose_target_has_passed_is_assumed_today_and_the_calendar_kept(on: str) -> None:
    assert planned(series(LOADED), on, count=2) == [("M1", on), ("M2", "2026-11-04")]


def test_a_dose_given_late_today_may_push_the_next_one_to_the_floor() -> None:
    assert planned(series(LOADED), "2026-10-28", count=3) == [
        ("M1", "2026-10-28"),
        ("M2", "2026-11-11"),
        ("M3", "2027-03-04"),
    ]


def test_an_interrupted_course_is_projected_with_its_catch_up_doses() -> None:
    assert planned(series(LOADED), "2027-07-04", count=4) == [
        ("C1", "2027-07-04"),
        ("C2", "2027-07-18"),
        ("C3", "2027-08-01"),
        ("M1", "2027-12-01"),
    ]


def test_a_course_to_restart_is_projected_from_its_first_loading_dose() -> None:
    assert planned(series(LOADED), "2029-08-06", count=5) == [
        ("L1", "2029-08-06"),
        ("L2", "2029-08-20"),
        ("L3", "2029-09-03"),
        ("L4", "2029-10-03"),
        ("M1", "2030-02-03"),
    ]


def test_a_planned_start_is_projected_from_its_day() -> None:
    assert planned(series(planned_start=day("2026-01-05")), "2025-12-01", count=2) == [
        ("L1", "2026-01-05"),
        ("L2", "2026-01-19"),
    ]


def test_a_hold_is_read_as_lifted_today() -> None:
    assert planned(series(LOADED, held=True), "2026-07-25", count=1) == [("M1", "2026-07-25")]


@pytest.mark.parametrize(
    "asked",
    [
        series(),
        series(LOADED, stopped=True),
        series(f"{LOADED} 2026-07-04:partial"),
        series(f"{LOADED} 2026-07-04:partial", held=True),
        series(HIGH_LOADED, HIGH),
        series("2026-01-05 2026-01-19"),
    ],
    ids=["no start", "stopped", "partial", "partial and held", "high dose late", "loading left off"],
)
def test_nothing_is_projected_where_the_dates_are_not_known(asked: Series) -> None:
    assert planned(asked, "2026-10-03", count=3) == []


def test_projecting_leaves_the_reading_as_it_was() -> None:
    reading = read(series(LOADED), day("2026-03-05"))

    assert projection_of(reading, count=3) == projection_of(reading, count=3)


def test_doses_given_as_projected_are_the_doses_projected() -> None:
    doses = project(series(LOADED), day("2027-07-04"), count=9)

    history = replay(series(" ".join([LOADED, *(dose.target.isoformat() for dose in doses)])))

    assert [(dose.label, dose.on, dose.mg) for dose in history[4:]] == [
        (dose.label, dose.target, dose.mg) for dose in doses
    ]
