"""Senders that are killed, at random and at named points, told to stop, and held still for longer than their lease."""

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.ledger import Fault, judge, pids_of_copies, wait_for
from tests.faults.report import Result, shortfalls
from tests.faults.rigging import POINTS
from tests.faults.stage import Herd, Stage, finish, storm

SENDERS = 3


def kill(stage: Stage, owed: list[str], number: int) -> Result:
    """SIGKILL `number` times at random, in the middle of sending."""
    dealt = storm(Herd(stage, SENDERS), len(owed), number, stage.kill)
    finish(Herd(stage, 1), len(owed))
    count = judge(stage.sink.ledger.entries(), owed, stage.faults)
    # A quarter is what so many kills come to; of a handful, each may hit.
    most = 0.25 * number if number >= 50 else number
    short = shortfalls(count, most_doubled=most, all_faults_were_dealt=dealt == number)
    return Result("SIGKILL at random", count, dealt, short)


def points(stage: Stage, owed: list[str], number: int) -> Result:
    """SIGKILL `number` times at each of six named points; only after the 250 is there a copy, one for each."""
    wanted = [point for point in POINTS for _ in range(number)]
    stage.dice.shuffle(wanted)
    died: dict[int, str] = {}
    running: dict[int, str] = {}
    while wanted or running:
        stage.in_time()
        while wanted and len(running) < SENDERS:
            point = wanted.pop()
            passing = 1 if point == "after planning" else stage.dice.randint(1, 3)
            running[stage.start(point=point, passing=passing)] = point
        for pid in [pid for pid in running if pid not in stage.nursery.alive]:
            died[pid] = running.pop(pid)
            stage.faults.append(Fault(pid, time.monotonic()))
        time.sleep(0.01)
    finish(Herd(stage, SENDERS), len(owed))
    entries = stage.sink.ledger.entries()
    count = judge(entries, owed, stage.faults)
    copies = Counter(died[pid] for pid in pids_of_copies(entries) if pid in died)
    killed = sum(stage.nursery.codes.get(pid) == -signal.SIGKILL for pid in died)
    short = shortfalls(
        count,
        most_doubled=number,
        one_copy_for_each_kill_after_250=copies == {"after 250": number},
        every_sender_died_at_its_point=killed == len(POINTS) * number,
    )
    return Result("SIGKILL at six points", count, killed, short)


def term(stage: Stage, owed: list[str], number: int) -> Result:
    """SIGTERM `number` times; the mail in hand is finished and recorded, the rest given back."""
    told: list[int] = []

    def strike(pid: int) -> bool:
        if pid in told or not stage.nursery.send(pid, signal.SIGTERM):
            return False
        told.append(pid)
        return True

    herd = Herd(stage, SENDERS)
    dealt = storm(herd, len(owed), number, strike)
    finish(herd, len(owed))
    ends = [stage.nursery.wait(pid, 30) for pid in told]
    count = judge(stage.sink.ledger.entries(), owed)
    short = shortfalls(count, all_faults_were_dealt=dealt == number, all_ended_well=set(ends) <= {0})
    return Result("SIGTERM", count, dealt, short)


@dataclass
class Zombies:
    """Some recipients whose sender the mail server stops in the middle of the mail, the first time."""

    stage: Stage
    chosen: list[str]
    refused: set[str] = field(default_factory=set)
    held: dict[str, tuple[int, float]] = field(default_factory=dict)
    woken: set[str] = field(default_factory=set)
    overwritten: int = 0

    def begun(self, pid: int, to: str) -> None:
        """Stop the sender that brings this mail."""
        if to in self.chosen and to not in self.held and self.stage.nursery.send(pid, signal.SIGSTOP):
            self.held[to] = (pid, time.monotonic())

    def mood(self, to: str) -> str:
        """Answer half of the late ones with a refusal, which must not end what another sender has sent."""
        return "550 no longer" if to in self.refused and to not in self.held else "250 OK"

    def wake(self, to: str) -> None:
        """Let a sender go on when another one has recorded its mail, and see whether the record stays."""
        pid, since = self.held[to]
        record = self._record(to)
        if record[0] != "handed_over":
            return
        self.woken.add(to)
        self.stage.faults.append(Fault(pid, since, time.monotonic()))
        self.stage.nursery.send(pid, signal.SIGCONT)
        self.stage.nursery.send(pid, signal.SIGTERM)
        self.stage.nursery.wait(pid, 30)
        self.overwritten += self._record(to) != record

    def _record(self, to: str) -> tuple[Any, ...]:
        rows = self.stage.ask(
            """
            SELECT m.state, m.attempts, m.handed_over_at FROM reminders_message m
            JOIN staff_user u ON u.id = m.recipient_id WHERE u.email = %s
            """,
            to,
        )
        return rows[0]


def stop(stage: Stage, owed: list[str], number: int) -> Result:
    """SIGSTOP for longer than the lease, in the middle of a mail; the late sender changes nothing."""
    zombies = Zombies(stage, stage.dice.sample(owed, number))
    zombies.refused = set(zombies.chosen[1::2])
    stage.sink.begun, stage.sink.mood = zombies.begun, zombies.mood
    herd = Herd(stage, 2)
    while len(zombies.woken) < number or stage.sink.taken < len(owed) or not stage.settled():
        stage.in_time()
        herd.stopped = {pid for pid, _ in zombies.held.values()}
        herd.keep()
        for to in zombies.held.keys() - zombies.woken:
            zombies.wake(to)
        time.sleep(0.05)
    wait_for(lambda: not herd.stopped & stage.nursery.alive, 10)
    count = judge(stage.sink.ledger.entries(), owed, stage.faults)
    states = {state for state, _ in stage.states()}
    short = shortfalls(
        count,
        most_doubled=number,
        no_record_was_overwritten=not zombies.overwritten,
        every_late_sender_was_fenced=stage.log().count("was taken over by another sender") >= number,
        every_mail_ended_as_its_owner_recorded=states == {"handed_over"},
    )
    return Result(
        "SIGSTOP beyond the lease", count, len(zombies.woken), short, figures={"overwritten": zombies.overwritten}
    )
