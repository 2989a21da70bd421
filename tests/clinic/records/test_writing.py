"""The one way in: versions rise, the trail tells exactly what differs, nothing is lost and nothing is written twice."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.transaction import TransactionManagementError

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Carer, Identifier, Measurement, Patient
from clinic.records import writing
from clinic.records.models import DirectWrite
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY

LATER = AT + timedelta(hours=1)


def newcomer(site: Site, **facts: Any) -> Patient:
    values = {"given_name": "Ana", "family_name": "Berg", "born_on": date(2020, 5, 17), "sex": "female"}
    return Patient(site=site, **(values | facts))


def stored(patient: Patient) -> dict[str, Any]:
    return models.QuerySet(model=Patient).values().get(pk=patient.pk)


def change(patient: Patient, **values: Any) -> Patient:
    return writing.change(patient, event="patients.corrected", by=BY, at=LATER, **values)


class TestAdd:
    def test_a_new_row_begins_at_version_one_and_stands(self, patient: Patient) -> None:
        assert (patient.version, patient.created_at, patient.voided_at, patient.submission) == (1, AT, None, None)

    def test_the_entry_lists_every_fact_that_is_not_empty_and_nothing_of_the_record_itself(
        self, site: Site, patient: Patient
    ) -> None:
        entry = Entry.objects.get(event="patients.registered")
        assert entry.changes == {
            "site": [None, str(site.pk)],
            "given_name": [None, "Ana"],
            "family_name": [None, "Berg"],
            "born_on": [None, "2020-05-17"],
            "sex": [None, "female"],
            "care_status": [None, "active"],
        }
        assert (entry.at, entry.process, entry.patient_id) == (AT, "test stage", patient.pk)

    def test_the_reason_and_the_person_stand_in_the_entry(self, site: Site) -> None:
        nurse = factories.user(Role.NURSE, site=site)
        row = newcomer(site)
        writing.add(row, event="patients.registered", by=person_actor(nurse), at=AT, reason="Twin of another patient")
        entry = Entry.objects.get(target_id=str(row.pk))
        assert (entry.person, entry.reason) == (nurse, "Twin of another patient")

    def test_the_row_comes_back_as_the_database_holds_it(self, patient: Patient) -> None:
        row = Measurement(patient=patient, measured_on=date(2026, 7, 1), weight_kg=18)
        added = writing.add(row, event="patients.measured", by=BY, at=AT)
        assert (type(added.weight_kg), added.weight_kg) == (Decimal, Decimal("18.00"))

    def test_a_zero_is_a_fact_and_an_empty_text_is_none(self, patient: Patient) -> None:
        row = Carer(patient=patient, name="Sam", channel="post")
        writing.add(row, event="patients.carer_added", by=BY, at=AT)
        changes = Entry.objects.get(target_id=str(row.pk)).changes
        assert {"email", "phone", "relationship"} & set(changes) == set()
        assert changes["channel"] == [None, "post"]

    def test_a_form_that_comes_again_finds_the_row_that_it_made(self, site: Site) -> None:
        key = uuid.uuid4()
        first = writing.add(newcomer(site), event="patients.registered", by=BY, at=AT, submission=key)
        entries = Entry.objects.count()
        with pytest.raises(AlreadySubmitted) as told:
            writing.add(newcomer(site, given_name="Anna"), event="patients.registered", by=BY, at=LATER, submission=key)
        assert told.value.record == first
        assert (Patient.objects.count(), Entry.objects.count()) == (1, entries)

    def test_after_a_repeated_form_the_transaction_goes_on(self, site: Site) -> None:
        key = uuid.uuid4()
        writing.add(newcomer(site), event="patients.registered", by=BY, at=AT, submission=key)
        with pytest.raises(AlreadySubmitted):
            writing.add(newcomer(site), event="patients.registered", by=BY, at=AT, submission=key)
        writing.add(newcomer(site), event="patients.registered", by=BY, at=AT, submission=uuid.uuid4())
        assert Patient.objects.count() == 2

    def test_rows_without_a_key_do_not_stand_in_each_others_way(self, site: Site, patient: Patient) -> None:
        writing.add(newcomer(site), event="patients.registered", by=BY, at=AT)
        assert Patient.objects.filter(submission=None).count() == 2

    def test_another_broken_rule_is_told_as_such_and_leaves_nothing(self, patient: Patient) -> None:
        row = Measurement(patient=patient, measured_on=date(2026, 7, 1))
        with pytest.raises(IntegrityError, match="a_measurement_measures_something"):
            writing.add(row, event="patients.measured", by=BY, at=AT, submission=uuid.uuid4())
        assert not Measurement.objects.exists()
        assert not Entry.objects.filter(event="patients.measured").exists()

    def test_a_row_that_is_there_already_is_not_overwritten(self, patient: Patient) -> None:
        with pytest.raises(IntegrityError):
            writing.add(patient, event="patients.registered", by=BY, at=LATER)
        assert stored(patient)["created_at"] == AT


class TestChange:
    def test_the_version_rises_and_the_entry_holds_old_and_new_of_what_differs(self, patient: Patient) -> None:
        changed = change(patient, given_name="Anna", family_name="Berg", born_on=date(2020, 5, 18))
        assert (changed.version, stored(patient)["version"]) == (2, 2)
        assert Entry.objects.get(event="patients.corrected").changes == {
            "given_name": ["Ana", "Anna"],
            "born_on": ["2020-05-17", "2020-05-18"],
        }

    def test_when_nothing_differs_nothing_is_written(self, patient: Patient) -> None:
        entries = Entry.objects.count()
        unchanged = change(patient, given_name="Ana", sex="female")
        assert (unchanged.version, stored(patient)["version"], Entry.objects.count()) == (1, 1, entries)

    def test_numbers_that_are_equal_do_not_differ(self, patient: Patient) -> None:
        row = writing.add(
            Measurement(patient=patient, measured_on=date(2026, 7, 1), weight_kg=Decimal("18.50")),
            event="patients.measured",
            by=BY,
            at=AT,
        )
        same = writing.change(row, event="patients.measured_again", by=BY, at=LATER, weight_kg=Decimal("18.5"))
        assert same.version == 1

    def test_only_what_was_named_is_written(self, patient: Patient) -> None:
        """Somebody else's field of the same row, changed before, is not put back."""
        late = Patient.objects.get(pk=patient.pk)
        change(patient, family_name="Bergmann")
        changed = change(late, expected=2, given_name="Anna")
        assert (changed.given_name, changed.family_name, changed.version) == ("Anna", "Bergmann", 3)

    def test_what_lies_on_the_row_in_memory_is_not_written_by_accident(self, patient: Patient) -> None:
        patient.family_name = "Typed and not meant"
        change(patient, given_name="Anna")
        assert stored(patient)["family_name"] == "Berg"

    def test_the_trail_tells_a_value_as_the_database_holds_it(self, patient: Patient) -> None:
        row = Measurement(patient=patient, measured_on=date(2026, 7, 1), weight_kg=Decimal("17.50"))
        row = writing.add(row, event="patients.measured", by=BY, at=AT)
        writing.change(row, event="patients.measurement_corrected", by=BY, at=AT, weight_kg=Decimal(18))
        assert Entry.objects.get(event="patients.measurement_corrected").changes["weight_kg"] == ["17.50", "18.00"]

    def test_a_relation_is_audited_by_its_key(self, patient: Patient, site: Site, other_site: Site) -> None:
        change(patient, site=other_site)
        assert Entry.objects.get(event="patients.corrected").changes == {"site": [str(site.pk), str(other_site.pk)]}
        assert stored(patient)["site_id"] == other_site.pk

    def test_the_loser_of_two_learns_what_stands_and_writes_nothing(self, patient: Patient) -> None:
        change(patient, given_name="Anna")
        entries = Entry.objects.count()
        with pytest.raises(StaleRecord) as told:
            change(patient, given_name="Anita")
        current = told.value.current
        assert isinstance(current, Patient)
        assert (current.given_name, current.version) == ("Anna", 2)
        assert (stored(patient)["given_name"], Entry.objects.count()) == ("Anna", entries)

    @pytest.mark.parametrize(("expected", "lost"), [(1, True), (2, False), (3, True)])
    def test_the_version_on_screen_decides(self, patient: Patient, expected: int, lost: bool) -> None:
        change(patient, given_name="Anna")
        try:
            change(Patient.objects.get(pk=patient.pk), expected=expected, given_name="Anita")
        except StaleRecord:
            assert lost
        else:
            assert not lost
        assert (stored(patient)["given_name"] == "Anna") is lost

    def test_somebody_who_is_first_between_reading_and_writing_is_noticed(
        self, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The version is asked again by the very statement that writes."""
        ask = writing._untouched

        def be_overtaken(row: Patient, touched: set[str]) -> set[str]:
            models.QuerySet(model=Patient).filter(pk=row.pk).update(version=2, given_name="Anna")
            return ask(row, touched)

        monkeypatch.setattr(writing, "_untouched", be_overtaken)
        with pytest.raises(StaleRecord) as told:
            change(patient, given_name="Anita")
        assert told.value.current.version == 2
        assert stored(patient)["given_name"] == "Anna"

    def test_a_value_that_the_field_does_not_take_is_refused(self, patient: Patient) -> None:
        with pytest.raises(ValidationError, match="not a valid choice"):
            change(patient, sex="yes")
        assert stored(patient)["version"] == 1

    def test_a_field_that_was_not_named_is_not_judged(self, patient: Patient) -> None:
        models.QuerySet(model=Patient).filter(pk=patient.pk).update(sex="")
        assert change(patient, given_name="Anna").version == 2

    @pytest.mark.parametrize(
        "name", ["given_nam", "version", "voided_at", "submission", "search_text", "site_id", "carers", "pk"]
    )
    def test_a_name_that_is_no_fact_of_the_row_is_refused(self, patient: Patient, name: str) -> None:
        with pytest.raises(DirectWrite, match=f"{name}: no fact of a patient"):
            change(patient, **{"given_name": "Anna", name: None})
        assert stored(patient)["given_name"] == "Ana"

    def test_a_broken_rule_is_told_as_such(self, patient: Patient) -> None:
        with pytest.raises(IntegrityError, match="leaving_care_has_a_day"), transaction.atomic():
            change(patient, care_status="left")
        assert not Entry.objects.filter(event="patients.corrected").exists()


class TestVoid:
    def test_a_voided_row_stays_with_its_reason_and_counts_no_more(self, patient: Patient) -> None:
        voided = writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="Registered twice")
        assert (voided.version, voided.voided_at, voided.void_reason) == (2, LATER, "Registered twice")
        assert list(Patient.objects.all()) == [patient]
        assert list(Patient.objects.standing()) == []

    def test_the_entry_says_so_and_why(self, patient: Patient) -> None:
        writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="Registered twice")
        entry = Entry.objects.get(event="patients.voided")
        assert (entry.changes, entry.reason) == ({"voided": [False, True]}, "Registered twice")

    def test_nothing_is_voided_without_a_reason(self, patient: Patient) -> None:
        with pytest.raises(IntegrityError, match="void_has_a_reason"), transaction.atomic():
            writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="")
        assert stored(patient)["voided_at"] is None

    def test_somebody_elses_change_comes_first(self, patient: Patient) -> None:
        change(patient, given_name="Anna")
        with pytest.raises(StaleRecord) as told:
            writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="Registered twice")
        assert told.value.current.version == 2
        assert stored(patient)["voided_at"] is None

    def test_a_voided_row_is_not_voided_again(self, patient: Patient) -> None:
        """The first reason stays, even for somebody who had the voided row on screen."""
        voided = writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="Registered twice")
        with pytest.raises(StaleRecord) as told:
            writing.void(voided, event="patients.voided", by=BY, at=LATER, reason="Another reason")
        assert told.value.current.void_reason == "Registered twice"

    def test_a_voided_row_is_not_changed(self, patient: Patient) -> None:
        voided = writing.void(patient, event="patients.voided", by=BY, at=LATER, reason="Registered twice")
        with pytest.raises(StaleRecord):
            change(voided, given_name="Anna")
        with pytest.raises(StaleRecord):
            change(voided, given_name="Ana")
        assert stored(patient)["given_name"] == "Ana"

    def test_what_a_voided_row_held_is_free_for_another(self, patient: Patient, site: Site) -> None:
        def numbered() -> Identifier:
            row = Identifier(patient=patient, site=site, kind="mrn", value="410000")
            return writing.add(row, event="patients.identifier_added", by=BY, at=AT)

        writing.void(numbered(), event="patients.identifier_voided", by=BY, at=AT, reason="Mistyped")
        assert numbered().version == 1
        with pytest.raises(IntegrityError):
            numbered()


WRITES: dict[str, Callable[[Patient], Any]] = {
    "add": lambda patient: writing.add(newcomer(patient.site), event="patients.registered", by=BY, at=AT),
    "change": lambda patient: change(patient, given_name="Anna"),
    "void": lambda patient: writing.void(patient, event="patients.voided", by=BY, at=AT, reason="Twice"),
}


class TestOneTransaction:
    @pytest.mark.parametrize("way", sorted(WRITES))
    def test_a_row_falls_with_its_entry(self, patient: Patient, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        before = list(models.QuerySet(model=Patient).order_by("pk").values())

        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise ConnectionError

        monkeypatch.setattr("clinic.audit.trail.record", fail)
        with pytest.raises(ConnectionError), transaction.atomic():
            WRITES[way](patient)
        assert list(models.QuerySet(model=Patient).order_by("pk").values()) == before

    @pytest.mark.parametrize("way", sorted(WRITES))
    def test_outside_a_transaction_nothing_is_written(
        self, patient: Patient, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        entries = Entry.objects.count()
        monkeypatch.setattr(transaction.get_connection(), "in_atomic_block", False)
        with pytest.raises(TransactionManagementError, match="one transaction"):
            WRITES[way](patient)
        monkeypatch.undo()
        assert Entry.objects.count() == entries
