"""Taking a record back, and putting one right: the old row stays, and the series is as if it had always been so."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit.models import Entry
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import COUNTS, PLANNED, decide, elsewhere, tried
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Decision, Dose
from treatments.courses.series import series_of
from treatments.courses.services.replanning import intended
from treatments.rules.cautions import CODES, Caution
from treatments.rules.proposals import Matter

FIRST, SECOND, THIRD, TODAY = date(2026, 5, 4), date(2026, 5, 18), date(2026, 6, 1), date(2026, 7, 4)
DAY = timedelta(days=1)
REASON = "Recorded on the wrong patient"


@pytest.fixture
def course(site: Site) -> Course:
    """Return a course with L1, L2 and L3 given on their days; L4 is due on 1 July."""
    course = builders.course(builders.patient(site), planned_start=FIRST)
    for day in (FIRST, SECOND, THIRD):
        builders.give(course, day)
    return course


@pytest.fixture
def performer(site: Site) -> User:
    return factories.user(Role.PROCEDURALIST, site=site)


def record(course: Course, day: date) -> Administration:
    return Administration.objects.standing().get(course=course, given_on=day)


def take_back(row: Administration, reason: str = REASON, **facts: Any) -> Administration:
    values: dict[str, Any] = {"by": BY, "at": AT} | facts
    return services.take_back(administration=row, reason=reason, **values)


def given_on(day: date, performer: User, clock: time = time(10), **facts: Any) -> services.Given:
    """Return that 12 mg in 5 mL were given at ten, by UTC, on that day."""
    values: dict[str, Any] = {
        "mg": Decimal(12),
        "ml": Decimal(5),
        "lot": "LOT1",
        "vial_expires_on": date(2027, 3, 31),
    }
    return services.Given(at=datetime.combine(day, clock, tzinfo=UTC), performer=performer, **(values | facts))


def correct(
    row: Administration,
    given: services.Given,
    reason: str = "The day was misread",
    confirmed: Collection[str] = CODES,
    **facts: Any,
) -> Administration:
    values: dict[str, Any] = {"by": BY, "at": AT} | facts
    return services.correct_given(administration=row, given=given, reason=reason, confirmed=confirmed, **values)


def asked(row: Administration, given: services.Given) -> dict[str, str]:
    """Return what has to be confirmed before a correction, by code; nothing is written."""
    before = Entry.objects.count()
    with pytest.raises(services.Unconfirmed) as refused:
        correct(row, given, confirmed=())
    assert Entry.objects.count() == before
    return {caution.code: caution.text for caution in refused.value.cautions}


def series(course: Course) -> list[tuple[str, date | None]]:
    """Return the labels of the places with the day on which each was given, None for the one that comes."""
    days = {row.dose_id: row.given_on for row in Administration.objects.standing().filter(course=course)}
    doses = Dose.objects.standing().filter(course=course).order_by("ordinal")
    return [(dose.label, None if dose.is_next else days[dose.pk]) for dose in doses]


def is_stored(course: Course) -> bool:
    """Say whether a replay from scratch has nothing to write."""
    course = Course.objects.get(pk=course.pk)
    doses = list(Dose.objects.standing().filter(course=course))
    rows = {str(row.pk): row for row in Administration.objects.standing().filter(course=course)}
    return intended(course, series_of(course), doses, rows).is_stored


def book(course: Course, on: date = TODAY + 6 * DAY) -> Booking:
    dose = builders.next_dose(course)
    return services.book(dose=dose, on=on, at_time=None, place="Ward 4", confirmed=CODES, by=BY, at=AT)


class TestTakingBackTheLastOne:
    def test_its_own_place_comes_again_and_the_row_stays_visible(self, course: Course) -> None:
        place, row = record(course, THIRD).dose, record(course, THIRD)
        taken = take_back(row)
        assert (taken.voided_at, taken.void_reason, Administration.objects.count()) == (AT, REASON, 3)
        assert builders.next_dose(course) == place
        assert series(course) == [("L1", FIRST), ("L2", SECOND), ("L3", None)]
        entry = Entry.objects.get(event="courses.record_taken_back")
        assert (entry.target_id, entry.reason) == (str(row.pk), REASON)

    def test_the_booking_with_which_it_was_given_is_its_booking_again(self, course: Course) -> None:
        booking = book(course)
        row = builders.give(course, TODAY)
        take_back(row)
        booking.refresh_from_db()
        assert (booking.cancelled_at, booking.dose) == (None, builders.next_dose(course))

    def test_the_booking_of_the_place_after_it_is_cancelled(self, course: Course) -> None:
        booking = book(course)
        take_back(record(course, THIRD))
        booking.refresh_from_db()
        assert booking.cancelled_at == AT
        assert booking.dose.voided_at == AT
        with pytest.raises(services.DoseAlreadyGiven):
            services.book(dose=booking.dose, on=TODAY + DAY, at_time=None, place="", confirmed=CODES, by=BY, at=AT)

    def test_nothing_is_recorded_in_a_place_that_went(self, course: Course, performer: User) -> None:
        gone = builders.next_dose(course)
        take_back(record(course, THIRD))
        assert Dose.objects.get(pk=gone.pk).is_next
        with pytest.raises(services.DoseAlreadyGiven):
            services.record_given(dose=gone, given=given_on(TODAY, performer), confirmed=CODES, by=BY, at=AT)
        with pytest.raises(services.DoseAlreadyGiven):
            services.record_not_given(dose=gone, attempted=services.Attempted(TODAY, "infection"), by=BY, at=AT)
        with pytest.raises(services.NothingToDecide):
            services.ask_for_too_soon(dose=gone, day=TODAY, reason="Surgery", by=BY, at=AT)

    def test_it_may_be_recorded_anew_even_on_the_same_day(self, course: Course) -> None:
        take_back(record(course, THIRD))
        builders.give(course, THIRD)
        assert series(course) == [("L1", FIRST), ("L2", SECOND), ("L3", THIRD), ("L4", None)]
        assert is_stored(course)


class TestTakingBackAnotherRecord:
    def test_one_from_the_middle_moves_the_labels_and_leaves_the_booking(self, course: Course) -> None:
        booking = book(course)
        place = take_back(record(course, SECOND)).dose
        place.refresh_from_db()
        booking.refresh_from_db()
        assert (place.voided_at, booking.cancelled_at) == (AT, None)
        assert series(course) == [("L1", FIRST), ("L2", THIRD), ("L3", None)]
        assert builders.next_dose(course).target == THIRD + 14 * DAY
        assert is_stored(course)

    def test_one_given_elsewhere_goes_with_its_place(self, course: Course) -> None:
        elsewhere(course, "2026-06-20", at=AT)
        follows = builders.next_dose(course)
        take_back(record(course, date(2026, 6, 20)))
        assert builders.next_dose(course) == follows
        assert series(course)[-1] == ("L4", None)
        assert is_stored(course)

    def test_an_attempt_that_gave_nothing_leaves_the_plan_as_it_was(self, course: Course) -> None:
        place = builders.next_dose(course)
        before = Dose.objects.values().get(pk=place.pk)
        row = services.record_not_given(dose=place, attempted=services.Attempted(TODAY, "infection"), by=BY, at=AT)
        take_back(row)
        assert Dose.objects.values().get(pk=place.pk) == before

    def test_a_partial_dose_takes_its_verdict_with_it(self, course: Course) -> None:
        before = series(course)
        row = tried(course, "2026-07-02", at=AT)
        decision = decide(course, Matter.PARTIAL, COUNTS, "2026-07-02", attempt=row, at=AT)
        assert series(course) != before
        take_back(record(course, date(2026, 7, 2)))
        decision.refresh_from_db()
        assert (decision.voided_at, decision.void_reason) == (AT, f"What it was about was taken back: {REASON}")
        assert series(course) == before
        assert not builders.next_dose(course).needs_review
        assert is_stored(course)

    def test_a_partial_dose_nobody_decided_on_waits_for_nobody_any_more(self, course: Course) -> None:
        row = tried(course, "2026-07-02", at=AT)
        assert builders.next_dose(course).needs_review
        take_back(row)
        assert not builders.next_dose(course).needs_review
        assert not Decision.objects.exists()


class TestWhatIsRefused:
    @pytest.mark.parametrize("reason", ["", " \n"])
    def test_without_a_reason(self, course: Course, performer: User, reason: str) -> None:
        with pytest.raises(services.ReasonMissing):
            take_back(record(course, THIRD), reason)
        with pytest.raises(services.ReasonMissing):
            correct(record(course, THIRD), given_on(THIRD, performer), reason)

    def test_on_a_stopped_course(self, course: Course, performer: User) -> None:
        services.stop_course(course=course, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(services.CourseStopped):
            take_back(record(course, THIRD))
        with pytest.raises(services.CourseStopped):
            correct(record(course, THIRD), given_on(THIRD, performer))

    def test_a_record_that_was_taken_back_or_corrected(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        correct(row, given_on(THIRD, performer), "Wrong lot")
        with pytest.raises(services.TakenBackAlready, match="taken back already: Wrong lot"):
            take_back(row)
        with pytest.raises(services.TakenBackAlready, match="Wrong lot"):
            correct(row, given_on(THIRD, performer), "Wrong day")

    def test_the_same_form_twice_is_told_from_another_persons(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        take_back(row)
        with pytest.raises(AlreadySubmitted):
            take_back(row)
        with pytest.raises(AlreadySubmitted):
            correct(row, given_on(THIRD, performer), REASON)

    def test_a_record_that_somebody_changed_since_it_was_on_screen(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        with pytest.raises(StaleRecord):
            take_back(row, expected=row.version - 1)
        with pytest.raises(StaleRecord):
            correct(row, given_on(THIRD, performer), expected=row.version - 1)
        assert record(course, THIRD) == row
        assert take_back(row, expected=row.version).voided_at == AT

    def test_to_correct_what_was_not_given_here_as_a_whole(self, course: Course, performer: User) -> None:
        elsewhere(course, "2026-06-20", at=AT)
        half = tried(course, "2026-07-02", at=AT)
        failed = services.record_not_given(
            dose=builders.next_dose(course), attempted=services.Attempted(TODAY, "infection"), by=BY, at=AT
        )
        for row in (record(course, date(2026, 6, 20)), half, failed):
            with pytest.raises(services.NotCorrectable):
                correct(row, given_on(TODAY, performer))

    def test_a_time_in_the_future(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        late = AT + timedelta(seconds=1)
        with pytest.raises(services.GivenInTheFuture):
            correct(row, given_on(TODAY, performer, clock=late.time()))
        assert correct(row, given_on(TODAY, performer, clock=AT.time())).given_at == AT

    def test_a_day_on_which_another_dose_was_given(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        with pytest.raises(services.GivenOnSuchADay):
            correct(row, given_on(SECOND, performer))
        assert record(course, THIRD) == row
        assert correct(row, given_on(SECOND + DAY, performer)).given_on == SECOND + DAY

    def test_a_day_before_birth(self, course: Course, performer: User) -> None:
        with pytest.raises(services.GivenOnSuchADay, match="before the patient was born"):
            correct(record(course, THIRD), given_on(date(2020, 5, 16), performer))


class TestCorrecting:
    def test_a_new_row_takes_the_place_and_the_old_one_stays(self, course: Course, performer: User) -> None:
        row = record(course, THIRD)
        facts = {"lot": "LOT2", "vial_expires_on": date(2026, 12, 31), "note": "Left side"}
        new = correct(row, given_on(THIRD, performer, time(9, 30), **facts), "The lot was misread")
        row.refresh_from_db()
        assert (row.voided_at, row.void_reason, row.lot) == (AT, "The lot was misread", "LOT1")
        assert (new.dose, new.lot, new.vial_expires_on, new.note) == (row.dose, "LOT2", date(2026, 12, 31), "Left side")
        assert (new.performer, new.given_at) == (performer, datetime(2026, 6, 1, 9, 30, tzinfo=UTC))
        assert Entry.objects.get(event="courses.record_corrected").reason == "The lot was misread"

    def test_the_same_day_may_be_kept_and_moves_nothing(self, course: Course, performer: User) -> None:
        before = Dose.objects.values().get(pk=builders.next_dose(course).pk)
        correct(record(course, THIRD), given_on(THIRD, performer, ml=Decimal("5.00"), lot="LOT2"), confirmed=())
        assert Dose.objects.values().get(pk=before["id"]) == before

    @pytest.mark.parametrize("days", [-3, 3], ids=["earlier", "later"])
    def test_another_day_moves_the_next_one_with_it(self, course: Course, performer: User, days: int) -> None:
        booking, target = book(course), builders.next_dose(course).target
        assert target == date(2026, 7, 1)
        correct(record(course, THIRD), given_on(THIRD + days * DAY, performer))
        booking.refresh_from_db()
        coming = builders.next_dose(course)
        assert (coming.target, coming.previous_on) == (target + days * DAY, THIRD + days * DAY)
        assert (booking.dose, booking.cancelled_at) == (coming, None)
        assert is_stored(course)

    def test_a_day_past_another_dose_changes_their_numbers(self, course: Course, performer: User) -> None:
        new = correct(record(course, SECOND), given_on(date(2026, 6, 20), performer))
        assert series(course) == [("L1", FIRST), ("L2", THIRD), ("L3", date(2026, 6, 20)), ("L4", None)]
        new.dose.refresh_from_db()
        assert new.dose.label == "L3"
        assert is_stored(course)

    def test_the_site_decides_which_day_it_was(self, performer: User) -> None:
        there = factories.site("Southgate", "America/New_York")
        course = builders.course(builders.patient(there), planned_start=FIRST)
        row = builders.give(course, THIRD)
        assert correct(row, given_on(date(2026, 6, 2), performer, time(3, 59))).given_on == THIRD

    def test_what_is_confirmed_stands_in_the_trail_with_what_other_rooms_ask(
        self, course: Course, performer: User
    ) -> None:
        besides = (Caution("vial_unfit", "This vial should not have been given."),)
        row, given = record(course, THIRD), given_on(THIRD, performer, mg=Decimal(11))
        with pytest.raises(services.Unconfirmed):
            correct(row, given, confirmed=["amount_differs"], besides=besides)
        new = correct(row, given, besides=besides)
        assert Entry.objects.get(target_id=str(new.pk)).reason == (
            "Confirmed: 11 mg was entered; the schedule says 12 mg. This vial should not have been given."
        )


class TestWithWhatItIsCompared:
    @pytest.mark.parametrize(
        ("facts", "code", "said"),
        [
            ({"mg": Decimal("11.99")}, "amount_differs", "11.99 mg was entered; the schedule says 12 mg."),
            ({"ml": Decimal("4.9")}, "volume_differs", "4.9 mL was entered; a dose is 5 mL."),
            (
                {"vial_expires_on": SECOND - DAY},
                "vial_expired",
                "The vial had expired on 17 May 2026, before the dose was given.",
            ),
        ],
        ids=["amount", "volume", "expiry"],
    )
    def test_the_figures_of_that_dose(
        self, course: Course, performer: User, facts: dict[str, Any], code: str, said: str
    ) -> None:
        assert asked(record(course, SECOND), given_on(SECOND, performer, **facts)) == {code: said}

    def test_a_middle_dose_with_the_plan_of_its_own_day(self, course: Course, performer: User) -> None:
        row = record(course, SECOND)
        assert asked(row, given_on(SECOND - DAY, performer)) == {
            "interval_short": ("Only 13 days after the last dose on 4 May 2026; the earliest safe day is 18 May 2026.")
        }
        assert correct(row, given_on(SECOND + DAY, performer), confirmed=()).given_on == SECOND + DAY

    def test_a_dose_told_of_since_is_part_of_that_plan(self, course: Course, performer: User) -> None:
        elsewhere(course, "2026-05-25", at=AT)
        said = "Only 7 days after the last dose on 25 May 2026; the earliest safe day is 8 Jun 2026."
        assert asked(record(course, THIRD), given_on(THIRD, performer, lot="LOT2")) == {"interval_short": said}

    def test_the_first_dose_with_no_dose_before_it(self, course: Course, performer: User) -> None:
        new = correct(record(course, FIRST), given_on(FIRST - 3 * DAY, performer), confirmed=("before_window",))
        assert (new.dose.label, new.given_on) == ("L1", FIRST - 3 * DAY)

    @pytest.mark.parametrize(
        ("since", "until", "asks"),
        [
            (THIRD, None, True),
            (THIRD + DAY, None, False),
            (FIRST, THIRD, False),
            (FIRST, THIRD + DAY, True),
        ],
        ids=["from that day", "later", "ended that day", "ended the day after"],
    )
    def test_a_hold_is_said_only_where_the_course_was_on_hold_that_day(
        self, course: Course, performer: User, since: date, until: date | None, asks: bool
    ) -> None:
        facts: dict[str, Any] = {"by": BY, "at": AT}
        hold = services.hold_course(course=course, from_on=since, reason="Surgery", review_on=TODAY, **facts)
        if until is not None:
            services.resume_course(hold=hold, on=until, **facts)
        row, given = record(course, THIRD), given_on(THIRD, performer, lot="LOT2")
        if asks:
            assert asked(row, given) == {"on_hold": "The course is on hold."}
        else:
            assert correct(row, given, confirmed=()).lot == "LOT2"


class TestWithout:
    def test_it_is_the_series_in_which_that_record_was_never_made(self, course: Course) -> None:
        row, told = record(course, SECOND), series_of(course)
        assert [one.on for one in services.without(told, row).attempts] == [FIRST, THIRD]
        take_back(row)
        assert series_of(course) == services.without(told, row)


days = st.dates(date(2026, 1, 1), date(2026, 7, 3))


@given(
    told=st.lists(days, min_size=1, max_size=5, unique=True), moved=days, which=st.integers(0, 4), back=st.booleans()
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_put_right_leaves_what_would_stand_had_it_been_right_from_the_start(
    site: Site, told: list[date], moved: date, which: int, back: bool
) -> None:
    performer = User.objects.filter(memberships__site=site).first() or factories.user(Role.NURSE, site=site)

    def told_of(days: list[date]) -> Course:
        course = builders.course(builders.patient(site), planned_start=FIRST)
        for day in days:
            builders.give(course, day, performer=performer)
        return course

    index = which % len(told)
    wrong, right = told_of(told), list(told)
    row = record(wrong, told[index])
    if back:
        del right[index]
        take_back(row)
    elif moved in told and moved != told[index]:
        with pytest.raises(services.GivenOnSuchADay):
            correct(row, given_on(moved, performer))
        return
    else:
        right[index] = moved
        correct(row, given_on(moved, performer))
    wanted = told_of(right)
    assert series(wrong) == series(wanted)
    stored, coming = builders.next_dose(wrong), builders.next_dose(wanted)
    assert {name: getattr(stored, name) for name in PLANNED} == {name: getattr(coming, name) for name in PLANNED}
    assert is_stored(wrong)
