"""Commands run as somebody at a terminal would, without starting a process."""

from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.core.management import call_command


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    out: str
    err: str
    status: int


def run(name: str, *arguments: str | Path) -> Ran:
    """Run a command and return what came of it."""
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command(name, *map(str, arguments), stdout=out, stderr=err, no_color=True)
    except SystemExit as ended:
        status = int(str(ended.code))
    return Ran(out.getvalue(), err.getvalue(), status)
