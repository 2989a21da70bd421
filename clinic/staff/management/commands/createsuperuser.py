"""Open an account that keeps the whole installation, as Django's command does, and let the trail tell of it."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.utils import timezone

from clinic.audit.trail import process_actor
from clinic.staff import services
from clinic.staff.models import User

BY = process_actor("manage.py createsuperuser")


class Command(createsuperuser.Command):
    """Django's command, with its trail. The account holds no role: it gives itself one under Administration."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, open the account, and write down that it was opened."""
        known = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True).exclude(pk__in=known):
            services.tell_of(user, event="staff.account_opened", by=BY, at=timezone.now())
