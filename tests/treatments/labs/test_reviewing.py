"""Answering for a value: seen, signed off, and confirmed by a second person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.labs import builders
from tests.treatments.labs.builders import COLLECTED, log, policy, reported, review, whole_set
from treatments.courses.models import Dose
from treatments.labs import queries, services
from treatments.labs.models import LabResult, LabReview, NotIndicated
from treatments.rules.lights import Signal
from treatments.rules.monitoring_terms import Level

pytestmark = pytest.mark.usefixtures("begun")


def platelets(patient: Patient, value: str) -> LabResult:
    return whole_set(patient, platelets=reported(value=value))["platelets"]


def signal(patient: Patient) -> Signal:
    return queries.sheet_of(patient, AT).lit.signal


def confirm(row: LabReview, person: User | None = None, **facts: Any) -> LabReview:
    second = person or factories.user(Role.PHARMACIST, site=row.site)
    return services.confirm_review(review=row, by=person_actor(second), at=AT, **facts)


class TestAnswering:
    def test_a_value_to_watch_was_seen_and_the_light_is_ready(self, patient: Patient, nadia: User) -> None:
        row = platelets(patient, "140")
        assert signal(patient) is Signal.ATTENTION
        review(row, Level.WATCH, reason="", person=nadia)
        assert signal(patient) is Signal.READY

    def test_a_prescriber_signs_off_and_the_light_is_ready(self, patient: Patient, petra: User) -> None:
        row = platelets(patient, "96")
        assert signal(patient) is Signal.NOT_READY
        saved = review(row, Level.SIGN_OFF, person=petra)
        assert signal(patient) is Signal.READY
        assert (saved.by, saved.reason, saved.second) == (petra, "Known and stable", None)

    def test_a_stop_is_ready_only_when_somebody_else_confirmed(self, patient: Patient, petra: User) -> None:
        saved = review(platelets(patient, "49"), Level.STOP, person=petra)
        assert signal(patient) is Signal.NOT_READY
        confirm(saved)
        assert signal(patient) is Signal.READY

    def test_a_nurse_signs_nothing_off(self, patient: Patient, nadia: User) -> None:
        for value, level in (("96", Level.SIGN_OFF), ("49", Level.STOP)):
            row = log(patient, reported(value=value), collected_at=COLLECTED + timedelta(hours=level.rank))[0]
            with pytest.raises(services.PrescriberNeeded):
                review(row, level, person=nadia)
        assert not LabReview.objects.exists()

    def test_a_prescriber_of_another_site_signs_nothing_off_here(self, patient: Patient, other_site: Site) -> None:
        stranger = factories.user(Role.PRESCRIBER, site=other_site)
        with pytest.raises(services.PrescriberNeeded):
            review(platelets(patient, "96"), Level.SIGN_OFF, person=stranger)

    def test_a_sign_off_needs_a_reason(self, patient: Patient) -> None:
        with pytest.raises(services.NoReason):
            review(platelets(patient, "96"), Level.SIGN_OFF, reason="  ")

    def test_a_value_read_at_another_level_than_on_screen_is_looked_at_again(self, patient: Patient) -> None:
        with pytest.raises(services.LevelChanged) as changed:
            review(platelets(patient, "49"), Level.SIGN_OFF)
        assert changed.value.level is Level.STOP

    def test_a_value_that_asks_for_nothing_gets_no_answer(self, patient: Patient) -> None:
        older, newer = platelets(patient, "96"), log(patient, collected_at=AT)[0]
        with pytest.raises(services.NothingToAnswer, match="within limits"):
            review(newer, Level.WATCH)
        with pytest.raises(services.NothingToAnswer, match="newer result"):
            review(older, Level.SIGN_OFF)
        services.void_result(result=newer, reason="Wrong tube", by=BY, at=AT)
        with pytest.raises(services.NothingToAnswer, match="voided"):
            review(newer, Level.WATCH)

    def test_the_second_to_answer_is_told_who_was_first(self, patient: Patient, petra: User) -> None:
        row = platelets(patient, "96")
        review(row, Level.SIGN_OFF, person=petra)
        with pytest.raises(services.AlreadyAnswered, match="Petra Prescriber"):
            review(row, Level.SIGN_OFF)

    def test_the_same_form_twice_answers_once(self, patient: Patient) -> None:
        row, key = platelets(patient, "96"), uuid4()
        review(row, Level.SIGN_OFF, submission=key)
        with pytest.raises(AlreadySubmitted):
            review(row, Level.SIGN_OFF, submission=key)

    def test_a_process_answers_for_nothing(self, patient: Patient) -> None:
        with pytest.raises(services.NobodyEntered):
            services.review_result(result=platelets(patient, "96"), level=Level.SIGN_OFF, reason="x", by=BY, at=AT)

    def test_a_repeat_asks_anew_though_the_first_was_seen(self, patient: Patient, nadia: User) -> None:
        first = whole_set(patient, urine_protein=reported("urine_protein", "0.25", "g/L"))["urine_protein"]
        review(first, Level.WATCH, person=nadia)
        (second,) = log(patient, reported("urine_protein", "0.3", "g/L"), collected_at=AT)
        reading = queries.reading_of(second, AT)
        assert reading is not None
        assert (reading.level, reading.settled) == (Level.SIGN_OFF, False)


class TestTheSecondPerson:
    @pytest.fixture
    def saved(self, patient: Patient, petra: User) -> LabReview:
        return review(platelets(patient, "49"), Level.STOP, person=petra)

    def test_it_is_never_the_first(self, saved: LabReview, petra: User) -> None:
        with pytest.raises(services.SamePerson):
            confirm(saved, petra)
        saved.refresh_from_db()
        assert saved.second is None

    def test_the_database_refuses_it_too(self, saved: LabReview, petra: User) -> None:
        with pytest.raises(IntegrityError, match="a_review_is_confirmed_by_somebody_else"), transaction.atomic():
            writing.change(saved, event="x", by=BY, at=AT, second=petra, second_at=AT)

    def test_of_two_the_later_is_told(self, saved: LabReview, nadia: User) -> None:
        confirm(saved, nadia)
        with pytest.raises(services.AlreadyAnswered, match="Nadia Nurse"):
            confirm(saved)
        with pytest.raises(AlreadySubmitted):
            confirm(saved, nadia)

    def test_what_was_withdrawn_meanwhile_is_not_confirmed(self, saved: LabReview) -> None:
        services.withdraw_review(review=saved, reason="Second thoughts", by=BY, at=AT)
        with pytest.raises(StaleRecord):
            confirm(saved, expected=1)

    def test_a_result_that_was_voided_has_nothing_to_confirm(self, saved: LabReview) -> None:
        services.void_result(result=saved.result, reason="Clotted", by=BY, at=AT)
        with pytest.raises(services.NothingToAnswer):
            confirm(saved)

    def test_a_plain_sign_off_needs_none(self, patient: Patient) -> None:
        saved = review(platelets(patient, "96"), Level.SIGN_OFF)
        with pytest.raises(services.NothingToAnswer):
            confirm(saved)


class TestTakingAnAnswerBack:
    def test_the_value_asks_again_and_may_be_answered_anew(self, patient: Patient) -> None:
        row = platelets(patient, "96")
        services.withdraw_review(review=review(row, Level.SIGN_OFF), reason="Misread", by=BY, at=AT)
        assert signal(patient) is Signal.NOT_READY
        review(row, Level.SIGN_OFF)
        assert signal(patient) is Signal.READY

    def test_it_needs_a_reason(self, patient: Patient) -> None:
        saved = review(platelets(patient, "96"), Level.SIGN_OFF)
        with pytest.raises(services.NoReason):
            services.withdraw_review(review=saved, reason="", by=BY, at=AT)


class TestNotIndicated:
    def mark(self, dose: Dose, petra: User, **facts: Any) -> NotIndicated:
        values: dict[str, Any] = {"reason": "No sign of bleeding"} | facts
        return services.mark_not_indicated(dose=dose, by=person_actor(petra), at=AT, **values)

    def test_where_the_policy_lets_a_clinician_say_so_the_light_is_ready(
        self, dose: Dose, patient: Patient, petra: User
    ) -> None:
        policy(dose.site, may_skip=True)
        said = self.mark(dose, petra)
        lit = queries.sheet_of(patient, AT).lit
        assert (lit.signal, lit.reason) == (
            Signal.READY,
            "Not indicated: No sign of bleeding (Petra Prescriber).",
        )
        services.withdraw_not_indicated(row=said, reason="Bruises", by=BY, at=AT)
        assert signal(patient) is Signal.NOT_READY

    def test_a_value_that_is_there_counts_all_the_same(self, dose: Dose, patient: Patient, petra: User) -> None:
        policy(dose.site, may_skip=True)
        self.mark(dose, petra)
        log(patient, reported(value="49"))
        assert signal(patient) is Signal.NOT_READY

    def test_where_the_policy_asks_for_the_set_it_is_refused(self, dose: Dose, petra: User) -> None:
        with pytest.raises(services.MayNotBeLeftOut):
            self.mark(dose, petra)

    def test_a_policy_that_asks_again_takes_it_out_of_force(self, dose: Dose, patient: Patient, petra: User) -> None:
        policy(dose.site, may_skip=True)
        self.mark(dose, petra)
        policy(dose.site, since=AT.date())
        assert signal(patient) is Signal.NOT_READY

    def test_it_is_said_once_with_a_reason(self, dose: Dose, petra: User) -> None:
        policy(dose.site, may_skip=True)
        with pytest.raises(services.NoReason):
            self.mark(dose, petra, reason=" ")
        key = uuid4()
        self.mark(dose, petra, submission=key)
        with pytest.raises(AlreadySubmitted):
            self.mark(dose, petra, submission=key)
        with pytest.raises(services.AlreadyAnswered):
            self.mark(dose, petra)

    def test_taking_it_back_needs_a_reason(self, dose: Dose, petra: User) -> None:
        policy(dose.site, may_skip=True)
        with pytest.raises(services.NoReason):
            services.withdraw_not_indicated(row=self.mark(dose, petra), reason="", by=BY, at=AT)


def test_records_are_named_by_what_was_said_never_by_the_patient(dose: Dose, patient: Patient, petra: User) -> None:
    builders.policy(dose.site, may_skip=True)
    saved = review(platelets(patient, "96"), Level.SIGN_OFF)
    said = services.mark_not_indicated(dose=dose, reason="No need", by=person_actor(petra), at=AT)
    assert (str(saved), str(said)) == ("Signed off on 2026-07-04", "not indicated since 2026-07-04")
