"""What the laboratory says in the stories: a sample before each dose, and what somebody decided about the last one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from treatments.courses.models import Course
from treatments.courses.queries import next_dose
from treatments.labs import queries as labs
from treatments.labs.models import LabResult
from treatments.labs.services import log_results, review_result
from treatments.readiness.models import Override
from treatments.readiness.queries import readiness_of_dose
from treatments.readiness.services import give_override
from treatments.rules.lights import Light
from treatments.rules.monitoring import Range, Reported
from treatments.rules.monitoring_terms import Level

KEPT_SETS = 4
NEAR_DAYS = 14
_PLATELETS = {"low_platelets": Decimal(92), "very_low_platelets": Decimal(46)}
_PROTEIN = {"high_protein": Decimal("0.31")}
_FIRST_HIGH_PROTEIN = Decimal("0.27")

# A sample: the day on which it was collected, and what the laboratory reported.
Sample = tuple[date, tuple[Reported, ...]]


def samples_of(story: Mapping[str, Any], given: Sequence[date], today: date, number: int) -> Iterator[Sample]:
    """Yield the samples that a story tells of, oldest first; the patient's number makes them differ from others."""
    kind = story.get("labs", "recent")
    if kind == "none":
        return
    for place, day in enumerate(given[-KEPT_SETS:]):
        yield day - timedelta(days=3), _values(number, place)
    if story.get("next", NEAR_DAYS + 1) > NEAR_DAYS:
        return
    if kind == "high_protein":
        yield today - timedelta(days=11), (Reported("urine_protein", _FIRST_HIGH_PROTEIN, "g/L"),)
    yield today - timedelta(days=4), _values(number, KEPT_SETS, kind)


def _values(number: int, place: int, kind: str = "recent") -> tuple[Reported, ...]:
    """Return a plausible set. A person's values lie close together; persons differ."""
    usual = Decimal(190 + number * 37 % 180 + place * 13 % 25)
    turn = number + place
    return (
        Reported("platelets", _PLATELETS.get(kind, usual), "10*9/L", reference=Range(Decimal(150), Decimal(450))),
        Reported("inr", Decimal("0.9") + Decimal(turn % 3) / 10, "{INR}"),
        Reported("pt", Decimal(11) + Decimal(turn % 7) / 2, "s", reference=Range(Decimal(10), Decimal(15))),
        Reported("aptt", Decimal(26) + Decimal(turn % 10), "s", reference=Range(Decimal(25), Decimal(38))),
        Reported("urine_protein", _PROTEIN.get(kind, Decimal("0.05") + Decimal(turn % 9) / 100), "g/L"),
    )


def log_samples(
    patient: Patient, samples: Iterator[Sample], *, when: Callable[[Patient, date, int], datetime], by: Actor
) -> int:
    """Log the samples, each collected at eight and entered at four; return how many. `when` knows the site's clock."""
    count = 0
    for collected_on, values in samples:
        day = max(collected_on, patient.born_on)
        at = when(patient, day, 8)
        log_results(
            patient=patient,
            collected_at=at,
            laboratory="Main laboratory",
            values=values,
            by=by,
            at=max(at, when(patient, day, 16)),
        )
        count += 1
    return count


def sign_off(course: Course, reason: str, *, by: Actor, at: datetime) -> None:
    """Sign off every value of the patient that waits for a prescriber alone."""
    for reading in list(labs.open_readings(labs.sheet_of(course.patient, at))):
        if reading.level is Level.SIGN_OFF and reading.result is not None:
            result = LabResult.objects.get(pk=reading.result.key)
            review_result(result=result, level=reading.level, reason=reason, by=by, at=at)


def override_labs(course: Course, reason: str, *, by: Actor, at: datetime) -> None:
    """Let the next dose past its laboratory light; at a stop it then waits for a second person."""
    dose = next_dose(course)
    found = readiness_of_dose(dose.pk, at)
    give_override(
        dose=dose,
        light=Light.LABS,
        said=found.judged(Light.LABS).lit.reason,
        reason_code=Override.Reason.RISK_ACCEPTED,
        reason=reason,
        expires_on=found.asked.today + timedelta(days=found.asking.override_days),
        by=by,
        at=at,
    )
