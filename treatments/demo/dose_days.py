"""The dose days of the demonstration: today's at every stage, and those of the days before that are not over yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from clinic.audit.trail import person_actor
from clinic.patients.models import Identifier, Patient
from clinic.staff.models import User
from treatments.courses.models import Administration, Dose
from treatments.courses.queries import next_dose, open_course
from treatments.courses.services import Attempted, Given
from treatments.demo.stage import Stage
from treatments.dose_day import queries, services
from treatments.dose_day.models import Discharge
from treatments.rules.cautions import CODES
from treatments.rules.dose_day import Said
from treatments.supply import services as supply
from treatments.supply.models import Vial

MINUTE = timedelta(minutes=1)
# The injection of today began so long ago.
AGO = 50 * MINUTE


@dataclass(frozen=True, slots=True)
class DoseDay:
    """One dose on one day as it is being told. `nurse` writes down, and gives at a site where nobody else does."""

    stage: Stage
    dose: Dose
    on: date
    vial: Vial | None
    nurse: User

    @property
    def patient(self) -> Patient:
        """Return whose dose it is."""
        return self.dose.patient

    def at(self, minutes: int) -> datetime:
        """Return so many minutes after the injection began: on the day, and never ahead of now.

        It began at ten in the morning, today a while ago: somebody is still being watched.
        """
        today = self.on == self.stage.today(self.patient)
        began = self.stage.now - AGO if today else self.stage.at(self.patient, self.on)
        midnight = datetime.combine(self.on, time(), tzinfo=self.patient.site.zone)
        return min(self.stage.now, max(midnight, began + min(minutes, 0) * MINUTE) + max(minutes, 0) * MINUTE)

    def named(self, username: str) -> User:
        """Return somebody who works here."""
        return self.stage.people[username]


def tell(folder: Path, stage: Stage) -> dict[str, int]:
    """Tell of the dose days in `dose_days.yaml`; nothing where the file is left out."""
    path = folder / "dose_days.yaml"
    told: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    of_number = dict(Identifier.objects.filter(kind="mrn", value__in=told).values_list("value", "patient_id"))
    for number, facts in told.items():
        if number in of_number:
            _tell(stage, Patient.objects.select_related("site").get(pk=of_number[number]), facts)
    return {"dose days": len(of_number)} if of_number else {}


def _tell(stage: Stage, patient: Patient, facts: Mapping[str, Any]) -> None:
    course = open_course(patient)
    if course is None:
        return
    dose = Dose.objects.select_related("patient__site", "site", "course__regimen").get(pk=next_dose(course).pk)
    on = stage.today(patient) + timedelta(days=facts.get("day", 0))
    day = DoseDay(stage, dose, on, None, stage.nurse(patient.site))
    day = replace(day, vial=_vial(day, facts.get("vial", "")))
    for chapter, write in _CHAPTERS.items():
        if chapter in facts:
            write(day, facts[chapter])


def _vial(day: DoseDay, lot: str) -> Vial | None:
    """Return the vial that is reserved for the dose already, or reserve one of this lot on the morning of the day."""
    there = Vial.objects.standing().filter(reserved_for=day.dose).first()
    if there is not None or not lot:
        return there
    free = Vial.objects.standing().filter(site=day.dose.site, lot=lot, state=Vial.State.RECEIVED)
    vial = free.order_by("serial", "pk").first()
    if vial is not None:
        by = person_actor(day.named("pharmacist"))
        supply.reserve(vial=vial, dose=day.dose, by=by, at=day.at(-120))
    return vial


def _check(day: DoseDay, facts: Mapping[str, Any]) -> None:
    """Fill the checklist in; with `second`, somebody else confirms it."""
    asked = queries.asked_today(day.dose, day.on)
    answers = {check.key: Said(check.options[0].key) for check in asked}
    answers |= {key: Said(option, note) for key, (option, note) in facts.get("answers", {}).items()}
    row = services.save_checklist(
        dose=day.dose, answers=answers, vial=day.vial, by=person_actor(day.nurse), at=day.at(-45)
    )
    if "second" in facts:
        by = person_actor(day.named(facts["second"]))
        services.confirm_checklist(checklist=row, by=by, at=day.at(-30), expected=row.version)


def _facts(said: Mapping[str, Any], ended_at: datetime | None = None) -> services.Facts:
    csf = Decimal(said["csf"]) if "csf" in said else None
    names = ("csf_appearance", "level", "approach", "guidance", "needle", "punctures", "sedation", "next_step")
    return services.Facts(
        csf_ml=csf,
        ended_at=ended_at,
        complications=tuple(said.get("complications", ())),
        complication_note=said.get("complication_note", ""),
        **{name: said[name] for name in names if name in said},
    )


def _given(day: DoseDay, said: Mapping[str, Any]) -> Given:
    vial = day.vial
    return Given(
        at=day.at(0),
        mg=day.dose.mg,
        ml=day.dose.ml,
        lot=said.get("lot", "" if vial is None else vial.lot),
        vial_expires_on=day.on if vial is None or vial.expires_on is None else vial.expires_on,
        performer=day.named(said["by"]),
        note=said.get("note", ""),
    )


def _give(day: DoseDay, said: Mapping[str, Any]) -> None:
    ended = day.at(2)
    services.give(
        dose=day.dose,
        given=_given(day, said),
        vial=day.vial,
        facts=_facts(said, ended),
        by=person_actor(day.nurse),
        at=day.at(10),
        confirmed=CODES,
    )


def _correct(day: DoseDay, said: Mapping[str, Any]) -> None:
    """Put the record right: what is told here is how it was."""
    row = Administration.objects.standing().get(dose=day.dose, given_on=day.on)
    services.correct(
        administration=row,
        given=_given(day, said),
        vial=day.vial,
        facts=_facts(said, day.at(2)),
        reason=said["reason"],
        by=person_actor(day.nurse),
        at=day.at(90),
        confirmed=CODES,
    )


def _fail(day: DoseDay, said: Mapping[str, Any]) -> None:
    attempted = Attempted(on=day.on, reason=said["reason"], performer=day.named(said["by"]), note=said.get("note", ""))
    failed = services.Failed(attempted, day.vial, _facts(said))
    services.not_given(dose=day.dose, failed=failed, by=person_actor(day.nurse), at=day.at(20))


def _observe(day: DoseDay, rows: list[Mapping[str, Any]]) -> None:
    for row in rows:
        at = day.at(row["after"])
        figures = {name: value for name, value in row.items() if name not in {"after", "temperature"}}
        temperature = Decimal(row["temperature"]) if "temperature" in row else None
        seen = services.Observed(at, temperature=temperature, **figures)
        services.observe(dose=day.dose, observed=seen, by=person_actor(day.nurse), at=at)


def _go_home(day: DoseDay, said: Mapping[str, Any]) -> None:
    home = services.Home(
        left_at=day.at(90),
        advice_to=said["advice_to"],
        call_on=day.on + timedelta(days=said["call"]),
        no_booking_reason=said.get("no_booking", ""),
    )
    by, at = person_actor(day.nurse), day.at(95)
    services.go_home(dose=day.dose, on=day.on, home=home, by=by, at=at, confirmed=CODES)


def _call(day: DoseDay, rows: list[Mapping[str, Any]]) -> None:
    discharge = Discharge.objects.standing().get(dose=day.dose, on=day.on)
    for row in rows:
        called_on = day.on + timedelta(days=row["after"])
        again = day.on + timedelta(days=row["again"]) if "again" in row else None
        told = services.Told(row["outcome"], tuple(row.get("symptoms", ())), row.get("note", ""), again)
        by, at = person_actor(day.named("coordinator")), day.stage.at(day.patient, called_on, hour=11)
        services.call(discharge=discharge, told=told, by=by, at=at)


_CHAPTERS: dict[str, Callable[[DoseDay, Any], None]] = {
    "checklist": _check,
    "failed": _fail,
    "given": _give,
    "corrected": _correct,
    "observed": _observe,
    "home": _go_home,
    "calls": _call,
}
