"""`python -m tests.faults [ROW …] [--short] [--database postgresql|sqlite]`: play the rows, and print the table.

Without `--database`, everything is played on PostgreSQL and then on SQLite. PostgreSQL is a server of the bench's own
on a free port where its programs are installed, so that it can be restarted and nobody else's is touched; otherwise a
database of its own on the server that `DATABASE_URL` names, and the rows that need their own server say so.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults import servers

BASES = ("postgresql", "sqlite")
ELSEWHERE = "web forms, web workers and a full disk are about the pages and are not part of this bench"


def main(arguments: Sequence[str]) -> int:
    """Return 0 when every row that was played holds."""
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wish, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Hurt the senders and count.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="such as kill, points, term; all without any")
    parser.add_argument("--short", action="store_true", help="small counts, under a minute or two")
    parser.add_argument("--database", choices=BASES, help="one only; both without it")
    wanted = parser.parse_args(list(arguments))
    if wanted.database is None:
        return max(_alone(arguments, base) for base in BASES)
    with _database(wanted.database) as url:
        if url is None:
            sys.stdout.write("PostgreSQL: neither its programs are here nor does DATABASE_URL name a server.\n")
            return 1
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        return _play(wanted.rows, short=wanted.short)


def _alone(arguments: Sequence[str], base: str) -> int:
    """Play everything on one kind of database, in a process of its own: Django is set up for one."""
    return subprocess.run(
        [sys.executable, "-m", "tests.faults", *arguments, "--database", base], check=False
    ).returncode


@contextmanager
def _database(base: str) -> Iterator[str | None]:
    with tempfile.TemporaryDirectory(prefix="faults-data-") as folder:
        if base == "sqlite":
            yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        else:
            with servers.postgresql(Path(folder)) as url:
                yield url


def _play(names: Sequence[str], *, short: bool) -> int:
    import django  # noqa: PLC0415 - its settings are only known now

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection, connections  # noqa: PLC0415

    from tests.faults.nursery import open_nursery  # noqa: PLC0415
    from tests.faults.report import table  # noqa: PLC0415
    from tests.faults.rows import ROWS, play  # noqa: PLC0415

    began = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:5.0f} s  {text}\n")
        sys.stdout.flush()

    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        sys.stdout.write(
            f"There is no row {', '.join(sorted(unknown))}; there are {', '.join(r.name for r in ROWS)}.\n"
        )
        return 2
    say(f"{connection.vendor}: making the tables")
    call_command("migrate", verbosity=0)
    results, left_out = [], []
    with open_nursery() as nursery:
        for row in ROWS:
            if names and row.name not in names:
                continue
            if lacking := row.lacking() if connection.vendor in row.databases else "does not exist on this database":
                left_out.append(f"{row.name}: {lacking}")
                continue
            say(f"{row.name} on {connection.vendor}")
            results.append(play(row, nursery, short=short, say=say))
    connections.close_all()
    sys.stdout.write(f"\n{table(results)}\n")
    sys.stdout.write("".join(f"left out: {text}\n" for text in [*left_out, ELSEWHERE]))
    return int(not all(result.holds for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
