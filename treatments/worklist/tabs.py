"""The worklist's tabs: each open course of a patient in care stands in exactly one of those by status.

Such a tab is a set of statuses of `treatments.rules.schedule`; what is not yet due is divided by how far away it is.
The overlays lie across them: a course stands in any number of those, and in one by status all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from clinic.statuses import Tone
from treatments.rules.schedule import Status

UPCOMING_DAYS = 30
# So many days before the dose the reminders first ask for laboratory values, and the list does as well.
LABS_DUE_DAYS = 10


class Tab(StrEnum):
    """One tab; its value stands in the address."""

    OVERDUE = "overdue"
    DUE = "due"
    UPCOMING = "upcoming"
    LATER = "later"
    ON_HOLD = "on-hold"
    DECISION = "decision"
    LABS_DUE = "labs-due"
    NOT_READY = "not-ready"
    NO_BOOKING = "no-booking"


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
# What is asked of the doses that are overdue, due or upcoming; of laboratory values a little otherwise.
OVERLAYS: Mapping[Tab, About] = {
    Tab.LABS_DUE: About(
        "Labs due",
        Tone.ATTENTION,
        "basis",
        always_dated=True,
        empty=f"No dose of the next {LABS_DUE_DAYS} days, and no overdue one, waits for laboratory values.",
    ),
    Tab.NOT_READY: About(
        "Not ready",
        Tone.DANGER,
        "basis",
        always_dated=True,
        empty=f"Nothing stands in the way of any dose that is overdue, due or coming up in {UPCOMING_DAYS} days.",
    ),
    Tab.NO_BOOKING: About(
        "No booking",
        Tone.ATTENTION,
        "target",
        always_dated=True,
        empty=f"Every dose that is overdue, due or coming up in {UPCOMING_DAYS} days is booked.",
    ),
}
# Which doses stand here is not in their rows: the rules of the six lights say it.
RULED = frozenset({Tab.LABS_DUE, Tab.NOT_READY})
ABOUT: Mapping[Tab, About] = {**TABS, **OVERLAYS}
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
