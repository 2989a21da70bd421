"""What happened on a patient's courses, day by day, newest first: doses, decisions, holds, starts, stops, bookings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from django.urls import reverse

from clinic import formatting, statuses
from clinic.patients.models import Patient
from clinic.statuses import Shape, Tone
from treatments.courses.models import Administration, Booking, Course, Decision, Hold


class Kind(StrEnum):
    """What an entry is about; the value stands in the address."""

    DOSES = "doses"
    DECISIONS = "decisions"
    COURSES = "courses"
    BOOKINGS = "bookings"


LABELS = {
    Kind.DOSES: "Doses",
    Kind.DECISIONS: "Decisions",
    Kind.COURSES: "Courses and holds",
    Kind.BOOKINGS: "Bookings",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, ready to show. `on` and `at` order it: its day, then when it was written down."""

    on: date
    at: datetime
    kind: Kind
    tone: Tone
    shape: Shape
    title: str
    when: str
    by: str = ""
    text: str = ""
    url: str = ""


def timeline(patient: Patient, kind: Kind | None = None) -> tuple[Entry, ...]:
    """Return what happened, of one kind or of all, newest first. One query for each sort of row, however many."""
    zone = patient.site.zone
    sources = {
        Kind.DOSES: _doses,
        Kind.DECISIONS: _decisions,
        Kind.COURSES: _courses,
        Kind.BOOKINGS: _bookings,
    }
    chosen = sources.values() if kind is None else [sources[kind]]
    found = [entry for source in chosen for entry in source(patient, zone)]
    return tuple(sorted(found, key=lambda entry: (entry.on, entry.at), reverse=True))


def _doses(patient: Patient, _zone: tzinfo) -> Iterator[Entry]:
    for row in Administration.objects.filter(patient=patient).select_related("dose", "performer"):
        status = statuses.OUTCOME["entered_in_error" if row.voided_at else row.outcome]
        amount = "" if row.mg is None else f", {formatting.quantity(row.mg, 'mg')}"
        yield Entry(
            on=row.given_on,
            at=row.created_at,
            kind=Kind.DOSES,
            tone=status.tone,
            shape=status.shape,
            title=f"{row.dose.label}{amount}: {status.label.lower()}",
            when=formatting.day(row.given_on),
            by=f"Elsewhere: {row.place}" if row.elsewhere else str(row.performer or ""),
            text=". ".join(part for part in (row.get_reason_display(), row.void_reason, row.note) if part),
            url="" if row.dose.voided_at else reverse("courses:dose", args=[row.dose_id]),
        )


def _decisions(patient: Patient, zone: tzinfo) -> Iterator[Entry]:
    for row in Decision.objects.filter(patient=patient).select_related("decided_by", "second"):
        waits = row.needs_second and row.second_id is None
        shape = Shape.STRUCK if row.voided_at else Shape.QUESTION if waits else Shape.TICK
        second = f"; second person {row.second}" if row.second else ""
        yield Entry(
            on=row.made_on,
            at=row.created_at,
            kind=Kind.DECISIONS,
            tone=Tone.NEUTRAL if row.voided_at else Tone.ATTENTION if waits else Tone.DONE,
            shape=shape,
            title=f"{row.get_matter_display()}: {row.answer_words}",
            when=formatting.moment(row.created_at, zone),
            by=f"{row.decided_by or 'A process'}{second}",
            text=_decided(row),
            url=reverse("courses:decision", args=[row.pk]),
        )


def _decided(row: Decision) -> str:
    """Say how it was answered and why, and why it was withdrawn."""
    parts = [row.get_answer_display(), row.reason, f"Withdrawn: {row.void_reason}" if row.void_reason else ""]
    return ". ".join(part.rstrip(".") for part in parts if part)


def _courses(patient: Patient, _zone: tzinfo) -> Iterator[Entry]:
    for course in Course.objects.filter(patient=patient).select_related("regimen__version", "site"):
        begun = course.site.today(course.created_at)
        title = f"Course started: {course.regimen.name}"
        yield _of_course(begun, course.created_at, Shape.DOT, title, f"First dose planned for {_day(course)}")
        if course.stopped_on is not None:
            yield _of_course(course.stopped_on, course.created_at, Shape.SQUARE, "Course stopped", course.stop_reason)
    for hold in Hold.objects.filter(patient=patient):
        again = f"{hold.reason}. Look again on {formatting.day(hold.review_on)}"
        yield _of_course(hold.from_on, hold.created_at, Shape.PAUSE, "On hold", again)
        if hold.ended_on is not None:
            yield _of_course(hold.ended_on, hold.created_at, Shape.ARROW, "Resumed", "")


def _day(course: Course) -> str:
    return formatting.day(course.planned_start)


def _of_course(on: date, at: datetime, shape: Shape, title: str, text: str) -> Entry:
    return Entry(on, at, Kind.COURSES, Tone.NEUTRAL, shape, title, formatting.day(on), text=text)


def _bookings(patient: Patient, zone: tzinfo) -> Iterator[Entry]:
    for row in Booking.objects.filter(patient=patient).select_related("dose"):
        clock = f", {formatting.clock(row.at_time)}" if row.at_time else ""
        place = f", {row.place}" if row.place else ""
        yield Entry(
            on=row.on,
            at=row.created_at,
            kind=Kind.BOOKINGS,
            tone=Tone.NEUTRAL,
            shape=Shape.STRUCK if row.cancelled_at else Shape.DAY,
            title=f"{'Booking cancelled' if row.cancelled_at else 'Booked'}: {row.dose.label}",
            when=f"{formatting.weekday(row.on)}{clock}{place}",
            text=row.cancel_reason,
            by=f"made {formatting.moment(row.created_at, zone)}",
        )
