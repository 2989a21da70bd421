"""The checklist of a dose on a day, ready to show."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from clinic import formatting, statuses
from clinic.statuses import Status
from treatments.courses.models import Dose
from treatments.dose_day.models import Checklist
from treatments.dose_day.queries.people import person_of
from treatments.dose_day.queries.vials import vial_words
from treatments.rules import dose_day as rules
from treatments.rules.dose_day import Check


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One question with its answer. `is_fine`: nothing has to be thought about."""

    question: str
    answer: str
    note: str
    is_fine: bool


@dataclass(frozen=True, slots=True)
class ChecklistCard:
    """A checklist that was made. `checked_by_id` cannot confirm it."""

    id: UUID
    version: int
    status: Status
    about: str
    vial: str
    rows: tuple[AnswerRow, ...]
    concerns: int
    checked: str
    confirmed: str
    checked_by_id: int
    is_confirmed: bool


def asked_today(dose: Dose, today: date) -> tuple[Check, ...]:
    """Return what is asked before this dose. The patient must be joined."""
    return rules.asked_of(person_of(dose.patient), today)


def checklist_of(dose: Dose, on: date) -> Checklist | None:
    """Return the list of a day with its people and its vial, None where none was made."""
    rows = Checklist.objects.standing().filter(dose=dose, on=on)
    return rows.select_related("checked_by", "second", "vial", "site").first()


def checklist_card(row: Checklist | None) -> ChecklistCard | None:
    """Return a list as the page shows it. No query."""
    if row is None:
        return None
    said, zone = row.said, row.site.zone
    asked = [check for check in rules.CHECKS if check.key in said]
    worrying = rules.concerns(asked, said)
    confirmed = "" if row.second_at is None else f"{row.second}, {formatting.moment(row.second_at, zone)}"
    return ChecklistCard(
        id=row.pk,
        version=row.version,
        status=statuses.STEP["done" if confirmed else "waiting"],
        about=f"{row.label}, {formatting.quantity(row.mg, 'mg')}",
        vial="" if row.vial is None else vial_words(row.vial),
        rows=tuple(_answer(check, row, is_fine=check not in worrying) for check in asked),
        concerns=len(worrying),
        checked=str(row.checked_by),
        confirmed=confirmed,
        checked_by_id=row.checked_by_id,
        is_confirmed=bool(confirmed),
    )


def _answer(check: Check, row: Checklist, *, is_fine: bool) -> AnswerRow:
    said = row.said[check.key]
    option = check.option(said.option)
    return AnswerRow(check.question, said.option if option is None else option.label, said.note, is_fine)
