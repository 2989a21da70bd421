"""Questions about laboratory results: the newest, how they went over time, and how they stand for a dose."""

from treatments.labs.queries.asking import Asked, asked, asked_of
from treatments.labs.queries.facts import ResultFacts, result_facts, waiting_review
from treatments.labs.queries.readings import Sheet, reading_of, sheet_of, sheets
from treatments.labs.queries.results import Earlier, Latest, Point, Trend, Voided, earlier, in_words, latest, trends
from treatments.labs.queries.reviewing import ToReview, WaitingReview, open_readings, to_review, waiting_reviews

__all__ = [
    "Asked",
    "Earlier",
    "Latest",
    "Point",
    "ResultFacts",
    "Sheet",
    "ToReview",
    "Trend",
    "Voided",
    "WaitingReview",
    "asked",
    "asked_of",
    "earlier",
    "in_words",
    "latest",
    "open_readings",
    "reading_of",
    "result_facts",
    "sheet_of",
    "sheets",
    "to_review",
    "trends",
    "waiting_review",
    "waiting_reviews",
]
