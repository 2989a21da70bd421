"""The audit room's Django configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the trail's one table."""

    name = "clinic.audit"
    label = "audit"
