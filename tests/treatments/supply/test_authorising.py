"""Registering, renewing, correcting and voiding authorisations, and how much of each is used."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from clinic.audit.models import Entry
from clinic.patients import services as patients
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.supply.builders import authorisation
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.rules.lights import Signal
from treatments.supply import events, queries, services
from treatments.supply.models import Authorisation

TODAY = AT.date()


def facts(**values: Any) -> services.AuthorisationFacts:
    usual: dict[str, Any] = {
        "payer": "Northern Health",
        "reference": "NH-2",
        "starts_on": date(2027, 1, 1),
        "ends_on": date(2027, 12, 31),
        "doses_approved": 4,
    }
    return services.AuthorisationFacts(**(usual | values))


def renew(row: Authorisation, **values: Any) -> Authorisation:
    return services.renew_authorisation(renewed=row, facts=facts(**values), by=BY, at=AT)


def void(row: Authorisation, reason: str = "Other patient") -> Authorisation:
    return services.void_authorisation(authorisation=row, reason=reason, by=BY, at=AT)


def shown(patient: Patient, today: date = TODAY) -> list[tuple[str, str]]:
    return [(row.status.key, row.doses) for row in queries.authorisations_of(patient, today)]


class TestRegistering:
    def test_what_the_letter_says_is_kept_with_its_trail(self, patient: Patient) -> None:
        row = authorisation(patient, mg=Decimal(12), note="By telephone")
        entry = Entry.objects.get(event=events.AUTHORISATION_REGISTERED)
        assert (entry.patient_id, entry.site_id) == (patient.pk, patient.site_id)
        assert (row.payer, row.mg, row.note, row.renews) == ("Northern Health", Decimal(12), "By telephone", None)
        assert str(row) == "authorisation 2026-01-01 to 2026-12-31"

    def test_a_period_in_the_wrong_order_is_refused(self, patient: Patient) -> None:
        with pytest.raises(services.OutOfOrder):
            authorisation(patient, ends_on=date(2025, 12, 31))
        assert authorisation(patient, ends_on=date(2026, 1, 1)).starts_on == date(2026, 1, 1)

    def test_a_reference_is_registered_once_until_it_is_voided(self, patient: Patient) -> None:
        first = authorisation(patient)
        with pytest.raises(services.AlreadyRegistered):
            authorisation(patient)
        void(first)
        assert authorisation(patient).pk != first.pk

    def test_no_dose_is_no_authorisation(self, patient: Patient) -> None:
        with pytest.raises(ValidationError):
            authorisation(patient, doses_approved=0)

    def test_a_form_sent_twice_registers_once(self, patient: Patient) -> None:
        key = uuid4()
        given = {"patient": patient, "facts": facts(), "by": BY, "at": AT, "submission": key}
        services.register_authorisation(**given)  # type: ignore[arg-type]
        with pytest.raises(AlreadySubmitted):
            services.register_authorisation(**given)  # type: ignore[arg-type]


class TestRenewing:
    def test_the_one_renewed_asks_for_nothing_any_more(self, patient: Patient) -> None:
        first = authorisation(patient, ends_on=TODAY + timedelta(days=10))
        assert shown(patient) == [("ending", "0 of 3 used, 3 left")]
        renew(first, starts_on=TODAY + timedelta(days=11))
        assert [status for status, _ in shown(patient)] == ["not_begun", "renewed"]

    def test_it_is_renewed_once(self, patient: Patient) -> None:
        first = authorisation(patient)
        second = renew(first)
        with pytest.raises(services.AlreadyRenewed):
            renew(first, reference="NH-3")
        void(second)
        assert renew(first, reference="NH-3").renews == first

    def test_a_voided_one_is_not_renewed(self, patient: Patient) -> None:
        with pytest.raises(services.AuthorisationVoided, match="Other patient"):
            renew(void(authorisation(patient)))

    def test_a_form_sent_twice_renews_once(self, patient: Patient) -> None:
        first, key = authorisation(patient), uuid4()
        given = {"renewed": first, "facts": facts(), "by": BY, "at": AT, "submission": key}
        services.renew_authorisation(**given)  # type: ignore[arg-type]
        with pytest.raises(AlreadySubmitted):
            services.renew_authorisation(**given)  # type: ignore[arg-type]


class TestCorrectingAndVoiding:
    def correct(self, row: Authorisation, reason: str = "Misread", **values: Any) -> Authorisation:
        given = facts(**({"reference": "NH-1"} | values))
        return services.correct_authorisation(
            authorisation=row, facts=given, reason=reason, by=BY, at=AT, expected=row.version
        )

    def test_a_correction_keeps_the_old_values_in_the_trail(self, patient: Patient) -> None:
        self.correct(authorisation(patient), doses_approved=2)
        changes = Entry.objects.get(event=events.AUTHORISATION_CORRECTED).changes
        assert changes["doses_approved"] == [3, 2]

    def test_two_people_one_is_told(self, patient: Patient) -> None:
        row = authorisation(patient)
        self.correct(row, doses_approved=2)
        with pytest.raises(StaleRecord):
            self.correct(row, doses_approved=1)

    def test_a_correction_needs_a_reason_and_an_order(self, patient: Patient) -> None:
        row = authorisation(patient)
        with pytest.raises(services.NoReason):
            self.correct(row, reason="")
        with pytest.raises(services.OutOfOrder):
            self.correct(row, ends_on=date(2026, 1, 1))

    def test_a_reference_of_another_is_refused(self, patient: Patient) -> None:
        authorisation(patient)
        other = authorisation(patient, reference="NH-9")
        with pytest.raises(services.AlreadyRegistered):
            self.correct(other)

    def test_a_voided_one_stays_visible_and_covers_nothing(self, patient: Patient, dose: Dose) -> None:
        void(authorisation(patient))
        assert [status for status, _ in shown(patient)] == ["void"]
        (lit,) = queries.authorisation_lights(queries.wanted_for([dose], AT)).values()
        assert (lit.signal, lit.reason) == (Signal.NOT_READY, "No authorisation is registered.")

    def test_voiding_needs_a_reason_and_happens_once(self, patient: Patient) -> None:
        row = authorisation(patient)
        with pytest.raises(services.NoReason):
            void(row, " ")
        void(row)
        with pytest.raises(services.AuthorisationVoided):
            void(row)

    def test_the_database_keeps_the_order_by_itself(self, patient: Patient) -> None:
        row = authorisation(patient)
        with pytest.raises(IntegrityError), transaction.atomic():
            services.authorising.writing.change(  # type: ignore[attr-defined]
                row, event="x", by=BY, at=AT, ends_on=date(2025, 1, 1)
            )


class TestWhatIsUsed:
    def test_doses_given_here_in_the_period_count(self, begun: Course, patient: Patient) -> None:
        authorisation(patient, starts_on=date(2026, 6, 25))
        assert shown(patient) == [("in_force", "1 of 3 used, 2 left")]
        courses.give(begun, TODAY)
        assert shown(patient) == [("ending", "2 of 3 used, 1 left")]

    def test_a_dose_before_it_began_or_given_elsewhere_does_not(self, begun: Course, patient: Patient) -> None:
        authorisation(patient, starts_on=date(2026, 6, 26))
        course_services.record_elsewhere(course=begun, given_on=TODAY, mg=Decimal(12), place="Eastbrook", by=BY, at=AT)
        assert shown(patient) == [("in_force", "0 of 3 used, 3 left")]

    def test_a_dose_beyond_the_last_one_shows(self, begun: Course, patient: Patient) -> None:
        authorisation(patient, doses_approved=1)
        courses.give(begun, TODAY)
        assert shown(patient) == [("used_up", "2 of 1 used, 1 more than approved")]

    def test_another_strength_is_not_used(self, begun: Course, patient: Patient) -> None:
        authorisation(patient, mg=Decimal(50))
        assert shown(patient) == [("in_force", "0 of 3 used, 3 left")]


class TestWhatAsks:
    @pytest.fixture
    def carys(self, site: Site) -> User:
        return factories.user(Role.COORDINATOR, site=site)

    def asks(self, user: User) -> tuple[list[str], int]:
        found = queries.ending_authorisations(user, AT)
        return [row.status.key for row in found.rows], len(found.without)

    def test_an_open_course_without_any_is_listed(self, begun: Course, carys: User) -> None:
        assert self.asks(carys) == ([], 1)

    @pytest.mark.parametrize(
        ("values", "listed"),
        [
            ({}, []),
            ({"ends_on": TODAY + timedelta(days=46)}, []),
            ({"ends_on": TODAY + timedelta(days=45)}, ["ending"]),
            ({"ends_on": TODAY - timedelta(days=1)}, ["ended"]),
            ({"doses_approved": 1}, ["used_up"]),
        ],
        ids=["in force", "46 days", "45 days", "ended", "used up"],
    )
    def test_what_ends_or_is_used_up_is_listed(
        self, begun: Course, patient: Patient, carys: User, values: dict[str, Any], listed: list[str]
    ) -> None:
        authorisation(patient, **values)
        assert self.asks(carys) == (listed, 0)

    def test_an_older_one_asks_for_nothing_while_another_goes_on(
        self, begun: Course, patient: Patient, carys: User
    ) -> None:
        authorisation(patient, ends_on=TODAY - timedelta(days=1))
        authorisation(patient, reference="NH-7", starts_on=TODAY, ends_on=TODAY + timedelta(days=300))
        assert self.asks(carys) == ([], 0)

    def test_nobody_is_told_of_a_stopped_course_or_somebody_who_left(
        self, begun: Course, patient: Patient, carys: User
    ) -> None:
        authorisation(patient, doses_approved=1)
        patients.change_care_status(patient=patient, to=CareStatus.TRANSFERRED, on=TODAY, reason="Moved", by=BY, at=AT)
        assert self.asks(carys) == ([], 0)

    def test_a_site_that_needs_none_is_not_asked(self, begun: Course, patient: Patient, carys: User) -> None:
        services.set_policy(
            site=patient.site, effective_from=TODAY, source="Test", authorisation_needed=False, by=BY, at=AT
        )
        assert self.asks(carys) == ([], 0)

    def test_another_site_is_not_told(self, begun: Course, other_site: Site) -> None:
        assert self.asks(factories.user(Role.COORDINATOR, site=other_site)) == ([], 0)

    def test_the_list_says_since_when(self, begun: Course, patient: Patient, carys: User) -> None:
        authorisation(patient, ends_on=TODAY + timedelta(days=40))
        (row,) = queries.ending_authorisations(carys, AT).rows
        assert row.since == TODAY - timedelta(days=5)

    def test_a_longer_list_takes_no_query_more(
        self, begun: Course, patient: Patient, carys: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        authorisation(patient, doses_approved=1)
        carys.rights  # noqa: B018 - asked once per request, before
        with django_assert_num_queries(4):
            queries.ending_authorisations(carys, AT)
        for number in range(3):
            other = courses.patient(patient.site, f"Birch {number}")
            courses.course(other, planned_start=TODAY)
            authorisation(other, ends_on=TODAY)
        with django_assert_num_queries(4):
            assert len(queries.ending_authorisations(carys, AT).rows) == 4
