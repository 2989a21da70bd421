"""Replay every open course through the same service as the pages, and mend what has drifted."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.audit.trail import process_actor
from clinic.staff.models import Site
from treatments.management.reprojecting import BATCH, Replayed, open_courses, reproject

REFUSED = 2


class Progress:
    """How far the run has come."""

    def __init__(self, total: int) -> None:
        """Begin at nothing of `total` courses."""
        self.total, self.count, self.changed, self.failed = total, 0, 0, 0
        self.started = time.monotonic()

    def add(self, replayed: Replayed) -> None:
        """Count one course."""
        self.count += 1
        self.changed += replayed.changed
        self.failed += bool(replayed.failure)

    def __str__(self) -> str:
        """Say it on one line: "200 of 1000 courses, 1 changed, 0 not replayed, 150 a second"."""
        rate = self.count / max(time.monotonic() - self.started, 0.001)
        came = f"{self.changed} changed, {self.failed} not replayed"
        return f"{self.count} of {self.total} courses, {came}, {rate:.0f} a second"


class Command(BaseCommand):
    """Prints a line of progress for every batch; the exit status is 1 when a course could not be replayed."""

    help = "Replay every open course and mend the stored doses that no longer follow from it. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the options."""
        parser.add_argument("--site", metavar="NAME", help="only the courses of this site")
        parser.add_argument("--dry-run", action="store_true", help="change nothing; count what would change")

    def handle(self, *_args: Any, site: str | None, dry_run: bool, **_options: Any) -> None:
        """Replay one course after the other."""
        courses = open_courses(_site(site) if site else None)
        progress = Progress(courses.count())
        for replayed in reproject(courses, by=process_actor("reproject"), clock=timezone.now, dry_run=dry_run):
            progress.add(replayed)
            if replayed.failure:
                self.stderr.write(f"Course {replayed.course_id} could not be replayed: {replayed.failure}")
            if progress.count % BATCH == 0:
                self.stdout.write(str(progress))
        self.stdout.write(f"{'Would be' if dry_run else 'Done'}: {progress}")
        if progress.failed:
            raise CommandError(f"{progress.failed} of {progress.count} courses could not be replayed.")


def _site(name: str) -> Site:
    try:
        return Site.objects.get(name=name)
    except Site.DoesNotExist:
        known = ", ".join(Site.objects.order_by("name").values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no site “{name}”; there are: {known}.", returncode=REFUSED) from None
