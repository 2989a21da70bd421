"""What is owed besides a dose's own dates: missing values, decisions, authorisations and vials."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.reminders import (
    AUDIENCES,
    Audience,
    AuthorisationFacts,
    DoseFacts,
    End,
    Facts,
    Kind,
    Owed,
    ReminderPolicy,
    VialFacts,
    Waiting,
    ended,
    is_quiet,
    kinds_of,
    owed,
    passed_over,
)

TARGET, CLOSES = date(2026, 7, 15), date(2026, 7, 22)
DOSE = DoseFacts(target=TARGET, closes=CLOSES)
# Nothing is announced of the dose itself, so that only what the test is about shows.
POLICY = ReminderPolicy(upcoming_days=())
BY_KIND: dict[Kind, Facts] = {
    Kind.LABS_DUE: replace(DOSE, labs_missing=True),
    Kind.REVIEW_NEEDED: replace(DOSE, waiting=Waiting(TARGET, "Interrupted.")),
    Kind.AUTHORISATION_ENDING: AuthorisationFacts(TARGET, CLOSES),
    Kind.VIAL_EXPIRING: VialFacts(TARGET + timedelta(days=60), 60),
}


def before(days: int) -> date:
    return TARGET - timedelta(days=days)


def points(facts: Facts, today: date, kind: Kind, policy: ReminderPolicy = POLICY) -> set[tuple[date, Audience]]:
    return {(line.due_on, line.audience) for line in owed(facts, policy, today) if line.kind is kind}


class TestMissingValues:
    @pytest.mark.parametrize(
        ("today", "due_on"),
        [
            (before(11), None),
            (before(10), before(10)),
            (before(4), before(10)),
            (before(3), before(3)),
            (TARGET, before(3)),
            (TARGET + timedelta(days=1), None),
        ],
    )
    def test_they_are_asked_for_10_and_3_days_before_the_dose(self, today: date, due_on: date | None) -> None:
        found = points(BY_KIND[Kind.LABS_DUE], today, Kind.LABS_DUE)
        assert found == ({(due_on, Audience.STAFF)} if due_on else set())

    def test_a_booked_day_counts_instead_of_the_target(self) -> None:
        booked = replace(DOSE, labs_missing=True, booked_on=before(-4))
        assert points(booked, before(7), Kind.LABS_DUE) == set()
        assert points(booked, before(6), Kind.LABS_DUE) == {(before(6), Audience.STAFF)}

    def test_once_they_are_there_nothing_is_asked_and_what_waited_is_cancelled(self) -> None:
        assert points(DOSE, before(3), Kind.LABS_DUE) == set()
        end = ended(Kind.LABS_DUE, before(3), Audience.STAFF, facts=DOSE, policy=POLICY, today=before(3))
        assert end is not None
        assert (end.end, end.reason) == (End.CANCELLED, "The values are there.")

    @pytest.mark.parametrize(
        "silent",
        [
            replace(DOSE, given=True),
            replace(DOSE, held=True),
            replace(DOSE, stopped=True),
            replace(DOSE, replaced=True),
        ],
    )
    def test_nothing_is_asked_about_a_dose_that_is_not_to_come(self, silent: DoseFacts) -> None:
        assert points(replace(silent, labs_missing=True), before(3), Kind.LABS_DUE) == set()

    def test_the_site_chooses_its_days_and_none_is_a_choice(self) -> None:
        policy = replace(POLICY, labs_days=(5,))
        missing = BY_KIND[Kind.LABS_DUE]
        assert points(missing, before(6), Kind.LABS_DUE, policy) == set()
        assert points(missing, before(5), Kind.LABS_DUE, policy) == {(before(5), Audience.STAFF)}
        assert points(missing, before(5), Kind.LABS_DUE, replace(POLICY, labs_days=())) == set()


class TestDecisions:
    def test_those_who_decide_and_those_who_chase_are_told_from_the_day_on(self) -> None:
        waits = BY_KIND[Kind.REVIEW_NEEDED]
        told = {(TARGET, audience) for audience in (Audience.PRESCRIBERS, Audience.STAFF, Audience.LEAD)}
        assert points(waits, before(1), Kind.REVIEW_NEEDED) == set()
        assert points(waits, TARGET, Kind.REVIEW_NEEDED) == told
        assert points(waits, TARGET + timedelta(days=400), Kind.REVIEW_NEEDED) == told

    def test_the_line_says_what_is_to_be_decided(self) -> None:
        line = owed(BY_KIND[Kind.REVIEW_NEEDED], POLICY, TARGET)[0]
        assert line == Owed(Kind.REVIEW_NEEDED, TARGET, Audience.PRESCRIBERS, "Interrupted.")

    def test_once_it_is_decided_what_waited_is_cancelled(self) -> None:
        end = ended(Kind.REVIEW_NEEDED, TARGET, Audience.STAFF, facts=DOSE, policy=POLICY, today=TARGET)
        assert end is not None
        assert (end.end, end.reason) == (End.CANCELLED, "Nothing is left to decide.")

    def test_a_hold_silences_the_dose_but_not_the_day_to_look_at_the_hold(self) -> None:
        again = Waiting(TARGET, "The hold is to be looked at again.")
        held = replace(DOSE, held=True, labs_missing=True, waiting=again)
        assert {line.kind for line in owed(held, ReminderPolicy(), CLOSES + timedelta(days=20))} == {Kind.REVIEW_NEEDED}

    def test_a_worse_turn_is_told_anew(self) -> None:
        later = replace(DOSE, waiting=Waiting(CLOSES, "Loading begins again."))
        end = ended(Kind.REVIEW_NEEDED, TARGET, Audience.STAFF, facts=later, policy=POLICY, today=CLOSES)
        assert end is not None
        assert end.reason == "The dates it was planned for have changed."
        assert (CLOSES, Audience.STAFF) in points(later, CLOSES, Kind.REVIEW_NEEDED)


class TestAuthorisationsAndVials:
    def test_an_authorisation_is_told_of_from_its_day_until_it_is_settled(self) -> None:
        ending = AuthorisationFacts(TARGET, CLOSES)
        assert points(ending, before(1), Kind.AUTHORISATION_ENDING) == set()
        assert points(ending, TARGET, Kind.AUTHORISATION_ENDING) == {(TARGET, Audience.STAFF)}
        assert points(replace(ending, settled="It was renewed."), TARGET, Kind.AUTHORISATION_ENDING) == set()
        assert owed(AuthorisationFacts(None), POLICY, TARGET) == ()

    @pytest.mark.parametrize(("days", "told"), [(61, False), (60, True), (0, True), (-5, True)])
    def test_a_vial_is_told_of_60_days_before_it_expires(self, days: int, told: bool) -> None:
        vial = VialFacts(TARGET, 60)
        found = points(vial, before(days), Kind.VIAL_EXPIRING)
        assert found == ({(before(60), Audience.PHARMACY)} if told else set())

    def test_a_vial_that_is_used_or_has_no_day_is_not_told_of(self) -> None:
        used = VialFacts(TARGET, 60, settled="The vial is no longer in stock: given.")
        assert owed(used, POLICY, TARGET) == owed(VialFacts(None, 60), POLICY, TARGET) == ()
        end = ended(Kind.VIAL_EXPIRING, before(60), Audience.PHARMACY, facts=used, policy=POLICY, today=TARGET)
        assert end is not None
        assert end.reason == "The vial is no longer in stock: given."


class TestPuttingOff:
    @pytest.mark.parametrize(
        ("until", "quiet"), [(None, False), (before(1), False), (TARGET, False), (before(-1), True)]
    )
    def test_it_is_quiet_until_that_day_and_told_on_it(self, until: date | None, quiet: bool) -> None:
        assert is_quiet(Kind.LABS_DUE, Audience.STAFF, until, TARGET) is quiet

    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("audience", Audience)
    def test_only_the_lead_clinician_hears_of_an_overdue_dose_all_the_same(
        self, kind: Kind, audience: Audience
    ) -> None:
        heard = (kind, audience) == (Kind.DOSE_OVERDUE, Audience.LEAD)
        assert is_quiet(kind, audience, before(-1), TARGET) is not heard


class TestEveryKind:
    @pytest.mark.parametrize("kind", Kind)
    def test_it_concerns_somebody(self, kind: Kind) -> None:
        assert AUDIENCES[kind]
        assert len(set(AUDIENCES[kind])) == len(AUDIENCES[kind])

    @pytest.mark.parametrize(("kind", "facts"), list(BY_KIND.items()))
    def test_it_is_of_one_subject_alone(self, kind: Kind, facts: Facts) -> None:
        others = [other for other in BY_KIND.values() if type(other) is not type(facts)]
        assert kind in kinds_of(facts)
        assert all(kind not in kinds_of(other) for other in others)

    @pytest.mark.parametrize(("kind", "facts"), list(BY_KIND.items()))
    @given(today=st.integers(-80, 80), ahead=st.integers(0, 40))
    def test_a_line_that_is_owed_holds_and_one_that_was_overtaken_does_not(
        self, kind: Kind, facts: Facts, today: int, ahead: int
    ) -> None:
        day, later = TARGET + timedelta(days=today), TARGET + timedelta(days=today + ahead)
        for line in owed(facts, POLICY, day):
            assert line.due_on <= day
            assert ended(line.kind, line.due_on, line.audience, facts=facts, policy=POLICY, today=day) is None
        now = {(line.kind, line.due_on, line.audience) for line in owed(facts, POLICY, later)}
        for line in passed_over(facts, POLICY, day, later):
            assert (line.kind, line.due_on, line.audience) not in now
            end = ended(line.kind, line.due_on, line.audience, facts=facts, policy=POLICY, today=later)
            assert end is not None
            assert end.end is End.MISSED
