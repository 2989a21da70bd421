"""Attempts that gave no dose, or only part of one: recorded with their reason, and the series does not move."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import day, elsewhere, planned, series_as_stored
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Dose
from treatments.courses.services import Attempted, record_not_given, record_partial

TODAY = date(2026, 7, 4)
each = pytest.mark.parametrize("record", [record_not_given, record_partial])


@pytest.fixture
def course(site: Site) -> Course:
    course = builders.course(builders.patient(site), planned_start=day("2026-06-20"))
    elsewhere(course, "2026-06-20", at=AT)
    return course


@pytest.fixture
def dose(course: Course) -> Dose:
    return builders.next_dose(course)


def attempted(on: str = "2026-07-04", mg: str | None = "6", **facts: Any) -> Attempted:
    return Attempted(day(on), **({"reason": "no_access", "mg": None if mg is None else Decimal(mg)} | facts))


def test_a_dose_that_was_not_given_leaves_the_plan_as_it_stood(course: Course, dose: Dose, petra: User) -> None:
    before = series_as_stored(course)
    facts: dict[str, Any] = {"lot": "LOT7", "performer": petra, "note": "Three attempts"}
    row = record_not_given(dose=dose, attempted=attempted(mg=None, **facts), by=person_actor(petra), at=AT)
    assert (row.outcome, row.reason, row.given_on, row.mg) == ("not_done", "no_access", TODAY, None)
    assert (row.lot, row.performer, row.note, row.dose) == ("LOT7", petra, "Three attempts", dose)
    assert series_as_stored(course) == before
    entry = Entry.objects.get(event="courses.dose_not_given")
    assert (entry.person, entry.target_id, entry.changes["reason"]) == (petra, str(row.pk), [None, "no_access"])


def test_it_may_be_tried_again_and_given(course: Course, dose: Dose) -> None:
    for on in ("2026-07-02", "2026-07-03"):
        record_not_given(dose=dose, attempted=attempted(on, None), by=BY, at=AT)
    row = builders.give(course, day("2026-07-03"))
    assert (row.dose, dose.administrations.count()) == (dose, 3)
    assert planned(course)["label"] == "L3"


def test_a_partial_dose_sends_the_course_to_a_prescriber_and_moves_nothing(course: Course, dose: Dose) -> None:
    before = planned(course)
    row = record_partial(dose=dose, attempted=attempted(), by=BY, at=AT)
    assert (row.outcome, row.mg, row.reason) == ("partial", Decimal(6), "no_access")
    after = planned(course)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"needs_review", "flags", "why"}
    said = "It is not settled whether the partial dose on 4 Jul 2026 counts: a prescriber decides."
    assert (after["needs_review"], after["flags"], after["why"]) == (True, ["partial"], said)
    assert Entry.objects.get(event="courses.dose_partly_given").changes["mg"] == [None, "6.00"]


def test_its_appointment_stands_until_somebody_moves_it(course: Course, dose: Dose) -> None:
    services.book(dose=dose, on=TODAY, at_time=None, place="", by=BY, at=AT)
    record_partial(dose=dose, attempted=attempted(), by=BY, at=AT)
    assert Booking.objects.get().cancelled_at is None


@pytest.mark.parametrize("mg", ["12", "12.01"])
def test_the_whole_dose_or_more_is_no_partial_dose(dose: Dose, mg: str) -> None:
    said = r"^A partial dose is less than 12 mg; record a whole one as given\.$"
    with pytest.raises(services.MoreThanTheDose, match=said):
        record_partial(dose=dose, attempted=attempted(mg=mg), by=BY, at=AT)
    assert record_partial(dose=dose, attempted=attempted(mg="11.99"), by=BY, at=AT).mg == Decimal("11.99")


@each
def test_a_day_ahead_is_refused(dose: Dose, record: Any) -> None:
    with pytest.raises(services.GivenInTheFuture, match=r"^5 Jul 2026 lies in the future; enter the day on which it"):
        record(dose=dose, attempted=attempted("2026-07-05"), by=BY, at=AT)
    assert record(dose=dose, attempted=attempted("2026-07-04"), by=BY, at=AT).given_on == TODAY


@each
def test_today_is_the_sites_own_day(other_site: Site, record: Any) -> None:
    dose = builders.next_dose(builders.course(builders.patient(other_site)))
    early = datetime(2026, 7, 4, 3, 59, tzinfo=UTC)  # still 3 July in New York
    with pytest.raises(services.GivenInTheFuture):
        record(dose=dose, attempted=attempted("2026-07-04"), by=BY, at=early)
    assert record(dose=dose, attempted=attempted("2026-07-03"), by=BY, at=early).given_on == day("2026-07-03")


@each
def test_a_day_before_birth_is_refused(dose: Dose, record: Any) -> None:
    with pytest.raises(services.GivenOnSuchADay, match=r"^16 May 2020 lies before the patient was born\.$"):
        record(dose=dose, attempted=attempted("2020-05-16"), by=BY, at=AT)
    assert record(dose=dose, attempted=attempted("2020-05-17"), by=BY, at=AT).given_on == day("2020-05-17")


@each
def test_a_dose_that_somebody_recorded_meanwhile_is_not_tried_any_more(course: Course, dose: Dose, record: Any) -> None:
    builders.give(course, day("2026-07-04"), at=datetime(2026, 7, 4, 15, tzinfo=UTC))
    with pytest.raises(services.DoseAlreadyGiven, match="recorded in the meantime; nothing of yours was saved"):
        record(dose=dose, attempted=attempted(), by=BY, at=datetime(2026, 7, 4, 15, tzinfo=UTC))
    assert Administration.objects.filter(dose=dose).count() == 1


@each
def test_a_stopped_course_takes_no_more(course: Course, dose: Dose, record: Any) -> None:
    services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=AT)
    with pytest.raises(services.CourseStopped, match="4 Jul 2026"):
        record(dose=dose, attempted=attempted(), by=BY, at=AT)


@each
def test_the_same_form_twice_records_one_attempt(dose: Dose, record: Any) -> None:
    key = uuid4()
    first = record(dose=dose, attempted=attempted(), by=BY, at=AT, submission=key)
    before = Entry.objects.count()
    with pytest.raises(AlreadySubmitted) as told:
        record(dose=dose, attempted=attempted(), by=BY, at=AT, submission=key)
    assert (told.value.record, Entry.objects.count()) == (first, before)


@pytest.mark.parametrize("mg", [None, "0", "-1"])
def test_a_partial_dose_of_nothing_is_one_that_was_not_given(dose: Dose, mg: str | None) -> None:
    with pytest.raises(
        services.MoreThanTheDose, match=r"^Enter how much went in; where nothing did, record the dose as"
    ):
        record_partial(dose=dose, attempted=attempted(mg=mg), by=BY, at=AT)


def test_what_was_not_given_has_no_amount(dose: Dose) -> None:
    assert record_not_given(dose=dose, attempted=attempted(mg="6"), by=BY, at=AT).mg is None


def test_the_whole_dose_is_that_of_the_day_where_a_late_dose_rule_changes_it(site: Site) -> None:
    heavy = builders.US_12MG | {
        "key": "examplin",
        "loading": [{"mg": 50, "ml": 5, "after": "0 days"}],
        "late_maintenance": {"source": "Test label", "bands": [{"from": "8 months", "restart": True}]},
    }
    course = builders.course(builders.patient(site), on=builders.regimen(heavy), planned_start=day("2025-06-02"))
    elsewhere(course, "2025-06-02", mg=50, at=AT)
    dose = builders.next_dose(course)
    with pytest.raises(services.MoreThanTheDose, match="less than 12 mg"):
        record_partial(dose=dose, attempted=attempted("2026-02-01", "20"), by=BY, at=AT)
    assert record_partial(dose=dose, attempted=attempted("2026-02-02", "20"), by=BY, at=AT).mg == 20


@each
def test_without_a_reason_it_is_refused(dose: Dose, record: Any) -> None:
    with pytest.raises(services.ReasonMissing, match=r"^Say why the dose was not given, or not whole\.$"):
        record(dose=dose, attempted=attempted(reason=""), by=BY, at=AT)
