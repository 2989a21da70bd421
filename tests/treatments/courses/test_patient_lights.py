"""Consent and access plan as lights of a dose, for one patient and for many."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from clinic.patients import parts, services
from clinic.patients.facts import ConsentFacts, ProfileFacts
from clinic.patients.models import Patient
from clinic.staff.models import Site
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from treatments.courses.patient_lights import access_plan_lights, consent_lights
from treatments.rules.lights import Lit, Signal

TODAY = date(2026, 7, 4)


def consent(patient: Patient) -> Lit:
    return consent_lights([patient.pk], when_missing=Signal.ATTENTION)[patient.pk]


def plan(patient: Patient) -> Lit:
    return access_plan_lights([patient.pk])[patient.pk]


class TestConsent:
    def test_the_answer_in_force_decides_and_else_the_last_one_taken_back(self, site: Site) -> None:
        patient = patients.patient(site)
        assert consent(patient).signal is Signal.ATTENTION
        first = patients.consent(patient)
        assert consent(patient).signal is Signal.READY
        services.withdraw_consent(consent=first, on=date(2026, 3, 1), by=BY, at=AT)
        assert consent(patient).reason == "The consent was withdrawn on 1 Mar 2026."
        patients.consent(patient, given_on=date(2026, 2, 1))
        assert consent(patient).reason == "Consent was given on 1 Feb 2026 by Maria Berg."

    def test_of_two_taken_back_the_later_one_decides(self, site: Site) -> None:
        patient = patients.patient(site)
        for given, taken_back in ((date(2026, 1, 5), date(2026, 6, 1)), (date(2026, 2, 5), date(2026, 3, 1))):
            row = patients.consent(patient, given_on=given)
            services.withdraw_consent(consent=row, on=taken_back, by=BY, at=AT)
        assert consent(patient).reason == "The consent was withdrawn on 1 Jun 2026."

    def test_a_refusal_is_one(self, site: Site) -> None:
        patient = patients.patient(site)
        refusal = ConsentFacts("treatment", TODAY, "Maria Berg", "refused")
        services.add_part(kind=parts.CONSENT, patient=patient, facts=refusal, by=BY, at=AT)
        assert consent(patient).signal is Signal.NOT_READY

    def test_another_kind_and_a_voided_one_do_not_count(self, site: Site) -> None:
        patient = patients.patient(site)
        patients.consent(patient, "registry")
        wrong = patients.consent(patient)
        services.void_part(kind=parts.CONSENT, part=wrong, reason="Of the sister", by=BY, at=AT)
        assert consent(patient).signal is Signal.ATTENTION


class TestTheAccessPlan:
    def test_the_latest_plan_decides_by_the_spine_of_today(self, site: Site) -> None:
        patient = patients.patient(site, profile=ProfileFacts(spine="scoliosis"))
        assert plan(patient).signal is Signal.NOT_READY
        patients.access_plan(patient, date(2026, 3, 1), approach="port")
        patients.access_plan(patient, date(2026, 2, 1))
        assert plan(patient).reason == "Port or reservoir, ultrasound, sedation; reviewed on 1 Mar 2026."
        services.set_profile(profile=patient.sma_profile, facts=ProfileFacts(spine="fused"), by=BY, at=AT)
        assert plan(patient).signal is Signal.ATTENTION

    def test_a_voided_plan_does_not_count(self, site: Site) -> None:
        patient = patients.patient(site)
        wrong = patients.access_plan(patient)
        services.void_part(kind=parts.ACCESS_PLAN, part=wrong, reason="Of the sister", by=BY, at=AT)
        assert plan(patient).reason == "No access plan is recorded."


@pytest.mark.parametrize("count", [1, 5])
def test_many_take_as_many_queries_as_one(
    site: Site, count: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    people = [patients.patient(site, f"Berg {number}") for number in range(count)]
    for patient in people:
        patients.consent(patient)
        patients.access_plan(patient)
    ids = [patient.pk for patient in people]
    with django_assert_num_queries(3):
        consents, plans = consent_lights(ids, when_missing=Signal.NOT_READY), access_plan_lights(ids)
    assert {lit.signal for lit in (*consents.values(), *plans.values())} == {Signal.READY}
    assert len(consents) == len(plans) == count
