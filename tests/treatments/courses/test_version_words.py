"""What a newer version says otherwise, in words that a clinician can check against the label."""

from dataclasses import fields, replace
from typing import Any

import pytest

from monographs.rules.regimen import Regimen, regimen_from
from tests.treatments.courses.builders import US_12MG
from treatments.courses.version_words import Difference, differences
from treatments.rules.schedule import Policy

USUAL = Policy()


def regimen(**changes: Any) -> Regimen:
    return regimen_from({name: value for name, value in (US_12MG | changes).items() if value is not None}, version=1)


def told(other: Regimen, policy: Policy = USUAL) -> tuple[Difference, ...]:
    return differences((regimen(), USUAL), (other, policy))


def test_the_same_figures_have_nothing_to_tell() -> None:
    assert told(replace(regimen(), version=2, name="Another name", source="Another label")) == ()


def test_another_interval_is_told_by_its_step() -> None:
    loading = [*US_12MG["loading"][:3], {"mg": 12, "ml": 5, "after": "35 days"}]
    assert told(regimen(loading=loading)) == (
        (
            "L4",
            "12 mg in 5 mL, 30 days after the dose before (day 58)",
            "12 mg in 5 mL, 35 days after the dose before (day 63)",
        ),
    )


def test_a_step_more_or_less_stands_against_none() -> None:
    loading = US_12MG["loading"][:3]
    ((label, before, after),) = told(regimen(loading=loading))
    assert (label, after) == ("L4", "none")
    assert differences((regimen(loading=loading), USUAL), (regimen(), USUAL)) == (("L4", "none", before),)


def test_another_maintenance_is_told() -> None:
    other = regimen(maintenance={"mg": 28, "ml": 5, "every": "5 months"})
    assert told(other) == (("Maintenance", "12 mg in 5 mL, every 4 months", "28 mg in 5 mL, every 5 months"),)


def test_another_shortest_interval_is_told() -> None:
    assert told(regimen(minimum_interval="21 days")) == (("Never closer than", "14 days", "21 days"),)


def test_late_rules_that_go_are_told_whole() -> None:
    ((what, before, after),) = told(regimen(late_maintenance=None))
    assert (what, after) == ("Late maintenance doses", "no rules known")
    assert "8 to under 16 months: 2 doses, 14 days apart; 16 to under 40 months: 3 doses" in before


def test_a_switch_that_comes_is_told() -> None:
    ((what, before, after),) = told(regimen(switch={"from": ["other"], "mg": 50, "ml": 5}))
    assert (what, before) == ("Switch", "none")
    assert after.startswith("From other: one dose of 50 mg")


@pytest.mark.parametrize("name", [each.name for each in fields(Policy)])
def test_each_figure_of_a_policy_has_words(name: str) -> None:
    usual = getattr(USUAL, name)
    ((what, before, after),) = told(regimen(), replace(USUAL, **{name: usual + 1}))
    assert (before, after) == (str(usual), str(usual + 1))
    assert what[0].isupper()


def test_the_label_comes_before_the_policy() -> None:
    found = told(regimen(minimum_interval="21 days"), Policy(early_days=3))
    assert [what for what, _, _ in found] == [
        "Never closer than",
        "Days early at which a maintenance dose still takes its place",
    ]
