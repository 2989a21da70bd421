"""Whatever order doses are recorded in, the stored series is the rulebook's replay, and the trail tells how it came.

A dose may be recorded on its day or long after, here or as given elsewhere, before or after the ones around it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit.models import Entry
from clinic.records import writing
from clinic.records.models import ClinicalRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Dose
from treatments.courses.series import policy_of
from treatments.courses.services.replanning import replan
from treatments.rules.cautions import CODES
from treatments.rules.schedule import Attempt, Series, forecast

START, LATER = date(2021, 1, 4), datetime(2040, 1, 1, 12, tzinfo=UTC)
WITHOUT_LATE_RULES = {name: value for name, value in US_12MG.items() if name != "late_maintenance"} | {"key": "high"}
HEAVY_LOADING = US_12MG | {"key": "heavy", "loading": [{"mg": 50, "ml": 5, "after": a} for a in ("0 days", "14 days")]}

# Gaps that happen, with both sides of 14 days and of 8, 16 and 40 months.
gaps = st.sampled_from([1, 13, 14, 15, 30, 58, 115, 122, 137, 242, 243, 245, 486, 488, 1216, 1219]) | st.integers(
    1, 300
)


@dataclass(frozen=True)
class Told:
    """One dose as it is told to the clinic: its day, its amount, and whether it was given elsewhere."""

    on: date
    mg: Decimal
    elsewhere: bool


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """Return up to seven doses on different days, in the order in which somebody records them."""
    days = accumulate(draw(st.lists(gaps, max_size=7)), lambda day, gap: day + timedelta(days=gap), initial=START)
    amounts = st.sampled_from([Decimal(12), Decimal("11.5"), Decimal(50)])
    told = [Told(day, draw(amounts), draw(st.booleans())) for day in days]
    return list(draw(st.permutations(told)))


@given(
    told=histories(),
    data=st.sampled_from([US_12MG, WITHOUT_LATE_RULES, HEAVY_LOADING]),
    planned=st.integers(-20, 20),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_stored_series_is_the_replay_of_what_was_told(
    site: Site, told: list[Told], data: dict[str, Any], planned: int
) -> None:
    performer = User.objects.filter(memberships__site=site).first() or factories.user(Role.NURSE, site=site)
    start = START + timedelta(days=planned)
    course = builders.course(builders.patient(site), on=builders.regimen(data), planned_start=start)
    for number, dose in enumerate(told, 1):
        record(course, dose, performer)
        stored_is(course, told[:number])
    for row in (*Dose.objects.filter(course=course), *Administration.objects.filter(course=course)):
        trail_tells(row)


def record(course: Course, told: Told, performer: User) -> None:
    if told.elsewhere:
        services.record_elsewhere(course=course, given_on=told.on, mg=told.mg, place="Elsewhere", by=BY, at=LATER)
    else:
        builders.give(course, told.on, mg=told.mg, performer=performer, at=LATER)


def stored_is(course: Course, told: Sequence[Told]) -> None:
    """Compare the rows with an answer made from what was told, past the rows."""
    attempts = tuple(Attempt(dose.on, mg=dose.mg, elsewhere=dose.elsewhere) for dose in told)
    policy = policy_of(course.policy)
    series = Series(course.regimen.rule(), attempts, policy, planned_start=course.planned_start)
    answer = forecast(series, max(dose.on for dose in told))

    rows = Administration.objects.filter(course=course).select_related("dose").order_by("given_on")
    assert [
        (row.given_on, row.mg, row.elsewhere, row.dose.ordinal, row.dose.label, row.dose.phase, row.dose.flags)
        for row in rows
    ] == [
        (dose.on, dose.mg, dose.elsewhere, dose.ordinal, dose.label, dose.phase.value, list(dose.flags))
        for dose in answer.history
    ]

    (stored,) = Dose.objects.filter(course=course, is_next=True)
    assert Dose.objects.filter(course=course).count() == len(told) + 1
    coming, turns = answer.next, answer.next.turns
    names = ("ordinal", "label", "phase", "mg", "ml", "previous_on", "floor", "target", "opens", "closes", "why")
    assert [getattr(stored, name) for name in names] == [getattr(coming, name) for name in names]
    assert stored.flags == list(coming.flags)
    days = (stored.review_from, stored.interrupted_from, stored.restart_from)
    assert days == (turns.review_from, turns.interrupted_from, turns.restart_from)


def trail_tells(row: ClinicalRecord) -> None:
    """Build the row again from its entries: one for each version, each starting where the one before ended."""
    entries = list(Entry.objects.filter(target_id=str(row.pk)).order_by("id"))
    assert len(entries) == row.version
    told: dict[str, Any] = {}
    for entry in entries:
        for name, (old, new) in entry.changes.items():
            assert told.get(name) == (old or told.get(name)) or same_amount(told[name], old), (name, entry.event)
            told[name] = new
    for name, value in told.items():
        field = row._meta.get_field(name)
        assert isinstance(field, Field)
        stored = field.value_from_object(row)
        if isinstance(stored, Decimal):
            assert Decimal(value) == stored, name
        else:
            assert json.loads(json.dumps(stored, cls=DjangoJSONEncoder)) == value, name


def same_amount(one: str, other: str) -> bool:
    """Say whether an amount as it was entered is the one that was read back with its places: 12 and 12.00."""
    try:
        return Decimal(one) == Decimal(other)
    except ArithmeticError:
        return False


def test_a_replay_that_changes_nothing_writes_nothing(site: Site) -> None:
    course = builders.course(builders.patient(site))
    builders.give(course, date(2026, 1, 5))
    before = Entry.objects.count()
    services.hold_course(
        course=course, from_on=date(2026, 7, 1), reason="Infection", review_on=date(2026, 8, 1), by=BY, at=factories.AT
    )
    assert Entry.objects.count() == before + 1


class TestTakingADoseBack:
    """Where an administration is voided, its place comes again, or goes."""

    @pytest.fixture
    def course(self, site: Site) -> Course:
        course = builders.course(builders.patient(site), planned_start=date(2026, 5, 4))
        for day in (date(2026, 5, 4), date(2026, 5, 18)):
            builders.give(course, day)
        return course

    def void(self, course: Course, day: date) -> Dose:
        """Void what was recorded on that day, count anew, and return the place it had."""
        row = Administration.objects.standing().get(course=course, given_on=day, outcome="completed")
        with transaction.atomic():
            writing.void(row, event="test.voided", by=BY, at=factories.AT, reason="Another patient's")
            replan(course, by=BY, at=factories.AT)
        return Dose.objects.get(pk=row.dose_id)

    def book(self, course: Course) -> Booking:
        dose = builders.next_dose(course)
        facts: dict[str, Any] = {"at_time": None, "place": "", "by": BY, "at": factories.AT}
        return services.book(dose=dose, on=date(2026, 7, 10), confirmed=CODES, **facts)

    def labels(self, course: Course) -> list[tuple[str, bool]]:
        return list(Dose.objects.standing().filter(course=course).order_by("ordinal").values_list("label", "is_next"))

    def test_the_last_one_given_comes_again_in_its_own_place(self, course: Course) -> None:
        follows = builders.next_dose(course)
        place = self.void(course, date(2026, 5, 18))
        assert builders.next_dose(course) == place
        assert (place.label, place.target, place.is_next) == ("L2", date(2026, 5, 18), True)
        follows.refresh_from_db()
        assert (follows.voided_at, follows.void_reason) == (
            factories.AT, "The series was counted anew without this place.",
        )  # fmt: skip
        assert Entry.objects.get(event="courses.dose_taken_back").target_id == str(follows.pk)

    def test_the_appointment_of_the_place_that_goes_is_cancelled(self, course: Course) -> None:
        booking = self.book(course)
        self.void(course, date(2026, 5, 18))
        booking.refresh_from_db()
        assert (booking.cancelled_at, booking.cancel_reason) == (
            factories.AT, "The series was counted anew without this place.",
        )  # fmt: skip

    def test_one_from_the_middle_leaves_the_end_as_it_is(self, course: Course) -> None:
        booking, follows = self.book(course), builders.next_dose(course)
        place = self.void(course, date(2026, 5, 4))
        assert (place.voided_at, self.labels(course)) == (factories.AT, [("L1", False), ("L2", True)])
        assert builders.next_dose(course) == follows
        booking.refresh_from_db()
        assert booking.cancelled_at is None

    def test_one_given_elsewhere_goes_with_its_place_and_the_appointment_stays(self, course: Course) -> None:
        booking, follows = self.book(course), builders.next_dose(course)
        record(course, Told(date(2026, 6, 1), Decimal(12), elsewhere=True), factories.user())
        assert self.labels(course)[-1] == ("L4", True)
        place = self.void(course, date(2026, 6, 1))
        assert place.voided_at == factories.AT
        assert (builders.next_dose(course), self.labels(course)[-1]) == (follows, ("L3", True))
        booking.refresh_from_db()
        assert booking.cancelled_at is None

    def test_what_was_tried_in_a_place_that_goes_is_kept_with_the_one_that_comes(self, course: Course) -> None:
        follows = builders.next_dose(course)
        attempted = services.Attempted(date(2026, 6, 1), "infection")
        row = services.record_not_given(dose=follows, attempted=attempted, by=BY, at=factories.AT)
        place = self.void(course, date(2026, 5, 18))
        row.refresh_from_db()
        assert row.dose == place

    def test_after_all_of_them_the_first_comes_again(self, course: Course) -> None:
        for day in (date(2026, 5, 18), date(2026, 5, 4)):
            place = self.void(course, day)
        assert (builders.next_dose(course), place.label, place.previous_on) == (place, "L1", None)
        assert self.labels(course) == [("L1", True)]

    def test_it_may_be_given_anew(self, course: Course) -> None:
        place = self.void(course, date(2026, 5, 18))
        row = builders.give(course, date(2026, 5, 19))
        assert (row.dose, self.labels(course)) == (place, [("L1", False), ("L2", False), ("L3", True)])
