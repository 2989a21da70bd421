"""``python -m clinic.demo`` runs the demonstration, ``python -m clinic.demo reset`` wipes its data."""

import os
import sys

from clinic.demo.ports import NoFreePort
from clinic.demo.processes import Ended
from clinic.demo.run import CannotRun, reset, run


def say(sentence: str) -> None:
    """Print at once, also into a pipe."""
    print(sentence, flush=True)


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 when it ended as asked, 1 when it could not go on, 2 for a wrong call."""
    if arguments not in ([], ["reset"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if arguments:
            reset(say)
        else:
            run(os.environ, say)
    except (CannotRun, Ended, NoFreePort) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
