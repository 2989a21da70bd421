"""Facts that change while a sender already holds the mail about them."""

import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.ledger import Entry, judge, wait_for
from tests.faults.report import Result, shortfalls
from tests.faults.stage import Herd, Stage, people, place
from tests.treatments.reminders import builders

DOSES = 10
SPARED = 2


@dataclass(frozen=True)
class Owed:
    """The people, and the doses that nobody touches: whatever happens, those are told."""

    people: tuple[str, ...]
    untouched: frozenset[str]

    def __iter__(self) -> Iterator[str]:
        return iter(self.people)

    def __len__(self) -> int:
        return len(self.people)


def prepare(number: int) -> Owed:
    """Stage so many people, each alone at a place with ten doses; two of them stay as they are."""
    sites = [place(f"Place {n:03}") for n in range(number)]
    doses = [[str(builders.dose(site).pk) for _ in range(DOSES)] for site in sites]
    return Owed(tuple(people(number, sites)), frozenset(pk for there in doses for pk in there[:SPARED]))


def races(stage: Stage, owed: Owed, number: int) -> Result:
    """Hold doses whose mail is claimed, `number` of them, while senders go on; none held before the look is told."""
    looks, changes = stage.folder / "looks", stage.folder / "changes"
    stage.sink.seconds_to_think = 0.05
    untouched = ",".join(sorted(owed.untouched))
    changer = stage.start(str(changes), str(number), untouched, call="tests.faults.races:change")
    herd = Herd(stage, 1, {"looks": str(looks)})
    wait_for(changes.exists, 30)
    while not stage.settled() or stage.sink.taken < len(owed):
        stage.in_time()
        herd.keep()
        time.sleep(0.05)
    stage.nursery.wait(changer, 30)
    entries = stage.sink.ledger.mails()
    changed = dict(_read(changes))
    wrong = sum(_wrong(entry, changed, dict(_read(looks))) for entry in entries)
    told = {line for entry in entries for line in entry.lines}
    count = judge(entries, owed.people)
    raced = sum(line in changed for line in _claimed_then_ended(stage))
    short = shortfalls(
        count,
        no_mail_told_what_no_longer_held=not wrong,
        what_nobody_touched_was_told=owed.untouched <= told,
        enough_races_were_run=raced >= number,
    )
    note = f"{raced} lines ended while their mail was in a sender's hands, {wrong} were told all the same"
    return Result("Facts change under a claim", count, raced, short, (note,), figures={"wrong": wrong})


def _claimed_then_ended(stage: Stage) -> list[str]:
    rows = stage.ask("SELECT what FROM reminders_reminder WHERE state = 'cancelled' AND message_id IS NOT NULL")
    return [str(uuid.UUID(str(what))) for (what,) in rows]


def _read(path: Path) -> list[tuple[str, float]]:
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [(str(what), float(at)) for what, at in rows]


def _wrong(entry: Entry, changed: dict[str, float], looked: dict[str, float]) -> int:
    """Return how many lines of a mail had ceased to hold before its sender looked."""
    began = looked[entry.message_id.strip("<>").partition("@")[0]]
    return sum(line in changed and changed[line] < began for line in entry.lines)


def change(path: str, number: str, untouched: str) -> None:
    """Put doses on hold whose line a sender has claimed, until enough were; write down when each was committed."""
    from treatments.courses.models import Dose  # noqa: PLC0415
    from treatments.reminders.models import MessageState, Reminder  # noqa: PLC0415

    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    dice, spared = random.Random(7), set(untouched.split(","))  # noqa: S311 - repeatable, not secret
    done: set[str] = set()
    until = time.monotonic() + 200
    while len(done) < 2 * int(number) and time.monotonic() < until:
        claimed = Reminder.objects.filter(state=MessageState.CLAIMED).values_list("what", flat=True)
        chosen = sorted(str(what) for what in claimed if str(what) not in spared | done)
        for what in dice.sample(chosen, min(4, len(chosen))):
            builders.hold(Dose.objects.get(pk=what), builders.DAY)
            os.write(file, json.dumps([what, time.monotonic()]).encode() + b"\n")
            done.add(what)
        if not chosen:
            time.sleep(0.005)
