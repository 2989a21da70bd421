"""Ten planners at once, on the nights on which clocks change, and with the clock set back in between."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from tests.faults.ledger import Entry, judge
from tests.faults.report import Result, shortfalls
from tests.faults.stage import Stage, people, place
from tests.treatments.reminders import builders

AT_ONCE = 10
EACH = 3
HOUR = 7


@dataclass(frozen=True)
class Night:
    """A zone, the day on which its clocks change, and who is told there."""

    zone: str
    day: date
    told: tuple[str, ...] = ()

    def mornings(self, days: int) -> list[datetime]:
        """Return seven in the morning there, on the day before the change and those that follow."""
        first = self.day - timedelta(days=1)
        here = ZoneInfo(self.zone)
        return [
            datetime.combine(first + timedelta(days=n), datetime.min.time(), here).replace(hour=HOUR).astimezone(UTC)
            for n in range(days)
        ]


# In the order of time: a place whose night is long past would rightly be told of what is overdue.
NIGHTS = (
    Night("America/New_York", date(2026, 3, 8)),
    Night("Europe/London", date(2026, 3, 29)),
    Night("Pacific/Auckland", date(2026, 4, 5)),
)


@dataclass(frozen=True)
class Owed:
    """The nights that are played, how many mornings of each, and every mail owed as `address day`."""

    nights: tuple[Night, ...]
    days: int
    mails: frozenset[str]

    def __iter__(self) -> Iterator[str]:
        return iter(self.mails)

    def __len__(self) -> int:
        return len(self.mails)


def prepare(days: int) -> Owed:
    """Stage a place in each zone with a dose soon after its night; its nurses are told on each of these mornings."""
    nights = []
    for night in NIGHTS if days > 1 else NIGHTS[:1]:
        site = place(night.zone.replace("/", " "), night.zone, digest_hour=HOUR, upcoming_days=[3, 2, 1])
        target = night.day + timedelta(days=2)
        builders.dose(site, target=target, closes=target + timedelta(days=90), at=datetime(2026, 1, 1, tzinfo=UTC))
        told = people(EACH, [site], form=f"{night.zone.split('/')[1].lower()}{{}}@clinic.example")
        nights.append(Night(night.zone, night.day, tuple(told)))
    mails = {f"{to} {night.day + timedelta(days=n - 1)}" for night in nights for to in night.told for n in range(days)}
    return Owed(tuple(nights), days, frozenset(mails))


def planners(stage: Stage, owed: Owed, _number: int) -> Result:
    """Start ten at the same moment before each morning, on it, an hour later, and once more two hours back."""
    around = [timedelta(minutes=1), timedelta(hours=-2)]
    if owed.days > 1:
        around = [timedelta(minutes=-1), *around, timedelta(hours=1)]
    steps = [morning + by for night in owed.nights for morning in night.mornings(owed.days) for by in around]
    codes = {code for step in steps for code in _at_once(stage, step)}
    entries = stage.sink.ledger.mails()
    zones = {to: night.zone for night in owed.nights for to in night.told}
    count = judge(entries, owed.mails, key=lambda entry: _key(entry, zones))
    lines = [line for (line,) in stage.ask("SELECT count(*) FROM reminders_reminder")]
    short = shortfalls(
        count,
        each_line_is_written_once=lines == [len(owed)],
        no_mail_tells_a_thing_twice=all(len(set(entry.lines)) == len(entry.lines) == 1 for entry in entries),
        each_left_at_the_hour_of_its_place=all(_hour(entry, zones) == HOUR for entry in entries),
        every_planner_ended_well=codes == {0},
        none_is_left_over=stage.settled(),
    )
    doubled_lines = lines[0] - len(owed)
    note = f"{len(steps)} moments, {AT_ONCE} planners at each; {lines[0]} lines"
    figures = {"doubled lines": doubled_lines}
    return Result("Ten planners at once, DST", count, len(steps) * AT_ONCE, short, (note,), figures=figures)


def _at_once(stage: Stage, step: datetime) -> list[int | None]:
    stage.in_time()
    together = time.monotonic() + 0.3
    command = ("send_reminders", "--at", step.isoformat(), "--skip-checks")
    # Each waits a little between what it saw and what it writes, so that they all see the same.
    pids = [stage.start(*command, start_at=together, dawdle=0.1) for _ in range(AT_ONCE)]
    return [stage.nursery.wait(pid, 60) for pid in pids]


def _local(entry: Entry, zones: dict[str, str]) -> datetime:
    return parsedate_to_datetime(entry.date).astimezone(ZoneInfo(zones[entry.to]))


def _key(entry: Entry, zones: dict[str, str]) -> str:
    return f"{entry.to} {_local(entry, zones).date()}" if entry.to in zones else entry.to


def _hour(entry: Entry, zones: dict[str, str]) -> int:
    return _local(entry, zones).hour
