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

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit.models import Entry
from clinic.records.models import ClinicalRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from treatments.courses import services
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.series import policy_of
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
            assert told.get(name) == (old or told.get(name)), (name, entry.event)
            told[name] = new
    for name, value in told.items():
        field = row._meta.get_field(name)
        assert isinstance(field, Field)
        stored = field.value_from_object(row)
        if isinstance(stored, Decimal):
            assert Decimal(value) == stored, name
        else:
            assert json.loads(json.dumps(stored, cls=DjangoJSONEncoder)) == value, name


def test_a_replay_that_changes_nothing_writes_nothing(site: Site) -> None:
    course = builders.course(builders.patient(site))
    builders.give(course, date(2026, 1, 5))
    before = Entry.objects.count()
    services.hold_course(
        course=course, from_on=date(2026, 7, 1), reason="Infection", review_on=date(2026, 8, 1), by=BY, at=factories.AT
    )
    assert Entry.objects.count() == before + 1
