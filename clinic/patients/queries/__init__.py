"""What pages read about patients: frozen rows, in words, ready for a template. No template starts a query."""

from clinic.patients.queries.banners import Banner, banner, numbers_of, short_identifiers
from clinic.patients.queries.details import Details, details, first_recorded_day
from clinic.patients.queries.duplicates import Match, holders, possible_duplicates
from clinic.patients.queries.finding import Filters, FoundPage, find, hidden_by_care
from clinic.patients.queries.histories import HistoryPage, history

__all__ = [
    "Banner",
    "Details",
    "Filters",
    "FoundPage",
    "HistoryPage",
    "Match",
    "banner",
    "details",
    "find",
    "first_recorded_day",
    "hidden_by_care",
    "history",
    "holders",
    "numbers_of",
    "possible_duplicates",
    "short_identifiers",
]
