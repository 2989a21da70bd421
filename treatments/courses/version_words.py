"""What a newer version says otherwise, in words: only the figures that the schedule reads."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import zip_longest
from typing import TypeAlias

from monographs.queries.regimen_tables import RegimenTable, StepRow, regimen_table
from monographs.rules.regimen import Regimen
from treatments.rules.schedule import Policy

# What, before, after.
Difference: TypeAlias = tuple[str, str, str]

NONE = "none"

_POLICY: dict[str, str] = {
    "loading_days_after": "Loading window, days after the target",
    "maintenance_days_before": "Maintenance window, days before the target",
    "maintenance_days_after": "Maintenance window, days after the target",
    "catch_up_days_after": "Catch-up window, days after the target",
    "early_days": "Days early at which a maintenance dose still takes its place",
    "loading_gap_months": "Months after which interrupted loading is reviewed",
}


def differences(before: tuple[Regimen, Policy], after: tuple[Regimen, Policy]) -> tuple[Difference, ...]:
    """Return what differs between two versions that a course may stand on, in the order in which it is read."""
    tables = regimen_table(before[0]), regimen_table(after[0])
    return (*_steps(*tables), *_rules(*tables), *_policies(before[1], after[1]))


def _steps(before: RegimenTable, after: RegimenTable) -> Iterator[Difference]:
    loading = zip_longest(before.steps[:-1], after.steps[:-1])
    for one, other in (*loading, (before.steps[-1], after.steps[-1])):
        if one != other:
            yield (one or other).label, _step(one), _step(other)


def _step(step: StepRow | None) -> str:
    return NONE if step is None else f"{step.mg} in {step.ml}, {step.when}"


def _rules(before: RegimenTable, after: RegimenTable) -> Iterator[Difference]:
    compared = (
        ("Never closer than", before.minimum, after.minimum),
        ("Late maintenance doses", _late(before), _late(after)),
        ("Switch", before.switch or NONE, after.switch or NONE),
    )
    yield from (each for each in compared if each[1] != each[2])


def _late(table: RegimenTable) -> str:
    return "; ".join(f"{row.since_last}: {row.calls_for}" for row in table.late) or "no rules known"


def _policies(before: Policy, after: Policy) -> Iterator[Difference]:
    for name in (each.name for each in fields(Policy)):
        if getattr(before, name) != getattr(after, name):
            yield _POLICY[name], str(getattr(before, name)), str(getattr(after, name))
