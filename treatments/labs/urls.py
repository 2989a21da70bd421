"""Addresses of the laboratory results."""

from django.urls import path

from treatments.labs import views

app_name = "labs"

urlpatterns = [
    path("patients/<uuid:patient_id>/labs/add/", views.add, name="add"),
    path("labs/<uuid:result_id>/void/", views.void, name="void"),
]
