"""Tell the stories to the services: accounts, patients, courses, doses, labs and bookings, each with its trail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from clinic.audit.trail import person_actor, process_actor
from clinic.patients import services as patients
from clinic.patients.choices import CareStatus
from clinic.patients.facts import CarerFacts, ConsentFacts, IdentifierFacts, PersonFacts, ProfileFacts
from clinic.patients.models import Patient
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses import services as courses
from treatments.courses.models import Course
from treatments.courses.queries import next_dose
from treatments.demo import decisions, dose_days, safety
from treatments.demo.laboratory import log_samples, override_labs, samples_of, sign_off
from treatments.demo.stage import Stage
from treatments.demo.stories import Days, days_of_story
from treatments.demo.supplying import supply
from treatments.readiness.services import set_readiness_policy
from treatments.rules.cautions import CODES

BY = process_actor("demonstration")


@dataclass(slots=True)
class Told:
    """How many of each were written."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, more: int = 1) -> None:
        """Count one more, or so many."""
        self.counts[what] = self.counts.get(what, 0) + more


@transaction.atomic
def load(folder: Path, *, password: str, now: datetime) -> dict[str, int]:
    """Write the whole demonstration in one transaction; return how many of each, or nothing when it is there already.

    `folder` holds `sites.yaml`, `patients.yaml` and `supply.yaml`, and perhaps more about these patients. The
    monographs must have been loaded.
    """
    if Site.objects.exists():
        return {}
    stage = _set(folder, password=password, now=now)
    told = Told()
    stories = safety.stories(folder)
    for number, facts in enumerate(yaml.safe_load((folder / "patients.yaml").read_text(encoding="utf-8"))):
        _tell(stage, facts, number, told, stories.get(facts["mrn"], {}))
    vials = yaml.safe_load((folder / "supply.yaml").read_text(encoding="utf-8"))
    told.counts |= supply(vials, stage.sites, now=now, by=person_actor(stage.people["pharmacist"]))
    told.counts |= dose_days.tell(folder, stage)
    return told.counts


def _set(folder: Path, *, password: str, now: datetime) -> Stage:
    data = yaml.safe_load((folder / "sites.yaml").read_text(encoding="utf-8"))
    sites = {facts["name"]: _open(facts, now=now) for facts in data["sites"]}
    people = {facts["username"]: _employ(facts, sites, password=password, now=now) for facts in data["people"]}
    for facts in data["sites"]:
        site = sites[facts["name"]]
        site.lead_clinician = people[facts["lead"]]
        staff.changed(site, event="staff.site_changed", by=BY, at=now)
    rows = {row.key: row for row in monographs.startable_regimens()}
    return Stage(now, sites, people, rows, monographs.default_regimen().key)


def _open(facts: Mapping[str, Any], *, now: datetime) -> Site:
    site = staff.open_site(name=facts["name"], time_zone=facts["time_zone"], phone=facts["phone"], by=BY, at=now)
    # The morning digest leaves at seven, or now where it is not seven yet, so that there is something to see.
    usual: dict[str, Any] = {"digest_hour": min(7, now.astimezone(site.zone).hour)}
    source = "Demonstration: the usual windows and reminder days"
    staff.set_policy(site=site, effective_from=date(2010, 1, 1), source=source, by=BY, at=now, **usual)
    if renewed := facts.get("renewed"):
        days = {name: value for name, value in renewed.items() if name not in {"days_ago", "source"}}
        since, source = site.today(now) - timedelta(days=renewed["days_ago"]), renewed["source"]
        staff.set_policy(site=site, effective_from=since, source=source, by=BY, at=now, **usual, **days)
    source = "Demonstration: what this site asks before a dose"
    began = date(2010, 1, 1)
    set_readiness_policy(site=site, effective_from=began, source=source, by=BY, at=now, **facts["lights"])
    return site


def _employ(facts: Mapping[str, Any], sites: Mapping[str, Site], *, password: str, now: datetime) -> User:
    name = facts["username"]
    user = staff.open_account(
        username=name, full_name=facts["full_name"], email=f"{name}@example.org", password=password, by=BY, at=now
    )
    for site, roles in facts["roles"].items():
        for role in roles:
            staff.give_role(user=user, site=sites[site], role=Role(role), by=BY, at=now)
    return user


def _tell(stage: Stage, facts: Mapping[str, Any], number: int, told: Told, of_safety: Mapping[str, Any]) -> None:
    story = facts["story"]
    site = stage.sites[facts["site"]]
    today = site.today(stage.now)
    regimen = stage.regimens[story.get("regimen", stage.default)]
    days = days_of_story(regimen.rule(), story, today)
    began = min(days.planned_start, today) - timedelta(days=21)
    patient = _register(stage, facts, number, at=datetime.combine(began, time(9), tzinfo=UTC))
    told.add("patients")
    if not story:
        return
    course = _run_course(stage, patient, regimen, days, story, told)
    _labs(stage, patient, days, story, number, told)
    for what, count in safety.tell(_teller(stage, patient, number), of_safety, days.given).items():
        told.add(what, count)
    for chapter, write in _CHAPTERS.items():
        if chapter in story:
            write(stage, course, story[chapter])
            told.add(chapter)


def _teller(stage: Stage, patient: Patient, number: int) -> safety.Teller:
    return safety.Teller(
        patient=patient,
        number=number,
        today=stage.today(patient),
        at=partial(stage.at, patient, hour=16),
        nurse=stage.nurse(patient.site),
        prescriber=stage.people["prescriber"],
    )


def _register(stage: Stage, facts: Mapping[str, Any], number: int, *, at: datetime) -> Patient:
    born_on = stage.now.date() - timedelta(days=facts["born_days_ago"])
    site = stage.sites[facts["site"]]
    carer = CarerFacts(
        name=f"Family of patient {number + 1}",
        relationship="Parent",
        email=f"family-{number + 1}@example.org",
        phone=f"{site.phone[:-2]}{number:02}",
    )
    day = max(at.date(), born_on)
    return patients.register(
        site=site,
        person=PersonFacts(facts["given"], facts["family"], born_on, facts["sex"]),
        identifiers=(IdentifierFacts("mrn", facts["mrn"]),),
        profile=ProfileFacts(**facts["sma"]),
        carers=(carer,),
        consents=(ConsentFacts("treatment", day, carer.name),),
        by=person_actor(stage.people["coordinator"]),
        at=at,
    )


def _run_course(
    stage: Stage, patient: Patient, regimen: Regimen, days: Days, story: Mapping[str, Any], told: Told
) -> Course:
    at = min(stage.now, datetime.combine(days.planned_start - timedelta(days=14), time(9), tzinfo=UTC))
    course = courses.start_course(
        patient=patient,
        regimen=regimen,
        planned_start=days.planned_start,
        by=person_actor(stage.people["prescriber"]),
        at=at,
    )
    told.add("courses")
    for ordinal, day in enumerate(days.given, 1):
        if ordinal <= story.get("elsewhere", 0):
            _give_elsewhere(stage, course, day)
        else:
            _give(stage, course, day, ordinal)
        told.add("doses")
    return course


def _give(stage: Stage, course: Course, day: date, ordinal: int) -> None:
    dose, nurse = next_dose(course), stage.nurse(course.site)
    given = courses.Given(
        at=stage.at(course.patient, day),
        mg=dose.mg,
        ml=dose.ml,
        lot=f"NF{day:%y%m}{ordinal:02d}",
        vial_expires_on=day + timedelta(days=400),
        performer=nurse,
    )
    at = stage.at(course.patient, day, hour=11)
    courses.record_given(dose=dose, given=given, by=person_actor(nurse), at=at, confirmed=CODES)


def _give_elsewhere(stage: Stage, course: Course, day: date) -> None:
    by, at = person_actor(stage.people["prescriber"]), stage.at(course.patient, day, hour=15)
    courses.record_elsewhere(
        course=course, given_on=day, mg=next_dose(course).mg, place="Eastbrook Children's Hospital", by=by, at=at
    )


def _labs(stage: Stage, patient: Patient, days: Days, story: Mapping[str, Any], number: int, told: Told) -> None:
    samples = samples_of(story, days.given, stage.today(patient), number)
    by = person_actor(stage.nurse(patient.site))
    for _ in range(log_samples(patient, samples, when=stage.at, by=by)):
        told.add("lab sets")


def _book(stage: Stage, course: Course, days_ahead: int) -> None:
    on = stage.today(course.patient) + timedelta(days=days_ahead)
    at = min(stage.now, stage.at(course.patient, on - timedelta(days=10)))
    by = person_actor(stage.people["coordinator"])
    courses.book(dose=next_dose(course), on=on, at_time=time(9, 30), place="Day ward", by=by, at=at, confirmed=CODES)


def _hold(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    today = stage.today(course.patient)
    courses.hold_course(
        course=course,
        from_on=today + timedelta(days=facts["from"]),
        review_on=today + timedelta(days=facts["review"]),
        reason=facts["reason"],
        by=stage.prescriber(),
        at=stage.at(course.patient, today + timedelta(days=facts["from"])),
    )


def _stop(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    on = stage.today(course.patient) + timedelta(days=facts["day"])
    at = stage.at(course.patient, on, hour=14)
    courses.stop_course(course=course, on=on, reason=facts["reason"], by=stage.prescriber(), at=at)


def _leave(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    on = stage.today(course.patient) + timedelta(days=facts["day"])
    patients.change_care_status(
        patient=course.patient,
        to=CareStatus(facts["status"]),
        on=on,
        reason=facts["reason"],
        by=person_actor(stage.people["coordinator"]),
        at=stage.at(course.patient, on, hour=14),
    )


def _sign_off(stage: Stage, course: Course, reason: str) -> None:
    sign_off(course, reason, by=stage.prescriber(), at=stage.now)


def _override(stage: Stage, course: Course, reason: str) -> None:
    override_labs(course, reason, by=stage.prescriber(), at=stage.now)


_CHAPTERS: dict[str, Callable[[Stage, Course, Any], None]] = {
    "booked": _book,
    "attempt": decisions.attempt,
    "decide": decisions.decide,
    "switch": decisions.switch,
    "too_soon": decisions.too_soon,
    "hold": _hold,
    "stop": _stop,
    "care": _leave,
    "signed": _sign_off,
    "override": _override,
}
