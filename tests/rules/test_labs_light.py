"""The laboratory light of a dose."""

from datetime import date

import pytest

from tests.rules.monitoring_stage import COLLECTED, NURSE, PRESCRIBER, asking, normal, read, result, reviewed
from treatments.rules.labs_light import labs_light
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.monitoring_terms import Level, Result


def light(*results: Result, not_indicated: str = "", asks: tuple[str, ...] = ()) -> Lit:
    found = read(results, policy=asking(*asks)) if asks else read(results)
    return labs_light(found.values(), not_indicated=not_indicated)


def test_a_whole_set_in_order_is_ready() -> None:
    assert light(*normal()) == Lit(Light.LABS, Signal.READY, "Every value counts for this dose and lies within limits.")


def test_a_missing_part_is_not_ready_and_named() -> None:
    lit = light(*normal(aptt=None))
    assert (lit.signal, lit.reason, lit.rules) == (Signal.NOT_READY, "aPTT: no result.", ("aptt:missing",))
    assert not lit.two_people


def test_a_value_to_watch_asks_for_a_look() -> None:
    lit = light(*normal(platelets=result(kept="140")))
    assert lit.signal is Signal.ATTENTION
    assert lit.rules == ("platelets:watch=140@2026-06-25",)


@pytest.mark.parametrize(("kept", "two"), [("96", False), ("49", True)])
def test_a_value_to_answer_for_is_not_ready_and_a_stop_needs_two(kept: str, two: bool) -> None:
    lit = light(*normal(platelets=result(kept=kept)))
    assert (lit.signal, lit.two_people, lit.contraindicated) == (Signal.NOT_READY, two, False)


def test_everything_that_stands_in_the_way_is_told_the_worst_first() -> None:
    lit = light(
        *normal(platelets=result(kept="140"), aptt=None, urine_protein=result("urine_protein", "1.2")),
    )
    assert [rule.partition("@")[0] for rule in lit.rules] == [
        "urine_protein:stop=1.2",
        "aptt:missing",
        "platelets:watch=140",
    ]
    assert lit.reason.index("Urine protein") < lit.reason.index("aPTT") < lit.reason.index("Platelets")


def test_once_answered_for_it_is_ready_and_says_by_whom() -> None:
    signed = result(kept="40", reviews=reviewed(Level.STOP, second=NURSE))
    lit = light(*normal(platelets=signed))
    assert (lit.signal, lit.two_people, lit.rules) == (Signal.READY, False, ())
    assert lit.reason.endswith(f"signed off by {PRESCRIBER} and {NURSE}.")


def test_a_stop_whose_sample_does_not_count_is_a_sample_that_does_not_count() -> None:
    lit = light(*normal(platelets=result(kept="40", on=date(2026, 2, 1))))
    assert lit.rules == ("platelets:before_previous@2026-02-01",)
    assert not lit.two_people


class TestNotIndicated:
    REASON = "No sign of bleeding, by Dr Petra Prescriber."

    def test_it_stands_for_what_is_missing_or_does_not_count(self) -> None:
        for results in ((), normal(aptt=None), (result(on=date(2026, 2, 1)),)):
            lit = light(*results, not_indicated=self.REASON)
            assert (lit.signal, lit.reason) == (Signal.READY, f"Not indicated: {self.REASON}")

    def test_it_never_stands_for_a_value_that_is_there(self) -> None:
        lit = light(result(kept="49"), not_indicated=self.REASON)
        assert (lit.signal, lit.two_people) == (Signal.NOT_READY, True)
        assert lit.rules == (f"platelets:stop=49@{COLLECTED}",)

    def test_a_whole_set_needs_no_such_word(self) -> None:
        assert light(*normal(), not_indicated=self.REASON).reason.startswith("Every value counts")


def test_a_site_that_asks_for_nothing_needs_nothing_until_something_was_measured() -> None:
    assert light(asks=("nothing",)).signal is Signal.NOT_NEEDED
    assert light(result(kept="49"), asks=("nothing",)).signal is Signal.NOT_READY
    assert light(result(), asks=("nothing",)).signal is Signal.READY
