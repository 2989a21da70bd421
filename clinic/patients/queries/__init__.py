"""What pages read about patients: frozen rows, in words, ready for a template. No template starts a query."""

from clinic.patients.queries.banners import Banner, banner, short_identifiers
from clinic.patients.queries.belongings import Belongings, belongings
from clinic.patients.queries.details import Details, details, first_recorded_day
from clinic.patients.queries.duplicates import Match, holders, possible_duplicates
from clinic.patients.queries.finding import Filters, FoundPage, find, hidden_by_care
from clinic.patients.queries.histories import HistoryEntry, HistoryPage, history, history_of
from clinic.patients.queries.safety import (
    Access,
    KnownConsent,
    KnownPlan,
    accesses,
    hypersensitivities,
    spine_words,
    treatment_consents,
)

__all__ = [
    "Access",
    "Banner",
    "Belongings",
    "Details",
    "Filters",
    "FoundPage",
    "HistoryEntry",
    "HistoryPage",
    "KnownConsent",
    "KnownPlan",
    "Match",
    "accesses",
    "banner",
    "belongings",
    "details",
    "find",
    "first_recorded_day",
    "hidden_by_care",
    "history",
    "history_of",
    "holders",
    "hypersensitivities",
    "possible_duplicates",
    "short_identifiers",
    "spine_words",
    "treatment_consents",
]
