"""Doses with just the dates a reminder depends on, and senders whose clock stands still."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import Site, SitePolicy
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.services import put_off
from treatments.reminders.services.planning import Planned, plan
from treatments.reminders.services.running import Tally, plan_and_send
from treatments.reminders.services.sending import Sender

_numbers = itertools.count(1)

TARGET = date(2026, 7, 15)
CLOSES = date(2026, 7, 22)
DAY = date(2026, 7, 8)
IDLE = Tally(planned=0, sent=0, cancelled=0, missed=0, failed=0, put_off=0)


def noon(day: date) -> datetime:
    """Return noon UTC of a day: the same day in London and in New York, after seven in the morning at both."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def patient(site: Site, **facts: Any) -> Patient:
    """Register a patient with a name of their own."""
    return courses.patient(site, f"Patient{next(_numbers)}", **facts)


@transaction.atomic
def course(site: Site, of: Patient | None = None) -> Course:
    """Put a patient on the default regimen, without planning a dose."""
    row = Course(
        site=site,
        patient=of or patient(site),
        regimen=courses.regimen(),
        policy=SitePolicy.objects.filter(site=site).earliest("effective_from"),
        planned_start=TARGET,
    )
    return writing.add(row, event="courses.started", by=BY, at=AT)


@transaction.atomic
def dose(
    site: Site, *, target: date | None = TARGET, closes: date | None = None, at: datetime = AT, **facts: Any
) -> Dose:
    """Plan the next dose of a new course; its window closes a week after the target unless said otherwise."""
    on = facts.pop("of_course", None) or course(site)
    window = closes or (target and target + timedelta(days=7))
    values: dict[str, Any] = {
        "is_next": True,
        "ordinal": 5,
        "label": "M1",
        "phase": "maintenance",
        "mg": Decimal(12),
        "ml": Decimal(5),
        "target": target,
        "opens": target,
        "closes": window,
        "why": "For the test.",
    }
    row = Dose(course=on, site=site, patient=on.patient, **(values | facts))
    return writing.add(row, event="courses.dose_planned", by=BY, at=at)


@transaction.atomic
def book(row: Dose, on: date, at: datetime = AT) -> Booking:
    """Make an appointment for a dose."""
    booking = Booking(dose=row, site=row.site, patient=row.patient, on=on)
    return writing.add(booking, event="courses.booked", by=BY, at=at)


@transaction.atomic
def hold(row: Dose, from_on: date, *, review_on: date | None = None) -> Hold:
    """Put the dose's course on hold from a day, to be looked at a year later unless said otherwise."""
    pause = Hold(
        course=row.course,
        site=row.site,
        patient=row.patient,
        from_on=from_on,
        reason="Infection",
        review_on=review_on or from_on + timedelta(days=365),
    )
    return writing.add(pause, event="courses.held", by=BY, at=AT)


@transaction.atomic
def change(row: Any, **values: Any) -> Any:
    """Write new values into a clinical row as the services do."""
    current = type(row)._base_manager.get(pk=row.pk)
    return writing.change(current, event="test.changed", by=BY, at=AT, **values)


def one_of_each(row: Dose) -> dict[str, str]:
    """Write a line that was handed over and one that waits, and put it off; return their ids as addresses want them."""
    nurse = factories.user(Role.NURSE, site=row.site)
    facts = {"site": row.site, "dose": row, "what": row.pk, "recipient": nurse, "planned_at": AT}
    sent = Message.objects.create(
        recipient=nurse, local_day=DAY, due_at=AT, next_try_at=AT, state=MessageState.HANDED_OVER, handed_over_at=AT
    )
    Reminder.objects.create(
        kind="dose_overdue", due_on=DAY, message=sent, state=MessageState.HANDED_OVER, settled_at=AT, **facts
    )
    waits = Reminder.objects.create(kind="dose_upcoming", due_on=DAY, **facts)
    put_off(line=waits, until=AT.date() + timedelta(days=1), reason="Waits", by=person_actor(nurse), at=AT)
    return {"line_id": str(waits.pk)}


def plan_on(day: date) -> Planned:
    """Plan at noon UTC of a day."""
    return plan(noon(day))


def sender(now: datetime | Callable[[], datetime], **facts: Any) -> Sender:
    """Return a sender whose clock shows `now`, who does not wait and whose jitter is at its highest."""
    clock = now if callable(now) else lambda: now
    return Sender(clock=clock, **({"pause": lambda _seconds: None, "jitter": lambda: 1.0} | facts))


def run_on(day: date) -> Tally:
    """Plan and send at noon UTC of a day."""
    return plan_and_send(sender(noon(day)))


def message() -> Message:
    """Return the one digest there is."""
    return Message.objects.get()


def line(**facts: Any) -> Reminder:
    """Return the one line of the ledger that fits."""
    return Reminder.objects.get(**facts)


def states(**facts: Any) -> list[tuple[str, str, str]]:
    """Return the lines that fit as (kind, due day, state), in order."""
    rows = Reminder.objects.filter(**facts).order_by("due_on", "kind", "recipient")
    return [(row.kind, row.due_on.isoformat(), row.state) for row in rows]


def digests(**facts: Any) -> list[tuple[str, str]]:
    """Return the digests that fit as (local day, state), in order."""
    rows = Message.objects.filter(**facts).order_by("local_day", "recipient")
    return [(row.local_day.isoformat(), row.state) for row in rows]
