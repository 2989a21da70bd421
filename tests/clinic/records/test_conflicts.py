"""Two people change one record: the second sees both versions, and keeps what was typed."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template.loader import render_to_string

from clinic.patients.models import Measurement, Patient
from clinic.records import writing
from clinic.records.conflicts import Conflict, Row, conflict
from clinic.records.forms import VersionedForm
from clinic.records.writing import StaleRecord
from clinic.staff.models import Site
from tests.factories import AT, BY


class PersonForm(VersionedForm):
    given_name = forms.CharField()
    family_name = forms.CharField()
    born_on = forms.DateField(label="Date of birth")
    sex = forms.ChoiceField(choices=[("female", "Female"), ("male", "Male")])
    reason = forms.CharField(required=False)


@pytest.fixture
def patient(site: Site) -> Patient:
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    return writing.add(row, event="patients.registered", by=BY, at=AT)


def typed(**facts: Any) -> PersonForm:
    values = {"version": 1, "given_name": "Ana", "family_name": "Berg", "born_on": "2020-05-17", "sex": "female"}
    form = PersonForm(values | facts)
    assert form.is_valid(), form.errors
    return form


def lost(patient: Patient, **values: Any) -> StaleRecord:
    """Let somebody else change the patient, then return what the second writer is told."""
    writing.change(patient, event="patients.corrected", by=BY, at=AT, **values)
    with pytest.raises(StaleRecord) as told:
        writing.change(patient, event="patients.corrected", by=BY, at=AT, expected=1, sex="male")
    return told.value


def test_each_field_is_shown_as_typed_and_as_stored_in_words(patient: Patient) -> None:
    shown = conflict(typed(born_on="2020-05-07", sex="male"), lost(patient, given_name="Anna"))
    assert shown.rows == (
        Row("Given name", "Ana", "Anna"),
        Row("Family name", "Berg", "Berg"),
        Row("Date of birth", "7 May 2020", "17 May 2020"),
        Row("Sex", "Male", "Female"),
    )


def test_only_the_fields_on_which_the_two_disagree_are_pointed_out(patient: Patient) -> None:
    shown = conflict(typed(sex="male"), lost(patient, given_name="Anna"))
    assert [row.label for row in shown.differing] == ["Given name", "Sex"]
    assert not shown.settled


def test_the_form_comes_back_with_the_current_version_and_everything_typed(patient: Patient) -> None:
    form = typed(given_name="Åna")
    conflict(form, lost(patient, sex="male"))
    assert (form["version"].value(), form["given_name"].value()) == ("2", "Åna")


def test_a_prefixed_form_gets_its_version_too(patient: Patient) -> None:
    form = PersonForm({"p-version": "1", "p-given_name": "Åna"}, prefix="p")
    form.is_valid()
    conflict(form, lost(patient, sex="male"))
    assert form["version"].value() == "2"


def test_what_was_typed_twice_alike_is_settled(patient: Patient) -> None:
    assert conflict(typed(given_name="Anna"), lost(patient, given_name="Anna")).settled


def test_a_voided_record_is_never_settled_and_says_why(patient: Patient) -> None:
    writing.void(patient, event="patients.voided", by=BY, at=AT, reason="Entered twice")
    shown = conflict(typed(), StaleRecord(Patient.objects.get(pk=patient.pk)))
    assert shown.void_reason == "Entered twice"
    assert not shown.settled


def test_who_saved_last_is_named_as_the_trail_names_them(patient: Patient) -> None:
    assert conflict(typed(), lost(patient, sex="male")).changed_by == "test stage"


def test_a_record_without_a_trail_names_nobody(site: Site) -> None:
    unsaved = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    assert conflict(typed(), StaleRecord(unsaved)).changed_by == ""


def test_a_field_may_stand_under_another_name_in_the_record(patient: Patient) -> None:
    class MovedForm(VersionedForm):
        on = forms.DateField(label="Day")

    form = MovedForm({"version": 1, "on": "2020-05-18"})
    assert form.is_valid()
    shown = conflict(form, lost(patient, sex="male"), names={"on": "born_on"})
    assert shown.rows == (Row("Day", "18 May 2020", "17 May 2020"),)


class MeasuredForm(VersionedForm):
    measured_on = forms.DateField(required=False)
    weight_kg = forms.DecimalField(required=False)


def test_what_is_missing_says_so_and_decimals_lose_their_trailing_zeros(patient: Patient) -> None:
    row = Measurement(patient=patient, measured_on=date(2026, 1, 5), weight_kg=Decimal("12.50"))
    row = writing.add(row, event="patients.measured", by=BY, at=AT)
    form = MeasuredForm({"version": 1})
    assert form.is_valid()
    assert conflict(form, StaleRecord(row)).rows == (
        Row("Measured on", "not recorded", "5 Jan 2026"),
        Row("Weight kg", "not recorded", "12.5"),
    )


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        pytest.param(True, forms.BooleanField(), "Yes", id="yes"),
        pytest.param(False, forms.BooleanField(), "No", id="no"),
        pytest.param(time(9, 5), forms.TimeField(), "09:05", id="time"),
        pytest.param(
            datetime(2026, 7, 4, 23, 30, tzinfo=UTC), forms.DateTimeField(), "5 Jul 2026, 00:30", id="instant"
        ),
        pytest.param(["a", "b"], forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")]), "A, B", id="several"),
        pytest.param([], forms.MultipleChoiceField(choices=[("a", "A")]), "not recorded", id="none of several"),
        pytest.param(Decimal("0.50"), forms.DecimalField(), "0.5", id="decimal"),
    ],
)
def test_values_are_written_as_pages_write_them(value: Any, field: forms.Field, words: str, db: None) -> None:
    class AnyForm(VersionedForm):
        thing = field

    stored = Patient()
    vars(stored)["thing"] = value
    form = AnyForm({"version": "1"})
    form.is_valid()
    (row,) = conflict(form, StaleRecord(stored), zone=ZoneInfo("Europe/London")).rows
    assert row.stored == words


def test_a_chosen_record_is_written_by_its_name(site: Site, db: None) -> None:
    class SiteForm(VersionedForm):
        site = forms.ModelChoiceField(Site.objects.order_by("name"))

    form = SiteForm({"version": 1, "site": str(site.pk)})
    assert form.is_valid()
    (row,) = conflict(form, StaleRecord(Patient(site=site))).rows
    assert (row.yours, row.stored) == ("Northfield", "Northfield")


def render(shown: Conflict | None) -> str:
    return " ".join(render_to_string("components/conflict.html", {"conflict": shown}).split())


def test_the_component_shows_both_versions_and_who_was_first() -> None:
    text = render(Conflict("Nora <Nurse>", (Row("Sex", "Male", "Female"), Row("Name", "Ana", "Ana")), ""))
    assert "Nora &lt;Nurse&gt; changed this record" in text
    assert '<th scope="row">Sex</th><td class="after">Male</td><td>Female</td>' in text
    assert "Ana" not in text


def test_the_component_says_why_a_voided_record_takes_no_more() -> None:
    text = render(Conflict("", (), "Entered twice"))
    assert "Somebody else voided it while you had it open: Entered twice." in text


def test_without_a_conflict_the_component_shows_nothing() -> None:
    assert render(None) == ""
