"""What the pages of courses and doses show, as finished facts."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from clinic import formatting, statuses
from clinic.patients import queries as patients
from clinic.patients.models import Patient
from clinic.patients.queries import Banner
from clinic.statuses import Status
from treatments.courses.models import Administration, Booking, Course, Dose, Hold
from treatments.courses.series import series_of
from treatments.courses.status import status_of
from treatments.rules.schedule import Flag, NextDose, Series, forecast

FLAG_WORDS: dict[str, str] = {
    Flag.INTERVAL_SHORT: "Given less than 14 days after the dose before it",
    Flag.EARLY_REANCHORED: "Given early; the calendar counts from that day",
    Flag.SLOT_SKIPPED: "A place in the calendar passed without a dose; it is not owed",
    Flag.TIGHT: "Moved to keep 14 days between doses; somebody must confirm",
    Flag.PARTIAL: "A dose was only partly given; a prescriber must decide",
    Flag.BAND_CROSSING: "The booking lies beyond a boundary of the late-dose rules",
}


@dataclass(frozen=True, slots=True)
class NextDoseCard:
    """The dose that comes next, ready to show. Dates are in words; `late` says how near or how late."""

    dose_id: UUID
    label: str
    amount: str
    status: Status
    underlying: Status | None
    target: str
    window: str
    floor: str
    near: str
    why: str
    flags: tuple[str, ...]
    booking: "BookingLine | None"


@dataclass(frozen=True, slots=True)
class BookingLine:
    """An appointment, ready to show."""

    id: UUID
    when: str
    place: str
    status: Status


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """What was recorded of a given dose, ready to show as (term, description) rows."""

    rows: tuple[tuple[str, str], ...]
    status: Status
    flags: tuple[str, ...]


def open_course(patient: Patient) -> Course | None:
    """Return the patient's open course with its regimen, policy and site, if there is one."""
    courses = Course.objects.standing().filter(patient=patient, stopped_on=None)
    return courses.select_related("regimen__version", "policy", "site").first()


def next_dose(course: Course) -> Dose:
    """Return the dose that comes next in an open course."""
    return Dose.objects.standing().get(course=course, is_next=True)


def current_hold(course: Course) -> Hold | None:
    """Return the hold that stands, if there is one."""
    return Hold.objects.standing().filter(course=course, ended_on=None).first()


def standing_booking(dose: Dose) -> Booking | None:
    """Return the dose's appointment, if there is one."""
    return Booking.objects.standing().filter(dose=dose, cancelled_at=None).first()


def banner(patient: Patient, today: date, *, course: Course | None, dose: Dose | None, held: bool) -> Banner:
    """Return the patient's banner with the step of the course and the next dose."""
    plain = patients.banner(patient, today)
    if course is None:
        return replace(plain, facts=(("Course", "None open", None),))
    facts: tuple[tuple[str, str, Status | None], ...] = (("Course", course.regimen.name, None),)
    if dose is not None and course.is_open:
        status = statuses.DOSE[status_of(dose, today, held=held, stopped=False).value]
        when = "no date" if dose.target is None else formatting.day(dose.target)
        facts = (*facts, ("Next dose", f"{dose.label}, {when}", status))
    return replace(plain, facts=facts)


def next_dose_card(course: Course, dose: Dose, booking: Booking | None, today: date) -> NextDoseCard:
    """Return what comes next as the rules see it today: a late-dose band may have changed amount and label."""
    return card_of(series_of(course), dose, booking, today)


def card_of(series: Series, dose: Dose, booking: Booking | None, today: date) -> NextDoseCard:
    """Return the same from a series that was read already. No query."""
    coming = forecast(series, today).next
    return NextDoseCard(
        dose_id=dose.pk,
        label=coming.label if coming.of is None else f"{coming.label} of {coming.of}",
        amount=f"{formatting.quantity(coming.mg, 'mg')} in {formatting.quantity(coming.ml, 'mL')}",
        status=statuses.DOSE[coming.status.value],
        underlying=None if coming.underlying is None else statuses.DOSE[coming.underlying.value],
        target="No date yet" if coming.target is None else formatting.day(coming.target),
        window=_window(coming),
        floor="None" if coming.floor is None else formatting.day(coming.floor),
        near="" if coming.target is None else formatting.until(coming.target, today),
        why=coming.why,
        flags=tuple(FLAG_WORDS[flag] for flag in coming.flags),
        booking=None if booking is None else booking_line(booking, dose, today),
    )


def _window(coming: NextDose) -> str:
    if coming.opens is None or coming.closes is None:
        return "No window yet"
    return formatting.day_range(coming.opens, coming.closes)


def booking_line(booking: Booking, dose: Dose, today: date) -> BookingLine:
    """Return an appointment with where it stands against the window and the day."""
    when = formatting.weekday(booking.on)
    if booking.at_time:
        when = f"{when}, {formatting.clock(booking.at_time)}"
    return BookingLine(booking.pk, when, booking.place, statuses.BOOKING[booking_state(booking.on, dose, today)])


def booking_state(on: date, dose: Dose, today: date) -> str:
    """Return the key of the booking's status: passed without an outcome, outside the window, or booked."""
    if on < today:
        return "passed"
    outside = (dose.opens is not None and on < dose.opens) or (dose.closes is not None and on > dose.closes)
    return "outside_window" if outside else "booked"


def given_record(dose: Dose) -> GivenRecord | None:
    """Return what was recorded of this dose, or None while it has not been given."""
    rows = Administration.objects.standing().filter(dose=dose, outcome=Administration.Outcome.COMPLETED)
    row = rows.select_related("performer", "site").first()
    if row is None:
        return None
    given = formatting.day(row.given_on) if row.given_at is None else formatting.moment(row.given_at, row.site.zone)
    facts = [("Given", given), ("Amount", _amount(row))]
    facts += [("Given at", row.place)] if row.elsewhere else _vial(row)
    facts += [("Note", row.note)] if row.note else []
    flags = tuple(FLAG_WORDS[flag] for flag in dose.flags)
    return GivenRecord(tuple(facts), statuses.OUTCOME[row.outcome], flags)


def _amount(row: Administration) -> str:
    amount = formatting.NOT_RECORDED if row.mg is None else formatting.quantity(row.mg, "mg")
    return amount if row.ml is None else f"{amount} in {formatting.quantity(row.ml, 'mL')}"


def _vial(row: Administration) -> list[tuple[str, str]]:
    expiry = formatting.NOT_RECORDED if row.vial_expires_on is None else formatting.day(row.vial_expires_on)
    return [("Vial lot", row.lot), ("Vial expiry", expiry), ("Given by", str(row.performer))]
