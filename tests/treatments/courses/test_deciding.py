"""What a prescriber decides: what is planned from it, what is kept, and what is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.patients.services import change_care_status
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, User
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import (
    AGAIN,
    COUNTS,
    NOTHING,
    NOW,
    ONE,
    PASS,
    THREE,
    TODAY,
    TWO,
    counted_anew,
    day,
    decide,
    doubtful,
    elsewhere,
    gap,
    high,
    late,
    partial,
    planned,
    series_as_stored,
    tight,
    tried,
    withdraw,
)
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Decision
from treatments.rules.proposals import Choice, Matter

Waits = Callable[[Patient], Course]


@dataclass(frozen=True)
class Case:
    """A course that waits, an answer, and what is planned from it: label, phase and mg, the window, the turns."""

    waits: Waits
    matter: Matter
    choice: Choice
    on: str | None
    said: str
    dates: str
    turns: tuple[str | None, str | None, str | None] = (None, None, None)
    needs_review: bool = False

    def __str__(self) -> str:
        return f"{self.matter}-{self.choice.plan}-{self.choice.doses}"


M, E = Matter, "2026-12-01"
LATE_TURNS = (None, "2027-07-04", "2029-07-04")
CASES = [
    Case(late, M.INTERRUPTED, TWO, E, "C1 catch_up 12", "2026-12-01 2026-12-01 2026-12-08", LATE_TURNS),
    Case(late, M.INTERRUPTED, THREE, E, "C1 catch_up 12", "2026-12-01 2026-12-01 2026-12-08", LATE_TURNS),
    Case(late, M.INTERRUPTED, ONE, E, "M1 maintenance 12", "2026-12-01 2026-12-01 2026-12-15", LATE_TURNS),
    Case(
        late, M.INTERRUPTED, AGAIN, E, "L1 loading 12", "2026-12-01 2026-12-01 2026-12-08", ("2027-04-01", None, None)
    ),
    Case(
        tight, M.TIGHT, ONE, "2026-12-03", "M2 maintenance 12", "2026-12-03 2026-12-03 2026-12-17",
        (None, "2027-07-01", "2030-03-01"),
    ),
    Case(
        tight, M.TIGHT, PASS, None, "M2 maintenance 12", "2027-03-04 2027-02-25 2027-03-18",
        (None, "2027-07-01", "2030-03-01"),
    ),
    Case(
        gap, M.LOADING_GAP, ONE, E, "L3 loading 12", "2026-12-01 2026-12-01 2026-12-08", ("2027-04-01", None, None)
    ),
    Case(
        gap, M.LOADING_GAP, AGAIN, E, "L1 loading 12", "2026-12-01 2026-12-01 2026-12-08", ("2027-04-01", None, None)
    ),
    Case(
        high, M.NO_RULE, ONE, E, "M1 maintenance 28", "2026-12-01 2026-12-01 2026-12-15", ("2026-12-16", None, None)
    ),
    Case(high, M.NO_RULE, AGAIN, E, "L1 loading 50", "2026-12-01 2026-12-01 2026-12-08", ("2026-12-09", None, None)),
    Case(
        doubtful, M.DOUBT, ONE, E, "L1 loading 50", "2026-12-01 2026-12-01 2026-12-15", ("2026-12-16", None, None)
    ),
    Case(
        doubtful, M.DOUBT, AGAIN, "2026-12-02", "L1 loading 50", "2026-12-02 2026-12-02 2026-12-09",
        ("2026-12-10", None, None),
    ),
    Case(
        partial, M.PARTIAL, COUNTS, None, "M2 maintenance 12", "2027-03-24 2027-03-17 2027-04-07",
        (None, "2027-07-24", "2030-03-24"),
    ),
    Case(
        partial, M.PARTIAL, NOTHING, None, "M1 maintenance 12", "2026-11-24 2026-11-17 2026-12-08",
        (None, "2027-03-24", "2029-11-24"),
    ),
]  # fmt: skip

each = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


@pytest.fixture
def course(patient: Patient) -> Course:
    return late(patient)


def take(case: Case, course: Course) -> Decision:
    attempt = Administration.objects.filter(course=course, outcome="partial").first()
    return decide(course, case.matter, case.choice, case.on, attempt=attempt)


class TestWhatIsPlannedFromIt:
    @each
    def test_the_next_dose_is_stored_as_it_was_decided(self, patient: Patient, case: Case) -> None:
        course = case.waits(patient)
        take(case, course)
        stored = builders.next_dose(course)
        dates = tuple(map(day, case.dates.split()))
        assert f"{stored.label} {stored.phase} {stored.mg.normalize():f}" == case.said
        assert (stored.target, stored.opens, stored.closes) == dates
        turns = (stored.review_from, stored.interrupted_from, stored.restart_from)
        assert turns == tuple(turn and day(turn) for turn in case.turns)
        assert stored.needs_review is case.needs_review

    @each
    def test_a_replay_from_scratch_changes_nothing(self, patient: Patient, case: Case) -> None:
        course = case.waits(patient)
        take(case, course)
        before, entries = series_as_stored(course), Entry.objects.count()
        counted_anew(course)
        assert (series_as_stored(course), Entry.objects.count()) == (before, entries)

    @each
    def test_withdrawing_it_brings_back_what_was_there(self, patient: Patient, case: Case) -> None:
        course = case.waits(patient)
        before = series_as_stored(course)
        decision = take(case, course)
        assert series_as_stored(course) != before
        withdraw(decision)
        assert series_as_stored(course) == before
        assert take(case, course).version == 1, "and it can be decided anew"

    def test_the_sentence_says_who_decided_what_and_when(self, course: Course) -> None:
        decide(course, M.INTERRUPTED, TWO, "2026-12-01")
        decided = "On 24 Nov 2026 a prescriber decided on two catch-up doses 14 days apart, the first on 1 Dec 2026"
        assert planned(course)["why"] == f"{decided}; due between 1 Dec and 8 Dec 2026."

    def test_an_appointment_stays_with_the_dose(self, course: Course) -> None:
        dose = builders.next_dose(course)
        services.book(
            dose=dose, on=day("2026-12-01"), at_time=None, place="", by=BY, at=NOW, confirmed={"after_window"}
        )
        decide(course, M.INTERRUPTED, TWO, "2026-12-01")
        assert builders.next_dose(course) == dose
        assert Booking.objects.get().cancelled_at is None

    def test_a_declined_proposal_changes_no_dose(self, course: Course) -> None:
        before = series_as_stored(course)
        decision = decide(course, M.INTERRUPTED, None, look_again_on=TODAY)
        assert (decision.answer, decision.plan, decision.answer_words) == ("declined", "", "Nothing for now")
        assert decision.look_again_on == TODAY
        assert series_as_stored(course) == before


class TestADoseFromBeforeTheDecision:
    """Recorded afterwards: on 23 November nobody had decided, so the rules alone say what it was."""

    def test_it_is_not_governed_by_it(self, course: Course) -> None:
        decide(course, M.INTERRUPTED, ONE, "2026-12-01")
        elsewhere(course, "2026-11-23")
        assert Administration.objects.get(given_on=day("2026-11-23")).dose.label == "C1"
        assert (planned(course)["label"], planned(course)["target"]) == ("C2", day("2026-12-07"))

    def test_from_the_day_of_the_decision_on_it_is(self, course: Course) -> None:
        decide(course, M.INTERRUPTED, ONE, "2026-12-01")
        elsewhere(course, "2026-11-24")
        assert Administration.objects.get(given_on=day("2026-11-24")).dose.label == "M1"
        assert planned(course)["label"] == "M2"

    def test_once_the_dose_before_it_is_voided_it_says_nothing(self, patient: Patient) -> None:
        course = tight(patient)
        decide(course, M.TIGHT, ONE, "2026-12-03")
        with transaction.atomic():
            row = Administration.objects.get(given_on=day("2026-11-01"))
            writing.void(row, event="test.voided", by=BY, at=NOW, reason="Another patient's")
        counted_anew(course)
        assert (planned(course)["label"], planned(course)["target"]) == ("M1", day("2026-07-04"))


class TestWhatIsKept:
    def test_the_proposal_the_answer_and_both_sides(self, course: Course) -> None:
        decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01", reason="")
        assert (decision.answer, decision.plan, decision.day) == ("accepted", "catch_up", day("2026-12-01"))
        assert (decision.doses, decision.apart_days, decision.rules) == (2, 14, [6, 10])
        assert (decision.after_on, decision.made_on) == (day("2026-03-04"), TODAY)
        assert decision.source == "Test label"
        said = (
            "Eight months or more after the last dose on 4 Mar 2026 the late-dose rule asks for two doses 14 days apart"
        )
        assert decision.proposal == said
        run = "Two catch-up doses 14 days apart, then maintenance every 4 months from the last of them"
        assert decision.answer_words == run
        assert decision.before[:2] == [["M1", "2026-07-04", "12"], ["M2", "2027-03-04", "12"]]
        assert decision.after[:3] == [
            ["C1", "2026-12-01", "12"],
            ["C2", "2026-12-15", "12"],
            ["M1", "2027-04-15", "12"],
        ]

    def test_anything_but_the_proposal_is_kept_as_decided_differently(self, course: Course) -> None:
        decision = decide(course, M.INTERRUPTED, THREE, "2026-12-01", reason="Very weak")
        assert (decision.answer, decision.reason, str(decision)) == (
            "edited", "Very weak", "Interrupted: decided differently",
        )  # fmt: skip

    def test_the_day_of_a_decision_is_the_sites_own(self, other_site: Site) -> None:
        course = late(builders.patient(other_site))
        late_in_the_evening = datetime(2026, 11, 25, 4, 59, tzinfo=UTC)  # still the 24th in New York
        assert decide(course, M.INTERRUPTED, TWO, "2026-12-01", at=late_in_the_evening).made_on == TODAY

    def test_who_decided_and_why_stand_in_the_trail(self, course: Course, petra: User) -> None:
        decision = decide(
            course, M.INTERRUPTED, THREE, "2026-12-01", reason="Very weak", by=person_actor(petra), at=NOW
        )
        assert decision.decided_by == petra
        entry = Entry.objects.get(event="courses.decided")
        assert (entry.person, entry.target_id, entry.at) == (petra, str(decision.pk), NOW)
        assert entry.changes["reason"] == [None, "Very weak"]
        replanned = Entry.objects.filter(event="courses.dose_replanned").latest("id")
        assert replanned.changes["label"] == ["M1", "C1"]
        assert replanned.changes["target"] == ["2026-07-04", "2026-12-01"]

    def test_what_was_confirmed_stands_in_the_trail(self, course: Course) -> None:
        with pytest.raises(services.Unconfirmed) as asked:
            decide(course, M.INTERRUPTED, TWO, "2027-07-04")
        said = "On 4 Jul 2027 more doses will be called for than today:"
        (caution,) = asked.value.cautions
        assert caution.text == f"{said} a boundary of the label's late-dose rules lies before it."
        assert not Decision.objects.exists()
        decide(course, M.INTERRUPTED, TWO, "2027-07-04", confirmed={caution.text})
        assert Entry.objects.get(event="courses.decided").reason == f"Confirmed: {caution.text}"

    def test_the_day_before_a_boundary_is_not_asked_about(self, course: Course) -> None:
        assert decide(course, M.INTERRUPTED, TWO, "2027-07-03").day == day("2027-07-03")

    def test_a_day_beside_a_choice_that_sets_none_is_left_out(self, patient: Patient) -> None:
        """The box is on the page for the other choices; nobody is asked about a boundary that no dose will cross."""
        decision = decide(tight(patient), M.TIGHT, PASS, "2027-07-01")
        assert (decision.day, planned(decision.course)["target"]) == (None, day("2027-03-04"))


class TestWhatIsRefused:
    def test_a_proposal_that_was_decided_meanwhile(self, course: Course) -> None:
        decide(course, M.INTERRUPTED, TWO, "2026-12-01")
        with pytest.raises(services.NothingToDecide, match="decided meanwhile, or what it rested on has changed"):
            decide(course, M.INTERRUPTED, THREE, "2026-12-01")
        assert Decision.objects.count() == 1

    def test_a_proposal_that_never_stood(self, course: Course) -> None:
        for matter, choice in ((M.RESTART, AGAIN), (M.TIGHT, ONE), (M.PARTIAL, COUNTS), (M.INTERRUPTED, PASS)):
            with pytest.raises(services.NothingToDecide):
                decide(course, matter, choice, "2026-12-01")

    def test_a_proposal_that_a_dose_given_elsewhere_has_settled(self, course: Course) -> None:
        elsewhere(course, "2026-10-01")
        with pytest.raises(services.NothingToDecide):
            decide(course, M.INTERRUPTED, TWO, "2026-12-01")

    def test_the_day_before_eight_months_nothing_is_proposed(self, patient: Patient) -> None:
        course, eve = late(patient), datetime(2026, 11, 3, 12, tzinfo=UTC)
        with pytest.raises(services.NothingToDecide):
            decide(course, M.INTERRUPTED, TWO, "2026-12-01", at=eve)
        decision = decide(course, M.INTERRUPTED, TWO, "2026-12-01", at=datetime(2026, 11, 4, 12, tzinfo=UTC))
        assert decision.made_on == day("2026-11-04")

    def test_everything_but_a_partial_dose_during_a_hold(self, course: Course) -> None:
        attempt = tried(course, "2026-11-20")
        facts: dict[str, Any] = {"reason": "Surgery", "review_on": TODAY, "by": BY, "at": NOW}
        services.hold_course(course=course, from_on=TODAY, **facts)
        with pytest.raises(services.NothingToDecide):
            decide(course, M.INTERRUPTED, TWO, "2026-12-01")
        assert decide(course, M.PARTIAL, NOTHING, attempt=attempt).plan == "does_not_count"
        assert planned(course)["needs_review"] is False

    def test_a_day_that_is_missing(self, course: Course) -> None:
        with pytest.raises(services.DayMissing, match=r"^Enter the day of the next dose\.$"):
            decide(course, M.INTERRUPTED, TWO)

    def test_a_day_that_has_passed(self, course: Course) -> None:
        with pytest.raises(
            services.DecidedForTooSoon, match=r"^23 Nov 2026 has passed; choose today or a later day\.$"
        ):
            decide(course, M.INTERRUPTED, TWO, "2026-11-23")
        assert decide(course, M.INTERRUPTED, TWO, "2026-11-24").day == TODAY

    def test_a_day_before_the_earliest_safe_one(self, patient: Patient) -> None:
        course, early = tight(patient), datetime(2026, 11, 2, 12, tzinfo=UTC)
        said = r"^14 Nov 2026 is too soon after the last dose; the earliest safe day is 15 Nov 2026\.$"
        with pytest.raises(services.DecidedForTooSoon, match=said):
            decide(course, M.TIGHT, ONE, "2026-11-14", at=early)
        assert decide(course, M.TIGHT, ONE, "2026-11-15", reason="", at=early).answer == "accepted"

    @pytest.mark.parametrize(
        ("waits", "matter", "choice", "on"),
        [
            (late, M.INTERRUPTED, THREE, "2026-12-01"),
            (late, M.INTERRUPTED, None, None),
            (tight, M.TIGHT, ONE, "2026-12-03"),
            (tight, M.TIGHT, PASS, None),
            (high, M.NO_RULE, ONE, "2026-12-01"),
        ],
    )
    def test_anything_but_the_proposal_without_a_reason(
        self,
        patient: Patient,
        waits: Callable[[Patient], Course],
        matter: Matter,
        choice: Choice | None,
        on: str | None,
    ) -> None:
        with pytest.raises(services.ReasonMissing, match=r"^Give the reason: this is not what was proposed\.$"):
            decide(waits(patient), matter, choice, on, reason="", look_again_on=TODAY)
        assert not Decision.objects.exists()

    @pytest.mark.parametrize("look_again_on", [None, date(2026, 11, 23)])
    def test_declining_without_a_day_to_look_again(self, course: Course, look_again_on: date | None) -> None:
        with pytest.raises(services.LookAgainMissing, match=r"^Choose today or a later day on which somebody looks"):
            decide(course, M.INTERRUPTED, None, look_again_on=look_again_on)

    def test_a_course_that_was_stopped(self, course: Course) -> None:
        services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=NOW)
        with pytest.raises(services.CourseStopped, match="24 Nov 2026"):
            decide(course, M.INTERRUPTED, TWO, "2026-12-01")

    def test_somebody_no_longer_in_care(self, course: Course) -> None:
        change_care_status(
            patient=course.patient, to=CareStatus.TRANSFERRED, on=TODAY, reason="Moved away", by=BY, at=NOW
        )
        with pytest.raises(services.PatientNotInCare, match="no longer in the site's care"):
            decide(course, M.INTERRUPTED, TWO, "2026-12-01")

    def test_the_same_form_twice(self, course: Course) -> None:
        key = uuid4()
        first = decide(course, M.INTERRUPTED, TWO, "2026-12-01", submission=key)
        entries = Entry.objects.count()
        with pytest.raises(AlreadySubmitted) as told:
            decide(course, M.INTERRUPTED, TWO, "2026-12-01", submission=key)
        assert (told.value.record, Entry.objects.count()) == (first, entries)


def test_a_refused_decision_leaves_nothing_behind(course: Course) -> None:
    before, entries = series_as_stored(course), Entry.objects.count()
    with pytest.raises(services.ReasonMissing):
        decide(course, M.INTERRUPTED, THREE, "2026-12-01", reason="")
    assert (series_as_stored(course), Entry.objects.count()) == (before, entries)
