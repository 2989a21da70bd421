"""Addresses of the reminder ledger."""

from django.urls import path

from treatments.reminders import views

app_name = "reminders"

urlpatterns = [
    path("", views.ledger, name="ledger"),
]
