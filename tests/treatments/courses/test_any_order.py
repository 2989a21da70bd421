"""Whatever happens to a course in whatever order, what is stored is the rulebook's replay, and one dose comes next."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import begun, high_dose, planned, series_as_stored
from treatments.courses import services
from treatments.courses.models import Administration, Course, Decision, Dose, Hold
from treatments.courses.series import decisions_of, series_of
from treatments.courses.services.deciding import is_withdrawable
from treatments.courses.services.replanning import last_given, replan
from treatments.courses.status import status_of
from treatments.rules.cautions import CODES
from treatments.rules.proposals import Proposal, proposals
from treatments.rules.schedule import Series, forecast
from treatments.rules.schedule_reading import Reading, read

# Waits that lead to both sides of 14 days and of four, eight, sixteen and forty months.
waits = st.sampled_from([1, 13, 14, 15, 60, 115, 121, 122, 123, 137, 243, 245, 487, 1218])


class ACourse(RuleBasedStateMachine):
    """One course: doses given here, elsewhere and in part, decisions made and withdrawn, holds, a change of regimen."""

    site: Site
    nurse: User

    def __init__(self) -> None:
        super().__init__()
        self.course = begun(builders.patient(self.site))
        self.today = date(2026, 7, 4)
        self.moments = 0
        self.undo: tuple[Decision, list[dict[str, Any]]] | None = None

    @property
    def at(self) -> datetime:
        """Return a moment of today, later than every one before."""
        self.moments += 1
        return datetime.combine(self.today, time(12), tzinfo=UTC) + timedelta(microseconds=self.moments)

    @property
    def series(self) -> Series:
        return series_of(self.course)

    @property
    def reading(self) -> Reading:
        return read(self.series, self.today)

    @property
    def held(self) -> bool:
        return self.series.held

    def free(self, day: date) -> bool:
        """Say whether no dose that counts lies on this day, whatever course of the patient it belongs to."""
        courses = Course.objects.filter(patient=self.course.patient_id).select_related("regimen__version", "policy")
        histories = (forecast(series_of(course), self.today).history for course in courses)
        return all(given.on != day for history in histories for given in history)

    @rule(days=waits)
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @precondition(lambda self: self.free(self.today))
    @rule()
    def give(self) -> None:
        mg = forecast(self.series, self.today).next.mg
        builders.give(self.course, self.today, mg=mg, performer=self.nurse, at=self.at)
        self.undo = None

    @rule(days_ago=st.sampled_from([0, 1, 14, 40, 130, 250, 500]))
    def a_dose_elsewhere_is_told_of(self, days_ago: int) -> None:
        on = self.today - timedelta(days=days_ago)
        taken = Administration.objects.filter(patient=self.course.patient, given_on=on, outcome="completed").exists()
        facts: dict[str, Any] = {"mg": Decimal(12), "place": "Eastbrook", "by": BY, "at": self.at}
        try:
            services.record_elsewhere(course=self.course, given_on=on, **facts)
        except services.GivenOnSuchADay:
            assert taken or not self.free(on)
            return
        assert not taken
        self.undo = None

    @rule(days_ago=st.sampled_from([0, 1, 14]), mg=st.sampled_from(["1", "6"]))
    def only_part_goes_in(self, days_ago: int, mg: str) -> None:
        on = self.today - timedelta(days=days_ago)
        attempted = services.Attempted(on, "no_access", Decimal(mg))
        dose = builders.next_dose(self.course)
        services.record_partial(dose=dose, attempted=attempted, by=BY, at=self.at)
        self.undo = None

    @rule()
    def nothing_goes_in(self) -> None:
        before = planned(self.course)
        attempted, dose = services.Attempted(self.today, "infection"), builders.next_dose(self.course)
        services.record_not_given(dose=dose, attempted=attempted, by=BY, at=self.at)
        assert planned(self.course) == before

    @precondition(lambda self: bool(proposals(self.reading)))
    @rule(data=st.data(), later=st.sampled_from([0, 1, 7, 30]))
    def a_prescriber_decides(self, data: st.DataObject, later: int) -> None:
        waiting: Proposal = data.draw(st.sampled_from(proposals(self.reading)))
        choice = data.draw(st.sampled_from([None, *waiting.choices]))
        answer = services.Answer(
            matter=waiting.matter,
            choice=choice,
            day=waiting.day + timedelta(days=later),
            reason="Discussed",
            look_again_on=self.today,
            attempt="" if waiting.attempt is None else waiting.attempt.key,
        )
        before = series_as_stored(self.course)
        decision = services.decide(course=self.course, answer=answer, by=BY, at=self.at, confirmed=CODES)
        self.undo = (decision, before)
        if choice is None:
            assert series_as_stored(self.course) == before
        else:
            still = [(each.matter, each.attempt) for each in proposals(self.reading)]
            assert (waiting.matter, waiting.attempt) not in still

    @precondition(lambda self: Decision.objects.standing().filter(course=self.course).exists())
    @rule()
    def it_is_withdrawn(self) -> None:
        decisions = decisions_of(self.course)
        latest = max(decisions, key=lambda decision: decision.created_at)
        possible = is_withdrawable(latest, decisions, last_given(self.series))
        try:
            services.withdraw_decision(decision=latest, reason="Slip", by=BY, at=self.at)
        except services.TooLateToWithdraw:
            assert not possible
            return
        assert possible
        if self.undo is not None and self.undo[0] == latest:
            assert series_as_stored(self.course) == self.undo[1]
        self.undo = None

    @precondition(lambda self: not self.held)
    @rule()
    def it_is_put_on_hold(self) -> None:
        facts: dict[str, Any] = {"reason": "Surgery", "review_on": self.today, "by": BY, "at": self.at}
        services.hold_course(course=self.course, from_on=self.today, **facts)

    @precondition(lambda self: self.held)
    @rule()
    def it_is_resumed(self) -> None:
        hold = Hold.objects.get(course=self.course, ended_on=None)
        services.resume_course(hold=hold, on=self.today, by=BY, at=self.at)

    @precondition(lambda self: (self.reading.window.floor or self.today) > self.today and self.free(self.today))
    @rule()
    def two_people_allow_a_day_too_soon(self) -> None:
        before = series_as_stored(self.course)
        dose = builders.next_dose(self.course)
        facts: dict[str, Any] = {"reason": "Surgery", "by": BY, "at": self.at}
        decision = services.ask_for_too_soon(dose=dose, day=self.today, **facts)
        services.second(decision=decision, by=person_actor(self.nurse), at=self.at)
        assert series_as_stored(self.course) == before
        self.undo = (decision, before)

    @precondition(lambda self: not self.held and self.course.switched_from_id is None)
    @rule()
    def the_regimen_changes(self) -> None:
        due, last = builders.next_dose(self.course).target, last_given(self.series)
        facts: dict[str, Any] = {"reason": "Weaker", "by": BY, "at": self.at}
        assert due is not None
        old, self.course = (
            self.course,
            services.switch_course(course=self.course, regimen=high_dose(), day=due, **facts),
        )
        assert (planned(self.course)["previous_on"], planned(self.course)["target"]) == (last, due)
        assert not Course.objects.get(pk=old.pk).is_open
        self.undo = None

    @invariant()
    def what_is_stored_is_a_fresh_replay(self) -> None:
        series = replace(self.series, held=False)
        answer = forecast(series, last_given(series) or self.course.planned_start)
        stored, coming, turns = planned(self.course), answer.next, answer.next.turns
        same = ("ordinal", "label", "mg", "ml", "previous_on", "floor", "target", "opens", "closes", "why")
        assert {name: stored[name] for name in same} == {name: getattr(coming, name) for name in same}
        assert stored["phase"] == coming.phase.value
        assert stored["flags"] == [flag.value for flag in coming.flags]
        assert (stored["review_from"], stored["interrupted_from"], stored["restart_from"]) == (
            turns.review_from, turns.interrupted_from, turns.restart_from,
        )  # fmt: skip

    @invariant()
    def each_dose_that_counts_has_a_place_of_its_own(self) -> None:
        history = forecast(self.series, self.today).history
        rows = {
            str(row.pk): row.dose for row in Administration.objects.filter(course=self.course).select_related("dose")
        }
        given = list(Dose.objects.standing().filter(course=self.course, is_next=False).order_by("ordinal"))
        assert [rows[dose.key] for dose in history] == given
        assert [(dose.ordinal, dose.label) for dose in history] == [(dose.ordinal, dose.label) for dose in given]
        assert Dose.objects.standing().filter(course=self.course, is_next=True).count() == 1
        assert all(dose.voided_at is None for dose in rows.values())

    @invariant()
    def the_status_of_today_is_read_from_what_is_stored(self) -> None:
        dose = builders.next_dose(self.course)
        assert status_of(dose, self.today, held=self.held, stopped=False) is self.reading.status

    @invariant()
    def counting_anew_changes_nothing(self) -> None:
        before = Entry.objects.count()
        replan(Course.objects.get(pk=self.course.pk), by=BY, at=self.at)
        assert Entry.objects.count() == before


def test_the_stored_series_is_a_fresh_replay_after_anything_that_can_happen(site: Site) -> None:
    ACourse.site, ACourse.nurse = site, factories.user(Role.NURSE, site=site)
    run_state_machine_as_test(ACourse, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))
