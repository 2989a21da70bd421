"""The nights on which clocks change, and the ends of months: each digest once, at the right hour of its place."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import sender, states
from tests.treatments.reminders.post import PostOffice
from treatments.reminders.models import Message, MessageState
from treatments.reminders.services.running import plan_and_send

Person = Callable[..., User]


def hours(first: date, days: int) -> Iterator[datetime]:
    """Yield every hour from half a day before a day's beginning in UTC, as a beat would come."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=12)
    return (start + timedelta(hours=n) for n in range(24 * (days + 1)))


def run_through(first: date, days: int) -> dict[date, list[datetime]]:
    """Run a sweep every hour; return when each local day's digest was handed over."""
    for now in hours(first, days):
        plan_and_send(sender(now))
    sent: dict[date, list[datetime]] = {}
    for message in Message.objects.filter(state=MessageState.HANDED_OVER).order_by("local_day"):
        assert message.handed_over_at is not None
        sent.setdefault(message.local_day, []).append(message.handed_over_at)
    return sent


@pytest.mark.parametrize(
    ("zone", "night", "hour", "expected"),
    [
        # London, 29 March: 01:00 to 02:00 does not exist.
        ("Europe/London", date(2026, 3, 29), 7, ["03-28 07:00", "03-29 06:00", "03-30 06:00"]),
        ("Europe/London", date(2026, 3, 29), 1, ["03-28 01:00", "03-29 01:00", "03-30 00:00"]),
        # London, 25 October: 01:00 to 02:00 comes twice.
        ("Europe/London", date(2026, 10, 25), 7, ["10-24 06:00", "10-25 07:00", "10-26 07:00"]),
        ("Europe/London", date(2026, 10, 25), 1, ["10-24 00:00", "10-25 00:00", "10-26 01:00"]),
        # New York, 8 March: 02:00 to 03:00 does not exist.
        ("America/New_York", date(2026, 3, 8), 7, ["03-07 12:00", "03-08 11:00", "03-09 11:00"]),
        ("America/New_York", date(2026, 3, 8), 2, ["03-07 07:00", "03-08 07:00", "03-09 06:00"]),
        # New York, 1 November: 01:00 to 02:00 comes twice.
        ("America/New_York", date(2026, 11, 1), 7, ["10-31 11:00", "11-01 12:00", "11-02 12:00"]),
        ("America/New_York", date(2026, 11, 1), 1, ["10-31 05:00", "11-01 05:00", "11-02 06:00"]),
    ],
)
def test_each_digest_goes_once_at_the_hour_of_its_place(
    db: None, post: PostOffice, zone: str, night: date, hour: int, expected: list[str]
) -> None:
    place = factories.site("Northfield", zone, digest_hour=hour, upcoming_days=[3, 2, 1], labs_days=[])
    factories.user(Role.NURSE, site=place)
    builders.dose(place, target=night + timedelta(days=2), at=datetime(2026, 1, 1, tzinfo=UTC))
    sent = run_through(night - timedelta(days=1), 3)
    wanted = {night + timedelta(days=n): [f"2026-{at}"] for n, at in zip((-1, 0, 1), expected, strict=True)}
    assert {day: [f"{at:%Y-%m-%d %H:%M}" for at in found] for day, found in sent.items()} == wanted
    assert len(post.mails) == len(set(post.ids())) == 3


def test_an_overdue_dose_is_told_once_a_week_over_the_end_of_february(
    site: Site, nurse: User, post: PostOffice
) -> None:
    builders.dose(site, target=date(2026, 2, 13), closes=date(2026, 2, 20), at=datetime(2026, 2, 1, tzinfo=UTC))
    for day in range(19):
        plan_and_send(sender(datetime(2026, 2, 19, 12, tzinfo=UTC) + timedelta(days=day)))
    assert states(kind="dose_overdue") == [
        ("dose_overdue", "2026-02-21", "handed_over"),
        ("dose_overdue", "2026-02-28", "handed_over"),
        ("dose_overdue", "2026-03-07", "handed_over"),
    ]


@pytest.mark.parametrize(
    ("target", "points"),
    [
        (date(2026, 3, 3), ["2026-02-17", "2026-02-24", "2026-03-02"]),
        (date(2028, 3, 3), ["2028-02-18", "2028-02-25", "2028-03-02"]),
        (date(2027, 1, 1), ["2026-12-18", "2026-12-25", "2026-12-31"]),
    ],
)
def test_a_dose_coming_up_is_told_three_times_across_the_end_of_a_month(
    site: Site, nurse: User, post: PostOffice, target: date, points: list[str]
) -> None:
    builders.dose(site, target=target)
    noon = datetime(target.year, target.month, target.day, 12, tzinfo=UTC)
    for before in range(20, -1, -1):
        plan_and_send(sender(noon - timedelta(days=before)))
    assert states() == [("dose_upcoming", day, "handed_over") for day in points]
    assert len(post.mails) == 3


@pytest.mark.parametrize("clock", [6, 7, 12, 22], ids=lambda hour: f"{hour}h")
@pytest.mark.parametrize("jumps", [(0, 2, -2, 0), (0, -2, 2, 0), (2, 0, -2, 0), (-2, 0, 2, 0)])
def test_a_clock_two_hours_wrong_in_both_directions_sends_each_digest_once(
    site: Site, nurse: User, post: PostOffice, clock: int, jumps: tuple[int, ...]
) -> None:
    day = builders.TARGET - timedelta(days=7)
    builders.dose(site, target=day + timedelta(days=14))
    for jump in jumps:
        plan_and_send(sender(datetime(day.year, day.month, day.day, clock, tzinfo=UTC) + timedelta(hours=jump)))
    assert len(post.mails) == 1
    assert states() == [("dose_upcoming", "2026-07-08", "handed_over")]


def test_somebody_at_two_sites_gets_one_digest_by_the_clock_of_their_home(
    site: Site, other_site: Site, person: Person, post: PostOffice
) -> None:
    both = person(Role.NURSE)
    staff.give_role(user=both, site=other_site, role=Role.NURSE, by=factories.BY, at=factories.AT)
    builders.dose(site)
    builders.dose(other_site)
    day = builders.TARGET - timedelta(days=7)
    sent = run_through(day, 1)
    assert [f"{at:%H:%M}" for at in sent[day]] == ["06:00"]
    assert states(due_on=day) == [("dose_upcoming", "2026-07-08", "handed_over")] * 2
