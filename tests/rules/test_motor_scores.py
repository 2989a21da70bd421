"""The motor scales: range, whom they are meant for, and which change matters."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients.choices import MotorFunction
from monographs.rules.dates import add_months
from treatments.rules import motor_scores as rule
from treatments.rules.motor_scores import SCALES, Group, Scale

TODAY = date(2026, 7, 4)
RANGES = {
    "chop_intend": (0, 64),
    "hine_2": (0, 26),
    "hfmse": (0, 66),
    "rulm": (0, 37),
    "mfm32": (0, 96),
    "six_minute_walk": (0, 1000),
    "who_milestones": (0, 6),
}


def asked(key: str, months: int, function: str = "") -> bool:
    """Say whether the scale is asked about for somebody who is so many months old today."""
    return bool(rule.cautions(key, born_on=add_months(TODAY, -months), assessed_on=TODAY, function=function))


def test_the_scales_and_their_ranges_are_those_of_the_specification() -> None:
    assert {key: (scale.low, scale.high) for key, scale in SCALES.items()} == RANGES


@pytest.mark.parametrize("key", SCALES)
def test_a_score_at_either_end_can_be_and_one_beyond_cannot(key: str) -> None:
    low, high = RANGES[key]
    assert rule.range_problem(key, low) == rule.range_problem(key, high) == ""
    assert rule.range_problem(key, high + 1) == rule.range_problem(key, low - 1) != ""


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("chop_intend", "CHOP INTEND goes from 0 to 64."),
        ("six_minute_walk", "6MWT goes from 0 m to 1000 m."),
        ("who_milestones", "WHO milestones goes from 0 of 6 to 6 of 6."),
    ],
)
def test_a_score_out_of_range_is_told_how_far_the_scale_goes(key: str, sentence: str) -> None:
    assert rule.range_problem(key, 2000) == sentence


@pytest.mark.parametrize(
    ("key", "months", "function", "expected"),
    [
        ("chop_intend", 38, "sitter", False),
        ("chop_intend", 39, "sitter", True),
        ("chop_intend", 400, "non_sitter", False),
        ("chop_intend", 400, "", False),
        ("hine_2", 1, "", True),
        ("hine_2", 2, "", False),
        ("hine_2", 24, "walker", False),
        ("hine_2", 25, "walker", True),
        ("hfmse", 23, "sitter", True),
        ("hfmse", 24, "sitter", False),
        ("hfmse", 24, "non_sitter", True),
        ("rulm", 29, "walker", True),
        ("rulm", 30, "walker", False),
        ("rulm", 30, "non_sitter", True),
        ("mfm32", 23, "sitter", True),
        ("mfm32", 24, "sitter", False),
        ("mfm32", 71, "walker", True),
        ("mfm32", 72, "walker", False),
        ("six_minute_walk", 72, "walker", False),
        ("six_minute_walk", 72, "sitter", True),
        ("who_milestones", 215, "walker", False),
        ("who_milestones", 216, "walker", True),
    ],
)
def test_a_scale_is_asked_about_outside_of_its_ages_and_functions(
    key: str, months: int, function: str, expected: bool
) -> None:
    assert asked(key, months, function) is expected


@pytest.mark.parametrize(
    ("months", "function", "who"),
    [(1, "", "1 month old"), (30, "walker", "2 years old, a walker"), (25, "", "2 years old")],
)
def test_what_is_asked_says_whom_the_scale_is_meant_for_and_who_the_patient_is(
    months: int, function: str, who: str
) -> None:
    (caution,) = rule.cautions("hine_2", born_on=add_months(TODAY, -months), assessed_on=TODAY, function=function)
    assert caution.text == f"HINE-2 is meant for children from 2 to 24 months; the patient is {who}."


def test_the_rule_knows_the_functions_that_the_record_knows() -> None:
    named = {function for scale in SCALES.values() for group in scale.groups for function in group.functions}
    assert named <= set(MotorFunction.values)


@pytest.mark.parametrize(
    ("key", "value", "difference", "matters"),
    [
        ("chop_intend", 33, 3, False),
        ("chop_intend", 34, 4, True),
        ("chop_intend", 26, -4, True),
        ("hine_2", 32, 2, True),
        ("hfmse", 32, 2, False),
        ("hfmse", 33, 3, True),
        ("rulm", 31, 1, False),
        ("rulm", 28, -2, True),
        ("mfm32", 33, 3, True),
        ("six_minute_walk", 59, 29, False),
        ("six_minute_walk", 60, 30, True),
        ("who_milestones", 31, 1, None),
    ],
)
def test_a_change_matters_from_the_smallest_one_that_does(
    key: str, value: int, difference: int, matters: bool | None
) -> None:
    assert rule.compared(key, 30, value) == rule.Compared(difference, matters)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_every_smallest_change_names_its_source(scale: Scale) -> None:
    assert scale.change is None or (scale.change.least > 0 and scale.change.source)
    assert scale.meant_for
    assert scale.groups


@pytest.mark.parametrize(
    ("key", "value", "words", "share"),
    [
        ("chop_intend", 48, "48", ""),
        ("six_minute_walk", 310, "310 m", ""),
        ("who_milestones", 3, "3 of 6", ""),
        ("mfm32", 48, "48", "50 %"),
        ("mfm32", 96, "96", "100 %"),
    ],
)
def test_a_score_is_printed_with_its_unit_and_where_it_is_read_so_as_a_share(
    key: str, value: int, words: str, share: str
) -> None:
    assert (rule.in_words(SCALES[key], value), rule.percent(SCALES[key], value)) == (words, share)


@given(st.sampled_from(list(SCALES)), st.integers(0, 1200))
def test_a_function_that_is_not_recorded_excludes_nobody_whom_a_recorded_one_lets_in(key: str, months: int) -> None:
    if asked(key, months):
        assert all(asked(key, months, function) for function in MotorFunction.values)


def test_a_group_without_bounds_holds_everybody() -> None:
    assert Group().holds(0, "")
    assert Group().holds(1200, "walker")
