"""Whether doses can go ahead, for one or for many, and whose laboratory values are due."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.patients.services import change_care_status
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import all_but_labs, confirm, override, policy
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.labs.queries import Asked, asked
from treatments.readiness import queries, services
from treatments.readiness.queries import due
from treatments.readiness.queries.doses import DoseReadiness
from treatments.rules.lights import Light, Signal
from treatments.rules.monitoring_terms import Level
from treatments.rules.readiness import Answer

EVERYTHING = GRANTS[Role.PRESCRIBER]


def found(dose: Dose) -> DoseReadiness:
    return queries.readiness_of_dose(dose.pk, AT)


def board(dose: Dose, rights: frozenset[Permission] = EVERYTHING) -> queries.Board:
    return queries.board_of(found(dose), rights)


class TestOneDose:
    def test_it_has_six_lights_and_with_all_in_order_it_is_ready(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient)
        answer = found(dose).readiness
        assert [each.lit.light for each in answer.lights] == list(Light)
        assert {each.lit.signal for each in answer.lights} == {Signal.READY}
        assert answer.answer is Answer.READY

    def test_without_values_it_is_not_ready(self, dose: Dose) -> None:
        assert found(dose).readiness.answer is Answer.NOT_READY

    def test_a_site_that_takes_them_as_advice_asks_to_check(self, dose: Dose) -> None:
        policy(dose.site, labs="advisory")
        assert found(dose).readiness.answer is Answer.CHECK

    def test_a_policy_counts_from_its_day_and_one_for_the_regimen_first(self, dose: Dose) -> None:
        policy(dose.site, since=date(2026, 7, 5), labs="off")
        assert found(dose).readiness.answer is Answer.NOT_READY
        policy(dose.site, since=date(2026, 7, 4), labs="off")
        assert found(dose).readiness.answer is Answer.READY
        policy(dose.site, regimen_key="nusinersen-12mg-us", labs="required")
        assert found(dose).readiness.answer is Answer.NOT_READY

    def test_an_override_lets_it_past_until_its_day(self, dose: Dose) -> None:
        override(dose, expires_on=date(2026, 7, 8))
        assert found(dose).readiness.answer is Answer.NOT_READY
        override(dose, expires_on=date(2026, 7, 9))
        assert found(dose).readiness.answer is Answer.CHECK

    def test_an_override_of_what_is_missing_does_not_cover_a_stop(self, dose: Dose, patient: Patient) -> None:
        override(dose, expires_on=date(2026, 7, 9))
        labs.whole_set(patient, platelets=labs.reported(value="49"))
        judged = found(dose).judged(Light.LABS)
        assert judged.answer is Answer.NOT_READY
        assert judged.note.startswith("The override was given for something else")

    def test_a_stop_is_let_past_by_two(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient, platelets=labs.reported(value="49"))
        row = override(dose, expires_on=date(2026, 7, 9))
        assert found(dose).judged(Light.LABS).note == "The override waits for its second person."
        confirm(row)
        assert found(dose).readiness.answer is Answer.CHECK


class TestTheBoard:
    def test_a_red_light_leads_to_what_mends_it_and_to_an_override(self, dose: Dose, patient: Patient) -> None:
        row = board(dose).lights[0]
        assert (row.about, row.status.label) == ("Labs", "Not ready")
        assert [(action.label, action.url) for action in row.actions] == [
            ("Log labs", f"/patients/{patient.pk}/labs/add/"),
            ("Override", f"/doses/{dose.pk}/override/labs/"),
        ]

    def test_a_value_to_answer_for_leads_to_its_review(self, dose: Dose, patient: Patient) -> None:
        rows = labs.whole_set(patient, platelets=labs.reported(value="96"))
        (first, *_) = board(dose).lights[0].actions
        assert (first.label, first.url) == ("Review Platelets", f"/labs/{rows['platelets'].pk}/review/")

    def test_a_stop_comes_before_what_is_missing(self, dose: Dose, patient: Patient) -> None:
        (row,) = labs.log(patient, labs.reported(value="49"))
        assert board(dose).lights[0].actions[0].url == f"/labs/{row.pk}/review/"

    def test_what_is_missing_comes_before_a_sign_off(self, dose: Dose, patient: Patient) -> None:
        labs.log(patient, labs.reported(value="96"))
        assert board(dose).lights[0].actions[0].label == "Log labs"

    def test_nobody_is_led_where_they_may_not_go(self, dose: Dose, patient: Patient) -> None:
        assert board(dose, GRANTS[Role.VIEWER]).lights[0].actions == ()
        assert [each.label for each in board(dose, GRANTS[Role.PROCEDURALIST]).lights[0].actions] == ["Override"]
        labs.log(patient, labs.reported(value="49"))
        assert [each.label for each in board(dose, GRANTS[Role.NURSE]).lights[0].actions] == ["Review Platelets"]

    def test_only_a_reading_that_asks_for_something_says_more_than_its_status(
        self, dose: Dose, patient: Patient
    ) -> None:
        labs.whole_set(patient, platelets=labs.reported(value="140"))
        remarks = {row.name: row.remark for row in board(dose).readings}
        assert remarks["Platelets"] == "Below 150 ×10⁹/L; look at it before the dose."
        assert remarks["INR"] == ""

    def test_a_light_that_is_ready_leads_nowhere(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient)
        ready = board(dose)
        assert ready.lights[0].actions == ()
        assert (ready.answer.label, ready.day) == ("Ready", "9 Jul 2026")
        assert ready.sentence == "Nothing stands in the way of this dose."

    def test_a_value_to_watch_leads_to_its_review_but_to_no_override(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient, platelets=labs.reported(value="140"))
        assert [each.label for each in board(dose).lights[0].actions] == ["Review Platelets"]

    def test_notes_say_what_became_of_an_override_or_of_advice(self, dose: Dose) -> None:
        override(dose, expires_on=date(2026, 7, 9))
        assert board(dose).lights[0].notes == ("Overridden until 9 Jul 2026.",)
        policy(dose.site, labs="advisory")
        assert board(dose).lights[0].notes == ("This site takes it as advice.",)

    def test_readings_say_value_day_and_whose_limit(self, dose: Dose, patient: Patient) -> None:
        urine = labs.reported("urine_protein", "0.25", "g/L")
        labs.whole_set(patient, platelets=labs.reported(value="140"), urine_protein=urine, aptt=None)
        rows = {row.name: row for row in board(dose).readings}
        assert (rows["Platelets"].value, rows["Platelets"].collected, rows["Platelets"].limit) == (
            "140 ×10⁹/L",
            "2 Jul 2026",
            "policy",
        )
        assert rows["Urine protein"].limit == "label"
        assert (rows["aPTT"].value, rows["aPTT"].status.label) == ("", "Missing")

    def test_leaving_the_set_out_is_offered_where_the_policy_lets_it(self, dose: Dose, patient: Patient) -> None:
        assert not board(dose).may_skip
        labs.policy(dose.site, may_skip=True)
        assert board(dose).may_skip
        assert not board(dose, GRANTS[Role.NURSE]).may_skip
        labs.whole_set(patient)
        assert not board(dose).may_skip


class TestManyDoses:
    def test_ten_take_the_queries_of_one(
        self, site: Site, petra: User, nadia: User, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        doses = []
        for number in range(10):
            patient = courses.patient(site, f"Alder {number}")
            doses.append(all_but_labs(courses.next_dose(courses.course(patient, planned_start=date(2026, 7, 6)))))
            adverse_events.record(patient, person=nadia)
            row = labs.log(patient, labs.reported(value="80"), person=nadia)[0]
            labs.review(row, Level.SIGN_OFF, person=petra)
            override(doses[-1], person=petra)
        for some in (doses[:1], doses):
            ids = [dose.pk for dose in some]
            with django_assert_num_queries(18):
                ready = queries.readiness_of(asked(Dose.objects.filter(pk__in=ids), AT), AT)
            assert set(ready) == set(ids)
            assert {each.readiness.answer for each in ready.values()} == {Answer.CHECK}

    def test_a_patient_without_a_course_has_no_dose_to_be_ready_for(
        self, dose: Dose, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        with django_assert_num_queries(1):
            one = found_asked(dose)
        assert queries.readiness_of([replace(one, dose_id=None)], AT) == {}


def found_asked(dose: Dose) -> Asked:
    (one,) = asked(Dose.objects.filter(pk=dose.pk), AT)
    return one


class TestLabsDue:
    def due(self, site: Site, days: int = 10) -> list[UUID]:
        return [line.dose_id for line in queries.labs_due([site], AT, days)]

    def test_a_dose_is_among_them_from_so_many_days_before_it(self, dose: Dose) -> None:
        assert dose.target == AT.date() + timedelta(days=5)
        assert self.due(dose.site, 5) == [dose.pk]
        assert self.due(dose.site, 4) == []

    def test_a_booked_day_counts_instead_of_the_target(self, dose: Dose) -> None:
        course_services.book(dose=dose, on=date(2026, 7, 12), at_time=None, place="", by=BY, at=AT)
        assert self.due(dose.site, 7) == []
        (line,) = queries.labs_due([dose.site], AT, 8)
        assert (line.on, line.patient_id, line.site_id) == (date(2026, 7, 12), dose.patient_id, dose.site_id)
        assert line.reason.startswith("Platelets: no result.")

    def test_an_overdue_dose_stays_among_them(self, site: Site) -> None:
        courses.course(courses.patient(site), planned_start=date(2026, 6, 1))
        assert len(self.due(site, 0)) == 1

    def test_a_whole_set_an_override_and_a_site_that_does_not_ask_end_it(self, dose: Dose, patient: Patient) -> None:
        row = override(dose, expires_on=date(2026, 7, 9))
        assert self.due(dose.site) == []
        services.withdraw_override(override=row, reason="No", by=BY, at=AT)
        assert self.due(dose.site) == [dose.pk]
        policy(dose.site, since=date(2026, 7, 1), labs="off")
        assert self.due(dose.site) == []
        policy(dose.site, since=date(2026, 7, 2), labs="advisory")
        assert self.due(dose.site) == [dose.pk]
        labs.whole_set(patient)
        assert self.due(dose.site) == []

    def test_what_is_only_to_look_at_is_not_due(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient, platelets=labs.reported(value="140"))
        assert self.due(dose.site) == []

    def test_holds_stops_and_those_who_left_are_left_out(self, begun: Course, dose: Dose, patient: Patient) -> None:
        hold = course_services.hold_course(
            course=begun, from_on=AT.date(), reason="Fever", review_on=AT.date(), by=BY, at=AT
        )
        assert self.due(dose.site) == []
        course_services.resume_course(hold=hold, on=AT.date(), by=BY, at=AT)
        assert self.due(dose.site) == [dose.pk]
        change_care_status(patient=patient, to=CareStatus.LEFT, on=AT.date(), reason="Moved", by=BY, at=AT)
        assert self.due(dose.site) == []
        course_services.stop_course(course=begun, on=AT.date(), reason="Moved", by=BY, at=AT)
        assert self.due(dose.site) == []

    def test_other_sites_are_left_out_and_each_counts_by_its_own_day(self, dose: Dose, other_site: Site) -> None:
        assert queries.labs_due([other_site], AT, 99) == ()
        assert queries.labs_due([], AT, 99) == ()

    def test_the_soonest_comes_first(self, dose: Dose, site: Site) -> None:
        soon = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=date(2026, 7, 6)))
        assert self.due(site) == [soon.pk, dose.pk]

    def test_ten_doses_take_the_queries_of_one(self, site: Site, django_assert_num_queries: Callable[..., Any]) -> None:
        for number in range(10):
            courses.course(courses.patient(site, f"Alder {number}"), planned_start=date(2026, 7, 6))
        with django_assert_num_queries(5):
            assert len(self.due(site)) == 10

    def test_more_than_fit_into_one_query_are_read_in_lots(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(5):
            courses.course(courses.patient(site, f"Alder {number}"), planned_start=date(2026, 7, 6))
        monkeypatch.setattr(due, "AT_ONCE", 2)
        assert len(self.due(site)) == 5
