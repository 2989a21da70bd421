"""Addresses of the motor scores."""

from django.urls import path

from treatments.outcomes import views

app_name = "outcomes"

urlpatterns = [
    path("patients/<uuid:patient_id>/motor-scores/add/", views.add, name="add"),
    path("motor-scores/<uuid:score_id>/void/", views.void, name="void"),
]
