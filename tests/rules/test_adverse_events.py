"""What cannot be true of an adverse event, and what open ones mean for the next dose."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules import adverse_events as rule
from treatments.rules.adverse_events import EventFacts, OpenEvent, adverse_events_light, days_since_dose, is_open
from treatments.rules.lights import Light, Signal

BORN, TODAY = date(2020, 5, 17), date(2026, 7, 4)
ONSET = date(2026, 7, 2)
MILD = EventFacts(
    term="Headache",
    onset_on=ONSET,
    known_on=ONSET,
    severity=1,
    criteria=frozenset(),
    causality=(("drug", "possible"),),
    action="none",
    outcome="ongoing",
)
FATAL = replace(MILD, severity=5, criteria=frozenset({"death"}), outcome="fatal", ended_on=TODAY)


def at_fault(**facts: object) -> set[str]:
    return set(rule.problems(replace(MILD, **facts), born_on=BORN, today=TODAY))  # type: ignore[arg-type]


def test_an_ordinary_event_can_be_true() -> None:
    assert at_fault() == set()


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"term": "  "}, {"term"}),
        ({"onset_on": BORN, "known_on": BORN}, set()),
        ({"onset_on": BORN - timedelta(days=1)}, {"onset_on"}),
        ({"onset_on": TODAY, "known_on": TODAY}, set()),
        ({"onset_on": TODAY + timedelta(days=1)}, {"onset_on"}),
        ({"known_on": ONSET - timedelta(days=1)}, {"known_on"}),
        ({"known_on": TODAY}, set()),
        ({"known_on": TODAY + timedelta(days=1)}, {"known_on"}),
    ],
)
def test_its_days_lie_within_the_life_so_far_and_nobody_knows_before_it_begins(
    facts: dict[str, object], fields: set[str]
) -> None:
    assert at_fault(**facts) == fields


@pytest.mark.parametrize(
    ("outcome", "ended_on", "fields"),
    [
        ("resolved", ONSET, set()),
        ("resolved", ONSET - timedelta(days=1), {"ended_on"}),
        ("resolved", TODAY, set()),
        ("resolved", TODAY + timedelta(days=1), {"ended_on"}),
        ("resolved", None, {"ended_on"}),
        ("ongoing", ONSET, {"ended_on"}),
        ("resolving", ONSET, {"ended_on"}),
        ("resolving", None, set()),
        ("sequelae", None, set()),
        ("sequelae", ONSET, set()),
        ("unknown", None, set()),
        ("unknown", ONSET, set()),
    ],
)
def test_an_end_and_an_outcome_agree(outcome: str, ended_on: date | None, fields: set[str]) -> None:
    assert at_fault(outcome=outcome, ended_on=ended_on) == fields


def test_a_fatal_event_has_grade_5_the_criterion_death_and_a_day() -> None:
    assert rule.problems(FATAL, born_on=BORN, today=TODAY) == {}
    found = rule.problems(replace(FATAL, ended_on=None), born_on=BORN, today=TODAY)
    assert found == {"ended_on": "Enter the day of the death."}


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"severity": 5}, {"criteria", "outcome"}),
        ({"criteria": frozenset({"death"})}, {"severity", "outcome"}),
        ({"outcome": "fatal", "ended_on": TODAY}, {"severity", "criteria"}),
        ({"severity": 5, "criteria": frozenset({"death"})}, {"outcome"}),
    ],
)
def test_death_is_said_everywhere_or_nowhere(facts: dict[str, object], fields: set[str]) -> None:
    assert at_fault(**facts) == fields


@pytest.mark.parametrize(
    ("outcome", "ended_on", "expected"),
    [
        ("ongoing", None, True),
        ("resolving", None, True),
        ("unknown", None, True),
        ("unknown", ONSET, False),
        ("resolved", ONSET, False),
        ("sequelae", None, False),
        ("fatal", ONSET, False),
    ],
)
def test_an_event_is_open_while_it_goes_on_or_nobody_knows(outcome: str, ended_on: date | None, expected: bool) -> None:
    assert is_open(outcome, ended_on) is expected


@pytest.mark.parametrize(
    ("given_on", "days"),
    [
        ([], None),
        ([ONSET + timedelta(days=1)], None),
        ([ONSET], 0),
        ([ONSET - timedelta(days=1)], 1),
        ([ONSET - timedelta(days=3), ONSET - timedelta(days=14), ONSET + timedelta(days=2)], 3),
    ],
)
def test_days_are_counted_from_the_last_dose_on_or_before_the_onset(given_on: list[date], days: int | None) -> None:
    assert days_since_dose(ONSET, given_on) == days


class TestTheLight:
    def event(self, severity: int = 1, *, serious: bool = False, term: str = "Headache") -> OpenEvent:
        return OpenEvent(term, ONSET, severity, serious)

    def test_without_open_events_it_is_ready_and_says_so(self) -> None:
        lit = adverse_events_light([])
        assert (lit.light, lit.signal, lit.reason) == (
            Light.ADVERSE_EVENTS,
            Signal.READY,
            "No open adverse event.",
        )

    @pytest.mark.parametrize(
        ("severity", "serious", "signal"),
        [
            (1, False, Signal.READY),
            (2, False, Signal.READY),
            (3, False, Signal.ATTENTION),
            (4, False, Signal.ATTENTION),
            (1, True, Signal.NOT_READY),
            (4, True, Signal.NOT_READY),
        ],
    )
    def test_serious_stops_and_severe_warns(self, severity: int, serious: bool, signal: Signal) -> None:
        lit = adverse_events_light([self.event(severity, serious=serious)])
        assert (lit.signal, lit.contraindicated) == (signal, False)

    def test_what_is_open_but_mild_is_told(self) -> None:
        lit = adverse_events_light([self.event()])
        assert lit.reason == "Open event: Headache, grade 1, since 2 Jul 2026."

    def test_of_several_only_those_that_decide_are_told(self) -> None:
        events = [
            self.event(),
            self.event(2, serious=True, term="Meningitis"),
            self.event(3, term="Rash"),
            self.event(4, serious=True, term="Fever"),
        ]
        assert adverse_events_light(events).reason == (
            "Open serious events: Meningitis, grade 2, since 2 Jul 2026; Fever, grade 4, since 2 Jul 2026."
        )

    def test_hypersensitivity_goes_before_everything_and_is_a_contraindication(self) -> None:
        lit = adverse_events_light([self.event(4, serious=True)], ["nusinersen (rash)"])
        assert (lit.signal, lit.contraindicated) == (Signal.NOT_READY, True)
        assert lit.reason == "Known hypersensitivity: nusinersen (rash). This is a contraindication."


@given(st.lists(st.builds(OpenEvent, st.just("Rash"), st.just(ONSET), st.integers(1, 5), st.booleans()), max_size=5))
def test_another_open_event_never_makes_the_light_better(events: list[OpenEvent]) -> None:
    order = list(Signal)
    signals = [order.index(adverse_events_light(events[:count]).signal) for count in range(len(events) + 1)]
    assert signals == sorted(signals)


@pytest.mark.parametrize(("term", "asked"), [("headache", 1), ("Vomiting", 0)])
def test_another_event_of_the_same_name_is_asked_about(term: str, asked: int) -> None:
    found = rule.cautions(replace(MILD, term=term), [OpenEvent("Headache", ONSET, 1, serious=False)])
    assert [caution.code for caution in found] == ["same_event"] * asked
    assert all("Headache that began on 2 Jul 2026 is recorded already" in caution.text for caution in found)
