"""What the pages of the dose day show, as finished facts."""

from treatments.dose_day.queries.calls import CallLine, CallRow, calls_due, calls_of
from treatments.dose_day.queries.checklists import AnswerRow, ChecklistCard, asked_today, checklist_card, checklist_of
from treatments.dose_day.queries.days import (
    HomeCard,
    ObservationRow,
    booked_words,
    home_card,
    next_date,
    observations_of,
    policy_of,
    watched_until,
)
from treatments.dose_day.queries.pages import DayPage, day_of, day_page
from treatments.dose_day.queries.people import person_of
from treatments.dose_day.queries.records import (
    OldRecord,
    RecordCard,
    latest_attempt,
    old_records,
    procedure_of,
    record_card,
)
from treatments.dose_day.queries.today import TodayRow, doses_of_day
from treatments.dose_day.queries.vials import OTHER, VialChoice, vial_choices

__all__ = [
    "OTHER",
    "AnswerRow",
    "CallLine",
    "CallRow",
    "ChecklistCard",
    "DayPage",
    "HomeCard",
    "ObservationRow",
    "OldRecord",
    "RecordCard",
    "TodayRow",
    "VialChoice",
    "asked_today",
    "booked_words",
    "calls_due",
    "calls_of",
    "checklist_card",
    "checklist_of",
    "day_of",
    "day_page",
    "doses_of_day",
    "home_card",
    "latest_attempt",
    "next_date",
    "observations_of",
    "old_records",
    "person_of",
    "policy_of",
    "procedure_of",
    "record_card",
    "vial_choices",
    "watched_until",
]
