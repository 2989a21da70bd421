"""PostgreSQL ends the senders' connections, and is itself cut off and started again."""

import contextlib
import time

import psycopg
from django.db import connection

from tests.faults import servers
from tests.faults.ledger import judge
from tests.faults.report import Result, shortfalls
from tests.faults.stage import Herd, Stage, finish, storm

# Only the bench's own senders, by the name they connect under, in the bench's own database.
END_ONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'faults' ORDER BY random() LIMIT 1
"""


def terminate(stage: Stage, owed: list[str], number: int) -> Result:
    """End a sender's connection `number` times; what the mail server took is recorded all the same."""
    with contextlib.closing(psycopg.connect(stage.orders.database, autocommit=True)) as raw:
        herd = Herd(stage, 3)
        dealt = storm(herd, len(owed), number, lambda _pid: bool(raw.execute(END_ONE).fetchall()))
    finish(herd, len(owed))
    count = judge(stage.sink.ledger.entries(), owed)
    short = shortfalls(
        count,
        all_faults_were_dealt=dealt == number,
        no_mail_was_blamed={state for state, _ in stage.states()} == {"handed_over"},
        no_sender_died=herd.born == herd.size,
    )
    return Result("PostgreSQL ends connections", count, dealt, short)


def restart(stage: Stage, owed: list[str], number: int) -> Result:
    """Cut the server off and start it again `number` times, while senders go on."""
    server = servers.OWN[0]
    connection.close()

    def strike(_pid: int) -> bool:
        server.stop()
        time.sleep(stage.dice.uniform(0, 1.5))
        server.start()
        return True

    herd = Herd(stage, 3)
    done = storm(herd, len(owed), number, strike)
    finish(Herd(stage, 1), len(owed))
    count = judge(stage.sink.ledger.entries(), owed)
    short = shortfalls(
        count,
        no_mail_was_blamed={state for state, _ in stage.states()} == {"handed_over"},
        all_restarts_were_made=done == number,
        no_sender_died=herd.born == herd.size,
    )
    return Result("PostgreSQL restarted", count, done, short)


def no_server_of_its_own() -> str:
    """Say why the server cannot be restarted, nothing when it can."""
    return "" if servers.OWN else "needs a PostgreSQL server of its own; initdb and pg_ctl are not here"
