"""Facts, clocks and mail servers in random order, against a simple memory of what is true.

Whatever happens: nobody is told about what is silent at that moment, nobody gets two digests of one day, and once the
server takes mail again everything that is still owed has been told.
"""

import random
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.staff.models import Site, User
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import TARGET, sender
from tests.treatments.reminders.post import CUT, TAKE, TAKE_AND_CUT, PostOffice
from treatments.courses.models import Booking, Dose, Hold
from treatments.reminders.models import Message, MessageState, Reminder
from treatments.reminders.queries.doses import facts_of
from treatments.reminders.queries.sites import open_sites
from treatments.reminders.services.running import plan_and_send
from treatments.rules.reminders import Audience, ReminderPolicy, owed

MOODS = [TAKE, TAKE, TAKE, "451 later", CUT, TAKE_AND_CUT]
DOSES, STEPS = 4, 45


class World:
    """Four doses, what was done to them, and a clock that only a test may move."""

    def __init__(self, site: Site, post: PostOffice, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.site, self.post = site, post
        self.now = datetime(2026, 6, 28, 5, tzinfo=UTC)
        self.doses = {
            dose.pk: dose for dose in (builders.dose(site, target=TARGET + timedelta(days=n)) for n in range(DOSES))
        }
        self.held: dict[uuid.UUID, Hold] = {}
        self.booked: dict[uuid.UUID, Booking] = {}
        self.ended: set[uuid.UUID] = set()

    def step(self) -> None:
        """Do one thing, let some hours pass, and look at what was mailed."""
        dose = self.doses[self.dice.choice(list(self.doses))]
        self.dice.choice([self.hold_or_resume, self.book_or_move, self.end_seldom, self.nothing])(dose)
        self.now += timedelta(hours=self.dice.choice([0, 1, 5, 11, 24, 40]), minutes=self.dice.randrange(60))
        self.run()

    def run(self) -> None:
        """Let the server be in some mood, and a sender pass by; then read the new mails."""
        self.post.answers.clear()
        self.post.answers.append(self.dice.choice(MOODS))
        before = len(self.post.mails)
        plan_and_send(sender(self.now))
        for mail in self.post.mails[before:]:
            told = {uuid.UUID(found) for found in re.findall(r"/doses/([0-9a-f-]{36})/", mail.as_string())}
            assert told <= self.doses.keys()
            assert not told & (self.held.keys() | self.ended), "nobody is told about what is silent"

    def hold_or_resume(self, dose: Dose) -> None:
        if hold := self.held.pop(dose.pk, None):
            builders.change(hold, ended_on=self.today())
        elif dose.pk not in self.ended:
            self.held[dose.pk] = builders.hold(dose, self.today())

    def book_or_move(self, dose: Dose) -> None:
        day = self.today() + timedelta(days=self.dice.randrange(30))
        if booking := self.booked.get(dose.pk):
            builders.change(booking, on=day)
        else:
            self.booked[dose.pk] = builders.book(dose, day)

    def end_seldom(self, dose: Dose) -> None:
        if self.dice.random() < 0.1 and dose.pk not in self.ended | self.held.keys():
            self.ended.add(dose.pk)
            builders.change(dose.patient, care_status="died", care_status_on=self.today())

    def nothing(self, _dose: Dose) -> None:
        """Let only time pass."""

    def today(self) -> date:
        return self.site.today(self.now)


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_what_is_owed_is_told_and_what_is_silent_is_not(
    site: Site, nurse: User, post: PostOffice, seed: int
) -> None:
    world = World(site, post, seed)
    for _ in range(STEPS):
        world.step()
    post.answers.clear()
    for _ in range(2):
        world.now = datetime.combine(world.today() + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=12)
        plan_and_send(sender(world.now))
    days = list(Message.objects.filter(state=MessageState.HANDED_OVER).values_list("local_day", flat=True))
    assert len(days) == len(set(days)) > 0
    assert set(post.ids()) >= {
        f"<{pk}@clinic.example>" for pk in Message.objects.filter(state="handed_over").values_list("pk", flat=True)
    }
    for pk, facts in facts_of(world.doses.keys(), open_sites(world.now)[site.pk]).items():
        for told in owed(facts, ReminderPolicy(), world.today()):
            if told.audience is Audience.STAFF:
                line = Reminder.objects.get(what=pk, kind=told.kind.value, due_on=told.due_on)
                assert line.state == MessageState.HANDED_OVER
    assert not Reminder.objects.filter(state=MessageState.CLAIMED).exists()
