"""What the trail calls the things that happen in this room."""

RECORDED = "adverse_events.adverse_event_recorded"
CORRECTED = "adverse_events.adverse_event_corrected"
CLOSED = "adverse_events.adverse_event_closed"
VOIDED = "adverse_events.adverse_event_voided"
