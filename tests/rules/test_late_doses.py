"""The label's bands, each at the day before and on the very day."""

from datetime import timedelta

import pytest

from monographs.rules.regimen import Band, LateRules
from tests.rules.schedule_stage import US, day
from treatments.rules.late_doses import band_at, begins_on, is_worse

assert US.late
LATE: LateRules = US.late
TWO, THREE, ANEW = LATE.bands


@pytest.mark.parametrize(
    ("last", "from_day", "before", "band"),
    [
        ("2026-03-04", "2026-11-04", None, TWO),
        ("2026-03-04", "2027-07-04", TWO, THREE),
        ("2026-03-04", "2029-07-04", THREE, ANEW),
        ("2025-06-30", "2026-02-28", None, TWO),
        ("2027-06-30", "2028-02-29", None, TWO),
        ("2024-02-29", "2025-06-29", TWO, THREE),
        ("2025-10-31", "2029-02-28", THREE, ANEW),
    ],
)
def test_a_band_begins_on_its_very_day(last: str, from_day: str, before: Band | None, band: Band) -> None:
    begins = day(from_day)

    assert band_at(LATE, day(last), begins - timedelta(days=1)) is before
    assert band_at(LATE, day(last), begins) is band


def test_the_last_band_has_no_end() -> None:
    assert band_at(LATE, day("2026-03-04"), day("2066-03-04")) is ANEW


def test_a_day_before_the_last_dose_is_in_no_band() -> None:
    assert band_at(LATE, day("2026-03-04"), day("2025-01-01")) is None


def test_the_first_day_of_each_kind_of_band_is_known() -> None:
    assert begins_on(LATE, day("2026-03-04"), restart=False) == day("2026-11-04")
    assert begins_on(LATE, day("2026-03-04"), restart=True) == day("2029-07-04")


def test_a_kind_of_band_that_is_missing_never_begins() -> None:
    assert begins_on(LateRules((TWO,), "this test"), day("2026-03-04"), restart=True) is None


@pytest.mark.parametrize(
    ("band", "than", "worse"),
    [
        (None, None, False),
        (None, TWO, False),
        (TWO, None, True),
        (TWO, TWO, False),
        (THREE, TWO, True),
        (TWO, ANEW, False),
    ],
)
def test_a_band_further_from_the_last_dose_is_worse(band: Band | None, than: Band | None, *, worse: bool) -> None:
    assert is_worse(band, than) is worse
