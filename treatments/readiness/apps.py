"""The readiness room's Django configuration."""

from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.readiness"
    label = "readiness"
