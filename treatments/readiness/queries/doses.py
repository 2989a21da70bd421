"""Whether doses can go ahead: the six lights, what the site asks of them, and the overrides, for one or for many."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from treatments.courses.models import Dose
from treatments.labs.models.policies import InForce
from treatments.labs.queries import Asked, asked
from treatments.readiness.models import OVERRIDE_DAYS, Override, ReadinessPolicy
from treatments.readiness.providers import PROVIDERS, Shown, collect
from treatments.rules.lights import Light
from treatments.rules.readiness import Judged, Need, Readiness, readiness
from treatments.rules.readiness import Override as Passed


@dataclass(frozen=True, slots=True)
class Asking:
    """What a site asks of each light, and for how many days at most an override counts."""

    needs: Mapping[Light, Need]
    override_days: int


@dataclass(frozen=True, slots=True)
class DoseReadiness:
    """One dose with its answer and its lights as they were found, in the same order."""

    asked: Asked
    asking: Asking
    readiness: Readiness
    shown: tuple[Shown, ...]

    def judged(self, light: Light) -> Judged:
        """Return one light as it counts."""
        return next(each for each in self.readiness.lights if each.lit.light is light)


def readiness_of(
    asked_doses: Sequence[Asked], now: datetime, *, only: Collection[Light] = tuple(Light)
) -> dict[uuid.UUID, DoseReadiness]:
    """Return the readiness of each dose that was asked about, by dose. Seventeen queries, however many.

    With `only` some of the lights, nothing is read for the others, and the answer is of those alone.
    """
    doses = [each for each in asked_doses if each.dose_id is not None]
    if not doses:
        return {}
    policies = policies_in_force({each.site_id: each.today for each in doses})
    overrides = _overrides([each.dose_id for each in doses if each.dose_id is not None])
    lights = collect(doses, now, {light: PROVIDERS[light] for light in only})
    return {
        each.dose_id: _judged(each, policies, overrides.get(each.dose_id, []), lights[each.patient_id])
        for each in doses
        if each.dose_id is not None
    }


def readiness_of_dose(dose_id: uuid.UUID, now: datetime) -> DoseReadiness:
    """Return the readiness of a dose that comes next. Eighteen queries."""
    return readiness_of(asked(Dose.objects.filter(pk=dose_id), now), now)[dose_id]


def policies_in_force(days: Mapping[uuid.UUID, date]) -> InForce[Asking]:
    """Return what each site asks that counts on its day. Without a policy every light is required. One query."""
    rows = ReadinessPolicy.objects.in_force(days)
    rules = {(row.site_id, row.regimen_key): Asking(row.needs(), row.override_days) for row in rows}
    return InForce(rules, Asking(dict.fromkeys(Light, Need.REQUIRED), OVERRIDE_DAYS))


def _judged(
    asked: Asked, policies: InForce[Asking], overrides: Collection[Passed], shown: tuple[Shown, ...]
) -> DoseReadiness:
    asking = policies.of(asked.site_id, asked.regimen_key)
    lits = [each.lit for each in shown]
    answer = readiness(lits, asking.needs, overrides, dose=str(asked.dose_id), on=asked.dose.on)
    return DoseReadiness(asked, asking, answer, shown)


def _overrides(dose_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Passed]]:
    found: dict[uuid.UUID, list[Passed]] = {}
    for row in Override.objects.standing().filter(dose_id__in=dose_ids):
        found.setdefault(row.dose_id, []).append(passed_by(row))
    return found


def passed_by(row: Override) -> Passed:
    """Return an override as the rule reads it."""
    return Passed(
        key=str(row.pk),
        dose=str(row.dose_id),
        light=Light(row.light),
        rules=frozenset(row.rules),
        reason_code=row.reason_code,
        by=str(row.by_id),
        by_prescriber=row.as_prescriber,
        expires_on=row.expires_on,
        second="" if row.second_id is None else str(row.second_id),
    )
