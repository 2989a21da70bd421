"""Addresses of the adverse events."""

from django.urls import path

from treatments.adverse_events.views import recording, showing

app_name = "adverse_events"

urlpatterns = [
    path("patients/<uuid:patient_id>/adverse-events/", showing.of_patient, name="of_patient"),
    path("patients/<uuid:patient_id>/adverse-events/add/", recording.add, name="add"),
    path("adverse-events/", showing.report, name="report"),
    path("adverse-events/<uuid:event_id>/", showing.event, name="event"),
    path("adverse-events/<uuid:event_id>/summary/", showing.summary, name="summary"),
    path("adverse-events/<uuid:event_id>/correct/", recording.correct, name="correct"),
    path("adverse-events/<uuid:event_id>/close/", recording.close, name="close"),
    path("adverse-events/<uuid:event_id>/void/", recording.void, name="void"),
]
