"""Limits as data, and the level of one value by them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.monitoring_stage import DOSE, result
from treatments.rules.monitoring import ANALYTES
from treatments.rules.monitoring_defaults import DEFAULT, groups
from treatments.rules.monitoring_limits import level_of
from treatments.rules.monitoring_terms import Basis, Level, Limits, Place

BORN = DOSE.born_on
AMOUNTS = st.decimals(min_value=0, max_value=2000, places=3, allow_nan=False)


def level(analyte: str, kept: str, **facts: Any) -> Level:
    return level_of(DEFAULT.limits[analyte], result(analyte, kept, **facts), born_on=BORN).level


class TestWhatTheApplicationProposes:
    def test_every_analyte_that_is_monitored_has_limits_and_stands_in_one_group(self) -> None:
        grouped = [analyte for group in DEFAULT.groups for analyte in group.analytes]

        assert set(DEFAULT.limits) == set(grouped) == set(ANALYTES)
        assert len(grouped) == len(set(grouped))

    def test_one_figure_is_the_labels_and_everything_else_says_that_it_is_policy(self) -> None:
        every = [
            (analyte, limit)
            for analyte, limits in DEFAULT.limits.items()
            for limit in (limits.watch, limits.sign_off, limits.stop, limits.young.watch if limits.young else None)
            if limit is not None
        ]

        assert [(analyte, limit.at) for analyte, limit in every if limit.basis is Basis.LABEL] == [
            ("urine_protein", Decimal("0.2"))
        ]
        assert all(limit.source for _, limit in every)

    def test_the_ages_of_samples_are_those_of_the_clinical_rules(self) -> None:
        assert DEFAULT.ages == {Place.FIRST: 30, Place.LOADING: 14, Place.MAINTENANCE: 30, Place.CATCH_UP: 14}

    def test_a_site_can_ask_for_a_part_of_the_set(self) -> None:
        asked = groups(platelets=True, prothrombin=False, aptt=False, urine=True)

        assert [group.key for group in asked if group.required] == ["platelets", "urine"]

    def test_nobody_can_change_it(self) -> None:
        with pytest.raises(TypeError):
            DEFAULT.limits["inr"] = DEFAULT.limits["pt"]  # type: ignore[index]


class TestTheLevelOfAValue:
    def test_levels_are_ranked_from_the_best_to_the_worst(self) -> None:
        assert [each.rank for each in (Level.WITHIN, Level.WATCH, Level.SIGN_OFF, Level.STOP)] == [0, 1, 2, 3]

    def test_the_limit_that_was_passed_is_named_in_the_kept_unit(self) -> None:
        beyond = level_of(DEFAULT.limits["aptt"], result("aptt", "50", high="38"), born_on=BORN)

        assert beyond.limit is DEFAULT.limits["aptt"].sign_off
        assert (beyond.level, beyond.bound) == (Level.SIGN_OFF, Decimal("47.50"))

    def test_without_the_laboratorys_range_nobody_knows_where_a_multiple_of_it_lies(self) -> None:
        beyond = level_of(DEFAULT.limits["aptt"], result("aptt", "200", low="25"), born_on=BORN)

        assert (beyond.level, beyond.bound) == (Level.WATCH, None)

    def test_an_abnormal_sample_before_a_normal_one_changes_nothing(self) -> None:
        limits, before = DEFAULT.limits["urine_protein"], result("urine_protein", "0.9")

        assert level_of(limits, result("urine_protein", "0.2"), born_on=BORN, before=before).level is Level.WITHIN

    def test_an_analyte_without_a_repeat_rule_knows_none(self) -> None:
        before = result("platelets", "140")

        assert level_of(DEFAULT.limits["platelets"], before, born_on=BORN, before=before).level is Level.WATCH

    def test_an_upper_limit_may_give_way_to_the_laboratorys_own_end(self) -> None:
        limits = Limits(watch=replace(DEFAULT.limits["inr"].watch, or_range=True))

        assert level_of(limits, result("inr", "1.15", high="1.1"), born_on=BORN).level is Level.WATCH
        assert level_of(limits, result("inr", "1.15", low="0.9"), born_on=BORN).level is Level.WITHIN

    @given(one=AMOUNTS, other=AMOUNTS)
    def test_fewer_platelets_are_never_a_better_level(self, one: Decimal, other: Decimal) -> None:
        few, many = sorted((one, other))

        assert level("platelets", str(few)).rank >= level("platelets", str(many)).rank

    @pytest.mark.parametrize("analyte", sorted(set(ANALYTES) - {"platelets"}))
    @given(one=AMOUNTS, other=AMOUNTS)
    def test_of_everything_else_more_is_never_better(self, analyte: str, one: Decimal, other: Decimal) -> None:
        less, more = sorted((one, other))

        assert level(analyte, str(more), high="40").rank >= level(analyte, str(less), high="40").rank

    @pytest.mark.parametrize("analyte", sorted(ANALYTES))
    @pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
    @given(amount=AMOUNTS)
    def test_a_sign_never_makes_a_value_better(self, analyte: str, sign: str, amount: Decimal) -> None:
        plain = level(analyte, str(amount), high="40")

        assert level(analyte, str(amount), high="40", comparator=sign).rank >= plain.rank
