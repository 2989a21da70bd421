"""How each analyte stands for a dose, and the sentence that says so."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import formatting
from tests.rules.monitoring_stage import (
    COLLECTED,
    DOSE,
    NURSE,
    PRESCRIBER,
    asking,
    normal,
    read,
    result,
    reviewed,
)
from treatments.rules.monitoring import ANALYTES
from treatments.rules.monitoring_reading import answer, change_from
from treatments.rules.monitoring_terms import Change, Lapse, Level, Place
from treatments.rules.monitoring_validity import place_of
from treatments.rules.monitoring_words import change_in_words, value_in_words

LAST_YEAR = date(2025, 11, 1)


def sentence(analyte: str, *results: object, **facts: object) -> str:
    return read(results, **facts)[analyte].sentence  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("phase", "label", "place"),
    [
        ("loading", "L1", Place.FIRST),
        ("loading", "L2", Place.LOADING),
        ("maintenance", "M1", Place.MAINTENANCE),
        ("catch_up", "C1", Place.CATCH_UP),
    ],
)
def test_only_l1_begins_a_series(phase: str, label: str, place: Place) -> None:
    assert place_of(phase, label) is place


@pytest.mark.parametrize("known", ANALYTES.values(), ids=lambda known: known.key)
def test_kept_units_are_printed_as_on_every_page(known: object) -> None:
    one = next(analyte for analyte in ANALYTES.values() if analyte is known)

    assert value_in_words(result(one.key, "3")) == f"{one.name} {formatting.quantity(result(kept='3').kept, one.unit)}"


class TestSentences:
    def test_a_value_within_limits(self) -> None:
        assert sentence("platelets", result()) == "Platelets 250 ×10⁹/L, collected 25 Jun 2026: within limits."

    def test_a_value_to_watch_sign_off_or_stop_says_what_it_calls_for(self) -> None:
        what = ", collected 25 Jun 2026: below"
        assert [sentence("platelets", result(kept=kept)) for kept in ("149", "96", "49")] == [
            f"Platelets 149 ×10⁹/L{what} 150 ×10⁹/L; look at it before the dose.",
            f"Platelets 96 ×10⁹/L{what} 100 ×10⁹/L; a prescriber signs it off before the dose.",
            f"Platelets 49 ×10⁹/L{what} 50 ×10⁹/L; no dose unless a prescriber and a second person decide so.",
        ]

    def test_the_labels_figure_says_that_it_is_the_labels(self) -> None:
        assert sentence("urine_protein", result("urine_protein", "0.22")) == (
            "Urine protein 0.22 g/L, collected 25 Jun 2026: above 0.2 g/L (label); consider repeating it."
        )

    def test_a_repeat_names_the_sample_that_it_repeats(self) -> None:
        results = (result("urine_protein", "0.25", date(2026, 6, 20)), result("urine_protein", "0.22"))

        assert ": above 0.2 g/L (label) again, after 0.25 on 20 Jun 2026; a prescriber" in sentence(
            "urine_protein", *results
        )

    def test_a_stop_does_not_speak_of_the_repeat(self) -> None:
        results = (result("urine_protein", "0.25", date(2026, 6, 20)), result("urine_protein", "1.2"))

        assert ": above 1 g/L; no dose unless" in sentence("urine_protein", *results)

    def test_a_multiple_of_the_laboratorys_range_says_so(self) -> None:
        beyond = ": above 38 s, the upper end of the laboratory's range; look"
        assert beyond in sentence("aptt", result("aptt", "39", high="38"))
        times = ": above 47.5 s, 1.25 times the upper end of the laboratory's range; a prescriber"
        assert times in sentence("aptt", result("aptt", "48", high="38"))

    def test_a_missing_range_is_asked_for(self) -> None:
        assert "the laboratory's range is missing" in sentence("aptt", result("aptt", "30"))

    def test_signs_are_printed_as_people_write_them(self) -> None:
        assert sentence("urine_protein", result("urine_protein", "0.05", comparator="<=")).startswith(
            "Urine protein ≤0.05 g/L"
        )

    def test_what_is_missing_is_named_and_a_dipstick_ruled_out(self) -> None:
        found = read(())
        assert found["inr"].sentence == "INR or prothrombin time: no result."
        assert found["urine_protein"].sentence.endswith("no result. A dipstick does not count.")

    def test_a_sample_that_is_too_old_says_by_how_much(self) -> None:
        assert sentence("platelets", result(on=date(2026, 6, 1))) == (
            "Platelets: collected 1 Jun 2026, 33 days before the dose; at most 30 count."
        )

    def test_a_sample_from_before_the_last_dose_names_that_dose(self) -> None:
        assert sentence("platelets", result(on=date(2026, 2, 28))) == (
            "Platelets: collected 28 Feb 2026, before the last dose on 4 Mar 2026; a sample after it is needed."
        )

    def test_a_fall_is_told_beside_the_limit_or_alone(self) -> None:
        first = {"platelets": result(kept="400", on=LAST_YEAR)}
        fell = "down 40 % from 400 on 1 Nov 2025"
        assert f": {fell}; look at it" in sentence("platelets", result(kept="240"), first=first)
        assert ": below 150 ×10⁹/L, down 65 % from 400 on 1 Nov 2025; look" in sentence(
            "platelets", result(kept="140"), first=first
        )

    def test_who_answered_takes_the_place_of_what_is_called_for(self) -> None:
        signed = result(kept="96", reviews=reviewed(Level.SIGN_OFF))
        assert sentence("platelets", signed).endswith(f": below 100 ×10⁹/L; signed off by {PRESCRIBER}.")
        seen = result(kept="140", reviews=reviewed(Level.WATCH))
        assert sentence("platelets", seen).endswith(f": below 150 ×10⁹/L; seen by {PRESCRIBER}.")
        both = result(kept="40", reviews=reviewed(Level.STOP, second=NURSE))
        assert sentence("platelets", both).endswith(f"; signed off by {PRESCRIBER} and {NURSE}.")

    def test_a_stop_with_one_signature_says_whom_it_waits_for(self) -> None:
        half = result(kept="40", reviews=reviewed(Level.STOP))
        assert sentence("platelets", half).endswith(f"Signed off by {PRESCRIBER}, waiting for a second person.")

    def test_a_remark_leaves_out_what_stands_beside_it(self) -> None:
        found = read((result(kept="96"), result("inr", "1.0", date(2026, 2, 1))))
        assert found["platelets"].remark == "Below 100 ×10⁹/L; a prescriber signs it off before the dose."
        assert found["inr"].remark.startswith("Collected 1 Feb 2026, before the last dose")
        assert found["aptt"].remark == "No result."


class TestWhatCounts:
    def test_one_of_a_group_is_enough_and_both_are_read(self) -> None:
        found = read(normal(pt=result("pt", "16", high="15")))
        assert (found["inr"].standing, found["pt"].standing) == (Level.WITHIN, Level.WATCH)

    def test_one_that_does_not_count_is_left_out_where_another_of_its_group_does(self) -> None:
        assert "pt" not in read(normal(pt=result("pt", "12", date(2026, 2, 1), high="15")))

    def test_of_several_that_do_not_count_the_newest_is_shown(self) -> None:
        results = (result("inr", "1.0", date(2026, 2, 1)), result("pt", "12", date(2026, 6, 1), high="15"))
        found = read(results)
        assert found["pt"].standing is Lapse.TOO_OLD
        assert "inr" not in found

    def test_what_is_not_asked_for_is_not_missed_but_read_where_it_counts(self) -> None:
        policy = asking("platelets")
        assert set(read((result(),), policy=policy)) == {"platelets"}
        assert read((result(), result("inr", "1.8")), policy=policy)["inr"].standing is Level.STOP
        assert "inr" not in read((result(), result("inr", "1.8", date(2026, 2, 1))), policy=policy)

    def test_a_value_keeps_its_level_where_its_sample_does_not_count(self) -> None:
        reading = read((result(kept="40", on=date(2026, 2, 1)),))["platelets"]
        assert (reading.standing, reading.level) == (Lapse.BEFORE_PREVIOUS, Level.STOP)

    def test_a_result_that_is_not_monitored_counts_for_nothing(self) -> None:
        assert read((result("urine_dipstick", "1"),))["urine_protein"].standing is Lapse.MISSING

    def test_before_the_first_dose_nothing_lies_before_the_previous(self) -> None:
        dose = replace(DOSE, place=Place.FIRST, previous_on=None)
        assert read((result(on=date(2026, 6, 5)),), dose=dose)["platelets"].lapse is None

    def test_two_samples_of_one_instant_are_no_repeat(self) -> None:
        twice = (result("urine_protein", "0.25"), result("urine_protein", "0.25"))
        assert read(twice)["urine_protein"].standing is Level.WATCH

    @given(days=st.integers(0, 400), gap=st.integers(1, 400), age=st.integers(0, 60))
    def test_nothing_from_before_the_previous_dose_ever_counts(self, days: int, gap: int, age: int) -> None:
        previous = date.fromordinal(DOSE.on.toordinal() - gap)
        on = date.fromordinal(previous.toordinal() - days)
        policy = replace(asking("platelets"), ages=dict.fromkeys(Place, gap + days + age))
        reading = read((result(on=on),), dose=replace(DOSE, previous_on=previous), policy=policy)["platelets"]
        assert reading.lapse is Lapse.BEFORE_PREVIOUS


class TestWhatStandsInTheWay:
    def test_it_is_named_with_figure_and_day_so_that_the_next_figure_is_another(self) -> None:
        names = {read((result(kept=kept),))["platelets"].rule for kept in ("96", "95", "49")}
        assert names == {
            "platelets:sign_off=96@2026-06-25",
            "platelets:sign_off=95@2026-06-25",
            "platelets:stop=49@2026-06-25",
        }

    def test_what_lapsed_is_named_by_its_day_and_what_is_missing_by_itself(self) -> None:
        found = read((result(on=date(2026, 6, 1)),))
        assert (found["platelets"].rule, found["aptt"].rule) == ("platelets:too_old@2026-06-01", "aptt:missing")

    def test_nothing_does_where_the_value_is_within_or_answered_for(self) -> None:
        assert read(normal())["platelets"].rule == ""
        assert read((result(kept="96", reviews=reviewed(Level.SIGN_OFF)),))["platelets"].rule == ""

    def test_a_review_answers_for_its_level_and_better_ones(self) -> None:
        stop = result(reviews=reviewed(Level.STOP))
        assert answer(Level.SIGN_OFF, stop) is not None
        assert answer(Level.STOP, stop) is None
        assert answer(Level.SIGN_OFF, result(reviews=reviewed(Level.WATCH))) is None
        assert answer(Level.WITHIN, stop) is None


class TestTheChangeFromTheFirstValue:
    def test_it_is_a_whole_percentage_rounded_towards_none(self) -> None:
        change = change_from(result(kept="400", on=LAST_YEAR), result(kept="281"))
        assert change is not None
        assert (change.percent, change.first, change.first_on) == (-29, Decimal(400), LAST_YEAR)

    def test_a_rise_is_positive_and_asks_for_nothing(self) -> None:
        first = result(kept="200", on=LAST_YEAR)
        change = change_from(first, result())
        assert change is not None
        assert change.percent == 25
        assert read((result(),), first={"platelets": first})["platelets"].standing is Level.WITHIN

    @pytest.mark.parametrize(
        ("first", "now"),
        [
            (None, result()),
            (result(), result()),
            (result("urine_protein", "0", LAST_YEAR), result("urine_protein", "0.1")),
            (result(kept="400", on=LAST_YEAR, comparator=">"), result()),
            (result(kept="400", on=LAST_YEAR), result(comparator="<")),
        ],
        ids=["none", "itself", "zero", "first signed", "now signed"],
    )
    def test_there_is_none_where_nothing_can_be_compared(self, first: object, now: object) -> None:
        assert change_from(first, now) is None  # type: ignore[arg-type]

    @pytest.mark.parametrize(("percent", "words"), [(-36, "down 36 %"), (10, "up 10 %"), (0, "unchanged")])
    def test_it_is_put_in_words(self, percent: int, words: str) -> None:
        assert change_in_words(Change(percent, Decimal(1), LAST_YEAR)) == words

    def test_an_analyte_whose_fall_means_nothing_is_not_flagged(self) -> None:
        first = {"inr": result("inr", "2.0", LAST_YEAR)}
        assert read((result("inr", "1.0"),), first=first)["inr"].standing is Level.WITHIN

    def test_a_fall_of_an_older_sample_is_shown_though_it_does_not_count(self) -> None:
        first = {"platelets": result(kept="400", on=LAST_YEAR)}
        reading = read((result(kept="200", on=date(2026, 2, 1)),), first=first)["platelets"]
        assert (reading.lapse, reading.level) == (Lapse.BEFORE_PREVIOUS, Level.WATCH)


def test_the_clock_decides_on_the_day_of_the_previous_dose() -> None:
    at_ten = datetime.combine(COLLECTED, time(10), tzinfo=UTC)
    dose = replace(DOSE, place=Place.LOADING, previous_on=COLLECTED, previous_at=at_ten)
    assert read((result(clock=time(10)),), dose=dose)["platelets"].lapse is Lapse.BEFORE_PREVIOUS
    assert read((result(clock=time(10, 1)),), dose=dose)["platelets"].lapse is None
    unknown = replace(dose, previous_at=None)
    assert read((result(clock=time(23)),), dose=unknown)["platelets"].lapse is Lapse.BEFORE_PREVIOUS
