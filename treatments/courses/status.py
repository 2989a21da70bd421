"""The status of a stored dose on a day: the rule's own comparison, fed from the row's dates."""

from datetime import date

from treatments.courses.models import Dose
from treatments.rules.schedule import Status, Turns, status_on


def turns_of(dose: Dose) -> Turns:
    """Return the days on which this dose's status turns."""
    return Turns(
        opens=dose.opens,
        closes=dose.closes,
        review_from=dose.review_from,
        interrupted_from=dose.interrupted_from,
        restart_from=dose.restart_from,
    )


def status_of(dose: Dose, on: date, *, held: bool, stopped: bool) -> Status:
    """Return where a course with this next dose stands on a day."""
    return status_on(
        turns_of(dose),
        on,
        started=dose.previous_on is not None,
        held=held,
        stopped=stopped,
        needs_review=dose.needs_review,
    )
