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
    day,
    decide,
    partial,
    planned,
    tried,
    withdraw,
)
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Dose
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
