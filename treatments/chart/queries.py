"""One patient's whole treatment on a day, ready to show: what comes next, what was given, what is planned."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import F, FilteredRelation, Q

from clinic import formatting, statuses
from clinic.patients.models import Patient
from clinic.patients.queries import Banner, Belongings
from clinic.statuses import Status as StatusWord
from treatments.chart.pictures import DoseDay, Pictures, pictures
from treatments.chart.score_pictures import ScorePictures, score_pictures
from treatments.courses import queries as courses
from treatments.courses.models import Administration, Booking, Course, Decision, Dose
from treatments.courses.queries import FLAG_WORDS, PROPOSALS, DecisionLine, NextDoseCard, decision_line
from treatments.courses.series import assemble
from treatments.courses.status import status_of
from treatments.labs.queries import trends
from treatments.outcomes.queries import score_trends
from treatments.rules.schedule import Series, project
from treatments.worklist.rows import near

DOSES_AHEAD = 6
# The rest is on the timeline.
LATEST_DECISIONS = 5


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One attempt at a dose. `from_target` says how far from the plan it was; `is_out` that it left the window."""

    day: str
    label: str
    amount: str
    outcome: StatusWord
    lot: str
    by: str
    from_target: str
    is_out: bool
    flags: tuple[str, ...]
    dose_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class ComingRow:
    """One dose to come, if each is given on its target."""

    label: str
    amount: str
    target: str


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One course: its regimen, its days, and what was given on it, newest first."""

    id: uuid.UUID
    regimen_key: str
    regimen: str
    version: int
    monograph_slug: str
    period: str
    stopped_because: str
    given: tuple[GivenRow, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """The pause of the open course."""

    since: str
    reason: str
    review: str


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """The course that goes on: what comes next and after it.

    `near` says how the next dose lies to today; `is_dose_day` that its booked day has come; `is_proposal` that what
    comes next waits for a prescriber's decision.
    """

    line: CourseLine
    card: NextDoseCard
    near: str
    is_dose_day: bool
    is_proposal: bool
    hold: Hold | None
    coming: tuple[ComingRow, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole chart but for the panels about the person."""

    banner: Banner
    open: OpenCourse | None
    decisions: tuple[DecisionLine, ...]
    earlier: tuple[CourseLine, ...]
    pictures: Pictures | None
    scores: ScorePictures | None


@dataclass(frozen=True, slots=True)
class _Current:
    """A course's next dose with its booking and the hold of its course, as read in one query."""

    dose: Dose
    booking_id: uuid.UUID | None
    booked_on: date | None
    booked_at: time | None
    booked_place: str | None
    held_from: date | None
    hold_reason: str | None
    hold_review: date | None

    @property
    def course(self) -> Course:
        """Return the course."""
        return self.dose.course

    @property
    def is_held(self) -> bool:
        """Say whether the course is paused."""
        return self.held_from is not None

    @property
    def booking(self) -> Booking | None:
        """Return the standing booking as its row would read."""
        if self.booking_id is None or self.booked_on is None:
            return None
        return Booking(pk=self.booking_id, on=self.booked_on, at_time=self.booked_at, place=self.booked_place or "")


def sheet(patient: Patient, now: datetime, owned: Belongings | None = None) -> Sheet:
    """Return the chart as it is now, by the day at the patient's site. Six queries, however long the history.

    `owned` is what belongs to the patient; without it, what the banner shows is read with one of the six.
    """
    today = patient.site.today(now)
    nexts, given, decisions = _next_doses(patient), _administrations(patient), _decisions(patient)
    current = next((each for each in nexts if each.course.is_open), None)
    dose_days = _dose_days(given, current if patient.in_care else None, today)
    return Sheet(
        banner=_banner(patient, current, today, owned),
        open=None if current is None else _open(current, nexts, given, decisions, today),
        decisions=tuple(decision_line(row, patient.site.zone) for row in reversed(decisions))[:LATEST_DECISIONS],
        earlier=tuple(_line(each.course, given) for each in nexts if each is not current),
        pictures=pictures(trends(patient), dose_days, today, patient.site.zone),
        scores=score_pictures(score_trends(patient), dose_days, today),
    )


def banner_of(patient: Patient, now: datetime) -> Banner:
    """Return the banner of the chart, for the pages beside it. One query."""
    nexts = _next_doses(patient)
    current = next((each for each in nexts if each.course.is_open), None)
    return _banner(patient, current, patient.site.today(now))


def _banner(patient: Patient, current: _Current | None, today: date, owned: Belongings | None = None) -> Banner:
    """Return the banner; somebody no longer in care has no next dose."""
    if current is None:
        return courses.banner(patient, today, course=None, dose=None, held=False, owned=owned)
    dose, held = current.dose if patient.in_care else None, current.is_held
    return courses.banner(patient, today, course=current.course, dose=dose, held=held, owned=owned)


def _open(
    current: _Current,
    nexts: Iterable[_Current],
    given: Iterable[Administration],
    decisions: Iterable[Decision],
    today: date,
) -> OpenCourse:
    series = _series(current, nexts, given, decisions)
    status = status_of(current.dose, today, held=current.is_held, stopped=False)
    return OpenCourse(
        line=_line(current.course, given),
        card=courses.card_of(series, current.dose, current.booking, today),
        near=near(current.dose, status, today),
        is_proposal=status in PROPOSALS,
        is_dose_day=current.booked_on is not None and current.booked_on <= today,
        hold=_hold(current),
        coming=_coming(series, today),
    )


def _next_doses(patient: Patient) -> list[_Current]:
    """Return the next dose of each course, the latest course first. A stopped course keeps the one it never gave."""
    booking = FilteredRelation("bookings", condition=Q(bookings__cancelled_at=None, bookings__voided_at=None))
    hold = FilteredRelation("course__holds", condition=Q(course__holds__ended_on=None, course__holds__voided_at=None))
    doses = Dose.objects.standing().filter(patient=patient, is_next=True, course__voided_at=None)
    joined = doses.select_related("course__regimen__version__monograph", "course__policy", "course__site")
    annotated = joined.annotate(booking=booking, hold=hold).annotate(**_CURRENT)
    found = annotated.order_by("-course__created_at", "pk")
    return [_Current(dose, *(getattr(dose, fact) for fact in _CURRENT)) for dose in found]


# In the order of _Current's own fields.
_CURRENT = {
    "booking_id": F("booking__id"),
    "booked_on": F("booking__on"),
    "booked_at": F("booking__at_time"),
    "booked_place": F("booking__place"),
    "held_from": F("hold__from_on"),
    "hold_reason": F("hold__reason"),
    "hold_review": F("hold__review_on"),
}


def _administrations(patient: Patient) -> list[Administration]:
    """Return every attempt that stands, newest first, each with its dose and who gave it."""
    attempts = Administration.objects.standing().filter(patient=patient).select_related("dose", "performer")
    return list(attempts.order_by("-given_on", "-created_at"))


def _decisions(patient: Patient) -> list[Decision]:
    """Return every decision that stands, oldest first, with its people."""
    decisions = Decision.objects.standing().filter(patient=patient).select_related("decided_by", "second")
    return list(decisions.order_by("created_at", "pk"))


def _series(
    current: _Current,
    nexts: Iterable[_Current],
    given: Iterable[Administration],
    decisions: Iterable[Decision],
) -> Series:
    """Return the open course as the engine sees it, from what was read already."""
    course = current.course
    before = (each.dose.previous_on for each in nexts if each.course.pk == course.switched_from_id)
    return assemble(
        course,
        (row for row in given if row.course_id == course.pk),
        [row for row in decisions if row.course_id == course.pk],
        held=current.is_held,
        previous_on=next(before, None),
    )


def _hold(current: _Current) -> Hold | None:
    if current.held_from is None or current.hold_review is None:
        return None
    return Hold(formatting.day(current.held_from), current.hold_reason or "", formatting.day(current.hold_review))


def _coming(series: Series, today: date) -> tuple[ComingRow, ...]:
    return tuple(
        ComingRow(
            label=dose.label,
            amount=formatting.quantity(dose.mg, "mg"),
            target=formatting.weekday(dose.target),
        )
        for dose in project(series, today, count=DOSES_AHEAD)
    )


def _line(course: Course, given: Iterable[Administration]) -> CourseLine:
    rows = [row for row in given if row.course_id == course.pk]
    began = min((row.given_on for row in rows), default=course.planned_start)
    period = f"since {formatting.day(began)}"
    if course.stopped_on is not None:
        period = formatting.day_range(min(began, course.stopped_on), course.stopped_on)
    version = course.regimen.version
    return CourseLine(
        id=course.pk,
        regimen_key=course.regimen.key,
        regimen=course.regimen.name,
        version=version.number,
        monograph_slug=version.monograph.slug,
        period=period,
        stopped_because=course.stop_reason,
        given=tuple(map(_given, rows)),
    )


def _given(row: Administration) -> GivenRow:
    dose = row.dose
    counts = row.outcome == Administration.Outcome.COMPLETED
    return GivenRow(
        day=formatting.day(row.given_on),
        label=dose.label,
        amount=formatting.NOT_RECORDED if row.mg is None else formatting.quantity(row.mg, "mg"),
        outcome=statuses.OUTCOME[row.outcome],
        lot=row.lot,
        by=f"Elsewhere: {row.place}" if row.elsewhere else str(row.performer or formatting.NOT_RECORDED),
        from_target=_from_target(row.given_on, dose) if counts else "",
        is_out=counts and _is_outside(row.given_on, dose),
        flags=tuple(FLAG_WORDS[flag] for flag in dose.flags) if counts else (),
        dose_id=dose.pk,
    )


def _from_target(day: date, dose: Dose) -> str:
    if dose.target is None:
        return ""
    days = (day - dose.target).days
    if days == 0:
        return "on target"
    return f"{formatting.plural(abs(days), 'day')} {'after' if days > 0 else 'before'}"


def _is_outside(day: date, dose: Dose) -> bool:
    return dose.opens is not None and dose.closes is not None and not dose.opens <= day <= dose.closes


def _dose_days(given: Iterable[Administration], current: _Current | None, today: date) -> tuple[DoseDay, ...]:
    """Return every dose that was given, and the one that comes next, for the time axis of the pictures."""
    counting = (row for row in given if row.outcome == Administration.Outcome.COMPLETED)
    days = [DoseDay(row.given_on, row.dose.label, "given") for row in counting]
    if current is not None and current.dose.target is not None:
        closes = current.dose.closes
        late = closes is not None and today > closes
        days.append(DoseDay(current.dose.target, current.dose.label, "late" if late else "planned"))
    return tuple(days)
