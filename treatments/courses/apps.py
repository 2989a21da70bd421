"""The courses room's Django configuration."""

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.courses"
    label = "courses"
