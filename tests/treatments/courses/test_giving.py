"""Recording a dose: the next date moves in the same transaction."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from clinic.audit.models import Entry
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Administration, Course, Dose
from treatments.rules.cautions import CODES


@pytest.fixture
def course(site: Site) -> Course:
    return builders.course(builders.patient(site))


def test_a_given_dose_moves_the_next_target(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    coming = builders.next_dose(course)
    assert (coming.label, coming.target, coming.opens, coming.closes, coming.floor) == (
        "L2",
        date(2026, 1, 19),
        date(2026, 1, 19),
        date(2026, 1, 26),
        date(2026, 1, 19),
    )


def test_four_loading_doses_lead_to_maintenance_four_months_later(course: Course) -> None:
    for day in (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2), date(2026, 3, 4)):
        builders.give(course, day)
    coming = builders.next_dose(course)
    assert (coming.label, coming.phase, coming.target) == ("M1", "maintenance", date(2026, 7, 4))
    assert coming.interrupted_from == date(2026, 11, 4)
    labels = Dose.objects.filter(course=course).order_by("ordinal").values_list("label", flat=True)
    assert list(labels) == ["L1", "L2", "L3", "L4", "M1"]


def record(
    dose: Dose, at: datetime, *, submission: UUID | None = None, confirmed: Any = (), **facts: Any
) -> Administration:
    """Record a dose as given at an instant, with everything else as planned."""
    values: dict[str, Any] = {
        "mg": Decimal(12),
        "ml": Decimal(5),
        "lot": "LOT1",
        "vial_expires_on": date(2027, 1, 1),
        "performer": factories.user(Role.NURSE, site=dose.site),
    }
    given = services.Given(at=at, **(values | facts))
    return services.record_given(dose=dose, given=given, by=BY, at=AT, confirmed=confirmed, submission=submission)


def test_a_dose_just_before_midnight_belongs_to_the_sites_own_day(other_site: Site) -> None:
    course = builders.course(builders.patient(other_site))
    row = record(builders.next_dose(course), datetime(2026, 1, 6, 4, 30, tzinfo=UTC))
    assert row.given_on == date(2026, 1, 5)


def test_a_back_dated_dose_elsewhere_replays_the_whole_series(course: Course) -> None:
    builders.give(course, date(2026, 1, 19))
    services.record_elsewhere(
        course=course, given_on=date(2026, 1, 5), mg=Decimal(12), place="Elsewhere Hospital", by=BY, at=AT
    )
    given = Administration.objects.order_by("given_on")
    assert [(row.dose.label, row.elsewhere) for row in given] == [("L1", True), ("L2", False)]
    assert builders.next_dose(course).label == "L3"


def test_the_same_form_twice_records_one_dose(course: Course) -> None:
    submission = uuid4()
    first = builders.give(course, date(2026, 1, 5), submission=submission)
    with pytest.raises(AlreadySubmitted) as told:
        record(first.dose, AT, submission=submission)
    assert told.value.record == first
    assert Administration.objects.count() == 1


def test_somebody_else_recording_the_same_dose_is_told(course: Course) -> None:
    dose = builders.next_dose(course)
    builders.give(course, date(2026, 1, 5))
    with pytest.raises(services.DoseAlreadyGiven):
        record(dose, AT, submission=uuid4(), lot="LOT2")
    assert Administration.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"mg": Decimal("11.9")}, "amount_differs"),
        ({"ml": Decimal("4.9")}, "volume_differs"),
        ({"vial_expires_on": date(2026, 1, 4)}, "vial_expired"),
    ],
)
def test_what_differs_from_the_plan_must_be_confirmed(course: Course, facts: dict[str, Any], code: str) -> None:
    dose, at = builders.next_dose(course), datetime(2026, 1, 5, 10, tzinfo=UTC)
    with pytest.raises(services.Unconfirmed) as asked:
        record(dose, at, **facts)
    assert [caution.code for caution in asked.value.cautions] == [code]
    row = record(dose, at, confirmed={code}, **facts)
    assert Entry.objects.get(event="courses.dose_given", target_id=str(row.pk)).reason.startswith("Confirmed: ")


def test_a_vial_on_its_last_day_needs_no_confirmation(course: Course) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert record(builders.next_dose(course), at, vial_expires_on=date(2026, 1, 5)).lot == "LOT1"


def test_thirteen_days_after_the_last_dose_is_too_soon_and_counts_when_confirmed(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    dose, at = builders.next_dose(course), datetime(2026, 1, 18, 10, tzinfo=UTC)
    with pytest.raises(services.Unconfirmed):
        record(dose, at)
    row = record(dose, at, confirmed={"interval_short"})
    assert Dose.objects.get(pk=row.dose_id).flags == ["interval_short"]


def test_fourteen_days_after_the_last_dose_is_not_too_soon(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    row = record(builders.next_dose(course), datetime(2026, 1, 19, 10, tzinfo=UTC))
    assert Dose.objects.get(pk=row.dose_id).flags == []


def test_a_dose_in_the_future_is_refused(course: Course) -> None:
    with pytest.raises(services.GivenInTheFuture):
        services.record_elsewhere(
            course=course, given_on=date(2026, 7, 5), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )


def test_two_doses_on_one_day_are_refused_and_leave_nothing_behind(course: Course) -> None:
    builders.give(course, date(2026, 1, 5))
    before = (Dose.objects.count(), Entry.objects.count())
    with pytest.raises(services.GivenOnSuchADay, match="5 Jan 2026"):
        services.record_elsewhere(
            course=course, given_on=date(2026, 1, 5), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )
    assert (Dose.objects.count(), Entry.objects.count()) == before


def test_a_dose_before_birth_is_refused(course: Course) -> None:
    with pytest.raises(services.GivenOnSuchADay, match="born"):
        services.record_elsewhere(
            course=course, given_on=date(2020, 5, 16), mg=Decimal(12), place="Elsewhere", by=BY, at=AT
        )


def elsewhere(course: Course, on: date, **facts: Any) -> Administration:
    values: dict[str, Any] = {"mg": Decimal(12), "place": "Elsewhere Hospital", "by": BY, "at": AT} | facts
    return services.record_elsewhere(course=course, given_on=on, **values)


class TestConfirming:
    AT = datetime(2026, 1, 5, 10, tzinfo=UTC)

    def test_a_person_confirms_the_sentence_they_read(self, course: Course) -> None:
        said = {"11 mg was entered; the schedule says 12 mg."}
        assert record(builders.next_dose(course), self.AT, mg=Decimal(11), confirmed=said).mg == 11

    def test_the_sentence_about_one_amount_confirms_no_other(self, course: Course) -> None:
        said = {"11 mg was entered; the schedule says 12 mg."}
        with pytest.raises(services.Unconfirmed, match=r"1\.1 mg was entered"):
            record(builders.next_dose(course), self.AT, mg=Decimal("1.1"), confirmed=said)
        assert not Administration.objects.exists()

    def test_one_of_two_is_not_enough(self, course: Course) -> None:
        with pytest.raises(services.Unconfirmed) as asked:
            record(builders.next_dose(course), self.AT, mg=Decimal(11), ml=Decimal(4), confirmed={"amount_differs"})
        assert [caution.code for caution in asked.value.cautions] == ["amount_differs", "volume_differs"]

    def test_a_dose_during_a_hold_is_asked_about_and_never_refused(self, course: Course) -> None:
        services.hold_course(
            course=course, from_on=date(2026, 1, 1), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
        )
        with pytest.raises(services.Unconfirmed, match="on hold"):
            record(builders.next_dose(course), self.AT)
        assert record(builders.next_dose(course), self.AT, confirmed={"on_hold"}).given_on == date(2026, 1, 5)

    def test_a_dose_before_its_window_is_asked_about(self, course: Course) -> None:
        dose = builders.next_dose(course)
        with pytest.raises(services.Unconfirmed, match="before the window opens on 5 Jan 2026"):
            record(dose, datetime(2026, 1, 4, 10, tzinfo=UTC))

    def test_a_dose_before_the_last_one_is_asked_about_and_replays_the_series(self, course: Course) -> None:
        builders.give(course, date(2026, 1, 19))
        dose, before = builders.next_dose(course), self.AT
        with pytest.raises(services.Unconfirmed, match="before the last recorded dose, on 19 Jan 2026"):
            record(dose, before)
        row = record(dose, before, confirmed={"before_last_dose"})
        assert Dose.objects.get(pk=row.dose_id).label == "L1"
        assert builders.next_dose(course).label == "L3"

    def test_the_amount_is_that_of_the_dose_on_its_day_where_a_late_dose_rule_changes_it(self, site: Site) -> None:
        heavy = builders.US_12MG | {
            "key": "examplin",
            "loading": [{"mg": 50, "ml": 5, "after": "0 days"}],
            "late_maintenance": {"source": "Test label", "bands": [{"from": "8 months", "restart": True}]},
        }
        course = builders.course(builders.patient(site), on=builders.regimen(heavy), planned_start=date(2025, 6, 2))
        builders.give(course, date(2025, 6, 2), mg=Decimal(50))
        dose = builders.next_dose(course)
        assert (dose.label, dose.mg) == ("M1", Decimal(12))
        late = datetime(2026, 2, 2, 10, tzinfo=UTC)
        with pytest.raises(services.Unconfirmed, match="the schedule says 50 mg"):
            record(dose, late, mg=Decimal(12))
        assert Dose.objects.get(pk=record(dose, late, mg=Decimal(50)).dose_id).label == "L1"


class TestTheDay:
    def test_a_day_that_is_taken_is_said_before_anything_is_asked(self, course: Course) -> None:
        builders.give(course, date(2026, 1, 5))
        with pytest.raises(services.GivenOnSuchADay, match="5 Jan 2026"):
            record(builders.next_dose(course), datetime(2026, 1, 5, 15, tzinfo=UTC), mg=Decimal(11))

    def test_a_day_taken_by_an_earlier_course_is_refused(self, course: Course) -> None:
        builders.give(course, date(2026, 1, 5))
        services.stop_course(course=course, on=date(2026, 1, 6), reason="Switched", by=BY, at=AT)
        second = builders.course(course.patient, planned_start=date(2026, 1, 6))
        with pytest.raises(services.GivenOnSuchADay):
            elsewhere(second, date(2026, 1, 5))

    def test_a_time_ahead_is_refused_in_words_of_the_sites_clock(self, course: Course) -> None:
        dose = builders.next_dose(course)
        with pytest.raises(services.GivenInTheFuture, match="4 Jul 2026, 13:01 lies in the future"):
            record(dose, datetime(2026, 7, 4, 12, 1, tzinfo=UTC))
        assert record(dose, datetime(2026, 7, 4, 12, 0, tzinfo=UTC)).given_on == date(2026, 7, 4)

    def test_today_is_the_sites_own_day(self, other_site: Site) -> None:
        course = builders.course(builders.patient(other_site))
        early = datetime(2026, 7, 4, 3, 59, tzinfo=UTC)  # still 3 July in New York
        with pytest.raises(services.GivenInTheFuture):
            elsewhere(course, date(2026, 7, 4), at=early)
        assert elsewhere(course, date(2026, 7, 3), at=early).given_on == date(2026, 7, 3)

    def test_the_day_of_birth_itself_is_possible(self, course: Course) -> None:
        assert elsewhere(course, date(2020, 5, 17)).given_on == date(2020, 5, 17)


class TestElsewhere:
    def test_the_same_form_twice_adds_one_dose_and_leaves_nothing_else(self, course: Course) -> None:
        key = uuid4()
        first = elsewhere(course, date(2026, 1, 5), submission=key)
        before = (Dose.objects.count(), Entry.objects.count())
        with pytest.raises(AlreadySubmitted) as told:
            elsewhere(course, date(2026, 1, 5), submission=key)
        assert told.value.record == first
        assert (Dose.objects.count(), Entry.objects.count()) == before

    def test_a_booking_of_the_next_dose_stays_with_it(self, course: Course) -> None:
        builders.give(course, date(2026, 6, 25))
        dose = builders.next_dose(course)
        services.book(dose=dose, on=date(2026, 7, 9), at_time=None, place="", by=BY, at=AT)
        elsewhere(course, date(2026, 6, 11))
        assert builders.next_dose(course) == dose
        assert dose.bookings.get().cancelled_at is None

    def test_a_stopped_course_takes_no_more(self, course: Course) -> None:
        services.stop_course(course=course, on=date(2026, 7, 4), reason="Another therapy", by=BY, at=AT)
        with pytest.raises(services.CourseStopped):
            elsewhere(course, date(2026, 1, 5))


def test_the_amounts_that_nobody_gives_are_refused_by_the_database(course: Course) -> None:
    for mg in (Decimal(0), Decimal("100.01")):
        with pytest.raises(IntegrityError), transaction.atomic():
            record(builders.next_dose(course), datetime(2026, 1, 5, 10, tzinfo=UTC), mg=mg, confirmed=CODES)
    assert not Administration.objects.exists()
