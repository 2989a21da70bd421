"""The chapters of a story in which something is decided, or an attempt fails."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from clinic.audit.trail import person_actor
from treatments.courses import services as courses
from treatments.courses.models import Course
from treatments.courses.queries import next_dose
from treatments.courses.series import series_of
from treatments.demo.stage import Stage
from treatments.rules.cautions import CODES
from treatments.rules.proposals import proposals
from treatments.rules.schedule_reading import read


def decide(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    """Answer the proposal that waits: as proposed in so many days, or not for now."""
    today = stage.today(course.patient)
    proposal = proposals(read(series_of(course), today))[0]
    look_again = facts.get("look_again")
    declined = look_again is not None
    answer = courses.Answer(
        matter=proposal.matter,
        choice=None if declined else proposal.choices[0],
        day=None if declined else max(proposal.day, today + timedelta(days=facts["in_days"])),
        reason=facts["reason"],
        look_again_on=today + timedelta(days=look_again) if look_again is not None else None,
    )
    courses.decide(course=course, answer=answer, by=stage.prescriber(), at=stage.now, confirmed=CODES)


def switch(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    """Change to the high dose at the date that is due."""
    due, reason = next_dose(course).target, facts["reason"]
    if due is not None:
        regimen = stage.regimens[facts["regimen"]]
        courses.switch_course(
            course=course, regimen=regimen, day=due, reason=reason, by=stage.prescriber(), at=stage.now
        )


def attempt(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    """Record an attempt that gave nothing, or `mg` of the dose."""
    nurse, mg = stage.nurse(course.site), facts.get("mg")
    attempted = courses.Attempted(
        on=stage.today(course.patient) + timedelta(days=facts["day"]),
        reason=facts["reason"],
        mg=None if mg is None else Decimal(mg),
        performer=nurse,
        note=facts["note"],
    )
    record = courses.record_not_given if mg is None else courses.record_partial
    record(dose=next_dose(course), attempted=attempted, by=person_actor(nurse), at=stage.now)


def too_soon(stage: Stage, course: Course, facts: Mapping[str, Any]) -> None:
    """Ask for a day before the earliest safe one; nobody has confirmed it yet."""
    day = stage.today(course.patient) + timedelta(days=facts["day"])
    courses.ask_for_too_soon(
        dose=next_dose(course), day=day, reason=facts["reason"], by=stage.prescriber(), at=stage.now
    )
