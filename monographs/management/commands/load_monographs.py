"""Load the monographs that come with the application."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.audit.trail import process_actor
from monographs import services
from monographs.management.commands.import_monograph import outcome
from monographs.management.documents import REFUSED, prepare_database, read_document, refusal_lines, refusals
from monographs.services import NotTheLatest

SEEDS = Path("seeds") / "monographs"


class Command(BaseCommand):
    """Imports and publishes every monograph of a folder; safe to repeat."""

    help = "Import and publish every Markdown file of a folder, seeds/monographs unless --path says otherwise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder."""
        parser.add_argument("--path", type=Path, default=settings.BASE_DIR / SEEDS)

    def handle(self, *_args: Any, path: Path, **_options: Any) -> None:
        """Load each file by itself, say what changed, and end with status 2 when one was refused."""
        prepare_database()
        files = sorted(path.glob("*.md"))
        if not files:
            self.stderr.write(f"{path}: there is no monograph (*.md) in this folder.", self.style.ERROR)
            sys.exit(REFUSED)
        loaded = [self._load(file, at=timezone.now()) for file in files]
        if not all(loaded):
            sys.exit(REFUSED)

    def _load(self, file: Path, *, at: datetime) -> bool:
        """Import one file; say whether it was accepted."""
        try:
            imported = services.import_document(
                text=read_document(file), publish=True, by=process_actor("load_monographs"), at=at
            )
        except NotTheLatest as error:
            # The clinic has moved on from the text that was shipped; loading it again must not undo that.
            self.stdout.write(f"{file.name}: left alone. {error}")
            return True
        except refusals() as error:
            self.stderr.write("\n".join(refusal_lines(file, error)), self.style.ERROR)
            return False
        self.stdout.write(f"{file.name}: {outcome(imported)}")
        for problem in imported.summary.problems:
            self.stdout.write(f"{file.name}: look at: {problem}")
        return True
