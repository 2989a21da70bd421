"""Units, exact conversion, plausibility and the laboratory's own range, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.monitoring import (
    ANALYTES,
    Analyte,
    Disordered,
    Implausible,
    Range,
    Standing,
    UnknownAnalyte,
    UnknownUnit,
    analyte,
    convert,
    convert_range,
    standing,
)

EVERY_UNIT = [(key, unit) for key, known in ANALYTES.items() for unit in known.units]


class TestTheTable:
    def test_it_is_the_one_of_the_clinical_rules(self) -> None:
        assert {key: (known.loinc, known.unit) for key, known in ANALYTES.items()} == {
            "platelets": ("777-3", "10*9/L"),
            "inr": ("6301-6", "{INR}"),
            "pt": ("5902-2", "s"),
            "aptt": ("14979-9", "s"),
            "urine_protein": ("2888-6", "g/L"),
            "urine_pcr": ("2890-2", "g/g"),
        }

    def test_plausible_ranges_are_those_of_the_clinical_rules(self) -> None:
        assert {key: f"{known.low}-{known.high}" for key, known in ANALYTES.items()} == {
            "platelets": "1-2000",
            "inr": "0.5-20",
            "pt": "5-200",
            "aptt": "10-250",
            "urine_protein": "0-50",
            "urine_pcr": "0-50",
        }

    @pytest.mark.parametrize("known", ANALYTES.values(), ids=lambda known: known.key)
    def test_the_kept_unit_comes_first_and_counts_as_it_is(self, known: Analyte) -> None:
        assert known.units[0] == known.unit
        assert known.factors[known.unit] == 1

    def test_an_analyte_that_is_not_monitored_is_refused_by_name(self) -> None:
        with pytest.raises(UnknownAnalyte, match=r"^ferritin is not monitored; known are platelets, .* and urine_pcr"):
            analyte("ferritin")

    def test_nobody_can_change_the_table(self) -> None:
        with pytest.raises(TypeError):
            ANALYTES["ferritin"] = ANALYTES["inr"]  # type: ignore[index]


class TestConversion:
    @pytest.mark.parametrize(
        ("key", "value", "unit", "kept"),
        [
            ("platelets", "212", "10*9/L", "212"),
            ("platelets", "212", "G/L", "212"),
            ("platelets", "212", "10*3/uL", "212"),
            ("platelets", "212000", "/uL", "212"),
            ("platelets", "49999", "/uL", "49.999"),
            ("inr", "1.1", "{INR}", "1.1"),
            ("inr", "1.1", "1", "1.1"),
            ("pt", "12.3", "s", "12.3"),
            ("aptt", "31", "s", "31"),
            ("urine_protein", "0.20", "g/L", "0.2"),
            ("urine_protein", "200", "mg/L", "0.2"),
            ("urine_protein", "20", "mg/dL", "0.2"),
            ("urine_pcr", "0.2", "g/g", "0.2"),
            ("urine_pcr", "200", "mg/g", "0.2"),
            ("urine_pcr", "1", "mg/mmol", "0.00884"),
            ("urine_pcr", "22.6244", "mg/mmol", "0.199999696"),
            ("urine_pcr", "22.6245", "mg/mmol", "0.20000058"),
        ],
    )
    def test_a_result_is_kept_in_one_unit(self, key: str, value: str, unit: str, kept: str) -> None:
        assert convert(key, Decimal(value), unit) == Decimal(kept)

    def test_a_ratio_is_not_an_aptt(self) -> None:
        with pytest.raises(UnknownUnit, match=r"^1 is not accepted for aPTT; use s\.$"):
            convert("aptt", Decimal("1.2"), "1")

    def test_an_unknown_unit_is_refused_by_name_with_those_that_are_accepted(self) -> None:
        with pytest.raises(UnknownUnit) as refused:
            convert("platelets", Decimal(212), "10*6/L")
        assert str(refused.value) == "10*6/L is not accepted for Platelets; use 10*9/L, G/L, 10*3/uL or /uL."

    def test_a_missing_unit_is_never_guessed(self) -> None:
        with pytest.raises(UnknownUnit, match=r"^No unit is not accepted for INR; use {INR} or 1"):
            convert("inr", Decimal("1.1"), "")

    def test_units_are_told_apart_by_case(self) -> None:
        with pytest.raises(UnknownUnit):
            convert("urine_protein", Decimal("0.1"), "G/L")

    @given(st.sampled_from(EVERY_UNIT), st.data())
    def test_nothing_is_ever_rounded(self, where: tuple[str, str], data: st.DataObject) -> None:
        known, factor = ANALYTES[where[0]], ANALYTES[where[0]].factors[where[1]]
        value = data.draw(st.decimals(min_value=known.low / factor, max_value=known.high / factor, places=4))
        exact = int(value.scaleb(4)) * int(factor.scaleb(5))
        assert convert(known.key, value, where[1]).scaleb(9) == exact


class TestPlausibility:
    @pytest.mark.parametrize(
        ("key", "least", "most", "step"),
        [
            ("platelets", "1", "2000", "0.0001"),
            ("inr", "0.5", "20", "0.0001"),
            ("pt", "5", "200", "0.0001"),
            ("aptt", "10", "250", "0.0001"),
            ("urine_protein", "0", "50", "0.0001"),
            ("urine_pcr", "0", "50", "0.0001"),
        ],
    )
    def test_both_ends_are_still_plausible_and_what_lies_beyond_is_not(
        self, key: str, least: str, most: str, step: str
    ) -> None:
        unit = ANALYTES[key].unit
        assert convert(key, Decimal(least), unit) == Decimal(least)
        assert convert(key, Decimal(most), unit) == Decimal(most)
        with pytest.raises(Implausible):
            convert(key, Decimal(least) - Decimal(step), unit)
        with pytest.raises(Implausible):
            convert(key, Decimal(most) + Decimal(step), unit)

    @pytest.mark.parametrize(
        ("key", "value", "unit", "advice"),
        [
            ("platelets", "250000", "10*9/L", "250000 10*9/L: did you mean /uL?"),
            ("platelets", "250000", "G/L", "250000 G/L: did you mean /uL?"),
            ("platelets", "250", "/uL", "250 /uL: did you mean 10*9/L?"),
            ("urine_protein", "150", "g/L", "150 g/L: did you mean mg/L or mg/dL?"),
            ("urine_protein", "6000", "mg/dL", "6000 mg/dL: did you mean mg/L?"),
            ("urine_pcr", "120", "g/g", "120 g/g: did you mean mg/g or mg/mmol?"),
        ],
    )
    def test_the_likely_slip_is_named(self, key: str, value: str, unit: str, advice: str) -> None:
        with pytest.raises(Implausible) as refused:
            convert(key, Decimal(value), unit)
        assert str(refused.value) == advice

    def test_where_no_other_unit_explains_the_number_the_expected_range_is_given(self) -> None:
        with pytest.raises(Implausible) as refused:
            convert("inr", Decimal(55), "{INR}")
        assert refused.value.likely == ()
        assert str(refused.value) == "55 {INR}: INR is expected between 0.5 and 20 {INR}; check the number."

    def test_the_refusal_carries_its_parts_for_other_words(self) -> None:
        with pytest.raises(Implausible) as refused:
            convert("platelets", Decimal(250000), "10*9/L")
        parts = refused.value
        assert (parts.analyte.key, parts.value, parts.unit, parts.likely) == (
            "platelets",
            Decimal(250000),
            "10*9/L",
            ("/uL",),
        )

    @pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
    @pytest.mark.parametrize("key", ANALYTES)
    def test_what_is_no_number_is_refused(self, key: str, value: str) -> None:
        with pytest.raises(Implausible):
            convert(key, Decimal(value), ANALYTES[key].unit)

    @pytest.mark.parametrize("key", ANALYTES)
    def test_nothing_below_zero_is_a_result(self, key: str) -> None:
        with pytest.raises(Implausible):
            convert(key, Decimal("-0.0001"), ANALYTES[key].unit)

    @given(st.sampled_from(EVERY_UNIT), st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False))
    def test_a_number_is_either_plausible_or_refused_and_every_advice_would_pass(
        self, where: tuple[str, str], value: Decimal
    ) -> None:
        key, unit = where
        likely: tuple[str, ...] = (unit,)
        try:
            convert(key, value, unit)
        except Implausible as refused:
            likely = refused.likely
        known = ANALYTES[key]
        assert all(known.low <= convert(key, value, other) <= known.high for other in likely)


class TestTheLaboratorysRange:
    @pytest.mark.parametrize(
        ("kept", "comparator", "low", "high", "expected"),
        [
            ("150", "", "150", "400", Standing.WITHIN),
            ("149.9999", "", "150", "400", Standing.BELOW),
            ("400", "", "150", "400", Standing.WITHIN),
            ("400.0001", "", "150", "400", Standing.ABOVE),
            ("0.2", "", None, "0.2", Standing.WITHIN),
            ("0.2001", "", None, "0.2", Standing.ABOVE),
            ("10", "", "10", None, Standing.WITHIN),
            ("9.9", "", "10", None, Standing.BELOW),
            ("212", "", None, None, Standing.UNSETTLED),
            ("0.05", "<", None, "0.2", Standing.WITHIN),
            ("0.2", "<", None, "0.2", Standing.WITHIN),
            ("0.2", "<=", None, "0.2", Standing.WITHIN),
            ("0.3", "<", None, "0.2", Standing.UNSETTLED),
            ("10", "<", "10", "20", Standing.BELOW),
            ("10", "<=", "10", "20", Standing.UNSETTLED),
            ("9", "<=", "10", "20", Standing.BELOW),
            ("15", "<", "10", "20", Standing.UNSETTLED),
            ("20", ">", "10", "20", Standing.ABOVE),
            ("20", ">=", "10", "20", Standing.UNSETTLED),
            ("21", ">=", "10", "20", Standing.ABOVE),
            ("15", ">", "10", "20", Standing.UNSETTLED),
            ("15", ">", "10", None, Standing.WITHIN),
            ("10", ">=", "10", None, Standing.WITHIN),
            ("9", ">", "10", None, Standing.UNSETTLED),
            ("0", "", None, "0.2", Standing.WITHIN),
        ],
    )
    def test_a_value_stands_where_every_amount_it_may_mean_stands(
        self, kept: str, comparator: str, low: str | None, high: str | None, expected: Standing
    ) -> None:
        reference = Range(None if low is None else Decimal(low), None if high is None else Decimal(high))
        assert standing(Decimal(kept), comparator, reference) is expected

    def test_a_range_is_converted_with_its_value(self) -> None:
        printed = Range(Decimal(150_000), Decimal(400_000))
        assert convert_range("platelets", printed, "/uL") == Range(Decimal(150), Decimal(400))

    def test_a_range_may_lack_either_end_or_both(self) -> None:
        assert convert_range("urine_protein", Range(None, Decimal(150)), "mg/L") == Range(None, Decimal("0.15"))
        assert convert_range("platelets", Range(Decimal(150), None), "G/L") == Range(Decimal(150), None)
        assert convert_range("inr", Range(None, None), "1") == Range(None, None)

    def test_a_range_may_begin_at_zero_though_no_result_does(self) -> None:
        assert convert_range("pt", Range(Decimal(0), Decimal(14)), "s").low == 0

    def test_a_range_may_be_a_single_value(self) -> None:
        assert convert_range("inr", Range(Decimal(1), Decimal(1)), "1") == Range(Decimal(1), Decimal(1))

    def test_a_range_the_wrong_way_round_is_refused(self) -> None:
        with pytest.raises(Disordered, match=r"^The range ends at 150, before it begins at 400; exchange the two\.$"):
            convert_range("platelets", Range(Decimal(400), Decimal(150)), "10*9/L")

    @pytest.mark.parametrize("end", ["-0.1", "2000.1", "NaN", "Infinity"])
    def test_an_end_that_cannot_be_is_refused(self, end: str) -> None:
        with pytest.raises(Implausible):
            convert_range("platelets", Range(None, Decimal(end)), "10*9/L")

    def test_a_range_in_another_unit_than_the_value_is_noticed(self) -> None:
        with pytest.raises(Implausible, match=r"^150000 10\*9/L: did you mean /uL\?$"):
            convert_range("platelets", Range(Decimal(150_000), None), "10*9/L")

    def test_a_range_of_an_unknown_analyte_or_unit_is_refused(self) -> None:
        with pytest.raises(UnknownAnalyte):
            convert_range("ferritin", Range(Decimal(1), None), "g/L")
        with pytest.raises(UnknownUnit):
            convert_range("pt", Range(Decimal(1), None), "min")
