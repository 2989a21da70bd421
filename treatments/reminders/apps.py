"""The reminders room's Django configuration."""

from django.apps import AppConfig


class RemindersConfig(AppConfig):
    """Registers the room's tables."""

    name = "treatments.reminders"
    label = "reminders"
