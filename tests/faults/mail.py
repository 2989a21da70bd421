"""A mail server in every mood, and a mail that cannot be made."""

import itertools
from collections.abc import Sequence

from tests.faults.ledger import REFUSED, judge
from tests.faults.report import Result, shortfalls
from tests.faults.stage import Herd, Stage, finish, people, place
from tests.treatments.reminders import builders
from tests.treatments.reminders.post import CUT, HANG, TAKE, TAKE_AND_CUT

LATER = ("451 try again later", "452 the disk is full")
NEVER = "550 nobody here by that name"
POISON = 5


def moods(stage: Stage, owed: Sequence[str], number: int) -> Result:
    """Answer `number` mails with 451, 452, a hang, a cut and a drop after taking; one address in ten does not exist."""
    dead = set(owed[::10])
    lot = list(itertools.islice(itertools.cycle([*LATER, *LATER, CUT, TAKE_AND_CUT, LATER[0]]), number))
    lot[:: max(6, number // 6)] = [HANG] * len(lot[:: max(6, number // 6)])
    dealt = 0
    answers = iter(lot)

    def mood(to: str) -> str:
        nonlocal dealt
        if to in dead:
            return NEVER
        if stage.dice.random() < 0.6 and (answer := next(answers, None)):
            dealt += 1
            return answer
        return TAKE

    stage.sink.mood = mood
    good = [to for to in owed if to not in dead]
    finish(Herd(stage, 3), len(good))
    entries = stage.sink.ledger.entries()
    count = judge(entries, good)
    told = {entry.to for entry in entries if entry.what == REFUSED}
    dead_rows = stage.ask("SELECT count(*) FROM reminders_message WHERE state = 'failed' AND reason LIKE %s", "%550%")
    ended = {state for state, _ in stage.states()}
    short = shortfalls(
        count,
        most_doubled=lot.count(TAKE_AND_CUT),
        every_fault_was_dealt=dealt == number,
        each_dead_address_was_asked_and_failed_with_its_reason=told == dead and dead_rows == [(len(dead),)],
        every_mail_ended_sent_or_failed=ended == {"handed_over", "failed"},
        lines_end_as_their_mail=_lines_follow(stage),
    )
    note = f"{len(dead)} addresses were refused for good, each with its reason; they are not among the owed"
    return Result("SMTP refuses, hangs, drops, cuts", count, dealt, short, (note,))


def _lines_follow(stage: Stage) -> bool:
    return stage.ask(
        """
        SELECT count(*) FROM reminders_reminder r JOIN reminders_message m ON m.id = r.message_id
        WHERE r.state <> m.state
        """
    ) == [(0,)]


def prepare_poison(number: int) -> list[str]:
    """Stage the healthy, who are due an hour after some whose address would break the header of a mail."""
    first, others = place("Early"), place("Later", digest_hour=1)
    for site in (first, others):
        builders.dose(site)
    people(POISON, [first], form="poison{}\nBcc: all@clinic.example")
    return people(number, [others])


def poison(stage: Stage, owed: Sequence[str], _number: int) -> Result:
    """Meet mails that cannot be made before all others: they are set aside, the others leave at the first attempt."""
    herd = Herd(stage, 1)
    finish(herd, len(owed))
    entries = stage.sink.ledger.mails()
    count = judge(entries, owed)
    aside = stage.ask("SELECT reason, count(*) FROM reminders_message WHERE state = 'failed' GROUP BY reason")
    times = sorted(entry.at for entry in entries)
    gap = max((after - before for before, after in itertools.pairwise(times)), default=0.0)
    short = shortfalls(
        count,
        each_is_set_aside_by_the_name_of_its_error=[n for _, n in aside] == [POISON] and "ValueError" in aside[0][0],
        all_others_left_at_the_first_attempt=stage.states().get(("handed_over", 1)) == len(owed),
        one_sender_lived_through_it_all=len(stage.nursery.alive) == 1 and "Traceback" not in stage.log(),
    )
    note = f"the longest time between two mails was {gap:.2f} s"
    return Result("Poison among the mails", count, POISON, short, (note,), figures={"gap": gap})
