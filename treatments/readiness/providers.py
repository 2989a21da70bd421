"""Where the six lights come from: one provider each. This is the one place that knows which rooms are asked.

A provider reads its light for many doses at once, in a number of queries that does not grow with them, and says which
page mends it. A light without a provider is not kept here yet and is shown as not needed.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from django.urls import reverse

from clinic.staff.roles import Permission
from treatments.labs.queries import Asked, Sheet, sheets
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.monitoring_terms import Reading


@dataclass(frozen=True, slots=True)
class Fix:
    """The page that mends a light, and what somebody must be allowed to do there."""

    label: str
    url: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Shown:
    """One light with the page that mends it, if there is one. `labs` are the readings behind the laboratory light.

    `is_kept`: some room keeps this light, so that somebody looked.
    """

    lit: Lit
    fix: Fix | None = None
    labs: Sheet | None = None
    is_kept: bool = True


# Takes the doses that are asked about and the instant; returns the light of each by patient.
Provider: TypeAlias = Callable[[Sequence[Asked], datetime], Mapping[uuid.UUID, Shown]]


def labs(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return the laboratory lights. Three queries."""
    return {patient_id: Shown(sheet.lit, _fix(sheet), sheet) for patient_id, sheet in sheets(asked).items()}


def _fix(sheet: Sheet) -> Fix | None:
    """Lead to the form where a sample is needed, else to the worst value that waits for an answer; to a stop first."""
    in_the_way = [reading for reading in sheet.readings if reading.rule in sheet.lit.rules]
    if not in_the_way:
        return None
    if any(reading.lapse for reading in in_the_way) and not sheet.lit.two_people:
        return Fix("Log labs", reverse("labs:add", args=[sheet.asked.patient_id]), Permission.RECORD_LABS)
    worst = max((reading for reading in in_the_way if reading.lapse is None), key=_rank)
    assert worst.result is not None  # noqa: S101 - what counts has a value
    return Fix(f"Review {worst.name}", reverse("labs:review", args=[worst.result.key]), Permission.REVIEW_LABS)


def _rank(reading: Reading) -> int:
    return 0 if reading.level is None else reading.level.rank


PROVIDERS: Mapping[Light, Provider] = MappingProxyType({Light.LABS: labs})

NOT_KEPT = "Not kept here yet: nobody looked."


def collect(
    asked: Sequence[Asked], now: datetime, providers: Mapping[Light, Provider] = PROVIDERS
) -> dict[uuid.UUID, tuple[Shown, ...]]:
    """Return the six lights of each dose, by patient and in their order."""
    found = {light: provide(asked, now) for light, provide in providers.items()}
    return {
        each.patient_id: tuple(_shown(light, found.get(light), each.patient_id) for light in Light) for each in asked
    }


def _shown(light: Light, found: Mapping[uuid.UUID, Shown] | None, patient_id: uuid.UUID) -> Shown:
    if found is None:
        return Shown(Lit(light, Signal.NOT_NEEDED, NOT_KEPT), is_kept=False)
    return found.get(patient_id) or Shown(Lit(light, Signal.NOT_NEEDED))
