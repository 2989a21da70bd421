"""The dose that comes next, as the pages show it."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from clinic import formatting, statuses
from clinic.patients import queries as patients
from clinic.patients.models import Patient
from clinic.patients.queries import Banner, Belongings
from clinic.statuses import Status
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.courses.queries.decisions import Waiting, waiting
from treatments.courses.queries.finding import standing_booking
from treatments.courses.series import series_of
from treatments.courses.status import status_of
from treatments.rules.schedule import Flag, NextDose, Series, band_crossing, forecast_of
from treatments.rules.schedule import Status as DoseStatus
from treatments.rules.schedule_reading import read

FLAG_WORDS: dict[str, str] = {
    Flag.INTERVAL_SHORT: "Given less than 14 days after the dose before it",
    Flag.EARLY_REANCHORED: "Given early; the calendar counts from that day",
    Flag.SLOT_SKIPPED: "A place in the calendar passed without a dose; it is not owed",
    Flag.TIGHT: "Moved to keep 14 days between doses; somebody must confirm",
    Flag.PARTIAL: "A dose was only partly given; a prescriber must decide",
    Flag.BAND_CROSSING: "The booking lies beyond a boundary of the late-dose rules",
}

# What only a prescriber settles (rule 10): everything computed from here on is a proposal.
PROPOSALS = frozenset({DoseStatus.REVIEW, DoseStatus.INTERRUPTED, DoseStatus.RESTART})


@dataclass(frozen=True, slots=True)
class NextDoseCard:
    """The dose that comes next, ready to show. Dates are in words; `near` says how it lies to today.

    `label`, `mg` and `ml` are those of the dose if it were given today; `instead_of` is the planned label where a
    late-dose rule has put another in its place. `is_proposal`: its status waits for a prescriber's decision; `waiting`
    holds everything that does, a tight pair as well.
    """

    dose_id: UUID
    label: str
    instead_of: str
    mg: Decimal
    ml: Decimal
    amount: str
    status: Status
    is_proposal: bool
    underlying: Status | None
    target: str
    window: str
    floor: str
    near: str
    why: str
    flags: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    booking: "BookingLine | None"


@dataclass(frozen=True, slots=True)
class BookingLine:
    """An appointment, ready to show. `has_come`: its day is today or has passed."""

    id: UUID
    when: str
    place: str
    status: Status
    has_come: bool


@dataclass(frozen=True, slots=True)
class HoldLine:
    """The pause of a course, ready to show."""

    since: str
    reason: str
    review: str


def hold_line(hold: Hold) -> HoldLine:
    """Return a hold in words."""
    return HoldLine(formatting.day(hold.from_on), hold.reason, formatting.day(hold.review_on))


def banner(
    patient: Patient,
    today: date,
    *,
    course: Course | None,
    dose: Dose | None,
    held: bool,
    owned: Belongings | None = None,
) -> Banner:
    """Return the patient's banner with the step of the course and the next dose."""
    plain = patients.banner(patient, today, owned)
    if course is None:
        return replace(plain, facts=(*plain.facts, ("Course", "None open", None)))
    facts: tuple[tuple[str, str, Status | None], ...] = (*plain.facts, ("Course", course.regimen.name, None))
    if dose is not None and course.is_open:
        status = statuses.DOSE[status_of(dose, today, held=held, stopped=False).value]
        when = "no date" if dose.target is None else formatting.day(dose.target)
        facts = (*facts, ("Next dose", f"{dose.label}, {when}", status))
    return replace(plain, facts=facts)


def next_words(dose: Dose) -> str:
    """Say which dose comes next and when, for whoever has just recorded the one before it."""
    return (
        f"Next is {dose.label}." if dose.target is None else f"Next is {dose.label} on {formatting.day(dose.target)}."
    )


def card_now(dose_id: UUID, today: date) -> NextDoseCard | None:
    """Return the dose as it stands at this moment; None once it was given or its course was stopped."""
    joined = ("course__site", "course__regimen__version", "course__policy")
    dose = Dose.objects.standing().select_related(*joined).get(pk=dose_id)
    if not (dose.is_next and dose.course.is_open):
        return None
    return next_dose_card(dose.course, dose, standing_booking(dose), today)


def next_dose_card(course: Course, dose: Dose, booking: Booking | None, today: date) -> NextDoseCard:
    """Return what comes next as the rules see it today: a late-dose band may have changed amount and label."""
    return card_of(series_of(course), dose, booking, today)


def card_of(series: Series, dose: Dose, booking: Booking | None, today: date) -> NextDoseCard:
    """Return the same from a series that was read already. No query."""
    reading = read(series, today)
    coming = forecast_of(reading).next
    crosses = booking is not None and band_crossing(series, today, booking.on)
    flags = (*coming.flags, Flag.BAND_CROSSING) if crosses else coming.flags
    return NextDoseCard(
        dose_id=dose.pk,
        label=coming.label if coming.of is None else f"{coming.label} of {coming.of}",
        instead_of="" if coming.label == dose.label else dose.label,
        mg=coming.mg,
        ml=coming.ml,
        amount=f"{formatting.quantity(coming.mg, 'mg')} in {formatting.quantity(coming.ml, 'mL')}",
        status=statuses.DOSE[coming.status.value],
        is_proposal=not PROPOSALS.isdisjoint((coming.status, coming.underlying)),
        underlying=None if coming.underlying is None else statuses.DOSE[coming.underlying.value],
        target="No date yet" if coming.target is None else formatting.day(coming.target),
        window=_window(coming),
        floor="None" if coming.floor is None else formatting.day(coming.floor),
        near=near(coming, today),
        why=coming.why,
        flags=tuple(FLAG_WORDS[flag] for flag in flags),
        waiting=waiting(reading),
        booking=None if booking is None else booking_line(booking, dose, today),
    )


def near(dose: Dose | NextDose, today: date) -> str:
    """Say how a dose lies to today: before its window by the target, inside it by the day it closes, after it how late.

    A dose is late from the day after its window closed, not from its target. Empty without a date.
    """
    if dose.target is None or dose.opens is None or dose.closes is None:
        return ""
    if today > dose.closes:
        return formatting.until(dose.closes, today)
    if today >= dose.opens:
        return f"Window closes {formatting.until(dose.closes, today)}"
    return formatting.until(dose.target, today).capitalize()


def _window(coming: NextDose) -> str:
    if coming.opens is None or coming.closes is None:
        return "No window yet"
    return formatting.day_range(coming.opens, coming.closes)


def booking_line(booking: Booking, dose: Dose, today: date) -> BookingLine:
    """Return an appointment with where it stands against the window and the day."""
    when = formatting.weekday(booking.on)
    if booking.at_time:
        when = f"{when}, {formatting.clock(booking.at_time)}"
    status = statuses.BOOKING[booking_state(booking.on, dose, today)]
    return BookingLine(booking.pk, when, booking.place, status, booking.on <= today)


def booking_state(on: date, dose: Dose, today: date) -> str:
    """Return the key of the booking's status: passed without an outcome, outside the window, or booked."""
    if on < today:
        return "passed"
    outside = (dose.opens is not None and on < dose.opens) or (dose.closes is not None and on > dose.closes)
    return "outside_window" if outside else "booked"
