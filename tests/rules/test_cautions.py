"""What a person is asked to confirm: each question from the very value that raises it, and not before."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.cautions import CODES, Caution, Plan, booking, giving

# A maintenance dose: the last one on 4 March, so nothing before 18 March, and a window from 27 June to 18 July.
PLAN = Plan(
    mg=Decimal("12.00"),
    ml=Decimal("5.00"),
    previous_on=date(2026, 3, 4),
    floor=date(2026, 3, 18),
    opens=date(2026, 6, 27),
    closes=date(2026, 7, 18),
)
# A loading dose: the window opens on the floor itself.
LOADING = replace(PLAN, opens=date(2026, 3, 18), closes=date(2026, 3, 25))
FIRST = replace(PLAN, previous_on=None, floor=None, opens=date(2026, 1, 5), closes=date(2026, 1, 12))
UNPLANNED = replace(FIRST, opens=None, closes=None)
TARGET = date(2026, 7, 4)
DAY = timedelta(days=1)


def asked(
    plan: Plan = PLAN,
    *,
    given_on: date = TARGET,
    mg: str = "12",
    ml: str | None = "5",
    expires: date | None = TARGET,
    held: bool = False,
) -> tuple[Caution, ...]:
    volume = None if ml is None else Decimal(ml)
    return giving(plan, given_on=given_on, mg=Decimal(mg), ml=volume, vial_expires_on=expires, held=held)


def codes(cautions: tuple[Caution, ...]) -> list[str]:
    return [caution.code for caution in cautions]


def only(cautions: tuple[Caution, ...]) -> str:
    (caution,) = cautions
    return caution.text


class TestGiving:
    def test_a_dose_as_planned_asks_nothing(self) -> None:
        assert asked() == ()

    def test_twelve_is_twelve_however_many_zeros_follow(self) -> None:
        assert asked(mg="12.0", ml="5.000") == ()

    @pytest.mark.parametrize(
        ("given_on", "found"),
        [
            (date(2026, 3, 3), ["before_last_dose"]),
            (date(2026, 3, 4), ["interval_short"]),
            (date(2026, 3, 17), ["interval_short"]),
            (date(2026, 3, 18), ["before_window"]),
            (date(2026, 6, 26), ["before_window"]),
            (date(2026, 6, 27), []),
            (date(2026, 7, 18), []),
            (date(2026, 7, 19), []),
        ],
    )
    def test_the_day_is_asked_about_once_by_where_it_lies(self, given_on: date, found: list[str]) -> None:
        assert codes(asked(given_on=given_on, expires=date(2027, 1, 1))) == found

    def test_a_loading_dose_on_its_earliest_safe_day_asks_nothing(self) -> None:
        assert asked(LOADING, given_on=date(2026, 3, 18)) == ()
        assert codes(asked(LOADING, given_on=date(2026, 3, 17))) == ["interval_short"]

    def test_the_first_dose_is_asked_about_before_its_planned_day_only(self) -> None:
        assert codes(asked(FIRST, given_on=date(2026, 1, 4))) == ["before_window"]
        assert asked(FIRST, given_on=date(2026, 1, 5)) == ()

    def test_a_dose_without_any_plan_is_not_asked_about_by_its_day(self) -> None:
        assert asked(UNPLANNED, given_on=date(2020, 1, 1)) == ()

    def test_a_short_interval_says_how_short_and_until_when(self) -> None:
        assert only(asked(given_on=date(2026, 3, 17))) == (
            "Only 13 days after the last dose on 4 Mar 2026; the earliest safe day is 18 Mar 2026."
        )

    @pytest.mark.parametrize(("days", "said"), [(0, "Only 0 days"), (1, "Only 1 day after"), (2, "Only 2 days after")])
    def test_one_day_is_not_one_days(self, days: int, said: str) -> None:
        assert only(asked(given_on=date(2026, 3, 4) + days * DAY)).startswith(said)

    def test_a_day_before_the_last_dose_says_that_the_series_is_counted_anew(self) -> None:
        assert only(asked(given_on=date(2026, 3, 3))) == (
            "3 Mar 2026 is before the last recorded dose, on 4 Mar 2026; the series will be counted anew from this day."
        )

    @pytest.mark.parametrize(
        ("mg", "found"), [("11.99", ["amount_differs"]), ("12", []), ("12.01", ["amount_differs"])]
    )
    def test_another_amount_than_planned_is_asked_about(self, mg: str, found: list[str]) -> None:
        assert codes(asked(mg=mg)) == found

    def test_amounts_are_written_without_zeros_or_exponents(self) -> None:
        assert only(asked(mg="50.00")) == "50 mg was entered; the schedule says 12 mg."
        assert only(asked(replace(PLAN, mg=Decimal(50)), mg="12.50")) == (
            "12.5 mg was entered; the schedule says 50 mg."
        )

    @pytest.mark.parametrize(("ml", "found"), [("4.99", ["volume_differs"]), ("5", []), ("5.01", ["volume_differs"])])
    def test_another_volume_than_planned_is_asked_about(self, ml: str, found: list[str]) -> None:
        assert codes(asked(ml=ml)) == found

    def test_a_volume_that_nobody_knows_is_not_asked_about(self) -> None:
        assert asked(ml=None) == ()

    def test_another_volume_says_both(self) -> None:
        assert only(asked(ml="4.5")) == "4.5 mL was entered; a dose is 5 mL."

    def test_a_vial_may_be_used_on_its_last_day_and_not_after(self) -> None:
        assert asked(expires=TARGET) == ()
        assert only(asked(expires=TARGET - DAY)) == "The vial had expired on 3 Jul 2026, before the dose was given."

    def test_a_vial_without_a_known_expiry_is_not_asked_about(self) -> None:
        assert asked(expires=None) == ()

    def test_a_course_on_hold_is_asked_about(self) -> None:
        assert only(asked(held=True)) == "The course is on hold."

    def test_everything_is_asked_at_once_in_the_order_of_the_form(self) -> None:
        found = asked(given_on=date(2026, 3, 5), mg="28", ml="4", expires=date(2026, 3, 4), held=True)
        assert codes(found) == ["interval_short", "amount_differs", "volume_differs", "vial_expired", "on_hold"]


class TestBooking:
    @pytest.mark.parametrize(
        ("on", "found"),
        [
            (date(2026, 6, 26), ["before_window"]),
            (date(2026, 6, 27), []),
            (date(2026, 7, 18), []),
            (date(2026, 7, 19), ["after_window"]),
        ],
    )
    def test_a_day_outside_the_window_is_asked_about(self, on: date, found: list[str]) -> None:
        assert codes(booking(PLAN, on=on, crosses_band=False, held=False)) == found

    def test_the_sentences_name_the_day_and_the_window(self) -> None:
        early = booking(PLAN, on=date(2026, 6, 26), crosses_band=False, held=False)
        late = booking(PLAN, on=date(2026, 7, 19), crosses_band=False, held=False)
        assert only(early) == "26 Jun 2026 is before the window opens on 27 Jun 2026."
        assert only(late) == "19 Jul 2026 is after the window closes on 18 Jul 2026."

    def test_a_dose_without_a_window_is_booked_on_any_day(self) -> None:
        assert booking(UNPLANNED, on=TARGET, crosses_band=False, held=False) == ()

    def test_a_boundary_of_the_late_dose_rules_is_asked_about_beside_the_window(self) -> None:
        found = booking(PLAN, on=date(2026, 11, 4), crosses_band=True, held=False)
        assert codes(found) == ["after_window", "band_crossing"]
        said = "On 4 Nov 2026 more doses will be called for than today: "
        assert found[1].text == f"{said}a boundary of the label's late-dose rules lies before it."

    def test_a_course_on_hold_is_asked_about(self) -> None:
        assert codes(booking(PLAN, on=TARGET, crosses_band=False, held=True)) == ["on_hold"]


days = st.dates(date(2025, 1, 1), date(2028, 12, 31))
amounts = st.decimals(0, 100, places=2)
plans = st.sampled_from([PLAN, LOADING, FIRST, UNPLANNED])


@given(plans, days, amounts, st.none() | amounts, st.none() | days, st.booleans())
def test_whatever_is_entered_each_question_is_known_and_asked_once(
    plan: Plan, given_on: date, mg: Decimal, ml: Decimal | None, expires: date | None, held: bool
) -> None:
    found = codes(giving(plan, given_on=given_on, mg=mg, ml=ml, vial_expires_on=expires, held=held))
    assert len(found) == len(set(found))
    assert set(found) <= set(CODES)


@given(plans, days, amounts, amounts)
def test_two_different_amounts_are_never_confirmed_by_the_same_sentence(
    plan: Plan, given_on: date, one: Decimal, other: Decimal
) -> None:
    def said(mg: Decimal) -> set[str]:
        found = giving(plan, given_on=given_on, mg=mg, ml=None, vial_expires_on=None, held=False)
        return {caution.text for caution in found if caution.code == "amount_differs"}

    assert one == other or not said(one) & said(other)
