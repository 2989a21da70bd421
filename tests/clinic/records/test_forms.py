"""A form's key counts once, for one person, one action and one record."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django import forms
from django.core import signing

from clinic.patients.models import Measurement, Patient
from clinic.records import writing
from clinic.records.forms import Once, OnceForm, VersionedForm
from clinic.records.writing import AlreadySubmitted
from tests.factories import AT, BY

ONCE = Once(user_id=7, action="patients:register", subject="site 1")
REFUSED = "opened by somebody else or for another record"


class WeightForm(OnceForm):
    weight_kg = forms.DecimalField()


class RenamingForm(VersionedForm):
    name = forms.CharField()


def sent(token: str, **facts: Any) -> WeightForm:
    return WeightForm({"submission": token, "weight_kg": "18"} | facts, once=ONCE)


class TestKeys:
    def test_a_key_comes_back_as_it_was_issued(self) -> None:
        token = ONCE.issue()
        assert ONCE.read(token) == ONCE.read(token)
        assert isinstance(ONCE.read(token), uuid.UUID)

    def test_every_page_has_a_key_of_its_own(self) -> None:
        assert len({ONCE.read(ONCE.issue()) for _ in range(100)}) == 100

    @pytest.mark.parametrize(
        "other",
        [
            replace(ONCE, user_id=8),
            replace(ONCE, action="patients:correct"),
            replace(ONCE, subject="site 2"),
            replace(ONCE, subject=""),
        ],
        ids=["person", "action", "record", "no record"],
    )
    def test_a_key_made_for_another_purpose_is_refused(self, other: Once) -> None:
        with pytest.raises(signing.BadSignature, match="another person, action or record"):
            ONCE.read(other.issue())

    def test_what_it_is_bound_to_cannot_be_shifted_between_its_parts(self) -> None:
        one, other = Once(1, "a", "b c"), Once(1, "a b", "c")
        with pytest.raises(signing.BadSignature):
            other.read(one.issue())

    @pytest.mark.parametrize("place", [0, 10, -1])
    def test_a_key_with_one_letter_changed_is_refused(self, place: int) -> None:
        token = ONCE.issue()
        letters = list(token)
        letters[place] = "A" if letters[place] != "A" else "B"
        with pytest.raises(signing.BadSignature):
            ONCE.read("".join(letters))

    @pytest.mark.parametrize("token", ["", "none", "a:b", "a:b:c", ":::", "é:é:é", "0" * 5000])
    def test_what_is_no_key_is_refused(self, token: str) -> None:
        with pytest.raises(signing.BadSignature):
            ONCE.read(token)

    def test_a_signature_made_for_another_use_of_the_secret_is_refused(self) -> None:
        made = signing.dumps([uuid.uuid4().hex, 7, "patients:register", "site 1"], salt="another")
        with pytest.raises(signing.BadSignature):
            ONCE.read(made)


class TestOnceForm:
    def test_an_empty_form_carries_a_fresh_key(self) -> None:
        first, second = (WeightForm(once=ONCE)["submission"].value() for _ in range(2))
        assert ONCE.read(first) != ONCE.read(second)

    def test_one_page_shows_one_key_however_often_it_is_asked(self) -> None:
        form = WeightForm(once=ONCE)
        assert form["submission"].value() == form["submission"].value()

    def test_the_key_is_hidden_on_the_page(self) -> None:
        assert [field.name for field in WeightForm(once=ONCE).hidden_fields()] == ["submission"]

    def test_the_key_sent_back_is_in_the_cleaned_data(self) -> None:
        token = ONCE.issue()
        form = sent(token)
        assert form.is_valid()
        assert form.cleaned_data["submission"] == ONCE.read(token)

    def test_a_page_with_a_mistake_in_it_comes_back_with_the_same_key(self) -> None:
        token = ONCE.issue()
        form = sent(token, weight_kg="heavy")
        assert not form.is_valid()
        assert list(form.errors) == ["weight_kg"]
        assert form["submission"].value() == token

    @pytest.mark.parametrize("token", [replace(ONCE, user_id=8).issue(), ONCE.issue() + "A", "none"])
    def test_a_foreign_or_broken_key_is_refused_with_a_sentence(self, token: str) -> None:
        form = sent(token)
        assert not form.is_valid()
        assert REFUSED in form.errors["submission"][0]

    @pytest.mark.parametrize("data", [{}, {"submission": ""}, {"submission": "a\0b"}])
    def test_without_a_key_nothing_is_saved(self, data: dict[str, str]) -> None:
        form = WeightForm({"weight_kg": "18"} | data, once=ONCE)
        assert not form.is_valid()
        assert list(form.errors) == ["submission"]

    def test_a_key_sent_again_is_valid_and_makes_no_second_row(self, patient: Patient) -> None:
        token = ONCE.issue()

        def save(form: WeightForm) -> Measurement:
            assert form.is_valid()
            row = Measurement(patient=patient, measured_on=AT.date(), weight_kg=form.cleaned_data["weight_kg"])
            return writing.add(row, event="patients.measured", by=BY, at=AT, submission=form.cleaned_data["submission"])

        first = save(sent(token))
        with pytest.raises(AlreadySubmitted) as told:
            save(sent(token, weight_kg="19"))
        assert told.value.record == first
        assert Measurement.objects.get().weight_kg == 18


class TestVersionedForm:
    @pytest.mark.parametrize(
        ("version", "valid"), [("1", True), ("0", False), ("-1", False), ("", False), ("x", False)]
    )
    def test_a_version_is_a_number_from_one_up(self, version: str, valid: bool) -> None:
        form = RenamingForm({"version": version, "name": "Ana"})
        assert form.is_valid() is valid
        assert set(form.errors) == (set() if valid else {"version"})

    def test_the_version_is_a_whole_number_and_hidden(self) -> None:
        form = RenamingForm({"version": "3", "name": "Ana"})
        assert form.is_valid()
        assert form.cleaned_data["version"] == 3
        assert [field.name for field in form.hidden_fields()] == ["version"]
