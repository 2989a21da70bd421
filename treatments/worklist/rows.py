"""One row of the worklist, in words. Rows are made in Python: filters in a long table would double the page's time."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from clinic import formatting, statuses
from clinic.patients.choices import IdentifierKind
from clinic.staff.models import Site
from clinic.staff.roles import Permission
from clinic.statuses import Status as StatusWord
from treatments.courses.models import Dose
from treatments.courses.queries import PROPOSALS, booking_state
from treatments.courses.status import status_of
from treatments.readiness.models import Light as LightWords
from treatments.readiness.queries import DoseReadiness
from treatments.rules.lights import Light
from treatments.rules.readiness import Answer
from treatments.rules.schedule import Status
from treatments.worklist.queries import Listed
from treatments.worklist.tabs import RULED, Tab

_TO_BOOK = frozenset({Status.NOT_STARTED, Status.UPCOMING, Status.DUE, Status.OVERDUE})
_NAMES = {light: LightWords(light.value).label.lower() for light in Light}
_TO_GIVE = frozenset({Status.DUE, Status.OVERDUE})


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing to do next on a row. `is_urgent`: the dose is due or overdue, and this is what it waits for."""

    label: str
    url: str
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One open course, ready to show. `near` says how late or how far away; `booking_mark` what to notice of it.

    `answer` is whether the dose can go ahead; `lights` names those of the six that are not simply ready:
    what makes the answer, then what only asks to check.
    """

    patient: str
    chart_url: str
    identifier_label: str
    identifier: str
    born: str
    dose: str
    dose_url: str
    status: StatusWord
    near: str
    is_late: bool
    target: str
    window: str
    booking: str
    booking_mark: StatusWord | None
    answer: StatusWord
    lights: tuple[str, ...]
    readiness_url: str
    labs: str
    site: str
    action: Action


def row(
    listed: Listed, site: Site, now: datetime, *, rights: Collection[Permission], ready: DoseReadiness, tab: Tab
) -> Row:
    """Return a course's row as it is today at its site, with the action that this person's rights allow.

    In the tabs about what a dose lacks, the action is to mend that.
    """
    dose = listed.dose
    today, patient = site.today(now), dose.patient
    status = status_of(dose, today, held=listed.held_from is not None, stopped=False)
    label, identifier = _identifier(listed.main_identifier)
    return Row(
        patient=formatting.full_name(patient.family_name, patient.given_name),
        chart_url=reverse("chart", args=[patient.pk]),
        identifier_label=label,
        identifier=identifier,
        born=formatting.day(patient.born_on),
        dose=f"{dose.label}, {formatting.quantity(dose.mg, 'mg')}",
        dose_url=reverse("courses:dose", args=[dose.pk]),
        status=statuses.DOSE[status.value],
        near=_near(listed, status, today),
        is_late=status is Status.OVERDUE,
        target=formatting.NOT_RECORDED if dose.target is None else formatting.day(dose.target),
        window=_window(dose),
        booking=_booking(listed),
        booking_mark=_booking_mark(listed, status, today),
        answer=statuses.LIGHT[ready.readiness.answer.value],
        lights=tuple(_lights(ready)),
        readiness_url=reverse("readiness:dose", args=[dose.pk]),
        labs=_labs(ready),
        site=site.name,
        action=_mending(ready, tab, rights, is_urgent=tab is Tab.LABS_DUE or status in _TO_GIVE)
        or _action(listed, status, today, rights),
    )


def _identifier(main: str | None) -> tuple[str, str]:
    if main is None:
        return "No identifier", ""
    kind, _, number = main.partition(":")
    return IdentifierKind(kind).short, formatting.identifier(number)


def _near(listed: Listed, status: Status, today: date) -> str:
    if listed.hold_review is not None:
        return f"Look again on {formatting.day(listed.hold_review)}"
    return near(listed.dose, status, today)


def near(dose: Dose, status: Status, today: date) -> str:
    """Say how a dose lies to today: before its window by the target, inside it by the day it closes, after it how late.

    A dose is late from the day after its window closed, not from its target.
    """
    if dose.closes is None or dose.target is None:
        return "No date yet"
    if today > dose.closes:
        return formatting.until(dose.closes, today)
    if status is Status.DUE:
        return f"Window closes {formatting.until(dose.closes, today)}"
    return formatting.until(dose.target, today).capitalize()


def _window(dose: Dose) -> str:
    if dose.opens is None or dose.closes is None:
        return ""
    return formatting.day_range(dose.opens, dose.closes)


def _booking(listed: Listed) -> str:
    if listed.booked_on is None:
        return ""
    day = formatting.weekday(listed.booked_on)
    return day if listed.booked_at is None else f"{day}, {formatting.clock(listed.booked_at)}"


def _booking_mark(listed: Listed, status: Status, today: date) -> StatusWord | None:
    """Return what somebody should notice: no booking for a dose that is due, a day outside the window, no outcome."""
    if listed.booked_on is None:
        return statuses.BOOKING["none"] if status in _TO_GIVE else None
    state = booking_state(listed.booked_on, listed.dose, today)
    return None if state == "booked" else statuses.BOOKING[state]


def _lights(ready: DoseReadiness) -> Iterator[str]:
    """Yield the lights behind the answer, and, where some keep the dose, apart from them those that ask to check."""
    for answer in (Answer.NOT_READY, Answer.CHECK):
        names = [_NAMES[judged.lit.light] for judged in ready.readiness.lights if judged.answer is answer]
        if names:
            apart = "" if answer is ready.readiness.answer else f"{statuses.LIGHT[answer.value].label}: "
            yield (apart + ", ".join(names)).capitalize()


def _labs(ready: DoseReadiness) -> str:
    """Return the day of the newest sample, whatever it says."""
    newest = next((shown.labs.newest_on for shown in ready.shown if shown.labs is not None), None)
    return "None" if newest is None else formatting.day(newest)


def _mending(ready: DoseReadiness, tab: Tab, rights: Collection[Permission], *, is_urgent: bool) -> Action | None:
    """Return the page that mends what put the dose into this tab; None in the others, or where somebody else does."""
    for judged, shown in zip(ready.readiness.lights, ready.shown, strict=True):
        keeps = judged.answer is Answer.NOT_READY if tab is Tab.NOT_READY else judged.lit.light is Light.LABS
        if tab in RULED and keeps and shown.fix is not None and shown.fix.permission in rights:
            return Action(shown.fix.label, shown.fix.url, is_urgent)
    return None


def _action(listed: Listed, status: Status, today: date, rights: Collection[Permission]) -> Action:
    """Decide what waits; record what is booked for today or before; book what is not booked; else open the chart."""
    dose, booked = listed.dose, listed.booked_on is not None
    if Permission.DECIDE in rights and status in PROPOSALS:
        return _to("Decide", "courses:decide", dose.course_id, is_urgent=True)
    day_has_come = listed.booked_on is not None and listed.booked_on <= today
    if Permission.RECORD_DOSES in rights and day_has_come:
        return _to("Dose day", "dose_day:day", dose.pk, is_urgent=True)
    if Permission.BOOK_DOSES in rights and not booked and status in _TO_BOOK:
        return _to("Book", "courses:book", dose.pk, is_urgent=status in _TO_GIVE)
    if Permission.RECORD_DOSES in rights and not booked and status in _TO_GIVE:
        return _to("Dose day", "dose_day:day", dose.pk, is_urgent=True)
    return _to("Open", "chart", dose.patient_id, is_urgent=False)


def _to(label: str, name: str, pk: uuid.UUID, *, is_urgent: bool) -> Action:
    return Action(label, reverse(name, args=[pk]), is_urgent)
