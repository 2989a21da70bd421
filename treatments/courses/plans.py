"""A stored dose as the cautions read it."""

from treatments.courses.models import Dose
from treatments.rules.cautions import Plan


def plan_of(dose: Dose) -> Plan:
    """Return what the schedule says of this dose."""
    return Plan(
        mg=dose.mg,
        ml=dose.ml,
        previous_on=dose.previous_on,
        floor=dose.floor,
        opens=dose.opens,
        closes=dose.closes,
    )
