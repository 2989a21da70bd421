"""The light of the access plan."""

from datetime import date

import pytest

from clinic.patients.choices import Spine
from treatments.rules.access_plan import DIFFICULT, AccessPlan, access_plan_light
from treatments.rules.lights import Light, Signal

PLAN = AccessPlan("Interlaminar, ultrasound, sedation", date(2026, 1, 5), "scoliosis")


def test_every_spine_but_a_straight_one_needs_a_plan() -> None:
    assert set(DIFFICULT) == set(Spine.values) - {Spine.STRAIGHT}


@pytest.mark.parametrize("spine", ["", "straight"])
def test_without_a_plan_it_asks_for_attention(spine: str) -> None:
    lit = access_plan_light(None, spine=spine)
    assert (lit.light, lit.signal, lit.reason) == (
        Light.ACCESS_PLAN,
        Signal.ATTENTION,
        "No access plan is recorded.",
    )


@pytest.mark.parametrize(
    ("spine", "said"),
    [
        ("scoliosis", "the spine is scoliotic"),
        ("rods", "there are growing rods"),
        ("fused", "the spine is fused"),
        ("fused_to_sacrum", "the spine is fused to the sacrum"),
    ],
)
def test_without_a_plan_a_difficult_spine_stops_the_dose(spine: str, said: str) -> None:
    lit = access_plan_light(None, spine=spine)
    assert (lit.signal, lit.reason) == (Signal.NOT_READY, f"No access plan is recorded, and {said}.")


@pytest.mark.parametrize("spine", ["", "scoliosis"])
def test_a_plan_for_the_spine_as_it_is_is_ready(spine: str) -> None:
    lit = access_plan_light(PLAN, spine=spine)
    assert (lit.signal, lit.reason) == (
        Signal.READY,
        "Interlaminar, ultrasound, sedation; reviewed on 5 Jan 2026.",
    )


@pytest.mark.parametrize(
    ("spine", "said"), [("fused", "Since then, the spine is fused"), ("straight", "Since then, the spine is straight")]
)
def test_a_plan_for_another_spine_is_to_be_reviewed(spine: str, said: str) -> None:
    lit = access_plan_light(PLAN, spine=spine)
    assert lit.signal is Signal.ATTENTION
    assert f"{said}: review the plan." in lit.reason


def test_a_plan_made_before_anybody_recorded_the_spine_is_to_be_reviewed() -> None:
    unknown = AccessPlan("Interlaminar", date(2026, 1, 5))
    assert access_plan_light(unknown, spine="fused").signal is Signal.ATTENTION
