"""The labs room's Django configuration."""

from django.apps import AppConfig


class LabsConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.labs"
    label = "labs"
