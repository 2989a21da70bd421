"""A form begins with the draft, field by field, and with nothing that is about something else."""

from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from clinic.drafts.offering import restore

WARDS = [("a", "Ward A"), ("b", "Ward B"), ("c", "Ward C")]
FRESH: dict[str, Any] = {"note": "usual", "ward": "a", "kind": "a", "told": True, "signs": ["a"], "on": None}


class WardForm(forms.Form):
    submission = forms.CharField(widget=forms.HiddenInput, initial=lambda: "fresh key")
    version = forms.IntegerField(widget=forms.HiddenInput, initial=3)
    matter = forms.CharField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(required=False, widget=forms.Textarea, initial="usual")
    on = forms.DateField(required=False)
    ward = forms.ChoiceField(choices=WARDS, initial="a")
    kind = forms.ChoiceField(choices=WARDS, widget=forms.RadioSelect, initial="a")
    told = forms.BooleanField(required=False, initial=True)
    signs = forms.MultipleChoiceField(choices=WARDS, required=False, widget=forms.CheckboxSelectMultiple, initial=["a"])
    seen = forms.CharField(required=False, widget=forms.HiddenInput, initial="")
    secret_password = forms.CharField(required=False, widget=forms.PasswordInput(render_value=True))


def shown(form: forms.Form) -> dict[str, Any]:
    return {field.name: field.value() for field in form.visible_fields() if field.name != "secret_password"}


def sent(form: forms.Form) -> dict[str, Any]:
    """Return what a form would say of itself if it were sent as it stands."""
    data = MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in shown(form).items()})
    return {name: field.widget.value_from_datadict(data, MultiValueDict(), name) for name, field in form.fields.items()}


def test_every_kind_of_field_begins_with_what_was_typed() -> None:
    form = WardForm()
    typed = {
        "note": ["Two\r\nlines"],
        "on": ["2026-07-"],
        "ward": ["b"],
        "kind": ["c"],
        "told": ["on"],
        "signs": ["b", "c"],
    }
    assert restore(form, typed)
    assert shown(form) == {
        "note": "Two\r\nlines",
        "on": "2026-07-",
        "ward": "b",
        "kind": "c",
        "told": True,
        "signs": ["b", "c"],
    }
    assert not form.errors


def test_a_box_that_is_no_longer_ticked_stays_so_and_the_rest_begins_as_usual() -> None:
    form = WardForm()
    assert restore(form, {"submission": ["k"]})
    assert shown(form) == FRESH | {"told": False, "signs": []}


def test_what_was_emptied_stays_empty() -> None:
    form = WardForm()
    restore(form, {"note": [""]})
    assert shown(form)["note"] == ""


@given(note=st.text(st.characters(codec="utf-8")), signs=st.sets(st.sampled_from("abc")))
def test_whatever_was_typed_is_shown_as_it_was_typed(note: str, signs: set[str]) -> None:
    form = WardForm()
    restore(form, {"note": [note], "signs": sorted(signs)})
    assert (form["note"].value(), form["signs"].value()) == (note, sorted(signs))


def test_the_key_and_the_version_are_those_of_the_draft() -> None:
    form = WardForm()
    restore(form, {"submission": ["old key"], "version": ["2"]})
    assert (form["submission"].value(), form["version"].value()) == ("old key", "2")


def test_a_password_does_not_come_back_even_if_it_was_kept() -> None:
    form = WardForm()
    restore(form, {"secret_password": ["x"]})
    assert form["secret_password"].value() is None


@pytest.mark.parametrize(
    ("begun", "kept", "same"), [("a", "a", True), ("a", "b", False), (None, "", True), ("", "a", False)]
)
def test_a_draft_about_something_else_is_left_alone(begun: str | None, kept: str, same: bool) -> None:
    form = WardForm(initial={"matter": begun})
    assert restore(form, {"matter": [kept], "note": ["typed"]}) is same
    assert form["note"].value() == ("typed" if same else "usual")


def test_a_name_that_the_form_does_not_have_changes_nothing() -> None:
    form = WardForm()
    restore(form, {"stranger": ["x"]})
    assert "stranger" not in form.initial


def test_a_form_with_a_prefix_finds_its_own_fields() -> None:
    form = WardForm(prefix="ward")
    restore(form, {"ward-note": ["typed"], "note": ["other"]})
    assert form["note"].value() == "typed"


def test_a_restored_form_sends_what_the_draft_would_have_sent() -> None:
    typed = QueryDict("note=n&on=2026-07-04&ward=b&kind=c&signs=b&signs=c&told=on")
    first, form = WardForm(typed), WardForm()
    restore(form, dict(typed.lists()))
    assert sent(form) == sent(first)
