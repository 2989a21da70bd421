"""The records room's Django configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    """Puts the database's own guards back after every migration: SQLite drops them when it remakes a table."""

    name = "clinic.records"
    label = "records"

    def ready(self) -> None:
        """Install the guards whenever the tables may have changed."""
        from clinic.records import guards  # noqa: PLC0415 - models are loaded by now, not before

        post_migrate.connect(guards.install_after_migrate, sender=self)
