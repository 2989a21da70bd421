"""The newest result of each analyte, and trends over time."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses.builders import patient as register
from tests.treatments.labs.builders import COLLECTED, log, reported
from treatments.labs import queries, services
from treatments.rules.monitoring import Range, Standing


@pytest.fixture
def patient(site: Site) -> Patient:
    return register(site)


class TestTheNewestOfEachAnalyte:
    def test_the_collection_decides_not_the_entry(self, patient: Patient) -> None:
        log(patient, reported(value="300"), collected_at=COLLECTED)
        log(patient, reported(value="200"), collected_at=COLLECTED - timedelta(days=1))
        assert queries.latest([patient.pk])[patient.pk]["platelets"].kept == 300

    def test_each_analyte_has_its_own(self, patient: Patient) -> None:
        log(patient, reported("inr", "1.1", "{INR}"), collected_at=COLLECTED - timedelta(days=40))
        log(patient, reported(value="212"))
        newest = queries.latest([patient.pk])[patient.pk]
        assert {key: found.collected_on for key, found in newest.items()} == {
            "platelets": date(2026, 7, 2),
            "inr": date(2026, 5, 23),
        }

    def test_it_carries_range_and_comparator(self, patient: Patient) -> None:
        log(patient, reported("urine_protein", "0.05", "g/L", comparator="<", high="0.15"))
        found = queries.latest([patient.pk])[patient.pk]["urine_protein"]
        assert (found.comparator, found.kept, found.reference) == ("<", Decimal("0.05"), Range(None, Decimal("0.15")))
        assert found.collected_at == COLLECTED

    def test_what_was_taken_back_does_not_count(self, patient: Patient) -> None:
        log(patient, reported(value="200"), collected_at=COLLECTED - timedelta(days=1))
        (wrong,) = log(patient, reported(value="20"))
        services.void_result(result=wrong, reason="Typing error", by=BY, at=AT)
        assert queries.latest([patient.pk])[patient.pk]["platelets"].kept == 200

    def test_patients_are_kept_apart(self, patient: Patient, site: Site) -> None:
        birch, cedar = register(site, "Birch"), register(site, "Cedar")
        log(patient, reported(value="100"))
        log(birch, reported(value="200"), collected_at=COLLECTED + timedelta(hours=1))
        found = queries.latest([patient.pk, birch.pk, cedar.pk])
        assert {pk: newest["platelets"].kept for pk, newest in found.items()} == {patient.pk: 100, birch.pk: 200}
        assert set(queries.latest([birch.pk])) == {birch.pk}

    def test_nobody_has_nothing(self, patient: Patient) -> None:
        log(patient)
        assert queries.latest([]) == {}

    @pytest.mark.parametrize("samples", [1, 12])
    def test_it_is_one_query_however_many_results(
        self, patient: Patient, samples: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        nurse = factories.user(Role.NURSE, site=patient.site)
        for day in range(samples):
            log(patient, collected_at=COLLECTED - timedelta(days=day), person=nurse)
        with django_assert_num_queries(1):
            queries.latest([patient.pk])


class TestHowAnAnalyteWasEnteredLast:
    def test_it_says_the_result_as_the_laboratory_did(self, patient: Patient) -> None:
        log(patient, reported(value="180"), collected_at=COLLECTED - timedelta(days=30))
        log(patient, reported(value="212000", unit="/uL"), reported("inr", "1.1", "{INR}"), laboratory="Southlab")
        found = queries.earlier(patient)
        assert (found["platelets"].words, found["platelets"].unit) == ("212000 /µL on 2 Jul 2026", "/uL")
        assert (found["inr"].words, found["inr"].laboratory) == ("1.1 on 2 Jul 2026", "Southlab")

    def test_a_comparator_is_printed_as_people_write_it(self, patient: Patient) -> None:
        log(patient, reported("urine_protein", "0.05", "g/L", comparator="<="))
        assert queries.earlier(patient)["urine_protein"].words == "≤0.05 g/L on 2 Jul 2026"


class TestTrends:
    def test_they_run_from_the_oldest_to_the_newest_in_the_tables_order(self, patient: Patient) -> None:
        for days, value in ((1, "212"), (30, "190"), (15, "200")):
            log(
                patient,
                reported("inr", "1.1", "{INR}"),
                reported(value=value),
                collected_at=COLLECTED - timedelta(days),
            )
        platelets, inr = queries.trends(patient)
        assert [point.kept for point in platelets.points] == [190, 200, 212]
        assert platelets.last.kept == 212
        assert (platelets.analyte.name, inr.analyte.name) == ("Platelets", "INR")

    def test_a_point_says_who_entered_it_and_where_it_stands(self, patient: Patient) -> None:
        nurse: User = factories.user(Role.NURSE, site=patient.site, full_name="Nadia Nurse")
        log(patient, reported(value="90000", unit="/uL", low="150000", high="400000"), person=nurse)
        (trend,) = queries.trends(patient)
        assert trend.last == queries.Point(
            id=trend.last.id,
            collected_at=COLLECTED,
            collected_on=date(2026, 7, 2),
            laboratory="Northfield Pathology",
            entered_by="Nadia Nurse",
            value=Decimal(90000),
            unit="/uL",
            comparator="",
            kept=Decimal(90),
            reference=Range(Decimal(150), Decimal(400)),
            standing=Standing.BELOW,
        )

    def test_an_analyte_without_results_is_left_out(self, patient: Patient) -> None:
        assert queries.trends(patient) == ()

    def test_what_was_taken_back_and_other_patients_are_left_out(self, patient: Patient, site: Site) -> None:
        (wrong,) = log(patient)
        services.void_result(result=wrong, reason="Typing error", by=BY, at=AT)
        log(register(site, "Birch"))
        assert queries.trends(patient) == ()

    @pytest.mark.parametrize("samples", [1, 12])
    def test_they_are_one_query_however_many_results(
        self, patient: Patient, samples: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        nurse = factories.user(Role.NURSE, site=patient.site)
        for day in range(samples):
            log(patient, collected_at=COLLECTED - timedelta(days=day), person=nurse)
        with django_assert_num_queries(1):
            (trend,) = queries.trends(patient)
        assert len(trend.points) == samples
