"""The dose day's Django configuration."""

from django.apps import AppConfig


class DoseDayConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.dose_day"
    label = "dose_day"
