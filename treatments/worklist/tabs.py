"""The worklist's tabs: each open course of a patient in care stands in exactly one.

A tab is a set of statuses of `treatments.rules.schedule`; what is not yet due is divided by how far away it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from clinic.statuses import Tone
from treatments.rules.schedule import Status

UPCOMING_DAYS = 30


class Tab(StrEnum):
    """One tab; its value stands in the address."""

    OVERDUE = "overdue"
    DUE = "due"
    UPCOMING = "upcoming"
    LATER = "later"
    ON_HOLD = "on-hold"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class About:
    """How a tab is shown, and the column its rows are ordered by, earliest first.

    `always_dated`: no row of this tab lacks that day. `empty` is what the page says when there is no row.
    """

    label: str
    tone: Tone
    order: str
    always_dated: bool
    empty: str


TABS: Mapping[Tab, About] = {
    Tab.OVERDUE: About("Overdue", Tone.DANGER, "closes", always_dated=True, empty="No dose is overdue."),
    Tab.DUE: About("Due", Tone.ACT, "closes", always_dated=True, empty="No dose is inside its window today."),
    Tab.UPCOMING: About(
        f"Upcoming {UPCOMING_DAYS} days",
        Tone.NEUTRAL,
        "target",
        always_dated=True,
        empty=f"No dose falls due in the next {UPCOMING_DAYS} days.",
    ),
    Tab.LATER: About(
        "Later", Tone.NEUTRAL, "target", always_dated=True, empty=f"No dose is planned beyond {UPCOMING_DAYS} days."
    ),
    Tab.ON_HOLD: About("On hold", Tone.NEUTRAL, "closes", always_dated=False, empty="No course is on hold."),
    Tab.DECISION: About(
        "Needs decision", Tone.ATTENTION, "closes", always_dated=False, empty="No course waits for a prescriber."
    ),
}
FIRST = next(iter(TABS))

_BY_STATUS: Mapping[Status, Tab] = {
    Status.ON_HOLD: Tab.ON_HOLD,
    Status.REVIEW: Tab.DECISION,
    Status.RESTART: Tab.DECISION,
    Status.INTERRUPTED: Tab.DECISION,
    Status.OVERDUE: Tab.OVERDUE,
    Status.DUE: Tab.DUE,
}


def last_upcoming(today: date) -> date:
    """Return the last day that is still upcoming rather than later."""
    return today + timedelta(days=UPCOMING_DAYS)


def tab_of(status: Status, target: date | None, today: date) -> Tab | None:
    """Return the tab of a course with this status; None for a stopped one, which is no longer on the list.

    A course whose next dose has no day at all needs somebody to decide on one.
    """
    if status is Status.STOPPED:
        return None
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if target is None:
        return Tab.DECISION
    return Tab.UPCOMING if target <= last_upcoming(today) else Tab.LATER
