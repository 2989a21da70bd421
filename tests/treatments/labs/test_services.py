"""Logging a sample's results, and taking one back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses.builders import patient as register
from tests.treatments.labs.builders import COLLECTED, log, reported
from treatments.labs import services
from treatments.labs.models import Analyte, LabResult
from treatments.rules.monitoring import ANALYTES, Implausible, Reported, UnknownAnalyte, UnknownUnit

SET = (
    reported(),
    reported("inr", "1.1", "{INR}"),
    reported("aptt", "31.5", "s"),
    reported("urine_protein", "15", "mg/dL", comparator="<"),
)


@pytest.fixture
def patient(site: Site) -> Patient:
    return register(site)


def kept(patient: Patient) -> dict[str, Decimal]:
    return dict(LabResult.objects.standing().filter(patient=patient).values_list("analyte", "kept"))


def test_a_result_is_named_by_its_analyte_and_day_never_by_its_patient(patient: Patient) -> None:
    assert str(log(patient)[0]) == "Platelets collected 2026-07-02"


def test_the_tables_words_are_those_of_the_rulebook() -> None:
    assert dict(Analyte.choices) == {key: known.name for key, known in ANALYTES.items()}


class TestLoggingASample:
    def test_each_value_is_kept_in_one_unit_beside_the_original(self, patient: Patient) -> None:
        *_, protein = log(patient, *SET)
        assert (protein.value, protein.unit, protein.comparator, protein.kept) == (
            Decimal(15),
            "mg/dL",
            "<",
            Decimal("0.15"),
        )
        assert kept(patient) == {
            "platelets": Decimal(212),
            "inr": Decimal("1.1"),
            "aptt": Decimal("31.5"),
            "urine_protein": Decimal("0.15"),
        }

    def test_nine_decimals_survive_the_database(self, patient: Patient) -> None:
        (row,) = log(patient, reported("urine_pcr", "22.6245", "mg/mmol"))
        assert LabResult.objects.get(pk=row.pk).kept == Decimal("0.200000580")

    def test_the_laboratorys_range_is_kept_in_the_kept_unit(self, patient: Patient) -> None:
        (row,) = log(patient, reported(value="212000", unit="/uL", low="150000", high="400000"))
        assert (row.range_low, row.range_high) == (Decimal(150), Decimal(400))

    def test_a_range_may_have_one_end(self, patient: Patient) -> None:
        (row,) = log(patient, reported("urine_protein", "0.1", "g/L", high="0.15"))
        assert (row.range_low, row.range_high) == (None, Decimal("0.15"))

    def test_the_day_is_the_sites_own(self, db: None) -> None:
        auckland = register(factories.site("Auckland", "Pacific/Auckland"))
        (row,) = log(auckland, collected_at=datetime(2026, 7, 2, 13, 0, tzinfo=UTC))
        assert row.collected_on == date(2026, 7, 3)

    def test_a_sample_late_in_the_evening_belongs_to_that_day(self, patient: Patient) -> None:
        (row,) = log(patient, collected_at=datetime(2026, 7, 2, 22, 59, tzinfo=UTC))
        assert row.collected_on == date(2026, 7, 2)
        (next_day,) = log(patient, collected_at=datetime(2026, 7, 2, 23, 0, tzinfo=UTC))
        assert next_day.collected_on == date(2026, 7, 3)

    def test_a_patient_without_a_course_can_have_results(self, patient: Patient) -> None:
        assert not patient.courses.exists()
        assert len(log(patient, *SET)) == 4

    def test_every_value_has_its_entry_in_the_trail_with_the_person(self, patient: Patient) -> None:
        nurse = factories.user(Role.NURSE, site=patient.site)
        rows = log(patient, *SET, person=nurse)
        entries = Entry.objects.filter(event="labs.result_logged", patient_id=patient.pk)
        assert {entry.target_id for entry in entries} == {str(row.pk) for row in rows}
        assert {entry.person_id for entry in entries} == {nurse.pk}
        assert {row.entered_by for row in rows} == {nurse}

    def test_a_sample_may_be_collected_this_very_moment_but_not_later(self, patient: Patient) -> None:
        assert log(patient, collected_at=AT)
        with pytest.raises(services.CollectedLater):
            log(patient, collected_at=AT + timedelta(seconds=1))

    def test_a_sample_may_be_collected_on_the_day_of_birth_but_not_before(self, site: Site) -> None:
        newborn = register(site, born_on=date(2026, 7, 2))
        assert log(newborn, collected_at=datetime(2026, 7, 1, 23, 0, tzinfo=UTC))
        with pytest.raises(services.CollectedBeforeBirth):
            log(newborn, collected_at=datetime(2026, 7, 1, 22, 59, tzinfo=UTC))

    def test_an_empty_set_is_refused(self, patient: Patient) -> None:
        with pytest.raises(services.NothingReported, match="at least one result"):
            services.log_results(
                patient=patient,
                collected_at=COLLECTED,
                laboratory="",
                values=(),
                by=person_actor(factories.user(Role.NURSE, site=patient.site)),
                at=AT,
            )

    def test_two_values_of_one_analyte_are_refused_by_name(self, patient: Patient) -> None:
        with pytest.raises(services.ReportedTwice, match=r"^Platelets stands twice"):
            log(patient, reported(value="212"), reported(value="213"))
        assert kept(patient) == {}

    def test_a_process_cannot_enter_results(self, patient: Patient) -> None:
        with pytest.raises(services.NobodyEntered):
            services.log_results(
                patient=patient, collected_at=COLLECTED, laboratory="", values=(reported(),), by=BY, at=AT
            )

    @pytest.mark.parametrize(
        ("wrong", "refusal"),
        [
            (reported("inr", "55", "{INR}"), Implausible),
            (reported("inr", "1.1", "s"), UnknownUnit),
            (reported("ferritin", "10", "ug/L"), UnknownAnalyte),
            (reported("inr", "1.1", "{INR}", high="55"), Implausible),
            (reported("inr", "1.12345", "{INR}"), ValidationError),
        ],
        ids=["implausible", "unit", "analyte", "range", "decimals"],
    )
    def test_one_wrong_value_saves_none(self, patient: Patient, wrong: Reported, refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            log(patient, reported(), wrong)
        assert kept(patient) == {}

    def test_a_laboratorys_name_that_is_too_long_is_refused_not_cut(self, patient: Patient) -> None:
        assert log(patient, laboratory="n" * 80)
        with pytest.raises(ValidationError):
            log(patient, laboratory="n" * 81, collected_at=COLLECTED + timedelta(minutes=1))


class TestTheSameSampleAgain:
    def test_it_is_refused_with_the_names_of_what_is_there(self, patient: Patient) -> None:
        log(patient, reported(), reported("inr", "1.1", "{INR}"))
        with pytest.raises(services.SameSample, match=r"already has a value for INR, Platelets\. Correct the time"):
            log(patient, reported("inr", "1.2", "{INR}"), reported(value="99"), reported("aptt", "31", "s"))
        assert kept(patient) == {"platelets": Decimal(212), "inr": Decimal("1.1")}

    def test_another_analyte_of_the_same_sample_may_follow(self, patient: Patient) -> None:
        log(patient, reported())
        log(patient, reported("inr", "1.1", "{INR}"))
        assert set(kept(patient)) == {"platelets", "inr"}

    def test_a_minute_later_it_is_another_sample(self, patient: Patient) -> None:
        log(patient)
        assert log(patient, collected_at=COLLECTED + timedelta(minutes=1))

    def test_another_patients_sample_is_another_sample(self, patient: Patient, site: Site) -> None:
        log(patient)
        assert log(register(site, "Birch"))

    def test_another_broken_rule_is_not_mistaken_for_it(
        self, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: Any, **_facts: Any) -> None:
            raise IntegrityError("a_result_is_not_negative")

        monkeypatch.setattr("treatments.labs.services.results.writing.add", refuse)
        with pytest.raises(IntegrityError, match="a_result_is_not_negative"):
            log(patient)

    def test_a_value_taken_back_makes_room_for_the_right_one(self, patient: Patient) -> None:
        (wrong,) = log(patient, reported(value="21"))
        services.void_result(result=wrong, reason="Typing error", by=BY, at=AT)
        log(patient, reported(value="210"))
        assert kept(patient) == {"platelets": Decimal(210)}


class TestTheSameFormAgain:
    def test_it_makes_one_set(self, patient: Patient) -> None:
        key = uuid4()
        first = log(patient, *SET, submission=key)
        with pytest.raises(AlreadySubmitted) as refused:
            log(patient, *SET, submission=key)
        assert refused.value.record == first[0]
        assert LabResult.objects.filter(patient=patient).count() == 4

    def test_it_makes_one_set_though_other_values_were_typed_meanwhile(self, patient: Patient) -> None:
        key = uuid4()
        log(patient, reported(), submission=key)
        later = COLLECTED + timedelta(hours=1)
        with pytest.raises(AlreadySubmitted):
            log(patient, reported("inr", "1.1", "{INR}"), collected_at=later, submission=key)
        assert set(kept(patient)) == {"platelets"}

    def test_two_forms_make_two_sets(self, patient: Patient) -> None:
        log(patient, *SET, submission=uuid4())
        log(patient, *SET, submission=uuid4(), collected_at=COLLECTED + timedelta(days=1))
        assert LabResult.objects.filter(patient=patient).count() == 8

    def test_each_row_of_a_set_has_a_key_of_its_own(self, patient: Patient) -> None:
        rows = log(patient, *SET, submission=uuid4())
        assert len({row.submission for row in rows}) == 4


class TestTakingAResultBack:
    def test_it_no_longer_counts_but_stays_with_the_reason(self, patient: Patient) -> None:
        (row,) = log(patient)
        services.void_result(result=row, reason="Another patient's sample", by=BY, at=AT)
        assert kept(patient) == {}
        stored = LabResult.objects.get(pk=row.pk)
        assert (stored.voided_at, stored.void_reason) == (AT, "Another patient's sample")

    def test_it_leaves_an_entry_with_the_reason(self, patient: Patient) -> None:
        (row,) = log(patient)
        services.void_result(result=row, reason="Typing error", by=BY, at=AT)
        entry = Entry.objects.get(event="labs.result_voided")
        assert (entry.target_id, entry.reason, entry.patient_id) == (str(row.pk), "Typing error", patient.pk)

    @pytest.mark.parametrize("reason", ["", "   "])
    def test_a_reason_is_needed(self, patient: Patient, reason: str) -> None:
        (row,) = log(patient)
        with pytest.raises(services.NoReason):
            services.void_result(result=row, reason=reason, by=BY, at=AT)
        assert kept(patient)

    def test_a_result_is_taken_back_once(self, patient: Patient) -> None:
        (row,) = log(patient)
        voided = services.void_result(result=row, reason="Typing error", by=BY, at=AT)
        with pytest.raises(services.AlreadyVoided):
            services.void_result(result=voided, reason="Again", by=BY, at=AT)

    def test_who_saw_an_older_version_is_told(self, patient: Patient) -> None:
        (row,) = log(patient)
        LabResult.objects.get(pk=row.pk)
        services.void_result(result=LabResult.objects.get(pk=row.pk), reason="Typing error", by=BY, at=AT)
        with pytest.raises(StaleRecord):
            services.void_result(result=row, reason="Typing error", by=BY, at=AT)
