"""What follows the injection: how long somebody is watched, how they were, and how they went home."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from clinic import formatting
from treatments.courses import queries as courses
from treatments.courses.models import Administration, Booking, Dose
from treatments.dose_day.models import Discharge, DoseDayPolicy, Observation, Procedure
from treatments.labs.models.policies import InForce
from treatments.rules import dose_day as rules


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """One observation, ready to show."""

    id: UUID
    time: str
    pulse: str
    pressure: str
    saturation: str
    temperature: str
    pain: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class HomeCard:
    """How somebody went home, as (term, description) rows. `call_due`: the day of the call still to make.

    `is_call_due`: that day has come.
    """

    id: UUID
    rows: tuple[tuple[str, str], ...]
    call_due: str
    is_call_due: bool


def policy_of(dose: Dose, on: date) -> DoseDayPolicy:
    """Return what counts at the dose's site on a day; the application's own figures where it decided nothing."""
    found = DoseDayPolicy.objects.in_force({dose.site_id: on})
    rows = {(row.site_id, row.regimen_key): row for row in found}
    return InForce(rows, DoseDayPolicy(site_id=dose.site_id)).of(dose.site_id, dose.course.regimen.key)


def watched_until(dose: Dose, on: date) -> datetime | None:
    """Return until when the patient is watched on a dose day, None where nothing was injected."""
    tried = Administration.objects.standing().filter(dose=dose, given_on=on, elsewhere=False)
    row = tried.exclude(outcome=Administration.Outcome.NOT_DONE).order_by("-created_at").first()
    if row is None:
        return None
    procedure = Procedure.objects.standing().filter(administration=row).first()
    ended = row.given_at if procedure is None or procedure.ended_at is None else procedure.ended_at
    return None if ended is None else rules.observe_until(ended, policy_of(dose, on).observation_minutes)


def next_date(coming: Dose, on: date) -> Booking | None:
    """Return the booking with which somebody goes home on a day. That of a dose which failed that day is none."""
    booking = courses.standing_booking(coming)
    return booking if booking is not None and booking.on > on else None


def booked_words(coming: Dose, booking: Booking | None) -> str:
    """Say when the dose that comes next is booked, or that it is not."""
    if booking is None:
        return f"{courses.next_words(coming)} No day is booked yet."
    return f"{coming.label} is booked on {formatting.weekday(booking.on)}."


def observations_of(dose: Dose, on: date) -> tuple[ObservationRow, ...]:
    """Return what was observed on a day, in its order. One query."""
    rows = Observation.objects.standing().filter(dose=dose, on=on).select_related("by").order_by("observed_at")
    return tuple(_observation(row, dose.site.zone) for row in rows)


def _observation(row: Observation, zone: tzinfo) -> ObservationRow:
    return ObservationRow(
        id=row.pk,
        time=formatting.clock(row.observed_at.astimezone(zone).time()),
        pulse=_figure(row.pulse, "/min"),
        pressure="" if row.systolic is None else f"{row.systolic}/{row.diastolic} mmHg",
        saturation=_figure(row.saturation, " %"),
        temperature="" if row.temperature is None else f"{formatting.number(row.temperature)} °C",
        pain="" if row.pain is None else f"{row.pain} of 10",
        note=row.note,
        by=str(row.by),
    )


def _figure(value: int | None, unit: str) -> str:
    return "" if value is None else f"{value}{unit}"


def home_card(dose: Dose, on: date, today: date) -> HomeCard | None:
    """Return how somebody went home after a dose day, None while they are here. One query."""
    rows = Discharge.objects.standing().filter(dose=dose, on=on).select_related("by")
    row = rows.first()
    if row is None:
        return None
    facts = [
        ("Went home", formatting.moment(row.left_at, dose.site.zone)),
        ("Advice given to", row.advice_to),
        ("Call on", formatting.weekday(row.call_on)),
    ]
    facts += [("No next date because", row.no_booking_reason)] if row.no_booking_reason else []
    facts += [("Note", row.note)] if row.note else []
    due = "" if row.call_due_on is None else formatting.weekday(row.call_due_on)
    is_due = row.call_due_on is not None and row.call_due_on <= today
    return HomeCard(row.pk, (*facts, ("Recorded by", str(row.by))), due, is_due)
