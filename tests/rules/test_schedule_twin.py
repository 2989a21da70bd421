"""Decisions, switches and partial doses, against a slow and plain twin that shares nothing with the engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monographs.rules.regimen import Regimen
from tests.rules.naive_schedule import Naive
from tests.rules.schedule_stage import EU, HIGH, US
from tests.rules.test_schedule_properties import GAPS, gaps
from treatments.rules.proposals import Choice, Proposal, Verdict, proposals, ruling
from treatments.rules.schedule import Attempt, Outcome, Plan, Series, Turns, forecast, project, status_on
from treatments.rules.schedule_reading import read

START = date(2024, 1, 31)
AMOUNTS = {US.key: (12, 12), EU.key: (12, 12), HIGH.key: (50, 28)}


@dataclass
class Both:
    """One course told to the engine and to its twin at the same time; `labels` are what the twin called its doses."""

    series: Series
    twin: Naive
    today: date
    labels: list[str] = field(default_factory=list)
    partials: int = 0
    switched: bool = False

    @property
    def waiting(self) -> tuple[Proposal, ...]:
        return proposals(read(self.series, self.today))

    def give(self) -> None:
        if self.twin.last != self.today:
            self.labels.append(self.twin.give(self.today))
            self.tell(Attempt(self.today, key=self.today.isoformat()))

    def load(self) -> None:
        """Give every loading dose, or the switch dose, on its day."""
        while self.twin.mode == "loading":
            self.today = self.twin.target() or self.today
            self.give()

    def try_in_part(self, verdict: Verdict | None) -> None:
        """Only part goes in, and a prescriber says whether it counts, or does not yet."""
        if verdict is Verdict.COUNTS:
            self.give()
        elif verdict is None:
            self.tell(Attempt(self.today, Decimal(5), Outcome.PARTIAL))
            self.partials += 1
        else:
            self.tell(Attempt(self.today, Decimal(5), Outcome.NOT_DONE))

    def tell(self, attempt: Attempt) -> None:
        self.series = replace(self.series, attempts=(*self.series.attempts, attempt))

    def decide(self, choice: Choice, later: int) -> None:
        """Decide so, for the earliest day there is or one soon after it."""
        day = max(self.today, (self.twin.last or self.today) + timedelta(days=14)) + timedelta(days=later)
        made = ruling(choice, day, after=self.twin.last, made_on=self.today)
        if made is None:
            return
        self.series = replace(self.series, rulings=(*self.series.rulings, made))
        self.twin.decide(self.today, made.plan.value, made.day, choice.doses, GAPS[self.series.regimen.key])


def begins(regimen: Regimen, *, switched: bool) -> Both:
    if not switched:
        twin = Naive(GAPS[regimen.key], late=regimen.late is not None)
        return Both(Series(regimen), twin, START)
    due, last = START + timedelta(days=100), START
    twin = Naive([0], late=False, due=due, switching=True, last=last)
    return Both(Series(regimen, planned_start=due, switched=True, previous_on=last), twin, START, switched=True)


verdicts = st.sampled_from([None, Verdict.COUNTS, Verdict.DOES_NOT_COUNT, Verdict.DOES_NOT_COUNT])


@st.composite
def courses(draw: st.DrawFn, most: int = 12) -> Both:
    """Return a course after anything that can happen to it but a hold or a stop."""
    switched = draw(st.integers(0, 4)) == 0
    both = begins(HIGH if switched else draw(st.sampled_from([US, US, EU, HIGH])), switched=switched)
    if draw(st.integers(0, 3)):
        both.load()
    for _ in range(draw(st.integers(0, most))):
        both.today += timedelta(days=draw(st.just(0) | gaps))
        happens = draw(st.sampled_from(["give", "give", "give", "part", "decide", "decide"]))
        if happens == "give":
            both.give()
        elif happens == "part":
            both.try_in_part(
                draw(st.sampled_from([None, Verdict.COUNTS, Verdict.DOES_NOT_COUNT, Verdict.DOES_NOT_COUNT]))
            )
        else:
            for waiting in both.waiting[:1]:
                both.decide(draw(st.sampled_from(waiting.choices)), draw(st.integers(0, 40)))
    return both


asked = st.one_of(st.integers(0, 1500), st.sampled_from([7, 8, 14, 15, 121, 122, 123, 242, 243, 244, 245, 487, 1217]))


def told_anew(both: Both, days: list[date]) -> tuple[Naive, list[str]]:
    """Tell the twin of these doses from scratch, each under the decisions made since the one before and by its day."""
    twin, labels = begins(both.series.regimen, switched=both.switched).twin, []
    for day in [*sorted(days), None]:
        for made in both.series.rulings:
            if made.after == twin.last and (day is None or made.made_on <= day):
                twin.decide(made.made_on, made.plan.value, made.day, made.doses, GAPS[both.series.regimen.key])
        if day is not None:
            labels.append(twin.give(day))
    return twin, labels


@given(courses(), st.lists(st.integers(1, 900), min_size=1, max_size=3), asked)
@settings(max_examples=150, deadline=None)
def test_doses_that_are_told_of_late_are_governed_by_what_was_decided_by_their_own_day(
    both: Both, days_ago: list[int], later: int
) -> None:
    given_on = {attempt.on for attempt in both.series.attempts if attempt.outcome is Outcome.COMPLETED}
    told = {both.today - timedelta(days=days) for days in days_ago}
    told = {day for day in told if day not in given_on and day > START}
    for day in told:
        both.tell(Attempt(day, key=day.isoformat()))
    twin, labels = told_anew(both, [*given_on, *told])
    on = both.today + timedelta(days=later)
    answer = forecast(both.series, on)

    assert [entry.label for entry in answer.history] == labels
    assert (answer.next.label, answer.next.target) == (twin.next_label(on), twin.target())
    assert answer.next.status == ("review" if both.partials else twin.status(on))


@given(courses(), asked)
@settings(max_examples=250, deadline=None)
def test_the_engine_agrees_with_its_twin_whatever_was_decided(both: Both, later: int) -> None:
    on, twin = both.today + timedelta(days=later), both.twin
    answer = forecast(both.series, on)
    dose = answer.next

    assert [entry.label for entry in answer.history] == both.labels
    assert dose.ordinal == twin.count + 1
    assert (dose.label, dose.target) == (twin.next_label(on), twin.target())
    assert dose.mg == twin.mg(on, *AMOUNTS[both.series.regimen.key])
    assert ((dose.opens, dose.closes) if dose.opens else None) == twin.window()
    assert dose.status == ("review" if both.partials else twin.status(on))
    expected = {*twin.flags, *(["tight"] if twin.tight() else []), *(["partial"] if both.partials else [])}
    assert {flag.value for flag in dose.flags} == expected


@given(courses())
@settings(max_examples=40, deadline=None)
def test_the_turns_tell_the_status_of_every_day_whatever_was_decided(both: Both) -> None:
    stored = forecast(both.series, both.twin.last or both.today)
    for day in days_around(stored.next.turns, both.today):
        said = status_on(stored.next.turns, day, started=stored.started, needs_review=both.partials > 0)
        assert said is forecast(both.series, day).next.status
        assert said == ("review" if both.partials else both.twin.status(day))


def days_around(turns: Turns, since: date) -> Iterator[date]:
    """Yield the days on both sides of each turn, and one in every month of four years."""
    named = [getattr(turns, name) for name in ("opens", "closes", "review_from", "interrupted_from", "restart_from")]
    for turn in filter(None, named):
        yield from (turn + timedelta(days=step) for step in (-1, 0, 1))
    yield from (since + timedelta(days=30 * month) for month in range(48))


@given(courses())
@settings(max_examples=60, deadline=None)
def test_what_is_decided_settles_what_was_asked(both: Both) -> None:
    """Whatever is chosen, the same question does not stand on that very day; another one may."""
    for waiting in both.waiting:
        for choice in waiting.choices:
            if choice.plan in set(Plan):
                decided = replace(both, twin=replace(both.twin, satisfied=[*both.twin.satisfied], flags=set()))
                decided.decide(choice, 0)
                assert waiting.matter not in [each.matter for each in decided.waiting]


@given(courses())
@settings(max_examples=60, deadline=None)
def test_doses_to_come_keep_their_distance_whatever_was_decided(both: Both) -> None:
    days = [both.twin.last, *(dose.target for dose in project(both.series, both.today, count=6))]
    for one, other in pairwise(days):
        assert one is None or other is None or (other - one).days >= 14
