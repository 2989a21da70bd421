"""Recording a motor score, and taking one back."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from clinic.audit.models import Entry
from clinic.patients.facts import ProfileFacts
from clinic.patients.models import Patient
from clinic.patients.services import set_profile
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses.builders import patient as register
from tests.treatments.outcomes.builders import DAY, score
from treatments.courses.services import Unconfirmed
from treatments.outcomes import queries, services
from treatments.outcomes.models import MotorScore
from treatments.rules.motor_scores import SCALES


@pytest.fixture
def patient(site: Site) -> Patient:
    """Return somebody who was born on 17 May 2020."""
    return register(site)


def nadia(site: Site) -> User:
    return factories.user(Role.NURSE, site=site, full_name="Nadia Nurse")


class TestRecording:
    def test_it_keeps_score_day_assessor_conditions_and_who_entered_it(self, patient: Patient) -> None:
        person = nadia(patient.site)
        made = score(patient, 41, conditions=" Wearing a brace ", person=person)
        row = MotorScore.objects.get(pk=made.pk)
        assert (row.scale, row.value, row.assessed_on, row.assessor) == ("hfmse", 41, DAY, "Fay Physio")
        assert (row.conditions, row.entered_by, row.site_id) == ("Wearing a brace", person, patient.site_id)
        entry = Entry.objects.get(event="outcomes.motor_score_recorded")
        assert (entry.target_id, entry.patient_id, entry.person_id) == (str(row.pk), patient.pk, person.pk)

    @pytest.mark.parametrize(("value", "fits"), [(0, True), (66, True), (67, False), (-1, False)])
    def test_a_score_outside_of_its_scale_is_refused(self, patient: Patient, value: int, fits: bool) -> None:
        if fits:
            assert score(patient, value).value == value
            return
        with pytest.raises(services.OutOfRange, match=r"HFMSE goes from 0 to 66\."):
            score(patient, value)

    @pytest.mark.parametrize(
        ("on", "sentence"),
        [
            (date(2026, 7, 4), ""),
            (date(2026, 7, 5), "lies in the future"),
            (date(2020, 5, 17), ""),
            (date(2020, 5, 16), "born on 17 May 2020"),
        ],
    )
    def test_it_happened_in_the_patients_life_so_far(self, patient: Patient, on: date, sentence: str) -> None:
        if not sentence:
            assert score(patient, on=on).assessed_on == on
            return
        with pytest.raises(services.AssessedOnSuchADay, match=sentence):
            score(patient, on=on)

    def test_a_scale_that_is_not_meant_for_the_patient_is_asked_about_and_never_refused(self, patient: Patient) -> None:
        with pytest.raises(Unconfirmed) as asked:
            score(patient, 20, scale="hine_2", confirmed=())
        (caution,) = asked.value.cautions
        assert caution.text == "HINE-2 is meant for children from 2 to 24 months; the patient is 6 years old."
        made = score(patient, 20, scale="hine_2", confirmed=[caution.text])
        assert Entry.objects.get(target_id=str(made.pk)).reason == f"Confirmed: {caution.text}"

    def test_motor_function_decides_too_as_the_profile_knows_it(self, patient: Patient) -> None:
        assert score(patient, 300, scale="six_minute_walk", confirmed=()).value == 300
        set_profile(profile=patient.sma_profile, facts=ProfileFacts(motor_function="sitter"), by=BY, at=AT)
        with pytest.raises(Unconfirmed) as asked:
            score(patient, 300, DAY - timedelta(days=1), scale="six_minute_walk", confirmed=())
        assert asked.value.cautions[0].text.endswith("the patient is 6 years old, a sitter.")

    def test_a_second_score_of_a_scale_and_day_is_refused_by_name(self, patient: Patient) -> None:
        first = score(patient, 30)
        with pytest.raises(services.AlreadyScored, match=r"^HFMSE 30 is recorded for 2 Jul 2026\. Void that score"):
            score(patient, 31)
        assert score(patient, 20, scale="rulm").value == 20
        assert score(register(patient.site, "Birch"), 31).value == 31
        services.void_score(score=first, reason="Typing error", by=BY, at=AT)
        assert score(patient, 31).value == 31

    def test_the_same_form_makes_one_score(self, patient: Patient) -> None:
        key = uuid4()
        first = score(patient, submission=key)
        with pytest.raises(AlreadySubmitted) as again:
            score(patient, submission=key)
        assert again.value.record == first

    def test_a_process_enters_nothing(self, patient: Patient) -> None:
        with pytest.raises(services.NobodyEntered):
            services.record_score(
                patient=patient, score=services.Score("hfmse", 30, DAY, "Fay"), by=BY, at=AT, confirmed=()
            )

    @pytest.mark.parametrize("facts", [{"assessor": " "}, {"assessor": "f" * 121}, {"conditions": "c" * 301}])
    def test_what_no_column_can_hold_is_refused_not_cut(self, patient: Patient, facts: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            score(patient, **facts)

    def test_another_broken_rule_is_not_mistaken_for_a_second_score(
        self, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: Any, **_facts: Any) -> None:
            raise IntegrityError("another rule")

        monkeypatch.setattr("treatments.outcomes.services.writing.add", refuse)
        with pytest.raises(IntegrityError, match="another rule"):
            score(patient)


class TestTakingOneBack:
    def test_it_counts_no_longer_but_stays_with_the_reason(self, patient: Patient) -> None:
        row = services.void_score(score=score(patient), reason=" Other patient ", by=BY, at=AT)
        assert (row.void_reason, queries.score_trends(patient)) == ("Other patient", ())
        assert Entry.objects.get(event="outcomes.motor_score_voided").reason == "Other patient"

    def test_a_reason_is_needed_and_once_is_enough(self, patient: Patient) -> None:
        row = score(patient)
        with pytest.raises(services.NoReason):
            services.void_score(score=row, reason=" ", by=BY, at=AT)
        stale = MotorScore.objects.get(pk=row.pk)
        voided = services.void_score(score=row, reason="Other patient", by=BY, at=AT)
        with pytest.raises(services.AlreadyVoided):
            services.void_score(score=voided, reason="Again", by=BY, at=AT)
        with pytest.raises(StaleRecord):
            services.void_score(score=stale, reason="Again", by=BY, at=AT)


class TestTheTrends:
    def test_each_scale_has_its_standing_scores_the_oldest_first(self, patient: Patient) -> None:
        score(patient, 32)
        score(patient, 30, date(2026, 1, 5))
        score(patient, 20, scale="rulm")
        score(register(patient.site, "Birch"), 1)
        trends = queries.score_trends(patient)
        assert [(trend.scale.key, [point.value for point in trend.points]) for trend in trends] == [
            ("hfmse", [30, 32]),
            ("rulm", [20]),
        ]
        assert (trends[0].first.value, trends[0].last.value) == (30, 32)

    @pytest.mark.parametrize("scores", [1, 6])
    def test_they_take_one_query(self, patient: Patient, scores: int, django_assert_num_queries: Any) -> None:
        for days in range(scores):
            score(patient, on=DAY - timedelta(days=days))
        with django_assert_num_queries(1):
            assert len(queries.score_trends(patient)[0].points) == scores


class TestTheDatabase:
    @pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
    def test_it_keeps_every_score_within_its_scale(self, patient: Patient, scale: Any) -> None:
        row = score(patient, scale.high, scale=scale.key)
        rows: models.QuerySet[MotorScore] = models.QuerySet(model=MotorScore)
        with pytest.raises(IntegrityError, match="a_score_lies_within_its_scale"), transaction.atomic():
            rows.filter(pk=row.pk).update(value=scale.high + 1)


def test_a_score_is_named_by_its_scale_and_day_never_by_its_patient(patient: Patient) -> None:
    assert str(score(patient, 300, scale="six_minute_walk")) == "6MWT 300 m on 2 Jul 2026"
