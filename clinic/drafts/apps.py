"""The drafts room's Django configuration."""

from django.apps import AppConfig


class DraftsConfig(AppConfig):
    """Registers the one table of what is typed and not yet sent."""

    name = "clinic.drafts"
    label = "drafts"
