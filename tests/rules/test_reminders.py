"""What is owed about a dose on a day, on both sides of every boundary and against a model that counts the days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.reminders import (
    Audience,
    DoseFacts,
    End,
    Ended,
    Kind,
    Owed,
    ReminderPolicy,
    digest_at,
    ended,
    owed,
    passed_over,
)

TARGET = date(2026, 7, 15)
CLOSES = date(2026, 7, 22)
DOSE = DoseFacts(target=TARGET, closes=CLOSES)
POLICY = ReminderPolicy()

SILENCED = [
    (replace(DOSE, given=True), "The dose was given."),
    (replace(DOSE, held=True), "The course is on hold."),
    (replace(DOSE, stopped=True), "The course was stopped."),
    (replace(DOSE, replaced=True), "The dose is no longer planned."),
    (replace(DOSE, in_care=False), "The patient is no longer in this site's care."),
]


def days_after(start: date, days: int) -> date:
    return start + timedelta(days=days)


def points(facts: DoseFacts, today: date, policy: ReminderPolicy = POLICY) -> list[tuple[str, str, str]]:
    """Return what is owed, as words that read well in a failure."""
    return [(line.kind.value, line.due_on.isoformat(), line.audience.value) for line in owed(facts, policy, today)]


class TestADoseComingUp:
    @pytest.mark.parametrize(
        ("today", "due_on"),
        [
            (date(2026, 6, 30), None),  # 15 days before
            (date(2026, 7, 1), date(2026, 7, 1)),  # 14 days before
            (date(2026, 7, 7), date(2026, 7, 1)),  # 8 days before
            (date(2026, 7, 8), date(2026, 7, 8)),  # 7 days before
            (date(2026, 7, 13), date(2026, 7, 8)),  # 2 days before
            (date(2026, 7, 14), date(2026, 7, 14)),  # the day before
            (date(2026, 7, 15), date(2026, 7, 14)),  # the day itself
            (date(2026, 7, 16), None),  # the day after
        ],
    )
    def test_it_is_announced_14_7_and_1_days_before_the_target(self, today: date, due_on: date | None) -> None:
        lines = [line.due_on for line in owed(DOSE, POLICY, today)]
        assert lines == ([due_on] if due_on else [])

    def test_a_booked_day_counts_instead_of_the_target(self) -> None:
        booked = replace(DOSE, booked_on=date(2026, 7, 20))
        assert points(booked, date(2026, 7, 5)) == []
        assert points(booked, date(2026, 7, 6)) == [("dose_upcoming", "2026-07-06", "staff")]
        assert points(booked, date(2026, 7, 20)) == [("dose_upcoming", "2026-07-19", "staff")]

    def test_a_booking_that_has_passed_says_nothing_before_the_window_closes(self) -> None:
        booked = replace(DOSE, booked_on=date(2026, 7, 16))
        assert points(booked, date(2026, 7, 16)) == [("dose_upcoming", "2026-07-15", "staff")]
        assert points(booked, date(2026, 7, 17)) == []
        assert points(booked, CLOSES) == []

    def test_a_booking_after_the_window_is_announced_until_the_window_closes(self) -> None:
        booked = replace(DOSE, booked_on=date(2026, 7, 30))
        assert points(booked, CLOSES) == [("dose_upcoming", "2026-07-16", "staff")]
        assert points(booked, days_after(CLOSES, 1)) == [("dose_overdue", "2026-07-23", "staff")]

    def test_each_line_says_why_that_day(self) -> None:
        booked = replace(DOSE, booked_on=date(2026, 7, 20))
        assert owed(DOSE, POLICY, date(2026, 7, 8)) == (
            Owed(Kind.DOSE_UPCOMING, date(2026, 7, 8), Audience.STAFF, "7 days before the target."),
        )
        assert owed(booked, POLICY, date(2026, 7, 20))[0].reason == "1 day before the booked day."

    def test_the_site_chooses_its_own_days_in_any_order(self) -> None:
        policy = ReminderPolicy(upcoming_days=(2, 30, 10))
        assert points(DOSE, days_after(TARGET, -31), policy) == []
        assert points(DOSE, days_after(TARGET, -30), policy) == [("dose_upcoming", "2026-06-15", "staff")]
        assert points(DOSE, days_after(TARGET, -10), policy) == [("dose_upcoming", "2026-07-05", "staff")]
        assert points(DOSE, days_after(TARGET, -2), policy) == [("dose_upcoming", "2026-07-13", "staff")]

    def test_a_site_without_such_days_announces_nothing(self) -> None:
        assert points(DOSE, TARGET, ReminderPolicy(upcoming_days=())) == []

    @pytest.mark.parametrize(
        ("target", "fortnight_before"),
        [
            (date(2026, 3, 7), date(2026, 2, 21)),  # across the end of February
            (date(2028, 3, 7), date(2028, 2, 22)),  # the same in a leap year
            (date(2027, 1, 5), date(2026, 12, 22)),  # across the new year
            (date(2026, 8, 1), date(2026, 7, 18)),  # across a month of 31 days
        ],
    )
    def test_days_are_counted_across_the_ends_of_months(self, target: date, fortnight_before: date) -> None:
        dose = DoseFacts(target=target, closes=days_after(target, 7))
        assert points(dose, days_after(fortnight_before, -1)) == []
        assert points(dose, fortnight_before) == [("dose_upcoming", fortnight_before.isoformat(), "staff")]


class TestAnOverdueDose:
    @pytest.mark.parametrize(
        ("days_over", "due_on"),
        [
            (0, None),
            (1, 1),
            (7, 1),
            (8, 8),
            (13, 8),
        ],
    )
    def test_it_is_announced_on_the_first_day_after_its_window_and_every_7_days(
        self, days_over: int, due_on: int | None
    ) -> None:
        lines = [line.due_on for line in owed(DOSE, POLICY, days_after(CLOSES, days_over))]
        assert lines == ([days_after(CLOSES, due_on)] if due_on else [])

    @pytest.mark.parametrize(
        ("days_over", "staff", "lead"),
        [
            (13, 8, None),
            (14, 8, 14),
            (15, 15, 14),
            (20, 15, 14),
            (21, 15, 21),
            (22, 22, 21),
        ],
    )
    def test_the_lead_clinician_is_told_as_well_from_14_days_on(
        self, days_over: int, staff: int, lead: int | None
    ) -> None:
        lines = {line.audience: line.due_on for line in owed(DOSE, POLICY, days_after(CLOSES, days_over))}
        expected = {Audience.STAFF: days_after(CLOSES, staff)}
        assert lines == expected | ({Audience.LEAD: days_after(CLOSES, lead)} if lead else {})

    def test_each_line_says_how_late_the_dose_was_on_that_day(self) -> None:
        staff, lead = owed(DOSE, POLICY, days_after(CLOSES, 20))
        assert staff.reason == "15 days overdue."
        assert lead.reason == "14 days overdue. Told to the lead clinician."
        assert owed(DOSE, POLICY, days_after(CLOSES, 1))[0].reason == "1 day overdue."

    def test_the_lead_is_never_told_before_the_dose_is_overdue(self) -> None:
        at_once = ReminderPolicy(escalate_after_days=0)
        assert points(DOSE, CLOSES, at_once) == []
        assert {audience for _, _, audience in points(DOSE, days_after(CLOSES, 1), at_once)} == {"staff", "lead"}

    def test_the_site_chooses_its_own_pace(self) -> None:
        daily = ReminderPolicy(overdue_every_days=1)
        for days_over in (1, 2, 3):
            day = days_after(CLOSES, days_over)
            assert points(DOSE, day, daily) == [("dose_overdue", day.isoformat(), "staff")]

    def test_a_pace_of_no_days_is_refused(self) -> None:
        with pytest.raises(ValueError, match="after one day or more"):
            ReminderPolicy(overdue_every_days=0)

    def test_a_dose_without_a_window_is_never_overdue(self) -> None:
        assert points(DoseFacts(target=TARGET, closes=None), days_after(TARGET, 400)) == []


class TestNobodyIsTold:
    @pytest.mark.parametrize(("facts", "reason"), SILENCED)
    @pytest.mark.parametrize("today", [days_after(TARGET, -7), days_after(CLOSES, 1), days_after(CLOSES, 30)])
    def test_about_a_dose_given_held_stopped_replaced_or_out_of_care(
        self, facts: DoseFacts, reason: str, today: date
    ) -> None:
        assert points(DOSE, today), "the same dose is announced without that fact"
        assert points(facts, today) == []
        assert {facts.silence(kind) for kind in (Kind.DOSE_UPCOMING, Kind.DOSE_OVERDUE, Kind.LABS_DUE)} == {reason}

    def test_about_a_dose_without_any_date(self) -> None:
        nothing = DoseFacts(target=None, closes=None)
        assert points(nothing, TARGET) == []
        assert nothing.basis is None

    def test_death_is_the_first_reason_given(self) -> None:
        both = replace(DOSE, in_care=False, held=True)
        assert both.silence(Kind.DOSE_OVERDUE) == "The patient is no longer in this site's care."


class TestAPlannedLine:
    def end(self, kind: Kind, due_on: date, today: date, facts: DoseFacts = DOSE) -> Ended | None:
        return ended(kind, due_on, Audience.STAFF, facts=facts, policy=POLICY, today=today)

    def test_holds_until_a_later_reminder_takes_its_place(self) -> None:
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 1), date(2026, 7, 7)) is None
        overtaken = Ended(End.MISSED, "A later reminder took its place.")
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 1), date(2026, 7, 8)) == overtaken

    def test_holds_through_the_day_itself_and_is_missed_after_it(self) -> None:
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 14), TARGET) is None
        late = Ended(End.MISSED, "Its time went by before it was sent.")
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 14), days_after(TARGET, 1)) == late

    def test_is_missed_when_the_window_closes_before_the_booked_day(self) -> None:
        booked = replace(DOSE, booked_on=date(2026, 7, 30))
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 16), CLOSES, booked) is None
        missed = self.end(Kind.DOSE_UPCOMING, date(2026, 7, 16), days_after(CLOSES, 1), booked)
        assert missed == Ended(End.MISSED, "Its time went by before it was sent.")

    def test_is_cancelled_when_the_appointment_moves(self) -> None:
        moved = replace(DOSE, booked_on=date(2026, 7, 18))
        changed = Ended(End.CANCELLED, "The dates it was planned for have changed.")
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 8), date(2026, 7, 8)) is None
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 8), date(2026, 7, 8), moved) == changed

    def test_is_cancelled_when_the_window_moves(self) -> None:
        moved = replace(DOSE, closes=days_after(CLOSES, 3))
        changed = Ended(End.CANCELLED, "The dates it was planned for have changed.")
        assert self.end(Kind.DOSE_OVERDUE, days_after(CLOSES, 1), days_after(CLOSES, 5)) is None
        assert self.end(Kind.DOSE_OVERDUE, days_after(CLOSES, 1), days_after(CLOSES, 5), moved) == changed

    def test_is_cancelled_when_every_date_is_gone(self) -> None:
        nothing = DoseFacts(target=None, closes=None, labs_missing=True)
        for kind in (Kind.DOSE_UPCOMING, Kind.DOSE_OVERDUE, Kind.LABS_DUE):
            assert self.end(kind, TARGET, TARGET, nothing) == Ended(
                End.CANCELLED, "The dates it was planned for have changed."
            )

    def test_waits_when_the_clock_went_back_before_its_day(self) -> None:
        early = self.end(Kind.DOSE_UPCOMING, date(2026, 7, 8), date(2026, 7, 7))
        assert early is not None
        assert early.end is End.CANCELLED

    @pytest.mark.parametrize(("facts", "reason"), SILENCED)
    def test_is_cancelled_with_the_fact_that_silences_it(self, facts: DoseFacts, reason: str) -> None:
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 8), date(2026, 7, 8)) is None
        assert self.end(Kind.DOSE_UPCOMING, date(2026, 7, 8), date(2026, 7, 8), facts) == Ended(End.CANCELLED, reason)

    def test_of_the_lead_is_not_one_of_the_staff(self) -> None:
        day = days_after(CLOSES, 14)
        kept = ended(Kind.DOSE_OVERDUE, day, Audience.LEAD, facts=DOSE, policy=POLICY, today=day)
        stray = ended(Kind.DOSE_OVERDUE, day, Audience.STAFF, facts=DOSE, policy=POLICY, today=day)
        assert kept is None
        assert stray == Ended(End.CANCELLED, "The dates it was planned for have changed.")


class TestAfterAnOutage:
    def test_only_the_latest_point_is_owed_and_those_before_it_were_missed(self) -> None:
        last_swept, today = date(2026, 6, 28), days_after(CLOSES, 10)
        assert points(DOSE, today) == [("dose_overdue", "2026-07-30", "staff")]
        assert [(line.kind.value, line.due_on) for line in passed_over(DOSE, POLICY, last_swept, today)] == [
            ("dose_upcoming", date(2026, 7, 1)),
            ("dose_upcoming", date(2026, 7, 8)),
            ("dose_upcoming", date(2026, 7, 14)),
            ("dose_overdue", date(2026, 7, 23)),
        ]

    def test_what_still_matters_is_not_missed(self) -> None:
        assert passed_over(DOSE, POLICY, date(2026, 6, 28), date(2026, 7, 3)) == ()

    def test_the_day_of_the_last_sweep_was_heard(self) -> None:
        heard = passed_over(DOSE, POLICY, date(2026, 7, 1), date(2026, 7, 8))
        unheard = passed_over(DOSE, POLICY, date(2026, 6, 30), date(2026, 7, 8))
        assert [line.due_on for line in heard] == []
        assert [line.due_on for line in unheard] == [date(2026, 7, 1)]

    def test_nothing_is_missed_from_one_day_to_the_next_or_when_the_clock_went_back(self) -> None:
        assert passed_over(DOSE, POLICY, date(2026, 7, 7), date(2026, 7, 8)) == ()
        assert passed_over(DOSE, POLICY, date(2026, 7, 9), date(2026, 7, 1)) == ()

    @pytest.mark.parametrize(("facts", "reason"), SILENCED)
    def test_nothing_is_missed_about_a_silenced_dose(self, facts: DoseFacts, reason: str) -> None:
        assert passed_over(facts, POLICY, date(2026, 6, 28), days_after(CLOSES, 10)) == (), reason


class TestTheHourOfTheDigest:
    @pytest.mark.parametrize(
        ("zone", "day", "hour", "instant"),
        [
            ("Europe/London", date(2026, 1, 15), 7, "2026-01-15 07:00"),
            ("Europe/London", date(2026, 7, 15), 7, "2026-07-15 06:00"),
            ("Europe/London", date(2026, 3, 28), 7, "2026-03-28 07:00"),  # the day before the clock goes forward
            ("Europe/London", date(2026, 3, 29), 7, "2026-03-29 06:00"),
            ("Europe/London", date(2026, 3, 29), 1, "2026-03-29 01:00"),  # skipped: 01:00 becomes 02:00
            ("Europe/London", date(2026, 10, 25), 1, "2026-10-25 00:00"),  # twice: the first one
            ("Europe/London", date(2026, 10, 25), 2, "2026-10-25 02:00"),
            ("America/New_York", date(2026, 3, 7), 7, "2026-03-07 12:00"),
            ("America/New_York", date(2026, 3, 8), 7, "2026-03-08 11:00"),
            ("America/New_York", date(2026, 3, 8), 2, "2026-03-08 07:00"),  # skipped: 02:00 becomes 03:00
            ("America/New_York", date(2026, 11, 1), 1, "2026-11-01 05:00"),  # twice: the first one
            ("America/New_York", date(2026, 11, 1), 7, "2026-11-01 12:00"),
            ("Asia/Kolkata", date(2026, 7, 15), 7, "2026-07-15 01:30"),
            ("Pacific/Kiritimati", date(2026, 7, 15), 7, "2026-07-14 17:00"),
        ],
    )
    def test_it_is_the_hour_of_that_place_also_on_the_nights_when_clocks_change(
        self, zone: str, day: date, hour: int, instant: str
    ) -> None:
        expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        assert digest_at(day, hour, ZoneInfo(zone)) == expected

    def test_a_skipped_hour_is_met_as_soon_as_the_clock_has_moved_on(self) -> None:
        zone = ZoneInfo("Europe/London")
        assert digest_at(date(2026, 3, 29), 1, zone).astimezone(zone).hour == 2

    @given(day=st.dates(date(2024, 1, 1), date(2029, 12, 31)), hour=st.integers(0, 23))
    @pytest.mark.parametrize("name", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
    def test_each_day_has_one_such_hour_and_it_lies_within_that_day(self, name: str, day: date, hour: int) -> None:
        zone = ZoneInfo(name)
        at = digest_at(day, hour, zone).astimezone(zone)
        assert at.date() == day
        assert at.hour in (hour, hour + 1)
        assert digest_at(day, hour, zone) < digest_at(day + timedelta(days=1), hour, zone)


# --- Against a model that counts the days one by one -----------------------------------------------------------------

days = st.dates(date(2024, 1, 1), date(2029, 12, 31))
nearby = st.integers(-60, 60)
policies = st.builds(
    ReminderPolicy,
    upcoming_days=st.lists(st.integers(1, 40), max_size=4, unique=True).map(tuple),
    overdue_every_days=st.integers(1, 20),
    escalate_after_days=st.integers(0, 40),
)


@st.composite
def doses(draw: Callable[..., date]) -> DoseFacts:
    target = draw(days)
    booked = draw(st.none() | nearby.map(lambda off: target + timedelta(days=off)))
    closes = draw(st.none() | st.integers(0, 21).map(lambda after: target + timedelta(days=after)))
    return DoseFacts(target=target, booked_on=booked, closes=closes)


def announced_on(facts: DoseFacts, policy: ReminderPolicy, day: date) -> set[tuple[Kind, Audience]]:
    """Return what a clinic that looks at its list every single morning would announce on this one."""
    found = set()
    basis, closes = facts.booked_on or facts.target, facts.closes
    if basis and any(basis - timedelta(days=n) == day for n in policy.upcoming_days):
        found.add((Kind.DOSE_UPCOMING, Audience.STAFF))
    for audience, first in ((Audience.STAFF, 1), (Audience.LEAD, max(1, policy.escalate_after_days))):
        mornings = range(first, 400, policy.overdue_every_days)
        if closes and (day - closes).days in mornings:
            found.add((Kind.DOSE_OVERDUE, audience))
    return found


def still_matters(kind: Kind, facts: DoseFacts, day: date) -> bool:
    basis = facts.booked_on or facts.target
    closed = facts.closes is not None and day > facts.closes
    return closed if kind is Kind.DOSE_OVERDUE else basis is not None and day <= basis and not closed


def counted(facts: DoseFacts, policy: ReminderPolicy, today: date) -> dict[tuple[Kind, Audience], date]:
    """Return the latest morning of each announcement that still matters, by walking back from today."""
    latest: dict[tuple[Kind, Audience], date] = {}
    for back in range(200):
        day = today - timedelta(days=back)
        for kind, audience in announced_on(facts, policy, day):
            if still_matters(kind, facts, today):
                latest.setdefault((kind, audience), day)
    return latest


@given(facts=doses(), policy=policies, off=st.integers(-50, 120))
def test_what_is_owed_is_what_a_day_by_day_count_finds(facts: DoseFacts, policy: ReminderPolicy, off: int) -> None:
    assert facts.target is not None
    today = facts.target + timedelta(days=off)
    lines = owed(facts, policy, today)
    assert {(line.kind, line.audience): line.due_on for line in lines} == counted(facts, policy, today)
    assert len(lines) == len(counted(facts, policy, today))


@given(facts=doses(), policy=policies, off=st.integers(-50, 120), asleep=st.integers(1, 60))
def test_after_an_outage_of_any_length_each_point_is_owed_once_or_missed_once(
    facts: DoseFacts, policy: ReminderPolicy, off: int, asleep: int
) -> None:
    assert facts.target is not None
    today = facts.target + timedelta(days=off)
    last = today - timedelta(days=asleep)
    unheard = {
        (kind, audience, day)
        for day in (last + timedelta(days=n) for n in range(1, asleep))
        for kind, audience in announced_on(facts, policy, day)
        if still_matters(kind, facts, day)
    }
    now = {(line.kind, line.audience, line.due_on) for line in owed(facts, policy, today)}
    missed = [(line.kind, line.audience, line.due_on) for line in passed_over(facts, policy, last, today)]
    assert len(missed) == len(set(missed))
    assert set(missed) == unheard - now


@given(facts=doses(), policy=policies, off=st.integers(-50, 120), later=st.integers(0, 60))
def test_a_line_planned_earlier_holds_exactly_while_it_is_still_the_one_owed(
    facts: DoseFacts, policy: ReminderPolicy, off: int, later: int
) -> None:
    assert facts.target is not None
    planned_on = facts.target + timedelta(days=off)
    today = planned_on + timedelta(days=later)
    current = {(line.kind, line.due_on, line.audience) for line in owed(facts, policy, today)}
    for line in owed(facts, policy, planned_on):
        end = ended(line.kind, line.due_on, line.audience, facts=facts, policy=policy, today=today)
        assert (end is None) == ((line.kind, line.due_on, line.audience) in current)
        assert end is None or end.end is End.MISSED, "time alone never cancels a line"
