"""The patients room's Django configuration."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Registers the person and what belongs to them."""

    name = "clinic.patients"
    label = "patients"
