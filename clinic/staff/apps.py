"""The staff room's Django configuration."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """Registers accounts, sites, memberships and policies."""

    name = "clinic.staff"
    label = "staff"
    verbose_name = "Staff and sites"
