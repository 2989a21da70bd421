"""The late-dose band a booking's day falls in, and whether waiting until then costs more doses."""

import pytest

from tests.rules.schedule_stage import HIGH, HIGH_LOADED, LOADED, day, series
from treatments.rules.schedule import band_crossing, band_on


@pytest.mark.parametrize(
    ("on", "doses"),
    [("2026-07-18", None), ("2026-11-03", None), ("2026-11-04", 2), ("2027-07-04", 3), ("2029-07-04", 0)],
)
def test_the_band_in_force_is_that_of_the_day_asked_about(on: str, doses: int | None) -> None:
    band = band_on(series(LOADED), day(on))

    assert (band and band.doses) == doses


@pytest.mark.parametrize(
    ("today", "booked", "crosses"),
    [
        ("2026-10-30", "2026-11-03", False),
        ("2026-10-30", "2026-11-04", True),
        ("2026-10-30", "2026-11-06", True),
        ("2026-03-05", "2026-07-04", False),
        ("2026-11-04", "2027-07-03", False),
        ("2026-11-04", "2027-07-04", True),
        ("2027-07-04", "2029-07-03", False),
        ("2027-07-04", "2029-07-04", True),
        ("2029-07-04", "2030-07-04", False),
        ("2027-07-04", "2026-11-06", False),
    ],
)
def test_a_booking_crosses_when_its_day_lies_in_a_worse_band_than_today(
    today: str, booked: str, *, crosses: bool
) -> None:
    assert band_crossing(series(LOADED), day(today), day(booked)) is crosses


@pytest.mark.parametrize("given", ["", "2026-01-05"])
def test_no_band_applies_before_maintenance(given: str) -> None:
    assert band_on(series(given), day("2036-01-01")) is None


def test_no_band_is_known_for_the_high_dose() -> None:
    assert band_on(series(HIGH_LOADED, HIGH), day("2036-01-01")) is None
