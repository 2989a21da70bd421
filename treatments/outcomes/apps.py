"""The outcomes room's Django configuration."""

from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.outcomes"
    label = "outcomes"
