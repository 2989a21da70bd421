"""A partial dose counts for nothing until a prescriber says whether it counts (rule 8)."""

from decimal import Decimal

import pytest

from clinic.patients.models import Patient
from clinic.staff.models import Site
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import (
    COUNTS,
    NOTHING,
    NOW,
    TODAY,
    begun,
    counted_anew,
    day,
    decide,
    elsewhere,
    partial,
    planned,
    series_as_stored,
    tried,
    withdraw,
)
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Dose
from treatments.rules.proposals import Matter

M = Matter


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def test_one_that_counts_is_a_dose_with_the_amount_that_went_in(patient: Patient) -> None:
    course = partial(patient)
    attempt = Administration.objects.get(outcome="partial")
    decision = decide(course, M.PARTIAL, COUNTS, attempt=attempt)
    assert (decision.administration, decision.answer_words) == (attempt, "It counts as M1")
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.mg, attempt.dose.label) == ("partial", Decimal(6), "M1")
    assert [dose.label for dose in Dose.objects.order_by("ordinal")] == ["L1", "L2", "L3", "L4", "M1", "M2"]


def test_the_appointment_for_what_followed_is_cancelled_when_it_counts_no_more(patient: Patient) -> None:
    course = partial(patient)
    decision = decide(course, M.PARTIAL, COUNTS, attempt=Administration.objects.get(outcome="partial"))
    follows = builders.next_dose(course)
    services.book(dose=follows, on=day("2027-03-24"), at_time=None, place="", by=BY, at=NOW)
    withdraw(decision)
    assert Booking.objects.get().cancel_reason == "The series was counted anew without this place."
    assert Dose.objects.get(pk=follows.pk).voided_at == NOW


def test_it_asks_until_it_is_settled_and_no_longer(patient: Patient) -> None:
    course = partial(patient)
    attempt = Administration.objects.get(outcome="partial")
    assert (planned(course)["needs_review"], planned(course)["flags"]) == (True, ["partial"])
    decide(course, M.PARTIAL, None, attempt=attempt, look_again_on=TODAY)
    assert planned(course)["needs_review"] is True
    decide(course, M.PARTIAL, NOTHING, attempt=attempt)
    assert (planned(course)["needs_review"], planned(course)["flags"]) == (False, [])
    with pytest.raises(services.NothingToDecide):
        decide(course, M.PARTIAL, COUNTS, attempt=attempt)


def test_each_of_two_is_settled_by_itself(patient: Patient) -> None:
    course = partial(patient)
    first, second = Administration.objects.get(outcome="partial"), tried(course, "2026-11-23")
    decide(course, M.PARTIAL, NOTHING, attempt=second)
    assert planned(course)["needs_review"] is True
    decide(course, M.PARTIAL, NOTHING, attempt=first)
    assert planned(course)["needs_review"] is False


def test_neither_verdict_is_proposed_so_each_needs_a_reason(patient: Patient) -> None:
    course = partial(patient)
    for choice in (COUNTS, NOTHING):
        with pytest.raises(services.ReasonMissing):
            decide(course, M.PARTIAL, choice, attempt=Administration.objects.get(outcome="partial"), reason="")


class TestOneThatAWholeDoseFollowed:
    """Tried on 20 November, given whole on the 24th: both were attempts at M1."""

    @pytest.fixture
    def course(self, patient: Patient) -> Course:
        course = begun(patient, "2026-05-27", "2026-06-10", "2026-06-24", "2026-07-24")
        tried(course, "2026-11-10")
        builders.give(course, day("2026-11-24"), at=NOW)
        return course

    @pytest.fixture
    def attempt(self, course: Course) -> Administration:
        return Administration.objects.get(outcome="partial")

    def test_each_of_the_two_has_a_place_of_its_own_once_it_counts(
        self, course: Course, attempt: Administration
    ) -> None:
        decide(course, M.PARTIAL, COUNTS, attempt=attempt)
        rows = Administration.objects.filter(given_on__gte=day("2026-11-01")).order_by("given_on")
        assert [(row.outcome, row.dose.label, row.dose.ordinal) for row in rows] == [
            ("partial", "M1", 5),
            ("completed", "M2", 6),
        ]
        assert planned(course)["label"] == "M3"
        before = series_as_stored(course)
        counted_anew(course)
        assert series_as_stored(course) == before

    def test_it_goes_back_to_the_dose_it_was_tried_for_when_it_counts_no_more(
        self, course: Course, attempt: Administration
    ) -> None:
        before, place = series_as_stored(course), attempt.dose
        for _ in range(2):
            decision = decide(course, M.PARTIAL, COUNTS, attempt=attempt)
            withdraw(decision)
            attempt.refresh_from_db()
            assert (series_as_stored(course), attempt.dose) == (before, place)

    def test_the_appointment_of_the_next_dose_outlives_both(self, course: Course, attempt: Administration) -> None:
        services.book(dose=builders.next_dose(course), on=day("2027-03-24"), at_time=None, place="", by=BY, at=NOW)
        withdraw(decide(course, M.PARTIAL, COUNTS, attempt=attempt))
        assert Booking.objects.get().cancelled_at is None


def test_one_from_before_the_last_dose_leaves_the_next_one_its_appointment(patient: Patient) -> None:
    """Told of after the dose that followed it: it was no attempt at the one that is still to come."""
    course = begun(patient, "2026-05-27", "2026-06-10", "2026-06-24", "2026-07-24", "2026-11-24")
    coming = builders.next_dose(course)
    services.book(dose=coming, on=day("2027-03-24"), at_time=None, place="", by=BY, at=NOW)
    attempt = tried(course, "2026-11-08")
    before = series_as_stored(course)
    decision = decide(course, M.PARTIAL, COUNTS, attempt=attempt)
    assert (builders.next_dose(course), planned(course)["label"]) == (coming, "M3")
    withdraw(decision)
    assert series_as_stored(course) == before
    assert Booking.objects.get().cancelled_at is None


class TestOneDay:
    def test_a_partial_dose_cannot_count_beside_a_whole_one_of_the_same_day(self, patient: Patient) -> None:
        course = partial(patient)
        builders.give(course, TODAY, at=NOW)
        attempt = Administration.objects.get(outcome="partial")
        with pytest.raises(services.NothingToDecide):
            decide(course, M.PARTIAL, COUNTS, attempt=attempt)
        decision = decide(course, M.PARTIAL, NOTHING, attempt=attempt)
        assert decision.proposal.endswith("counts for nothing, and a dose that counts was given on that day")
        assert planned(course)["needs_review"] is False

    def test_of_two_partial_doses_of_one_day_one_can_count(self, patient: Patient) -> None:
        course = partial(patient)
        first, second = Administration.objects.get(outcome="partial"), tried(course, "2026-11-24")
        decide(course, M.PARTIAL, COUNTS, attempt=first)
        with pytest.raises(services.NothingToDecide):
            decide(course, M.PARTIAL, COUNTS, attempt=second)

    def test_no_dose_is_recorded_on_the_day_of_one_that_counts(self, patient: Patient) -> None:
        course = partial(patient)
        decision = decide(course, M.PARTIAL, COUNTS, attempt=Administration.objects.get(outcome="partial"))
        with pytest.raises(services.GivenOnSuchADay, match="recorded on 24 Nov 2026 already"):
            elsewhere(course, "2026-11-24")
        withdraw(decision)
        elsewhere(course, "2026-11-24")
        assert planned(course)["label"] == "M2"

    def test_one_that_was_decided_to_count_for_nothing_leaves_the_day_free(self, patient: Patient) -> None:
        course = partial(patient)
        decide(course, M.PARTIAL, NOTHING, attempt=Administration.objects.get(outcome="partial"))
        elsewhere(course, "2026-11-24")
        assert planned(course)["label"] == "M2"
