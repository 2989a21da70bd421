"""Fields that only repeat other facts are written without a version and without a trail."""

from datetime import date

import pytest

from clinic.audit.models import Entry
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.records.models import DirectWrite
from clinic.staff.models import Site
from tests.factories import AT, BY


@pytest.fixture
def patient(site: Site) -> Patient:
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    return writing.add(row, event="patients.registered", by=BY, at=AT)


def test_a_derived_field_is_written_in_the_database_and_on_the_row(patient: Patient) -> None:
    writing.derive(patient, search_text=" ana berg")
    assert patient.search_text == Patient.objects.get(pk=patient.pk).search_text == " ana berg"


def test_deriving_raises_no_version_and_leaves_no_entry(patient: Patient) -> None:
    before = Entry.objects.count()
    writing.derive(patient, search_text=" ana berg")
    assert Patient.objects.get(pk=patient.pk).version == 1
    assert Entry.objects.count() == before


def test_a_form_opened_before_a_derivation_is_not_stale(patient: Patient) -> None:
    writing.derive(patient, search_text=" ana berg")
    changed = writing.change(patient, event="patients.corrected", by=BY, at=AT, expected=1, given_name="Anna")
    assert changed.version == 2


def test_a_fact_of_the_rows_own_cannot_be_written_that_way(patient: Patient) -> None:
    with pytest.raises(DirectWrite, match="given_name: not derived"):
        writing.derive(patient, given_name="Anna", search_text=" anna")
    assert Patient.objects.get(pk=patient.pk).given_name == "Ana"


def test_the_trail_does_not_hold_what_is_derived(patient: Patient) -> None:
    entry = Entry.objects.get(event="patients.registered")
    assert "given_name" in entry.changes
    assert not {"search_text", "sort_name"} & set(entry.changes)
