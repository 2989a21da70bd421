"""The dose day's rules: what is asked of whom, what must be confirmed of a record, and when somebody leaves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules import dose_day as rules
from treatments.rules.cautions import CODES
from treatments.rules.dose_day import CHECKS, PREGNANCY, Check, Checked, Person, Said

TODAY = date(2026, 7, 4)
NOON = datetime(2026, 7, 4, 12, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def born(years: int, *, days: int = 0) -> Person:
    """Return somebody who turns so many years old today, or some days after."""
    return Person(TODAY.replace(year=TODAY.year - years) + timedelta(days=days), may_be_pregnant=True)


def fine(asked: tuple[Check, ...] = CHECKS) -> dict[str, Said]:
    """Return the first answer to each question; it is fine."""
    return {check.key: Said(check.options[0].key) for check in asked}


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("person", "asked"),
        [
            (born(10, days=1), False),
            (born(10), True),
            (born(55), True),
            (born(56, days=1), True),
            (born(56), False),
            (Person(date(1996, 7, 4), may_be_pregnant=False), False),
        ],
        ids=[
            "the day before ten",
            "ten today",
            "fifty-five today",
            "last day of fifty-five",
            "fifty-six today",
            "male",
        ],
    )
    def test_pregnancy_is_asked_about_from_the_tenth_birthday_to_the_day_before_the_fifty_sixth(
        self, person: Person, asked: bool
    ) -> None:
        assert (PREGNANCY in rules.asked_of(person, TODAY)) is asked

    @pytest.mark.parametrize(
        ("on", "asked"), [(date(2026, 2, 28), False), (date(2026, 3, 1), True)], ids=["28 February", "1 March"]
    )
    def test_whoever_was_born_on_a_leap_day_is_ten_on_the_first_of_march(self, on: date, asked: bool) -> None:
        assert (PREGNANCY in rules.asked_of(Person(date(2016, 2, 29), may_be_pregnant=True), on)) is asked

    def test_everything_else_is_asked_of_everybody_in_one_order(self) -> None:
        of_all = [check.key for check in CHECKS if check is not PREGNANCY]
        assert [check.key for check in rules.asked_of(born(2), TODAY)] == of_all
        assert [check.key for check in rules.asked_of(born(30), TODAY)] == [*of_all, "pregnancy"]

    def test_every_question_has_one_key_and_an_answer_that_is_fine_and_one_that_is_not(self) -> None:
        assert len({check.key for check in CHECKS}) == len(CHECKS)
        for check in CHECKS:
            assert {option.is_fine for option in check.options} == {True, False}, check.key
            assert len({option.key for option in check.options}) == len(check.options), check.key

    def test_an_answer_is_found_by_its_key_and_a_strange_one_is_none(self) -> None:
        found = PREGNANCY.option("yes")
        assert found is not None
        assert (found.label, found.is_fine) == ("Pregnant", False)
        assert PREGNANCY.option("perhaps") is None


class TestTheAnswers:
    def test_nothing_is_missing_or_worrying_where_every_answer_is_fine(self) -> None:
        assert rules.missing(CHECKS, fine()) == rules.concerns(CHECKS, fine()) == ()
        assert rules.unexplained(CHECKS, fine()) == ()

    def test_what_has_no_answer_or_a_strange_one_is_missing_in_the_order_of_the_list(self) -> None:
        answers = fine() | {"consent": Said("perhaps")}
        del answers["identity"]
        assert [check.key for check in rules.missing(CHECKS, answers)] == ["identity", "consent"]

    def test_what_was_not_asked_is_not_missing(self) -> None:
        asked = rules.asked_of(born(2), TODAY)
        assert rules.missing(asked, fine(asked)) == ()

    @pytest.mark.parametrize(
        ("key", "answer"), [(check.key, option.key) for check in CHECKS for option in check.options], ids=str
    )
    def test_an_answer_is_a_concern_unless_it_is_fine(self, key: str, answer: str) -> None:
        check = next(check for check in CHECKS if check.key == key)
        option = check.option(answer)
        assert option is not None
        concerns = rules.concerns(CHECKS, fine() | {key: Said(answer)})
        assert concerns == (() if option.is_fine else (check,))

    def test_a_strange_answer_is_a_concern_and_one_that_is_missing_is_none(self) -> None:
        assert rules.concerns(CHECKS, {"consent": Said("perhaps")}) == (rules.CONSENT,)

    @pytest.mark.parametrize(("note", "unexplained"), [("", True), (" \n", True), ("Seen by Dr Berg", False)])
    def test_a_concern_needs_a_word_beside_it(self, note: str, unexplained: bool) -> None:
        answers = fine() | {"infection": Said("present", note)}
        assert rules.unexplained(CHECKS, answers) == ((rules.INFECTION,) if unexplained else ())

    @given(
        said=st.dictionaries(
            st.sampled_from([check.key for check in CHECKS]),
            st.builds(
                Said, st.sampled_from(["none", "present", "given", "not_given", "strange"]), st.sampled_from(["", "x"])
            ),
        )
    )
    def test_whatever_is_said_only_concerns_are_unexplained_and_nothing_is_asked_twice(
        self, said: dict[str, Said]
    ) -> None:
        concerns, missing = set(rules.concerns(CHECKS, said)), set(rules.missing(CHECKS, said))
        assert set(rules.unexplained(CHECKS, said)) <= concerns
        assert all(said[check.key].note == "" for check in rules.unexplained(CHECKS, said))
        # What is neither missing nor a concern has an answer that is fine.
        for check in set(CHECKS) - concerns - missing:
            option = check.option(said[check.key].option)
            assert option is not None
            assert option.is_fine


CHECKED = Checked(TODAY, "L2", Decimal(12), "v1", confirmed=True)


def cautions(checked: Checked | None = CHECKED, **facts: Any) -> list[str]:
    """Return the sentences about a dose that was given as its checklist said, unless said otherwise."""
    values: dict[str, Any] = {"on": TODAY, "label": "L2", "mg": Decimal("12.00"), "vial": "v1"} | facts
    found = rules.cautions(checked, **values)
    assert {caution.code for caution in found} <= set(CODES)
    return [caution.text for caution in found]


class TestWhatMustBeConfirmed:
    def test_nothing_where_two_people_agreed_and_all_was_as_they_said(self) -> None:
        assert cautions() == []

    def test_that_there_is_no_checklist_of_the_day(self) -> None:
        none = ["There is no checklist of 4 Jul 2026 for this dose."]
        assert cautions(None) == none
        assert cautions(Checked(TODAY - timedelta(days=1), "L1", Decimal(6), "", confirmed=True)) == none

    def test_that_nobody_confirmed_it(self) -> None:
        unconfirmed = Checked(TODAY, "L2", Decimal(12), "v1", confirmed=False)
        assert cautions(unconfirmed) == ["No second person confirmed the checklist of 4 Jul 2026."]

    @pytest.mark.parametrize(
        ("facts", "named"),
        [
            ({"label": "L3"}, "dose L3 instead of L2"),
            ({"mg": Decimal("11.9")}, "11.9 mg instead of 12 mg"),
            ({"vial": "v2"}, "another vial"),
            ({"vial": ""}, "another vial"),
            (
                {"label": "L3", "mg": Decimal(28), "vial": "v2"},
                "dose L3 instead of L2, 28 mg instead of 12 mg, another vial",
            ),
        ],
        ids=str,
    )
    def test_whatever_is_not_as_the_checklist_named_it(self, facts: dict[str, Any], named: str) -> None:
        assert cautions(**facts) == [f"What was given is not what the checklist named: {named}."]

    def test_that_a_checklist_nobody_confirmed_named_something_else_besides(self) -> None:
        unconfirmed = Checked(TODAY, "L2", Decimal(12), "", confirmed=False)
        assert len(cautions(unconfirmed)) == 2

    def test_the_lights_that_stood_in_the_way_by_name(self) -> None:
        said = "The dose was given although it was not ready: laboratory results, consent."
        assert cautions(keeping=("laboratory results", "consent")) == [said]

    def test_every_reason_against_the_vial(self) -> None:
        reasons = ("It expires on 3 Jul 2026, before the dose on 4 Jul 2026.", "It holds 28 mg; the dose is 12 mg.")
        assert cautions(vial_unfit=reasons) == [f"This vial should not have been given. {' '.join(reasons)}"]

    def test_that_the_ledger_has_no_such_vial(self) -> None:
        said = "No vial of lot NF26 is free in the ledger; the stock will not change."
        assert cautions(lot_not_in_stock="NF26") == [said]

    @pytest.mark.parametrize(
        ("lasted", "said"),
        [
            (timedelta(0), "less than a minute"),
            (59 * SECOND, "less than a minute"),
            (1 * MINUTE, ""),
            (3 * MINUTE, ""),
            (4 * MINUTE - SECOND, ""),
            (4 * MINUTE, "4 minutes"),
            (61 * MINUTE, "61 minutes"),
        ],
        ids=str,
    )
    def test_an_injection_outside_one_to_three_minutes(self, lasted: timedelta, said: str) -> None:
        wanted = [f"The injection took {said}; the label says 1 to 3 minutes."] if said else []
        assert cautions(started_at=NOON, ended_at=NOON + lasted) == wanted

    def test_nothing_of_an_injection_that_was_not_timed(self) -> None:
        assert cautions(started_at=NOON) == cautions(ended_at=NOON) == []

    def test_each_by_itself_and_all_in_one_order(self) -> None:
        found = rules.cautions(
            None,
            on=TODAY,
            label="L2",
            mg=Decimal(12),
            vial="v1",
            started_at=NOON,
            ended_at=NOON,
            keeping=("consent",),
            vial_unfit=("Expired.",),
            lot_not_in_stock="NF26",
        )
        codes = [caution.code for caution in found]
        assert codes == ["not_checked", "not_ready", "vial_unfit", "vial_not_in_stock", "injection_time"]


class TestLeaving:
    def test_somebody_is_watched_for_the_minutes_of_the_site(self) -> None:
        assert rules.observe_until(NOON, 60) == NOON + timedelta(hours=1)
        assert rules.observe_until(NOON, 0) == NOON

    @pytest.mark.parametrize(
        ("left", "short"),
        [
            (timedelta(0), ""),
            (SECOND, ""),
            (-SECOND, "1 minute"),
            (-MINUTE, "1 minute"),
            (-MINUTE - SECOND, "2 minutes"),
            (-45 * MINUTE, "45 minutes"),
        ],
        ids=str,
    )
    def test_leaving_early_is_said_to_the_minute(self, left: timedelta, short: str) -> None:
        found = rules.leaving(NOON + left, NOON)
        said = [f"The patient left {short} before the observation was to end."] if short else []
        assert [caution.text for caution in found] == said
        assert all(caution.code == "left_early" for caution in found)

    def test_nobody_leaves_early_who_is_not_watched(self) -> None:
        assert rules.leaving(NOON, None) == ()

    def test_the_call_is_counted_in_days_of_the_calendar(self) -> None:
        assert rules.call_on(date(2026, 12, 30), 2) == date(2027, 1, 1)
