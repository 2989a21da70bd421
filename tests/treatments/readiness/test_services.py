"""Letting a dose past a light: what it takes, what it covers, and who confirms it."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.audit.models import Entry
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import confirm, override, policy, said
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.readiness import queries, services
from treatments.readiness.models import Asks, Light, Override, ReadinessPolicy
from treatments.rules import lights
from treatments.rules.readiness import Answer, Need

TODAY = AT.date()


def answer(dose: Dose) -> Answer:
    return queries.readiness_of_dose(dose.pk, AT).readiness.answer


@pytest.fixture
def stop(dose: Dose, patient: Patient) -> Dose:
    """Return the dose with 49 platelets before it."""
    labs.whole_set(patient, platelets=labs.reported(value="49"))
    return dose


class TestGivingOne:
    def test_it_keeps_what_was_read_what_it_covers_and_what_held_that_day(self, dose: Dose, nadia: User) -> None:
        row = override(dose, person=nadia)
        assert (row.light, row.said, row.by, row.as_prescriber, row.needs_second) == (
            "labs",
            said(dose),
            nadia,
            False,
            False,
        )
        assert row.rules == ["aptt:missing", "inr:missing", "platelets:missing", "urine_protein:missing"]
        entry = Entry.objects.get(event="readiness.override_given")
        assert (entry.reason, entry.patient_id) == (
            "Treatment cannot wait Seen by the haematologist",
            dose.patient_id,
        )

    def test_a_reason_from_the_list_is_enough_where_one_person_decides(self, dose: Dose, nadia: User) -> None:
        assert override(dose, person=nadia, reason="").reason == ""

    def test_another_reason_is_written_out(self, dose: Dose) -> None:
        with pytest.raises(services.NoReason, match="what the reason is"):
            override(dose, reason_code=Override.Reason.OTHER, reason=" ")

    def test_where_two_decide_words_are_needed(self, stop: Dose) -> None:
        with pytest.raises(services.NoReason, match="for the second one"):
            override(stop, reason="")

    def test_where_two_decide_a_prescriber_begins(self, stop: Dose, nadia: User) -> None:
        with pytest.raises(services.PrescriberNeeded):
            override(stop, person=nadia)

    @pytest.mark.parametrize(("days", "fine"), [(-1, False), (0, True), (7, True), (8, False)])
    def test_it_counts_from_today_to_the_last_day_of_the_policy(self, dose: Dose, days: int, fine: bool) -> None:
        if fine:
            assert override(dose, expires_on=TODAY + timedelta(days=days)).expires_on >= TODAY
            return
        with pytest.raises(services.ExpiresTooLate, match="to 11 Jul 2026"):
            override(dose, expires_on=TODAY + timedelta(days=days))

    def test_a_site_may_allow_fewer_days(self, dose: Dose) -> None:
        policy(dose.site, override_days=2)
        with pytest.raises(services.ExpiresTooLate, match="to 6 Jul 2026"):
            override(dose)

    def test_what_changed_since_it_was_read_is_read_again(self, dose: Dose, patient: Patient) -> None:
        read = said(dose)
        labs.log(patient, labs.reported("inr", "1.0", "{INR}"))
        with pytest.raises(services.LightChanged) as changed:
            override(dose, said=read)
        assert changed.value.reason == said(dose)

    def test_a_light_that_stands_in_no_way_is_not_let_past(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient)
        with pytest.raises(services.NothingToOverride):
            override(dose)
        with pytest.raises(services.NothingToOverride):
            override(dose, light=lights.Light.DRUG)

    def test_one_that_counts_is_not_given_twice(self, dose: Dose) -> None:
        override(dose, expires_on=TODAY + timedelta(days=5))
        with pytest.raises(services.NothingToOverride):
            override(dose, expires_on=TODAY + timedelta(days=5))

    def test_one_that_does_not_count_any_more_is_replaced_and_kept(self, dose: Dose) -> None:
        first = override(dose, expires_on=TODAY)
        second = override(dose, expires_on=TODAY + timedelta(days=5))
        first.refresh_from_db()
        assert first.void_reason == "Replaced: it did not count any more."
        assert list(Override.objects.standing()) == [second]

    def test_a_dose_that_was_given_or_stopped_has_nothing_to_let_past(self, begun: Course, dose: Dose) -> None:
        read = said(dose)
        courses.give(begun, TODAY)
        with pytest.raises(services.NothingToOverride):
            override(dose, said=read)
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            override(dose, said=read)

    def test_recording_what_happened_asks_for_no_light(self, begun: Course, stop: Dose) -> None:
        assert answer(stop) is Answer.NOT_READY
        assert courses.give(begun, TODAY).dose == stop

    def test_the_same_form_twice_gives_one(self, dose: Dose) -> None:
        key = uuid4()
        override(dose, submission=key)
        with pytest.raises(AlreadySubmitted):
            override(dose, submission=key)

    def test_a_process_lets_nothing_past(self, dose: Dose) -> None:
        with pytest.raises(services.NobodyDecided):
            services.give_override(
                dose=dose,
                light=lights.Light.LABS,
                said=said(dose),
                reason_code="pending",
                reason="",
                expires_on=TODAY,
                by=BY,
                at=AT,
            )


class TestTheSecondPerson:
    @pytest.fixture
    def given_one(self, stop: Dose, petra: User) -> Override:
        return override(stop, person=petra, expires_on=TODAY + timedelta(days=5))

    def test_it_counts_once_somebody_else_confirmed(self, stop: Dose, given_one: Override, nadia: User) -> None:
        assert answer(stop) is Answer.NOT_READY
        row = confirm(given_one, person=nadia)
        assert (row.second, row.second_at) == (nadia, AT)
        assert answer(stop) is Answer.CHECK

    def test_one_that_waits_is_not_pushed_aside_by_another(self, stop: Dose, given_one: Override) -> None:
        with pytest.raises(services.AlreadyOverridden, match="Petra Prescriber overrode"):
            override(stop)
        assert Override.objects.standing().get() == given_one

    def test_it_is_never_the_first(self, given_one: Override, petra: User) -> None:
        with pytest.raises(services.SamePerson):
            confirm(given_one, person=petra)

    def test_the_database_refuses_it_too(self, given_one: Override, petra: User) -> None:
        with pytest.raises(IntegrityError, match="confirmed_by_somebody_else"), transaction.atomic():
            writing.change(given_one, event="x", by=BY, at=AT, second=petra, second_at=AT)

    def test_of_two_the_later_is_told(self, given_one: Override, nadia: User) -> None:
        confirm(given_one, person=nadia)
        with pytest.raises(AlreadySubmitted):
            confirm(given_one, person=nadia)
        with pytest.raises(services.AlreadyConfirmed, match="Nadia Nurse"):
            confirm(given_one)

    def test_a_new_figure_is_not_confirmed_with_the_old_one(self, given_one: Override, patient: Patient) -> None:
        labs.log(patient, labs.reported(value="30"), collected_at=AT)
        with pytest.raises(services.NothingToOverride, match="Platelets 30"):
            confirm(given_one)

    def test_one_that_needs_nobody_is_not_confirmed(self, dose: Dose) -> None:
        with pytest.raises(services.NothingToOverride):
            confirm(override(dose))

    def test_a_dose_that_was_given_meanwhile_has_nothing_to_confirm(self, begun: Course, given_one: Override) -> None:
        courses.give(begun, TODAY)
        with pytest.raises(services.NothingToOverride):
            confirm(given_one)

    def test_one_that_was_withdrawn_is_not_confirmed(self, given_one: Override) -> None:
        services.withdraw_override(override=given_one, reason="Second thoughts", by=BY, at=AT)
        with pytest.raises(StaleRecord):
            confirm(given_one, expected=1)


class TestTakingOneBack:
    def test_the_light_stands_in_the_way_again(self, dose: Dose) -> None:
        row = override(dose, expires_on=TODAY + timedelta(days=5))
        assert answer(dose) is Answer.CHECK
        services.withdraw_override(override=row, reason="The result came", by=BY, at=AT)
        assert answer(dose) is Answer.NOT_READY

    def test_it_needs_a_reason(self, dose: Dose) -> None:
        with pytest.raises(services.NoReason):
            services.withdraw_override(override=override(dose), reason=" ", by=BY, at=AT)


class TestTheHistory:
    def states(self, dose: Dose) -> list[str]:
        found = queries.readiness_of_dose(dose.pk, AT)
        return [line.status.label for line in queries.history(dose, found, 0)]

    def test_it_tells_each_state_the_newest_first(self, dose: Dose, patient: Patient, petra: User) -> None:
        override(dose, expires_on=TODAY)
        assert self.states(dose) == ["No longer counts"]
        row = override(dose, expires_on=TODAY + timedelta(days=5), person=petra)
        assert self.states(dose)[0] == "In force"
        services.withdraw_override(override=row, reason="No", by=BY, at=AT)
        assert self.states(dose) == ["Withdrawn", "Withdrawn"]

    def test_a_pair_names_both_and_when(self, stop: Dose, petra: User, nadia: User) -> None:
        confirm(override(stop, person=petra, expires_on=TODAY + timedelta(days=5)), person=nadia)
        found = queries.readiness_of_dose(stop.pk, AT)
        (line,) = queries.history(stop, found, petra.pk)
        assert line.by == "Petra Prescriber, 4 Jul 2026, 13:00; confirmed by Nadia Nurse, 4 Jul 2026, 13:00"
        assert (line.confirm_url, line.own, line.status.key) == ("", True, "in_force")

    def test_what_waits_is_listed_until_it_runs_out_is_confirmed_or_the_dose_is_given(
        self, stop: Dose, petra: User, nadia: User
    ) -> None:
        row = override(stop, person=petra, expires_on=TODAY)
        assert [line.id for line in queries.waiting_overrides([stop.site], nadia.pk, AT)] == [row.pk]
        assert queries.waiting_overrides([stop.site], nadia.pk, AT + timedelta(days=1)) == ()
        assert queries.waiting_overrides([], nadia.pk, AT) == ()
        confirm(row, person=nadia)
        assert queries.waiting_overrides([stop.site], nadia.pk, AT) == ()


class TestThePolicy:
    def test_the_words_are_those_of_the_rules(self) -> None:
        assert [light.value for light in lights.Light] == list(Light.values)
        assert [need.value for need in Need] == list(Asks.values)

    def test_without_a_row_every_light_is_required(self, site: Site) -> None:
        asking = queries.policies_in_force({site.pk: TODAY}).of(site.pk, "")
        assert set(asking.needs.values()) == {Need.REQUIRED}
        assert asking.override_days == ReadinessPolicy().override_days

    def test_each_column_reaches_the_rule(self, site: Site) -> None:
        policy(site, labs="advisory", drug="off", override_days=3)
        asking = queries.policies_in_force({site.pk: TODAY}).of(site.pk, "")
        assert {light.value: need.value for light, need in asking.needs.items() if need is not Need.REQUIRED} == {
            "labs": "advisory",
            "drug": "off",
        }
        assert asking.override_days == 3

    @pytest.mark.parametrize("values", [{"labs": "maybe"}, {"override_days": 0}, {"override_days": 91}])
    def test_what_makes_no_sense_is_refused(self, site: Site, values: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            policy(site, since=date(2020, 1, 1), **values)


def test_an_override_is_named_by_its_light_never_by_its_patient(dose: Dose) -> None:
    person = factories.user(Role.NURSE, site=dose.site)
    assert str(override(dose, person=person)) == "Labs overridden on 2026-07-04"
