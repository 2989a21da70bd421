"""The treatments package's Django configuration: it carries the commands; each room has its own tables."""

from django.apps import AppConfig


class TreatmentsConfig(AppConfig):
    """Registers the commands of this package."""

    name = "treatments"
