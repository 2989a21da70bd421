"""The trail names an actor for everything, and finds what concerns a patient or a site."""

import uuid
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, transaction

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.audit.trail import Actor, NamelessProcess, person_actor, process_actor
from clinic.patients.models import Carer, Patient
from clinic.records import writing
from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY


@pytest.fixture
def nurse(site: Site) -> User:
    return factories.user(Role.NURSE, site=site, full_name="Nadia Nurse")


@pytest.fixture
def patient(site: Site) -> Patient:
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    return writing.add(row, event="patients.registered", by=BY, at=AT)


class TestActors:
    def test_a_person_is_named_as_they_write_their_name(self, nurse: User) -> None:
        assert person_actor(nurse) == Actor(nurse, "", "Nadia Nurse")

    def test_a_person_without_a_name_goes_by_the_name_of_the_account(self, nurse: User) -> None:
        nurse.full_name = ""
        assert person_actor(nurse).name == nurse.username

    def test_a_process_is_named_without_the_blanks_around_it(self) -> None:
        assert process_actor(" reminder sweep ") == Actor(None, "reminder sweep", "reminder sweep")

    @pytest.mark.parametrize("name", ["", " ", "\t\n"])
    def test_a_nameless_process_is_refused(self, name: str) -> None:
        with pytest.raises(NamelessProcess, match="must say its name"):
            process_actor(name)

    def test_an_account_that_was_not_saved_is_nobody(self) -> None:
        with pytest.raises(NamelessProcess, match="not signed in"):
            person_actor(User(username="eve", full_name="Eve"))

    def test_somebody_not_signed_in_is_nobody(self) -> None:
        with pytest.raises(NamelessProcess, match="not signed in"):
            person_actor(AnonymousUser())  # type: ignore[arg-type]  # what a view would pass by mistake

    def test_an_actor_stays_who_they_were(self) -> None:
        with pytest.raises(FrozenInstanceError):
            BY.name = "somebody else"  # type: ignore[misc]

    def test_an_entry_cannot_be_written_without_saying_who(self, site: Site) -> None:
        with pytest.raises(TypeError, match="'by'"):
            trail.record("test.happened", at=AT, target=site)  # type: ignore[call-arg]


class TestWho:
    def test_an_entry_by_a_person_says_who_and_no_process(self, site: Site, nurse: User) -> None:
        entry = trail.record("test.happened", by=person_actor(nurse), at=AT, target=site)
        assert (entry.person, entry.actor_name, entry.process) == (nurse, "Nadia Nurse", "")

    def test_the_name_stays_as_it_was_on_the_day(self, site: Site, nurse: User) -> None:
        entry = trail.record("test.happened", by=person_actor(nurse), at=AT, target=site)
        User.objects.filter(pk=nurse.pk).update(full_name="Nadia Married")
        assert Entry.objects.get(pk=entry.pk).actor_name == "Nadia Nurse"

    def test_an_entry_by_a_process_says_which_and_no_person(self, site: Site) -> None:
        entry = trail.record("test.happened", by=process_actor("reminder sweep"), at=AT, target=site)
        assert (entry.person, entry.actor_name, entry.process) == (None, "reminder sweep", "reminder sweep")

    def test_the_database_refuses_an_entry_by_nobody(self, site: Site) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            trail.record("test.happened", by=Actor(None, "", "Nobody"), at=AT, target=site)

    def test_the_database_refuses_an_entry_by_a_person_and_a_process_together(self, site: Site, nurse: User) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            trail.record("test.happened", by=Actor(nurse, "sweep", "Both"), at=AT, target=site)

    def test_a_person_in_the_trail_cannot_be_removed(self, site: Site, nurse: User) -> None:
        trail.record("test.happened", by=person_actor(nurse), at=AT, target=site)
        Membership.objects.filter(user=nurse).delete()
        with pytest.raises(models.ProtectedError):
            nurse.delete()


class TestWhat:
    def test_an_entry_about_a_patient_is_found_by_patient_and_by_site(self, patient: Patient, site: Site) -> None:
        entry = trail.record("test.happened", by=BY, at=AT, target=patient)
        assert (entry.patient_id, entry.site_id) == (patient.pk, site.pk)
        assert (entry.target_type, entry.target_id) == ("patients.patient", str(patient.pk))

    def test_an_entry_about_a_part_is_found_by_its_patient(self, patient: Patient, site: Site) -> None:
        carer = writing.add(
            Carer(patient=patient, name="Sam", email="sam@example.org"), event="patients.carer_added", by=BY, at=AT
        )
        entry = Entry.objects.get(target_id=str(carer.pk))
        assert (entry.patient_id, entry.site_id) == (patient.pk, site.pk)

    def test_an_entry_about_a_site_has_no_patient(self, site: Site) -> None:
        entry = trail.record("test.happened", by=BY, at=AT, target=site)
        assert (entry.patient_id, entry.site_id) == (None, site.pk)

    def test_an_entry_about_an_account_has_neither(self, nurse: User) -> None:
        entry = trail.record("test.happened", by=BY, at=AT, target=nurse)
        assert (entry.patient_id, entry.site_id) == (None, None)
        assert (entry.target_type, entry.target_id) == ("staff.user", str(nurse.pk))

    def test_changes_are_kept_as_old_and_new_by_field_whatever_their_type(self, site: Site) -> None:
        key = uuid.UUID("00000000-0000-4000-8000-000000000001")
        new = [date(2026, 7, 4), datetime(2026, 7, 4, 12, tzinfo=UTC), Decimal("0.20"), key, True, ["a"], None]
        changes = {f"field {place}": [None, value] for place, value in enumerate(new)}
        entry = trail.record("test.happened", by=BY, at=AT, target=site, changes=changes)
        kept = [pair for _, pair in sorted(Entry.objects.get(pk=entry.pk).changes.items())]
        assert kept == [
            [None, "2026-07-04"],
            [None, "2026-07-04T12:00:00Z"],
            [None, "0.20"],
            [None, str(key)],
            [None, True],
            [None, ["a"]],
            [None, None],
        ]

    def test_without_changes_and_a_reason_the_entry_has_none(self, site: Site) -> None:
        entry = Entry.objects.get(pk=trail.record("test.happened", by=BY, at=AT, target=site).pk)
        assert (entry.changes, entry.reason) == ({}, "")

    def test_the_instant_and_the_reason_are_kept(self, site: Site) -> None:
        entry = trail.record("test.happened", by=BY, at=AT, target=site, reason="Asked by telephone")
        again = Entry.objects.get(pk=entry.pk)
        assert (again.at, again.reason, again.event) == (AT, "Asked by telephone", "test.happened")

    def test_an_entry_falls_with_the_change_it_describes(self, site: Site) -> None:
        def change_and_fail() -> None:
            with transaction.atomic():
                trail.record("test.happened", by=BY, at=AT, target=site)
                raise ConnectionError

        with pytest.raises(ConnectionError):
            change_and_fail()
        assert not Entry.objects.filter(event="test.happened").exists()


class TestFinding:
    def test_what_concerns_a_patient_comes_newest_first(self, patient: Patient, site: Site) -> None:
        for minutes in (1, 3, 2):
            later = AT + timedelta(minutes=minutes)
            trail.record("test.happened", by=BY, at=later, target=patient, reason=str(minutes))
        trail.record("test.happened", by=BY, at=AT + timedelta(minutes=4), target=site)
        about = Entry.objects.about_patient(patient.pk).filter(event="test.happened")
        assert [entry.reason for entry in about] == ["3", "2", "1"]

    def test_of_one_instant_the_entry_written_last_comes_first(self, patient: Patient) -> None:
        for reason in ("first", "second"):
            trail.record("test.happened", by=BY, at=AT, target=patient, reason=reason)
        assert [entry.reason for entry in Entry.objects.about_patient(patient.pk)][:2] == ["second", "first"]

    def test_what_concerns_some_sites_leaves_out_the_others(self, site: Site, other_site: Site) -> None:
        for where in (site, other_site):
            trail.record("test.happened", by=BY, at=AT, target=where)
        found = Entry.objects.about_sites(frozenset({site.pk})).filter(event="test.happened")
        assert [entry.site_id for entry in found] == [site.pk]
        assert not Entry.objects.about_sites(frozenset()).exists()

    def test_an_entry_speaks_of_no_patient(self, patient: Patient, nurse: User) -> None:
        entry = trail.record("patients.corrected", by=person_actor(nurse), at=AT, target=patient)
        assert str(entry) == "patients.corrected by Nadia Nurse"
