"""Where the six lights come from: one provider each. This is the one place that knows which rooms are asked.

A provider reads its light for many doses at once, in a number of queries that does not grow with them, and says which
page mends it. It answers for every dose it is asked about: a light of which nothing is said must never pass for one
that is not needed.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from django.urls import reverse

from clinic.staff.roles import Permission
from treatments.adverse_events import queries as adverse_events_room
from treatments.courses.patient_lights import access_plan_lights, consent_lights
from treatments.labs.queries import Asked, Sheet, sheets
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.monitoring_terms import Reading
from treatments.rules.supply import NONE_REGISTERED
from treatments.supply import queries as supply


@dataclass(frozen=True, slots=True)
class Fix:
    """The page that mends a light, and what somebody must be allowed to do there. `part` is a place on that page."""

    label: str
    permission: Permission
    page: str
    about: tuple[uuid.UUID | str, ...]
    part: str = ""

    @property
    def url(self) -> str:
        """Return the address. Only who is shown the link needs it, and a list is read for hundreds who are not."""
        return f"{reverse(self.page, args=self.about)}{self.part}"


@dataclass(frozen=True, slots=True)
class Shown:
    """One light with the page that mends it, if there is one. `labs` are the readings behind the laboratory light."""

    lit: Lit
    fix: Fix | None = None
    labs: Sheet | None = None


# Takes the doses that are asked about and the instant; returns the light of each by patient.
Provider: TypeAlias = Callable[[Sequence[Asked], datetime], Mapping[uuid.UUID, Shown]]


def labs(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return the laboratory lights. Three queries."""
    return {patient_id: Shown(sheet.lit, _labs_fix(sheet), sheet) for patient_id, sheet in sheets(asked).items()}


def _labs_fix(sheet: Sheet) -> Fix | None:
    """Lead to the form where a sample is needed, else to the worst value that waits for an answer; to a stop first."""
    in_the_way = [reading for reading in sheet.readings if reading.rule in sheet.lit.rules]
    if not in_the_way:
        return None
    if any(reading.lapse for reading in in_the_way) and not sheet.lit.two_people:
        return Fix("Log labs", Permission.RECORD_LABS, "labs:add", (sheet.asked.patient_id,))
    worst = max((reading for reading in in_the_way if reading.lapse is None), key=_rank)
    assert worst.result is not None  # noqa: S101 - what counts has a value
    return Fix(f"Review {worst.name}", Permission.REVIEW_LABS, "labs:review", (worst.result.key,))


def _rank(reading: Reading) -> int:
    return 0 if reading.level is None else reading.level.rank


def adverse_events(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return the lights of open events and known hypersensitivity. Two queries."""
    lit = adverse_events_room.lights_of([each.patient_id for each in asked])
    return {pk: Shown(light, _events_fix(pk, light)) for pk, light in lit.items()}


def _events_fix(patient_id: uuid.UUID, lit: Lit) -> Fix:
    """Lead to the events; where the patient must not get the drug, to the allergies, which say so."""
    if lit.contraindicated:
        return Fix("Allergies", Permission.VIEW_PATIENTS, "chart", (patient_id,), "#panel-allergies")
    return Fix("Adverse events", Permission.VIEW_PATIENTS, "adverse_events:of_patient", (patient_id,))


def authorisation(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return whether the payer has agreed to each dose. Three queries."""
    wanted = _wanted(asked)
    lit = supply.authorisation_lights(wanted)
    return {one.patient_id: Shown(lit[one.dose_id], _authorisation_fix(one, lit[one.dose_id])) for one in wanted}


def _authorisation_fix(one: supply.Wanted, lit: Lit) -> Fix:
    """Lead to those that there are, of which one can be renewed; where there is none, to the form."""
    may = Permission.MANAGE_AUTHORISATIONS
    if NONE_REGISTERED in lit.rules:
        return Fix("Register an authorisation", may, "supply:add_authorisation", (one.patient_id,))
    return Fix("Register or renew", may, "supply:of_patient", (one.patient_id,))


def drug(asked: Sequence[Asked], now: datetime) -> dict[uuid.UUID, Shown]:
    """Return whether a vial is there for each dose. Four queries."""
    wanted = _wanted(asked)
    lit = supply.drug_lights(wanted, now)
    return {one.patient_id: Shown(lit[one.dose_id], _drug_fix(one)) for one in wanted}


def _drug_fix(one: supply.Wanted) -> Fix:
    return Fix("Vials for this dose", Permission.MANAGE_SUPPLY, "supply:for_dose", (one.dose_id,))


def _wanted(asked: Sequence[Asked]) -> list[supply.Wanted]:
    return [
        supply.Wanted(each.dose_id, each.patient_id, each.site_id, each.mg, each.dose.on)
        for each in asked
        if each.dose_id is not None and each.mg is not None
    ]


def consent(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return whether each patient's consent to the treatment is in force; without an answer, not ready. One query."""
    lit = consent_lights([each.patient_id for each in asked], when_missing=Signal.NOT_READY)
    return {pk: Shown(light, _part_fix(pk, "Record consent", "consent")) for pk, light in lit.items()}


def access_plan(asked: Sequence[Asked], _now: datetime) -> dict[uuid.UUID, Shown]:
    """Return whether the way to each patient's cerebrospinal fluid is planned. Two queries."""
    lit = access_plan_lights([each.patient_id for each in asked])
    return {pk: Shown(light, _part_fix(pk, "Write the access plan", "access-plan")) for pk, light in lit.items()}


def _part_fix(patient_id: uuid.UUID, label: str, kind: str) -> Fix:
    return Fix(label, Permission.REGISTER_PATIENTS, "patients:add_part", (patient_id, kind))


PROVIDERS: Mapping[Light, Provider] = MappingProxyType(
    {
        Light.LABS: labs,
        Light.ADVERSE_EVENTS: adverse_events,
        Light.AUTHORISATION: authorisation,
        Light.DRUG: drug,
        Light.CONSENT: consent,
        Light.ACCESS_PLAN: access_plan,
    }
)


def collect(
    asked: Sequence[Asked], now: datetime, providers: Mapping[Light, Provider] = PROVIDERS
) -> dict[uuid.UUID, tuple[Shown, ...]]:
    """Return the lights of each dose, by patient and in their order: the six, or those of which providers are given.

    Raises KeyError when a provider leaves a dose out.
    """
    found = [providers[light](asked, now) for light in Light if light in providers]
    return {each.patient_id: tuple(lights[each.patient_id] for lights in found) for each in asked}
