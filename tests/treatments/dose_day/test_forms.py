"""What the forms of the dose day take and refuse before any service is asked."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.records.forms import Once
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from treatments.dose_day import forms
from treatments.dose_day.queries import VialChoice
from treatments.rules.dose_day import CHECKS

LONDON = ZoneInfo("Europe/London")
ONCE = Once(user_id=1, action="test", subject="one")
VIAL = VialChoice(uuid4(), "Lot AB12", is_chosen=True)


class TestGive:
    @pytest.fixture
    def values(self, site: Site) -> dict[str, Any]:
        self.site, self.nurse = site, factories.user(Role.NURSE, site=site)
        return {
            "submission": ONCE.issue(),
            "vial": "other",
            "lot": " nf2610 ",
            "vial_expires_on": "2027-01-31",
            "mg": "12",
            "ml": "5",
            "given_on": "2026-07-04",
            "given_time": "09:30",
            "performer": self.nurse.pk,
        }

    def form(self, values: dict[str, Any]) -> forms.GiveForm:
        return forms.GiveForm(values, vials=[VIAL], performers=[self.nurse], site=self.site, once=ONCE)

    def test_day_and_time_become_one_instant(self, values: dict[str, Any]) -> None:
        form = self.form(values)
        assert form.is_valid()
        assert form.cleaned_data["given_at"] == datetime(2026, 7, 4, 8, 30, tzinfo=UTC)
        assert form.cleaned_data["ended_at"] is None
        assert form.cleaned_data["lot"] == "nf2610"

    def test_the_end_is_read_on_the_same_day(self, values: dict[str, Any]) -> None:
        form = self.form(values | {"ended_time": "09:32"})
        assert form.is_valid()
        assert form.cleaned_data["ended_at"] == datetime(2026, 7, 4, 8, 32, tzinfo=UTC)

    @pytest.mark.parametrize("missing", ["given_on", "given_time"])
    def test_half_an_instant_is_none(self, values: dict[str, Any], missing: str) -> None:
        form = self.form(values | {missing: ""})
        assert list(form.errors) == [missing]
        assert form.cleaned_data["given_at"] is None

    @pytest.mark.parametrize("name", ["given_time", "ended_time"])
    def test_a_time_that_never_was_is_told_at_the_time(self, values: dict[str, Any], name: str) -> None:
        form = self.form(values | {"given_on": "2026-03-29", "given_time": "00:30", name: "01:30"})
        assert form.errors == {name: ["The clocks went forward on that day; there was no 01:30."]}

    def test_somebody_who_is_not_offered_is_refused(self, values: dict[str, Any], other_site: Site) -> None:
        foreign = factories.user(Role.NURSE, site=other_site)
        assert self.form(values | {"performer": foreign.pk}).errors == {"performer": ["Choose somebody of this site."]}

    def test_a_key_is_asked_for(self, values: dict[str, Any]) -> None:
        assert "submission" in self.form(values | {"submission": "made-up"}).errors

    def test_a_vial_of_the_list_needs_neither_lot_nor_expiry(self, values: dict[str, Any]) -> None:
        assert self.form(values | {"vial": str(VIAL.id), "lot": "", "vial_expires_on": ""}).is_valid()

    def test_another_vial_needs_both(self, values: dict[str, Any]) -> None:
        assert set(self.form(values | {"lot": "", "vial_expires_on": ""}).errors) == {"lot", "vial_expires_on"}

    def test_a_vial_that_is_not_offered_is_refused(self, values: dict[str, Any]) -> None:
        said = self.form(values | {"vial": str(uuid4()), "lot": ""}).errors
        assert said == {"vial": ["This vial cannot be chosen any more; choose another."]}

    @pytest.mark.parametrize(("csf", "fits"), [("-0.1", False), ("0", True), ("50", True), ("50.1", False)])
    def test_what_is_removed_lies_between_nothing_and_fifty(self, values: dict[str, Any], csf: str, fits: bool) -> None:
        assert ("csf_ml" not in self.form(values | {"csf_ml": csf}).errors) is fits

    def test_an_unknown_complication_is_refused(self, values: dict[str, Any]) -> None:
        assert "complications" in self.form(values | {"complications": ["nothing"]}).errors


class TestNotGiven:
    @pytest.fixture
    def values(self, site: Site) -> dict[str, Any]:
        self.site = site
        return {
            "submission": ONCE.issue(),
            "outcome": "not_done",
            "on": "2026-07-04",
            "reason": "infection",
            "vial": "none",
            "next_step": "rebook",
        }

    def errors(self, values: dict[str, Any]) -> dict[str, Any]:
        form = forms.NotGivenForm(values, vials=[VIAL], performers=[], site=self.site, once=ONCE)
        return dict(form.errors)

    def test_nothing_more_is_needed(self, values: dict[str, Any]) -> None:
        assert self.errors(values) == {}

    @pytest.mark.parametrize("missing", ["outcome", "reason", "vial", "next_step", "on"])
    def test_what_happened_the_vial_and_what_happens_next_are_asked(self, values: dict[str, Any], missing: str) -> None:
        assert list(self.errors(values | {missing: ""})) == [missing]

    def test_part_of_a_dose_came_out_of_a_vial(self, values: dict[str, Any]) -> None:
        partly = {"outcome": "partial", "mg": "6"}
        assert list(self.errors(values | partly)) == ["vial"]
        assert self.errors(values | partly | {"vial": str(VIAL.id)}) == {}

    def test_another_vial_is_named_by_its_lot(self, values: dict[str, Any]) -> None:
        assert list(self.errors(values | {"vial": "other"})) == ["lot"]
        assert self.errors(values | {"vial": "other", "lot": "ELSE"}) == {}


class TestTheChecklist:
    def form(self, **said: str) -> forms.ChecklistForm:
        fine = {check.key: check.options[0].key for check in CHECKS}
        return forms.ChecklistForm({"submission": ONCE.issue()} | fine | said, checks=CHECKS, vials=[VIAL], once=ONCE)

    def test_every_question_answered_is_enough(self) -> None:
        form = self.form()
        assert form.is_valid()
        assert {key: said.option for key, said in form.said().items()} == {
            check.key: check.options[0].key for check in CHECKS
        }

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.key)
    def test_no_question_is_left_out(self, check: Any) -> None:
        assert self.form(**{check.key: ""}).errors == {check.key: [f"{check.question}: choose an answer."]}

    @given(st.sampled_from([(check, option) for check in CHECKS for option in check.options]), st.booleans())
    def test_a_word_is_asked_for_exactly_where_an_answer_gives_to_think(self, chosen: Any, noted: bool) -> None:
        check, option = chosen
        form = self.form(**{check.key: option.key, f"{check.key}_note": "Seen" if noted else "  "})
        assert form.is_valid() is (option.is_fine or noted)
        assert set(form.errors) <= {f"{check.key}_note"}


class TestAnObservation:
    DAY = date(2026, 7, 4)

    def form(self, **typed: str) -> forms.ObservationForm:
        return forms.ObservationForm(
            {"submission": ONCE.issue(), "time": "13:00"} | typed, day=self.DAY, zone=LONDON, once=ONCE
        )

    def test_the_time_is_read_on_the_day_in_the_sites_zone(self) -> None:
        form = self.form(pulse="88")
        assert form.is_valid()
        assert form.cleaned_data["at"] == datetime(2026, 7, 4, 12, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("name", "below", "lowest", "highest", "above"),
        [
            ("pulse", "19", "20", "300", "301"),
            ("saturation", "29", "30", "100", "101"),
            ("temperature", "29.9", "30", "45", "45.1"),
            ("pain", "-1", "0", "10", "11"),
        ],
    )
    def test_a_figure_that_cannot_be_is_refused(
        self, name: str, below: str, lowest: str, highest: str, above: str
    ) -> None:
        fits = {figure: name not in self.form(**{name: figure}).errors for figure in (below, lowest, highest, above)}
        assert fits == {below: False, lowest: True, highest: True, above: False}

    @pytest.mark.parametrize(("upper", "lower", "at"), [("120", "", "diastolic"), ("", "70", "systolic")])
    def test_half_a_blood_pressure_is_asked_for_the_other_half(self, upper: str, lower: str, at: str) -> None:
        assert self.form(systolic=upper, diastolic=lower).errors == {at: ["Enter both values of the blood pressure."]}

    @pytest.mark.parametrize(("lower", "fits"), [("119", True), ("120", False), ("121", False)])
    def test_the_upper_value_lies_above_the_lower(self, lower: str, fits: bool) -> None:
        assert ("diastolic" not in self.form(systolic="120", diastolic=lower).errors) is fits


class TestGoingHome:
    def form(self, *, booked: bool = True, **typed: str) -> forms.HomeForm:
        values = {"left_on": "2026-07-04", "left_time": "15:00", "advice_to": "The mother", "call_on": "2026-07-06"}
        return forms.HomeForm(
            {"submission": ONCE.issue()} | values | typed, zone=LONDON, next_is_booked=booked, once=ONCE
        )

    def test_day_and_time_become_one_instant(self) -> None:
        form = self.form()
        assert form.is_valid()
        assert form.cleaned_data["left_at"] == datetime(2026, 7, 4, 14, 0, tzinfo=UTC)

    @pytest.mark.parametrize("missing", ["left_on", "left_time", "advice_to", "call_on"])
    def test_when_who_was_advised_and_when_to_call_are_asked(self, missing: str) -> None:
        assert list(self.form(booked=True, **{missing: ""}).errors) == [missing]

    @pytest.mark.parametrize("booked", [True, False])
    def test_the_reason_for_no_next_date_is_asked_only_where_there_is_none(self, booked: bool) -> None:
        assert self.form(booked=booked)["no_booking_reason"].is_hidden is booked
        assert ("no_booking_reason" in self.form(booked=booked).errors) is not booked
        assert self.form(booked=booked, no_booking_reason="No rota yet").is_valid()


class TestACall:
    def form(self, **typed: Any) -> forms.CallForm:
        return forms.CallForm({"submission": ONCE.issue()} | typed, once=ONCE)

    def test_what_came_of_it_is_asked(self) -> None:
        assert list(self.form().errors) == ["outcome"]

    @pytest.mark.parametrize(
        ("outcome", "asks"),
        [("well", False), ("symptoms", False), ("message", True), ("no_answer", True), ("given_up", False)],
    )
    def test_another_day_is_asked_for_exactly_when_nobody_was_reached(self, outcome: str, asks: bool) -> None:
        assert ("again_on" in self.form(outcome=outcome, note="Said so").errors) is asks

    @pytest.mark.parametrize("outcome", ["well", "message", "no_answer", "given_up"])
    def test_symptoms_belong_to_a_call_with_something_to_report(self, outcome: str) -> None:
        assert "symptoms" in self.form(outcome=outcome, again_on="2026-07-07", symptoms=["fever"]).errors

    def test_several_symptoms_are_taken(self) -> None:
        form = self.form(outcome="symptoms", symptoms=["fever", "headache"])
        assert form.is_valid()
        assert form.cleaned_data["symptoms"] == ["fever", "headache"]
