"""The adverse events room's Django configuration."""

from django.apps import AppConfig


class AdverseEventsConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.adverse_events"
    label = "adverse_events"
