"""The page of one dose on one day: every step with what it has come to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from clinic import formatting, statuses
from clinic.staff.roles import Permission
from clinic.statuses import Status
from treatments.courses import queries as courses
from treatments.courses.models import Dose
from treatments.courses.queries import NextDoseCard
from treatments.dose_day.queries.calls import CallLine, calls_of
from treatments.dose_day.queries.checklists import ChecklistCard, checklist_card, checklist_of
from treatments.dose_day.queries.days import (
    HomeCard,
    ObservationRow,
    booked_words,
    home_card,
    observations_of,
    watched_until,
)
from treatments.dose_day.queries.records import OldRecord, RecordCard, latest_attempt, old_records, record_card
from treatments.dose_day.queries.vials import vial_words
from treatments.readiness.queries import Board, board_of, readiness_of_dose
from treatments.supply.models import Vial


@dataclass(frozen=True, slots=True)
class NextLine:
    """The dose after this day's: whether its day is booked, and what to say of it."""

    dose_id: UUID
    sentence: str
    is_booked: bool


@dataclass(frozen=True, slots=True)
class DayPage:
    """One dose on one local day. `steps` has each step's status; `card` is None once the dose is not to come."""

    on: date
    day: str
    is_today: bool
    steps: dict[str, Status]
    card: NextDoseCard | None
    board: Board | None
    checklist: ChecklistCard | None
    vial: str
    vial_id: UUID | None
    record: RecordCard | None
    old: tuple[OldRecord, ...]
    observations: tuple[ObservationRow, ...]
    watched_until: str
    home: HomeCard | None
    calls: tuple[CallLine, ...]
    after: NextLine | None


def day_of(dose: Dose, today: date) -> date:
    """Return the day that a dose's page is about: today while it is to come, else the day of its last attempt here."""
    row = None if dose.is_next else latest_attempt(dose)
    return today if row is None else row.given_on


def day_page(dose: Dose, on: date, now: datetime, rights: Collection[Permission], user_id: int) -> DayPage:
    """Return everything about one dose on one day. A constant number of queries; the readiness is most of them."""
    today = dose.site.today(now)
    card = courses.card_now(dose.pk, today)
    planned = card is not None and dose.patient.in_care
    board = board_of(readiness_of_dose(dose.pk, now), rights, user_id) if planned and on == today else None
    checklist = checklist_card(checklist_of(dose, on))
    vial = Vial.objects.standing().filter(reserved_for=dose).first()
    record = record_card(latest_attempt(dose, on))
    observations, home = observations_of(dose, on), home_card(dose, on, today)
    until = watched_until(dose, on) if record is not None else None
    calls = calls_of(None if home is None else home.id)
    return DayPage(
        on=on,
        day=formatting.weekday(on),
        is_today=on == today,
        steps=_steps(board, checklist, vial, record, observations, home, calls),
        card=card,
        board=board,
        checklist=checklist,
        vial="" if vial is None else f"{vial_words(vial)}: {vial.get_state_display().lower()}",
        vial_id=None if vial is None else vial.pk,
        record=record,
        old=old_records(dose),
        observations=observations,
        watched_until="" if until is None else formatting.moment(until, dose.site.zone),
        home=home,
        calls=calls,
        after=_after(dose),
    )


def _after(dose: Dose) -> NextLine | None:
    """Return the dose that comes after this one on its course, None where none is planned."""
    coming = Dose.objects.standing().filter(
        course=dose.course_id, is_next=True, course__stopped_on=None, course__voided_at=None
    )
    row = coming.exclude(pk=dose.pk).first()
    if row is None:
        return None
    booking = courses.standing_booking(row)
    return NextLine(row.pk, booked_words(row, booking), is_booked=booking is not None)


def _steps(
    board: Board | None,
    checklist: ChecklistCard | None,
    vial: Vial | None,
    record: RecordCard | None,
    observations: tuple[ObservationRow, ...],
    home: HomeCard | None,
    calls: tuple[CallLine, ...],
) -> dict[str, Status]:
    """Return each step's status by its name, in the order of the work."""
    done, todo, later, missed = (statuses.STEP[key] for key in ("done", "todo", "later", "attention"))
    recorded = record is not None
    urgent = any(line.is_urgent for line in calls)
    call = later if home is None else done if not home.call_due else todo
    return {
        "ready": board.answer if board is not None else done if recorded else later,
        "checklist": _checked(checklist, record),
        "vial": done if recorded or vial is not None else todo,
        "dose": record.status if record is not None else todo,
        "observation": done if observations else later if not recorded else todo if home is None else missed,
        "home": done if home is not None else todo if recorded else later,
        "call": statuses.STEP["attention"] if urgent else call,
    }


def _checked(checklist: ChecklistCard | None, record: RecordCard | None) -> Status:
    """Return the checklist's status: a dose that was given without one is something to look at."""
    if checklist is None:
        missed = "attention" if record is not None and record.is_whole else "later"
        return statuses.STEP["todo" if record is None else missed]
    return statuses.STEP["attention"] if checklist.concerns and not checklist.is_confirmed else checklist.status
