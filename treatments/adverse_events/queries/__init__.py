"""What pages and other rooms ask about adverse events: frozen rows, in words, ready for a template."""

from treatments.adverse_events.queries.lights import lights_of
from treatments.adverse_events.queries.lines import EventLine, events_of, panel, similar_to, status_of
from treatments.adverse_events.queries.reports import Report, TermRate, report
from treatments.adverse_events.queries.sheets import Section, sections, summary
from treatments.adverse_events.queries.terms import effects_for, listed_in, same_name_candidates

__all__ = [
    "EventLine",
    "Report",
    "Section",
    "TermRate",
    "effects_for",
    "events_of",
    "lights_of",
    "listed_in",
    "panel",
    "report",
    "same_name_candidates",
    "sections",
    "similar_to",
    "status_of",
    "summary",
]
