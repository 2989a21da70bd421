"""The panels beside a chart lead to every page of this room, for those who may open it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import Client

from clinic.patients import services
from clinic.patients.models import Patient
from clinic.patients.queries import details
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import TODAY
from tests.factories import AT, BY

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def patient(site: Site) -> Patient:
    """Register somebody with one of everything, and a withdrawn consent besides."""
    patient = builders.patient(site, mrn="M1")
    builders.carer(patient, "Maria <Berg>")
    builders.consent(patient)
    withdrawn = builders.consent(patient, "registry")
    services.withdraw_consent(consent=withdrawn, on=TODAY, by=BY, at=AT)
    builders.allergy(patient)
    builders.access_plan(patient)
    builders.measurement(patient, weight_kg=Decimal(9))
    builders.therapy(patient)
    return patient


def panels(patient: Patient, *, may_correct: bool) -> str:
    context = {"details": details(patient), "patient_id": patient.pk, "may_correct": may_correct}
    return render_to_string("patients/panels.html", context)


def links(markup: str) -> list[str]:
    return [part.split('"')[0] for part in markup.split('href="')[1:]]


def test_every_link_opens(patient: Patient, signed_in: Callable[..., Client]) -> None:
    nurse = signed_in(Role.NURSE)
    found = links(panels(patient, may_correct=True))
    assert {nurse.get(link).status_code for link in found} == {200}
    actions = {link.removeprefix(f"/patients/{patient.pk}/").split("/")[0] for link in found}
    assert actions == {
        "correct",
        "profile",
        "care-status",
        "history",
        "identifier",
        "carer",
        "consent",
        "allergy",
        "access-plan",
        "measurement",
        "therapy",
    }


def test_a_reader_is_offered_the_history_alone(patient: Patient, signed_in: Callable[..., Client]) -> None:
    (link,) = links(panels(patient, may_correct=False))
    assert link == f"/patients/{patient.pk}/history/"
    assert signed_in(Role.VIEWER).get(link).status_code == 200


def test_only_a_consent_in_force_can_be_withdrawn(patient: Patient) -> None:
    assert sum(link.endswith("/withdraw/") for link in links(panels(patient, may_correct=True))) == 1


def test_every_link_says_what_it_changes(patient: Patient) -> None:
    markup = panels(patient, may_correct=True)
    for word in (">Edit<", ">Add<", ">Withdraw<"):
        assert word in markup
        assert markup.count(word) == markup.count(f'{word}span class="visually-hidden"')


def test_markup_in_what_people_typed_stays_text(patient: Patient) -> None:
    assert "Maria &lt;Berg&gt;" in panels(patient, may_correct=True)


def test_a_new_patient_says_that_nothing_is_recorded(site: Site) -> None:
    markup = panels(builders.patient(site), may_correct=False)
    said = ("none recorded", "No carer recorded.", "Treatment: not recorded", "Not recorded.", "None recorded.")
    for words in (*said, "Not asked yet."):
        assert words in markup


@pytest.mark.parametrize(("measured", "folded"), [(4, False), (5, True)])
def test_older_measurements_are_folded_away(site: Site, measured: int, folded: bool) -> None:
    patient = builders.patient(site)
    for number in range(measured):
        builders.measurement(patient, TODAY - timedelta(days=number), weight_kg=Decimal(9))
    markup = panels(patient, may_correct=False)
    assert ("Earlier ones" in markup) is folded
    assert markup.count("9 kg") == measured


def test_the_panels_start_no_query(patient: Patient, django_assert_num_queries: Callable[[int], object]) -> None:
    context = {"details": details(patient), "patient_id": patient.pk, "may_correct": True}
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        render_to_string("patients/panels.html", context)
