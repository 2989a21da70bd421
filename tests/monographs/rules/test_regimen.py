from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.regimen import (
    LONGEST_INTERVAL,
    LONGEST_TEXT,
    Band,
    Interval,
    InvalidRegimen,
    LateRules,
    Regimen,
    Step,
    Switch,
    Unit,
    interval_from,
    regimen_from,
)

DATA: dict[str, Any] = {
    "key": "example-12mg",
    "name": "Example, 12 mg",
    "default": True,
    "source": "Example label, 2026",
    "effective_from": date(2026, 3, 30),
    "minimum_interval": "14 days",
    "loading": [
        {"mg": 12, "ml": 5, "after": "0 days"},
        {"mg": "9.6", "ml": 4.0, "after": "14 days"},
    ],
    "maintenance": {"mg": 12, "ml": 5, "every": "4 months"},
    "late_maintenance": {
        "source": "Example label, late doses",
        "effective_from": date(2026, 1, 12),
        "bands": [
            {"from": "8 months", "doses": 2, "apart": "14 days"},
            {"from": "40 months", "restart": True},
        ],
    },
    "switch": {"from": ["example-old"], "mg": 50, "ml": 5},
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the example with one value replaced; `path` is like "loading.1.mg"."""
    data = deepcopy(DATA)
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place: Any = data
    for step in steps:
        place = place[step]
    place[last] = value
    return data


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in DATA.items() if name not in names}


def test_a_regimen_is_read_whole() -> None:
    regimen = regimen_from(DATA, version=3)

    assert regimen == Regimen(
        key="example-12mg",
        version=3,
        name="Example, 12 mg",
        loading=(
            Step(Decimal(12), Decimal(5), Interval(0, Unit.DAYS)),
            Step(Decimal("9.6"), Decimal("4.0"), Interval(14, Unit.DAYS)),
        ),
        maintenance=Step(Decimal(12), Decimal(5), Interval(4, Unit.MONTHS)),
        minimum_days=14,
        late=LateRules(
            (Band(8, doses=2, apart_days=14, restart=False), Band(40, doses=0, apart_days=0, restart=True)),
            "Example label, late doses",
            effective_from=date(2026, 1, 12),
        ),
        switch=Switch(("example-old",), Step(Decimal(50), Decimal(5), Interval(0, Unit.DAYS))),
        source="Example label, 2026",
        effective_from=date(2026, 3, 30),
        is_default=True,
    )


def test_what_is_not_known_may_be_left_out() -> None:
    regimen = regimen_from(without("default", "effective_from", "late_maintenance", "switch"), version=1)

    assert (regimen.is_default, regimen.effective_from, regimen.late, regimen.switch) == (False, None, None, None)


def test_a_date_may_be_given_as_text() -> None:
    assert regimen_from(changed("effective_from", "2026-03-30"), version=1).effective_from == date(2026, 3, 30)


def test_late_rules_may_have_no_first_day_or_one_as_text() -> None:
    undated, dated = (changed("late_maintenance.effective_from", value) for value in (None, "2026-01-12"))
    late = [regimen_from(data, version=1).late for data in (undated, dated)]

    assert [None if each is None else each.effective_from for each in late] == [None, date(2026, 1, 12)]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("key", "", r"^regimens: each regimen needs a `key`"),
        ("key", None, r"^regimens: each regimen needs a `key`"),
        ("key", 12, r"^regimens: each regimen needs a `key`"),
        ("key", "Has Spaces", r"^regimens: each regimen needs a `key`"),
        ("key", "a" * (LONGEST_TEXT + 1), r"^regimens: each regimen needs a `key`"),
        ("name", " ", r"^example-12mg\.name: write it as text\.$"),
        ("name", 12, r"^example-12mg\.name: write it as text\.$"),
        ("name", "n" * (LONGEST_TEXT + 1), r"^example-12mg\.name: shorten it to 200 characters\.$"),
        ("source", None, r"^example-12mg\.source: write it as text\.$"),
        ("default", "yes", r"^example-12mg\.default: 'yes' is neither true nor false\.$"),
        ("colour", "red", r"^example-12mg: unknown 'colour'; known are default, "),
        ("effective_from", "soon", r"^example-12mg\.effective_from: 'soon' is not a date"),
        (
            "effective_from",
            datetime(2026, 3, 30, tzinfo=UTC),
            r"^example-12mg\.effective_from: datetime.* is not a date",
        ),
        ("minimum_interval", None, r"^example-12mg\.minimum_interval: None is not an interval"),
        ("minimum_interval", "2 months", r"^example-12mg\.minimum_interval: give it in days, not 2 months\.$"),
        ("loading", [], r"^example-12mg\.loading: list at least one step\.$"),
        ("loading", {"mg": 12}, r"^example-12mg\.loading: list at least one step\.$"),
        ("loading.1", "12 mg", r"^example-12mg\.loading\[2\]: write a step as mg, ml and after\.$"),
        ("loading.1.dose", 12, r"^example-12mg\.loading\[2\]: unknown 'dose'; known are after, mg, ml\.$"),
        ("loading.1.after", "soon", r"^example-12mg\.loading\[2\]\.after: 'soon' is not an interval"),
        ("loading.1.after", "0 days", r"^example-12mg\.loading\[2\]\.after: only the first dose has no interval"),
        ("loading.0.mg", 0, r"^example-12mg\.loading\[1\]\.mg: 0 is not an amount above 0"),
        ("loading.0.mg", -12, r"^example-12mg\.loading\[1\]\.mg: -12 is not an amount above 0"),
        ("loading.0.mg", 10_001, r"^example-12mg\.loading\[1\]\.mg: 10001 is not an amount above 0 and up to 10000"),
        ("loading.0.mg", "0.0005", r"^example-12mg\.loading\[1\]\.mg: '0\.0005' is not an amount"),
        ("loading.0.mg", "nan", r"^example-12mg\.loading\[1\]\.mg: 'nan' is not an amount"),
        ("loading.0.mg", "twelve", r"^example-12mg\.loading\[1\]\.mg: 'twelve' is not an amount"),
        ("loading.0.mg", None, r"^example-12mg\.loading\[1\]\.mg: None is not an amount"),
        ("loading.0.mg", True, r"^example-12mg\.loading\[1\]\.mg: True is not an amount"),
        ("loading.0.mg", "1" * 200, r"^example-12mg\.loading\[1\]\.mg: '1{59}… is not an amount"),
        ("loading.0.ml", 0, r"^example-12mg\.loading\[1\]\.ml: 0 is not an amount"),
        ("maintenance", None, r"^example-12mg\.maintenance: write a step as mg, ml and every\.$"),
        ("maintenance.every", "0 months", r"^example-12mg\.maintenance\.every: only the first dose"),
        ("maintenance.after", "4 months", r"^example-12mg\.maintenance: unknown 'after'; known are every, mg, ml\.$"),
        ("late_maintenance", [], r"^example-12mg\.late_maintenance: write `source` and a list of `bands`\.$"),
        ("late_maintenance.bands", None, r"^example-12mg\.late_maintenance: write `source` and a list of `bands`\.$"),
        ("late_maintenance.bands", [], r"^example-12mg\.late_maintenance\.bands: list at least one band"),
        ("late_maintenance.note", "x", r"^example-12mg\.late_maintenance: unknown 'note'; known are bands, "),
        (
            "late_maintenance.effective_from",
            "2024",
            r"^example-12mg\.late_maintenance\.effective_from: '2024' is not a",
        ),
        ("late_maintenance.source", "", r"^example-12mg\.late_maintenance\.source: write it as text\.$"),
        ("late_maintenance.bands.0", "8 months", r"^example-12mg\.late_maintenance\.bands\[1\]: write a band as"),
        ("late_maintenance.bands.0.to", "9 months", r"bands\[1\]: unknown 'to'; known are apart, doses, from, restart"),
        ("late_maintenance.bands.0.from", "8 days", r"bands\[1\]\.from: give it in months, not 8 days\.$"),
        ("late_maintenance.bands.0.from", "40 months", r"bands: list at least one band, each starting later"),
        ("late_maintenance.bands.0.doses", 0, r"bands\[1\]: `doses` is a number from 1 to 99"),
        ("late_maintenance.bands.0.doses", 100, r"bands\[1\]: `doses` is a number from 1 to 99"),
        ("late_maintenance.bands.0.doses", True, r"bands\[1\]: `doses` is a number from 1 to 99"),
        ("late_maintenance.bands.0.doses", "2", r"bands\[1\]: `doses` is a number from 1 to 99"),
        ("late_maintenance.bands.0.apart", "1 month", r"bands\[1\]: .*`apart` is in days and above 0\.$"),
        ("late_maintenance.bands.0.apart", "0 days", r"bands\[1\]: .*`apart` is in days and above 0\.$"),
        ("late_maintenance.bands.1.restart", "yes", r"bands\[2\]\.apart: None is not an interval"),
        ("switch", "example-old", r"^example-12mg\.switch: write `from`, a list of regimen keys"),
        ("switch.from", "example-old", r"^example-12mg\.switch: write `from`, a list of regimen keys"),
        ("switch.from", [], r"^example-12mg\.switch\.from: list at least one regimen key\.$"),
        ("switch.every", "4 months", r"^example-12mg\.switch: unknown 'every'; known are from, mg, ml\.$"),
        ("switch.mg", 0, r"^example-12mg\.switch\.mg: 0 is not an amount"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(path: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidRegimen, match=sentence):
        regimen_from(changed(path, value), version=1)


def test_a_key_that_is_no_text_is_refused_by_name() -> None:
    data: dict[Any, Any] = {**DATA, 12: "x", "b": "y"}

    with pytest.raises(InvalidRegimen, match=r"^example-12mg: unknown 'b', 12; known are "):
        regimen_from(data, version=1)


@pytest.mark.parametrize("amount", [1, 10_000, "0.001", "12.50"])
def test_an_amount_within_the_limits_is_kept_as_written(amount: object) -> None:
    assert str(regimen_from(changed("loading.0.mg", amount), version=1).loading[0].mg) == str(amount)


@pytest.mark.parametrize("doses", [1, 99])
def test_a_band_may_call_for_one_to_ninety_nine_doses(doses: int) -> None:
    late = regimen_from(changed("late_maintenance.bands.0.doses", doses), version=1).late

    assert late is not None
    assert late.bands[0].doses == doses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14 days", Interval(14, Unit.DAYS)),
        ("1 day", Interval(1, Unit.DAYS)),
        (" 4  Months ", Interval(4, Unit.MONTHS)),
        ("1 month", Interval(1, Unit.MONTHS)),
        ("9999 days", Interval(LONGEST_INTERVAL, Unit.DAYS)),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected: Interval) -> None:
    assert interval_from(text, "here") == expected


@pytest.mark.parametrize("text", ["", "days", "14", "14 weeks", "-14 days", "1.5 months", "14 days later", None, 14])
def test_anything_else_is_no_interval(text: object) -> None:
    with pytest.raises(InvalidRegimen, match=r"^here: .* is not an interval; write it like “14 days” or “4 months”\.$"):
        interval_from(text, "here")


@pytest.mark.parametrize("text", ["10000 days", f"{'9' * 5000} days"])
def test_an_interval_of_absurd_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidRegimen, match="is longer than 9999 days"):
        interval_from(text, "here")


def test_an_interval_in_days_counts_days_and_one_in_months_keeps_the_day_number() -> None:
    assert Interval(30, Unit.DAYS).after(date(2026, 2, 2)) == date(2026, 3, 4)
    assert Interval(4, Unit.MONTHS).after(date(2025, 10, 31)) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(1, Unit.DAYS), "1 day"),
        (Interval(14, Unit.DAYS), "14 days"),
        (Interval(0, Unit.DAYS), "0 days"),
        (Interval(1, Unit.MONTHS), "1 month"),
        (Interval(4, Unit.MONTHS), "4 months"),
    ],
)
def test_an_interval_says_itself_in_words(interval: Interval, words: str) -> None:
    assert str(interval) == words


@given(count=st.integers(0, LONGEST_INTERVAL), unit=st.sampled_from(Unit))
def test_an_interval_is_read_back_from_its_own_words(count: int, unit: Unit) -> None:
    assert interval_from(str(Interval(count, unit)), "here") == Interval(count, unit)
