"""The light of the access plan before a dose: how the cerebrospinal fluid is reached in this person.

What delays doses is more often the way in than the date: spines that are curved, held by rods or fused need a plan
before the day ("What really delays doses", peers; "The dose day", clinical-rules.md).
"""

from dataclasses import dataclass
from datetime import date

from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.schedule_words import in_words

# Spines through which nobody goes without a plan, each as it is said in a sentence.
DIFFICULT: dict[str, str] = {
    "scoliosis": "the spine is scoliotic",
    "rods": "there are growing rods",
    "fused": "the spine is fused",
    "fused_to_sacrum": "the spine is fused to the sacrum",
}
STRAIGHT = "the spine is straight"


@dataclass(frozen=True, slots=True)
class AccessPlan:
    """The plan that counts, in one line, with the spine it was made for; empty where that was not recorded."""

    words: str
    reviewed_on: date
    spine: str = ""


def access_plan_light(plan: AccessPlan | None, *, spine: str = "") -> Lit:
    """Return how the light stands, given the spine as it is known now; empty means not recorded.

    A plan: ready, but attention where it was made for another spine. No plan: attention, but not ready where the spine
    is scoliotic, held by rods or fused.
    """
    if plan is None:
        if spine in DIFFICULT:
            return _lit(Signal.NOT_READY, f"No access plan is recorded, and {DIFFICULT[spine]}.")
        return _lit(Signal.ATTENTION, "No access plan is recorded.")
    said = f"{plan.words}; reviewed on {in_words(plan.reviewed_on)}."
    if spine and spine != plan.spine:
        return _lit(Signal.ATTENTION, f"{said} Since then, {DIFFICULT.get(spine, STRAIGHT)}: review the plan.")
    return _lit(Signal.READY, said)


def _lit(signal: Signal, reason: str) -> Lit:
    return Lit(Light.ACCESS_PLAN, signal, reason)
