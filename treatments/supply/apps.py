"""The supply room's Django configuration."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.supply"
    label = "supply"
