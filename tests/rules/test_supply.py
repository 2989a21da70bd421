"""The drug's light, the authorisation's light, which authorisation a dose is charged to, and what a month needs."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.statuses import AUTHORISATION, LIGHT
from treatments.rules import supply
from treatments.rules.lights import Light, Signal
from treatments.rules.supply import (
    NONE_REGISTERED,
    Authorisation,
    DrugFacts,
    GivenDose,
    Need,
    Standing,
    Stocked,
    SupplyPolicy,
    authorisation_light,
    charged,
    demand,
    drug_light,
    ending_since,
    standing,
)

MG, OTHER_MG = Decimal(12), Decimal(50)
DAY = date(2026, 7, 4)
POLICY = SupplyPolicy()


def auth(
    key: str = "a", first: date = date(2026, 1, 1), last: date = date(2026, 12, 31), approved: int = 3, **facts: Any
) -> Authorisation:
    return Authorisation(key, first, last, approved, **facts)


def used(authorisations: Sequence[Authorisation], given_doses: list[GivenDose]) -> dict[str, int]:
    return {key: len(days) for key, days in charged(authorisations, given_doses).items()}


class TestTheDrugsLight:
    def lit(self, **facts: Any) -> tuple[Signal, str]:
        found = drug_light(DrugFacts(mg=MG, day=DAY, **facts))
        assert found.light is Light.DRUG
        assert found.signal.value in LIGHT
        assert not found.contraindicated
        return found.signal, found.reason

    def test_a_reserved_vial_is_ready(self) -> None:
        assert self.lit(reserved=True, free=2) == (Signal.READY, "A vial of 12 mg is reserved.")

    def test_a_reserved_vial_that_cannot_be_given_is_not_ready_and_says_why(self) -> None:
        assert self.lit(reserved=True, unfit=("It expired.", "It is warm."), free=2) == (
            Signal.NOT_READY,
            "The reserved vial cannot be given. It expired. It is warm.",
        )

    @pytest.mark.parametrize(("free", "words"), [(1, "1 vial of 12 mg"), (2, "2 vials of 12 mg")])
    def test_in_stock_but_reserved_for_nobody_asks_for_attention(self, free: int, words: str) -> None:
        assert self.lit(free=free, ordered=1) == (Signal.ATTENTION, f"{words} in stock, none reserved.")

    def test_on_order_asks_for_attention(self) -> None:
        assert self.lit(ordered=1) == (Signal.ATTENTION, "1 vial of 12 mg on order, not received yet.")

    def test_only_vials_that_cannot_be_used_count_as_none(self) -> None:
        assert self.lit(rejected=2) == (Signal.NOT_READY, "2 vials of 12 mg in stock cannot be used on that day.")
        assert self.lit(rejected=1, ordered=1)[0] is Signal.ATTENTION

    def test_nothing_at_all_is_not_ready(self) -> None:
        assert self.lit() == (Signal.NOT_READY, "No vial of 12 mg in stock or on order.")

    def test_that_none_can_be_used_stays_one_thing_however_many_there_are(self) -> None:
        counts = [drug_light(DrugFacts(mg=MG, day=DAY, rejected=rejected)).rules for rejected in (0, 1, 2)]
        assert counts == [("drug:no vial of 12 mg",)] * 3
        assert drug_light(DrugFacts(mg=OTHER_MG, day=DAY)).rules == ("drug:no vial of 50 mg",)


class TestTheAuthorisationsLight:
    def lit(self, *found: Authorisation, used_doses: int = 0, mg: Decimal = MG, day: date = DAY) -> tuple[Signal, str]:
        lit = authorisation_light(found, {one.key: used_doses for one in found}, mg, day, POLICY)
        assert lit.light is Light.AUTHORISATION
        return lit.signal, lit.reason

    def test_one_that_covers_the_day_with_a_dose_left_is_ready(self) -> None:
        assert self.lit(auth(), used_doses=1) == (Signal.READY, "Covered until 31 Dec 2026, 2 doses left.")
        assert self.lit(auth(), used_doses=2) == (Signal.READY, "Covered until 31 Dec 2026, 1 dose left.")

    @pytest.mark.parametrize("day", [DAY, DAY - timedelta(days=29)])
    def test_both_of_its_ends_are_covered(self, day: date) -> None:
        assert self.lit(auth(first=DAY - timedelta(days=29), last=DAY), day=day)[0] is Signal.READY

    def test_one_that_ends_the_day_before_is_not_ready(self) -> None:
        assert self.lit(auth(last=DAY - timedelta(days=1))) == (
            Signal.NOT_READY,
            "The authorisation ends on 3 Jul 2026, before the dose on 4 Jul 2026.",
        )

    def test_gate_case_g12(self) -> None:
        """Dose on 4 July, authorisation until 1 July: not ready, and nothing but the light says so."""
        signal, reason = self.lit(auth(last=date(2026, 7, 1)), day=date(2026, 7, 4))
        assert signal is Signal.NOT_READY
        assert reason == "The authorisation ends on 1 Jul 2026, before the dose on 4 Jul 2026."

    def test_one_that_begins_later_is_not_ready(self) -> None:
        assert self.lit(auth(first=DAY + timedelta(days=1))) == (
            Signal.NOT_READY,
            "The authorisation begins on 5 Jul 2026, after the dose on 4 Jul 2026.",
        )

    def test_one_without_a_dose_left_is_not_ready(self) -> None:
        assert self.lit(auth(), used_doses=3) == (
            Signal.NOT_READY,
            "All doses of the authorisation until 31 Dec 2026 are used.",
        )

    def test_another_strength_is_not_covered(self) -> None:
        assert self.lit(auth(mg=OTHER_MG)) == (Signal.NOT_READY, "No authorisation is registered for 12 mg.")
        assert self.lit(auth(mg=OTHER_MG), mg=OTHER_MG)[0] is Signal.READY

    def test_none_at_all_is_not_ready(self) -> None:
        assert self.lit() == (Signal.NOT_READY, "No authorisation is registered.")

    def test_of_several_the_one_with_doses_left_counts(self) -> None:
        spent, fresh = auth("a"), auth("b", last=date(2026, 9, 30))
        lit = authorisation_light((spent, fresh), {"a": 3, "b": 1}, MG, DAY, POLICY)
        assert lit.reason == "Covered until 30 Sep 2026, 2 doses left."

    def test_what_stands_in_the_way_keeps_its_name_while_the_day_of_the_dose_moves(self) -> None:
        late = {self.rules(auth("a", last=date(2026, 7, 1)), day=DAY + timedelta(days=days)) for days in range(3)}
        assert late == {("authorisation:ends:a",)}

    def test_each_thing_that_stands_in_the_way_has_its_own_name(self) -> None:
        assert self.rules() == (NONE_REGISTERED,)
        assert self.rules(auth("b", last=date(2026, 7, 1))) == ("authorisation:ends:b",)
        assert self.rules(auth("b", first=DAY + timedelta(days=1))) == ("authorisation:begins:b",)
        assert self.rules(auth("b", mg=OTHER_MG)) == ("authorisation:none for 12 mg",)
        assert self.rules(auth("b"), used_doses=3) == ("authorisation:used up:b",)

    def rules(self, *found: Authorisation, used_doses: int = 0, day: date = DAY) -> tuple[str, ...]:
        return authorisation_light(found, {one.key: used_doses for one in found}, MG, day, POLICY).rules

    def test_a_site_that_needs_none_is_not_asked(self) -> None:
        lit = authorisation_light((), {}, MG, DAY, SupplyPolicy(authorisation_needed=False))
        assert lit.signal is Signal.NOT_NEEDED


class TestWhatIsUsed:
    def doses(self, *days: date, mg: Decimal = MG) -> list[GivenDose]:
        return [GivenDose(day, mg) for day in days]

    def test_a_dose_in_the_period_is_used_one_outside_is_not(self) -> None:
        one = auth(first=date(2026, 2, 1), last=date(2026, 3, 31))
        days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 31), date(2026, 4, 1)]
        assert used((one,), self.doses(*days)) == {"a": 2}

    def test_a_dose_under_two_authorisations_is_charged_to_the_one_that_ends_first(self) -> None:
        first, second = auth("a", last=date(2026, 6, 30)), auth("b", last=date(2026, 12, 31))
        assert used((second, first), self.doses(date(2026, 5, 1))) == {"a": 1, "b": 0}

    def test_when_the_first_is_used_up_the_second_is_charged(self) -> None:
        first, second = auth("a", last=date(2026, 6, 30), approved=1), auth("b", last=date(2026, 12, 31))
        days = self.doses(date(2026, 5, 1), date(2026, 5, 15), date(2026, 5, 29))
        assert used((first, second), days) == {"a": 1, "b": 2}

    def test_what_was_given_beyond_the_last_dose_shows(self) -> None:
        assert used((auth(approved=1),), self.doses(date(2026, 5, 1), date(2026, 5, 15))) == {"a": 2}

    def test_the_days_of_its_doses_are_known_in_order(self) -> None:
        days = [date(2026, 5, 15), date(2026, 5, 1)]
        assert charged((auth(),), self.doses(*days)) == {"a": (date(2026, 5, 1), date(2026, 5, 15))}

    def test_another_strength_is_not_charged(self) -> None:
        assert used((auth(mg=OTHER_MG),), self.doses(date(2026, 5, 1))) == {"a": 0}

    @given(
        st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200), st.integers(1, 3)), max_size=4),
        st.lists(st.integers(0, 400), max_size=8),
    )
    def test_every_covered_dose_is_charged_exactly_once(
        self, periods: list[tuple[int, int, int]], days: list[int]
    ) -> None:
        start = date(2026, 1, 1)
        found = [
            auth(str(n), start + timedelta(days=first), start + timedelta(days=first + length), approved)
            for n, (first, length, approved) in enumerate(periods)
        ]
        doses = self.doses(*(start + timedelta(days=day) for day in days))
        covered = [dose for dose in doses if any(one.covers(dose.on, dose.mg) for one in found)]
        assert sum(used(found, doses).values()) == len(covered)


class TestWhereAnAuthorisationStands:
    @pytest.mark.parametrize(
        ("today", "used_doses", "expected"),
        [
            (date(2026, 12, 31), 0, Standing.ENDING),
            (date(2027, 1, 1), 0, Standing.ENDED),
            (date(2026, 11, 15), 0, Standing.IN_FORCE),
            (date(2026, 11, 16), 0, Standing.ENDING),
            (date(2026, 7, 4), 1, Standing.IN_FORCE),
            (date(2026, 7, 4), 2, Standing.ENDING),
            (date(2026, 7, 4), 3, Standing.USED_UP),
            (date(2026, 7, 4), 4, Standing.USED_UP),
            (date(2025, 12, 31), 0, Standing.NOT_BEGUN),
            (date(2025, 12, 31), 2, Standing.NOT_BEGUN),
            (date(2026, 1, 1), 0, Standing.IN_FORCE),
            (date(2027, 1, 1), 3, Standing.ENDED),
        ],
    )
    def test_each_day_and_dose_turns_it(self, today: date, used_doses: int, expected: Standing) -> None:
        found = standing(auth(), used_doses, POLICY, today)
        assert found is expected
        assert found.value in AUTHORISATION

    def test_a_renewed_one_no_longer_asks(self) -> None:
        renewed = auth(renewed=True)
        assert standing(renewed, 2, POLICY, date(2026, 12, 1)) is Standing.RENEWED
        assert standing(renewed, 0, POLICY, date(2027, 1, 1)) is Standing.ENDED
        assert ending_since(renewed, 2, DAY, POLICY) is None

    def test_its_end_is_told_45_days_before(self) -> None:
        assert ending_since(auth(), 0, None, POLICY) == date(2026, 11, 16)

    def test_its_last_dose_is_told_from_the_day_of_the_one_before(self) -> None:
        assert ending_since(auth(), 2, DAY, POLICY) == DAY
        assert ending_since(auth(approved=1), 0, None, POLICY) == date(2026, 1, 1)

    @given(st.integers(0, 800), st.integers(0, 4))
    def test_it_is_ending_exactly_from_the_day_that_is_told(self, ahead: int, used_doses: int) -> None:
        one, today = auth(), date(2025, 6, 1) + timedelta(days=ahead)
        since = ending_since(one, used_doses, DAY if used_doses else None, POLICY)
        assert since is not None
        if standing(one, used_doses, POLICY, today) is Standing.ENDING and today >= DAY:
            assert since <= today


class TestDemand:
    def rows(
        self, needs: list[Need], stock: list[Stocked], months: int = 3
    ) -> dict[tuple[int, int], tuple[int, int, int, int, int]]:
        found = demand(needs, stock, DAY, months)
        return {
            (row.first.month, int(row.mg)): (row.booked, row.projected, row.from_stock, row.from_order, row.short)
            for row in found
        }

    def test_booked_and_projected_doses_are_counted_by_month_and_strength(self) -> None:
        needs = [
            Need(MG, date(2026, 7, 9), booked=True),
            Need(MG, date(2026, 7, 31)),
            Need(OTHER_MG, date(2026, 9, 30)),
        ]
        rows = self.rows(needs, [])
        assert rows == {
            (7, 12): (1, 1, 0, 0, 2),
            (7, 50): (0, 0, 0, 0, 0),
            (8, 12): (0, 0, 0, 0, 0),
            (8, 50): (0, 0, 0, 0, 0),
            (9, 12): (0, 0, 0, 0, 0),
            (9, 50): (0, 1, 0, 0, 1),
        }

    def test_a_dose_that_is_late_is_needed_now(self) -> None:
        assert self.rows([Need(MG, date(2026, 5, 1))], [])[(7, 12)][1] == 1

    def test_what_lies_beyond_the_last_month_is_left_out(self) -> None:
        rows = self.rows([Need(MG, date(2026, 9, 30)), Need(MG, date(2026, 10, 1))], [])
        assert sum(row[1] for row in rows.values()) == 1

    def test_a_vial_serves_until_the_day_it_expires(self) -> None:
        need = [Need(MG, date(2026, 8, 1))]
        assert self.rows(need, [Stocked(MG, date(2026, 8, 1))])[(8, 12)] == (0, 1, 1, 0, 0)
        assert self.rows(need, [Stocked(MG, date(2026, 7, 31))])[(8, 12)] == (0, 1, 0, 0, 1)

    def test_the_vial_that_expires_first_is_taken_first(self) -> None:
        needs = [Need(MG, date(2026, 7, 10)), Need(MG, date(2026, 9, 10))]
        stock = [Stocked(MG, date(2027, 1, 1)), Stocked(MG, date(2026, 7, 31))]
        assert self.rows(needs, stock)[(9, 12)] == (0, 1, 1, 0, 0)

    def test_an_ordered_vial_serves_when_none_in_stock_is_left(self) -> None:
        needs = [Need(MG, date(2026, 7, 10)), Need(MG, date(2026, 7, 11))]
        assert self.rows(needs, [Stocked(MG, None), Stocked(MG, DAY + timedelta(days=90))])[(7, 12)] == (0, 2, 1, 1, 0)

    def test_another_strength_serves_nobody(self) -> None:
        assert self.rows([Need(MG, DAY)], [Stocked(OTHER_MG, date(2027, 1, 1))])[(7, 12)] == (0, 1, 0, 0, 1)

    def test_a_strength_in_stock_that_nobody_needs_is_shown(self) -> None:
        assert self.rows([], [Stocked(OTHER_MG, date(2027, 1, 1))])[(7, 50)] == (0, 0, 0, 0, 0)

    def test_the_months_run_over_the_end_of_the_year(self) -> None:
        found = demand([Need(MG, date(2027, 1, 2))], [], date(2026, 12, 31), 2)
        assert [(row.first, row.needed) for row in found] == [(date(2026, 12, 1), 0), (date(2027, 1, 1), 1)]

    @settings(max_examples=50)
    @given(
        st.lists(st.builds(Need, st.sampled_from([MG, OTHER_MG]), st.dates(DAY, date(2026, 12, 31)), st.booleans())),
        st.lists(st.builds(Stocked, st.sampled_from([MG, OTHER_MG]), st.none() | st.dates(DAY, date(2027, 6, 1)))),
    )
    def test_every_need_is_met_once_or_short(self, needs: list[Need], stock: list[Stocked]) -> None:
        found = demand(needs, stock, DAY, 6)
        assert sum(row.needed for row in found) == len(needs)
        assert all(row.needed == row.from_stock + row.from_order + row.short for row in found)
        assert sum(row.from_stock + row.from_order for row in found) <= len(stock)


def test_the_words_of_the_rules_are_in_the_registry() -> None:
    assert {one.value for one in supply.Standing} <= set(AUTHORISATION)
