"""Overrides in words: those of one dose, and those that wait for a second person."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.urls import reverse

from clinic import formatting, statuses
from clinic.staff.models import Site
from clinic.statuses import Status
from treatments.courses.models import Dose
from treatments.labs.models import NotIndicated
from treatments.readiness.models import Override
from treatments.readiness.queries.doses import DoseReadiness, passed_by
from treatments.rules.lights import Light
from treatments.rules.readiness import why_not

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One override, ready to show. `note` says why it does not count; the addresses are empty where nothing is left."""

    id: uuid.UUID
    about: str
    said: str
    why: str
    by: str
    until: str
    status: Status
    note: str
    patient: str
    chart_url: str
    dose_url: str
    confirm_url: str
    withdraw_url: str
    own: bool


def history(dose: Dose, found: DoseReadiness | None, user_id: int) -> tuple[OverrideLine, ...]:
    """Return a dose's overrides, those that stand first, then the newest; its lights say which count. One query."""
    rows = Override.objects.filter(dose=dose).select_related("by", "second", "site", "patient")
    standing_first = rows.order_by(F("voided_at").desc(nulls_first=True), "-created_at")
    return tuple(_line(row, found, user_id) for row in standing_first)


def waiting_overrides(sites: Sequence[Site], user_id: int, now: datetime) -> tuple[OverrideLine, ...]:
    """Return the overrides at these sites that wait for a second person and have not run out. One query."""
    counting = Q(pk__in=[])
    for site in sites:
        counting |= Q(site=site, expires_on__gte=site.today(now))
    rows = Override.objects.standing().filter(counting, needs_second=True, second=None, dose__is_next=True)
    joined = rows.select_related("by", "second", "site", "patient").order_by("created_at")
    return tuple(_line(row, None, user_id) for row in joined[:AT_ONCE])


def standing_override(dose_id: uuid.UUID, light: Light) -> Override | None:
    """Return the override of a dose's light that was not withdrawn, whether or not it counts. One query."""
    return Override.objects.standing().filter(dose_id=dose_id, light=light.value).select_related("by").first()


def _line(row: Override, found: DoseReadiness | None, user_id: int) -> OverrideLine:
    state, note = _state(row, found)
    stands = row.voided_at is None
    waits = stands and row.needs_second and row.second is None
    return OverrideLine(
        id=row.pk,
        about=row.get_light_display(),
        said=row.said,
        why=f"{row.get_reason_code_display()}{f': {row.reason}' if row.reason else ''}",
        by=_people(row),
        until=formatting.day(row.expires_on),
        status=statuses.OVERRIDE[state],
        note=note,
        patient=formatting.full_name(row.patient.family_name, row.patient.given_name),
        chart_url=reverse("chart", args=[row.patient_id]),
        dose_url=reverse("readiness:dose", args=[row.dose_id]),
        confirm_url=reverse("readiness:confirm", args=[row.pk]) if waits else "",
        withdraw_url=reverse("readiness:withdraw", args=[row.pk]) if stands else "",
        own=row.by_id == user_id,
    )


def _people(row: Override) -> str:
    """Say who decided and when."""
    said = f"{row.by}, {formatting.moment(row.created_at, row.site.zone)}"
    if row.second is None or row.second_at is None:
        return said
    return f"{said}; confirmed by {row.second}, {formatting.moment(row.second_at, row.site.zone)}"


def _state(row: Override, found: DoseReadiness | None) -> tuple[str, str]:
    """Return the key of the override's status, and why it does not count."""
    if row.voided_at is not None:
        return "withdrawn", row.void_reason
    if found is not None:
        judged = found.judged(Light(row.light))
        passing = judged.passed_by is not None and judged.passed_by.key == str(row.pk)
        note = "" if passing else why_not(passed_by(row), judged.lit, found.asked.dose.on)
        if note and not (row.needs_second and row.second is None):
            return "ended", note
    return ("waiting", "") if row.needs_second and row.second is None else ("in_force", "")


@dataclass(frozen=True, slots=True)
class NotIndicatedLine:
    """Who found the laboratory set unnecessary for a dose, and why."""

    by: str
    reason: str
    ask_again_url: str


def not_indicated(dose: Dose) -> NotIndicatedLine | None:
    """Return what was said of a dose's laboratory set, None where nothing was. One query."""
    row = NotIndicated.objects.standing().filter(dose=dose).select_related("by", "site").first()
    if row is None:
        return None
    when = formatting.moment(row.created_at, row.site.zone)
    return NotIndicatedLine(f"{row.by}, {when}", row.reason, reverse("labs:ask_again", args=[row.pk]))
