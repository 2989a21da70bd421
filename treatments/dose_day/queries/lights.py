"""Which lights stood in the way of a dose that was given."""

from datetime import datetime

from treatments.courses.models import Dose
from treatments.readiness.models import Light
from treatments.readiness.queries import readiness_of_dose
from treatments.rules.lights import Light as Kind
from treatments.rules.readiness import Answer


def lights_that_keep(dose: Dose, now: datetime) -> tuple[str, ...]:
    """Return the words of the lights that keep a dose that comes next. The vial is looked at by itself."""
    reasons = readiness_of_dose(dose.pk, now).readiness.reasons
    keeping = [each.lit.light for each in reasons if each.answer is Answer.NOT_READY]
    return tuple(Light(light.value).label.lower() for light in keeping if light is not Kind.DRUG)
