"""Status from dates: the one comparison that the engine and the worklist's SQL both make (rule 9)."""

from datetime import date

from treatments.rules.schedule_terms import Status, Turns


def status_on(
    turns: Turns, on: date, *, started: bool, held: bool = False, stopped: bool = False, needs_review: bool = False
) -> Status:
    """Return the status on a day, the worst that applies.

    `started`: there is a last dose, in this course or, after a switch, in the one before. `needs_review`: a
    prescriber has to decide for a reason other than the dates, such as a partial dose.
    """
    return standing_on(turns, on, started=started, held=held, stopped=stopped, needs_review=needs_review)[0]


def standing_on(
    turns: Turns, on: date, *, started: bool, held: bool, stopped: bool, needs_review: bool
) -> tuple[Status, Status | None]:
    """Return the status on a day, and what a hold or a review hides: the status without it, None when nothing is."""
    if stopped:
        return Status.STOPPED, None
    planned = _by_plan(turns, on, started=started)
    reviewed = needs_review or _reached(turns.review_from, on)
    if held:
        return Status.ON_HOLD, Status.REVIEW if reviewed else planned
    return (Status.REVIEW, planned) if reviewed else (planned, None)


def _by_plan(turns: Turns, on: date, *, started: bool) -> Status:
    if _reached(turns.restart_from, on):
        return Status.RESTART
    if _reached(turns.interrupted_from, on):
        return Status.INTERRUPTED
    if turns.closes is not None and on > turns.closes:
        return Status.OVERDUE
    if _reached(turns.opens, on):
        return Status.DUE
    return Status.UPCOMING if started else Status.NOT_STARTED


def _reached(turn: date | None, on: date) -> bool:
    return turn is not None and on >= turn
