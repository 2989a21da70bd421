"""Six lights, one answer, and what an override can and cannot do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.readiness import Answer, Need, Override, Readiness, covered, needs_two, readiness, why_not

ON = date(2026, 7, 4)
DOSE = "this dose"
READY = tuple(Lit(light, Signal.READY, "In order.") for light in Light)
RED = Lit(Light.LABS, Signal.NOT_READY, "aPTT: no result.", rules=("aptt:missing",))
STOP = replace(RED, two_people=True, rules=("platelets:stop=49@2026-06-25",))
BARRED = Lit(Light.ADVERSE_EVENTS, Signal.NOT_READY, "Known hypersensitivity.", contraindicated=True)


def override(of: Lit = RED, **facts: Any) -> Override:
    values: dict[str, Any] = {
        "key": "1",
        "dose": DOSE,
        "light": of.light,
        "rules": covered(of),
        "reason_code": "urgent",
        "by": "petra",
        "by_prescriber": True,
        "expires_on": ON,
        "second": "",
    }
    return Override(**(values | facts))


def answer(*changed: Lit, needs: Mapping[Light, Need] | None = None, overrides: tuple[Override, ...] = ()) -> Readiness:
    lits = {lit.light: lit for lit in (*READY, *changed)}
    return readiness(lits.values(), needs or {}, overrides, dose=DOSE, on=ON)


class TestTheAnswer:
    def test_six_lights_in_order_are_ready(self) -> None:
        assert answer().answer is Answer.READY
        assert answer().reasons == ()

    def test_what_is_not_needed_does_not_stand_in_the_way(self) -> None:
        assert answer(Lit(Light.DRUG, Signal.NOT_NEEDED)).answer is Answer.READY

    def test_one_light_to_check_asks_to_check(self) -> None:
        assert answer(Lit(Light.CONSENT, Signal.ATTENTION, "Ends soon.")).answer is Answer.CHECK

    def test_one_red_light_is_not_ready(self) -> None:
        assert answer(RED).answer is Answer.NOT_READY

    def test_lights_are_kept_in_their_order_and_reasons_the_worst_first(self) -> None:
        found = answer(
            Lit(Light.LABS, Signal.ATTENTION), Lit(Light.DRUG, Signal.NOT_READY), Lit(Light.CONSENT, Signal.NOT_READY)
        )
        assert [each.lit.light for each in found.lights] == list(Light)
        assert [each.lit.light for each in found.reasons] == [Light.DRUG, Light.CONSENT, Light.LABS]

    def test_no_light_at_all_is_ready(self) -> None:
        assert readiness((), {}, (), dose=DOSE, on=ON).answer is Answer.READY

    @given(signals=st.tuples(*(st.sampled_from(Signal) for _ in Light)))
    def test_a_worse_light_never_makes_a_better_answer(self, signals: tuple[Signal, ...]) -> None:
        order = list(Answer)
        lits = [Lit(light, signal) for light, signal in zip(Light, signals, strict=True)]
        before = readiness(lits, {}, (), dose=DOSE, on=ON).answer
        for place, lit in enumerate(lits):
            worse = [*lits[:place], replace(lit, signal=Signal.NOT_READY), *lits[place + 1 :]]
            after = readiness(worse, {}, (), dose=DOSE, on=ON).answer
            assert order.index(after) >= order.index(before)


class TestWhatASiteAsksFor:
    def test_advice_asks_to_check(self) -> None:
        assert answer(RED, needs={Light.LABS: Need.ADVISORY}).answer is Answer.CHECK

    def test_what_is_off_is_not_looked_at_and_says_so(self) -> None:
        found = answer(RED, needs={Light.LABS: Need.OFF})
        assert found.answer is Answer.READY
        assert (found.lights[0].lit.signal, found.lights[0].lit.reason) == (
            Signal.NOT_NEEDED,
            "This site does not ask for it.",
        )

    def test_advice_does_not_soften_what_needs_two_people(self) -> None:
        for lit in (STOP, BARRED):
            assert answer(lit, needs={lit.light: Need.ADVISORY}).answer is Answer.NOT_READY

    def test_a_contraindication_counts_where_its_light_is_off_and_a_stop_does_not(self) -> None:
        assert answer(BARRED, needs={BARRED.light: Need.OFF}).answer is Answer.NOT_READY
        assert answer(STOP, needs={STOP.light: Need.OFF}).answer is Answer.READY


class TestOverrides:
    def test_one_lets_the_dose_past_and_stays_in_sight(self) -> None:
        given_one = override()
        found = answer(RED, overrides=(given_one,))
        assert found.answer is Answer.CHECK
        assert found.reasons[0].passed_by == given_one

    @pytest.mark.parametrize(
        ("facts", "note"),
        [
            ({"expires_on": ON - timedelta(days=1)}, "The override ran out on 3 Jul 2026."),
            ({"rules": frozenset({"inr:missing"})}, "The override was given for something else"),
            ({"dose": "another"}, ""),
            ({"light": Light.DRUG}, ""),
        ],
        ids=["run out", "something else", "another dose", "another light"],
    )
    def test_one_that_does_not_count_says_why(self, facts: dict[str, Any], note: str) -> None:
        found = answer(RED, overrides=(override(**facts),))
        assert found.answer is Answer.NOT_READY
        assert found.reasons[0].note.startswith(note)
        assert bool(found.reasons[0].note) == bool(note)

    def test_its_last_day_still_counts(self) -> None:
        assert why_not(override(), RED, ON) == ""
        assert why_not(override(), RED, ON + timedelta(days=1)) != ""

    def test_it_may_cover_more_than_is_left_but_never_less(self) -> None:
        two = replace(RED, rules=("aptt:missing", "inr:missing"))
        assert answer(RED, overrides=(override(two),)).answer is Answer.CHECK
        assert answer(two, overrides=(override(RED),)).answer is Answer.NOT_READY

    def test_of_several_the_one_that_counts_is_taken(self) -> None:
        overrides = (override(expires_on=ON - timedelta(days=9)), override(key="2"), override(dose="another"))
        passed = answer(RED, overrides=overrides).reasons[0].passed_by
        assert passed is not None
        assert passed.key == "2"

    def test_a_light_that_names_no_rule_is_covered_by_its_sentence(self) -> None:
        drug = Lit(Light.DRUG, Signal.NOT_READY, "No vial is reserved.")
        assert answer(drug, overrides=(override(drug),)).answer is Answer.CHECK
        other = replace(drug, reason="The vial expired.")
        assert answer(other, overrides=(override(drug),)).answer is Answer.NOT_READY

    @pytest.mark.parametrize("lit", [STOP, BARRED], ids=["stop", "contraindication"])
    def test_two_people_are_a_prescriber_and_somebody_else(self, lit: Lit) -> None:
        assert needs_two(lit)
        notes = {
            "alone": why_not(override(lit), lit, ON),
            "twice the same": why_not(override(lit, second="petra"), lit, ON),
            "no prescriber": why_not(override(lit, second="nadia", by_prescriber=False), lit, ON),
            "two people": why_not(override(lit, second="nadia"), lit, ON),
        }
        assert notes == {
            "alone": "The override waits for its second person.",
            "twice the same": "The override waits for its second person.",
            "no prescriber": "The override was not given by a prescriber, and here it must be.",
            "two people": "",
        }

    def test_one_that_lacks_only_its_second_person_is_told_from_one_that_lacks_more(self) -> None:
        half = override(STOP)
        assert answer(STOP, overrides=(half,)).reasons[0].waiting == half
        late = override(STOP, expires_on=ON - timedelta(days=1))
        assert answer(STOP, overrides=(late,)).reasons[0].waiting is None
        assert answer(STOP, overrides=(late, half)).reasons[0].note == "The override waits for its second person."

    def test_an_ordinary_red_light_needs_one_person_of_any_kind(self) -> None:
        assert not needs_two(RED)
        assert answer(RED, overrides=(override(by_prescriber=False),)).answer is Answer.CHECK

    def test_each_red_light_needs_its_own(self) -> None:
        drug = Lit(Light.DRUG, Signal.NOT_READY, "No vial.")
        assert answer(RED, drug, overrides=(override(),)).answer is Answer.NOT_READY
        assert answer(RED, drug, overrides=(override(), override(drug))).answer is Answer.CHECK
