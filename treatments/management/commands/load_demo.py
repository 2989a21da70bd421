"""Load the demonstration: `manage.py load_demo`. Safe to repeat; refused in a real installation."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.embedded import demo_password
from monographs.models import Regimen
from treatments.demo.loading import load


class Command(BaseCommand):
    """Writes about 60 fictitious patients at two sites, with dates relative to today."""

    help = "Load about 60 fictitious patients at two sites, with dates relative to today. Safe to repeat."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load, or say that it is there already."""
        if not settings.EMBEDDED:
            raise CommandError("This is a real installation (SECRET_KEY is set); the demonstration is not loaded here.")
        folder, password = settings.BASE_DIR / "seeds" / "demo", demo_password(settings.VAR_DIR)
        try:
            counts = load(folder, password=password, now=timezone.now())
        except Regimen.DoesNotExist:
            raise CommandError("The demonstration needs a regimen: run manage.py load_monographs first.") from None
        if not counts:
            self.stdout.write("The demonstration is there already; its data is kept.")
            return
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"Loaded the demonstration: {told}.")
