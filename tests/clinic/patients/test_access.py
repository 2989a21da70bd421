"""Who may open which page of this room, and who is told that there is nothing."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from clinic.patients import parts
from clinic.patients.access import part_or_404, patient_or_404, profile_or_404
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.urls import urlpatterns
from clinic.records import writing
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.clinic.patients import builders
from tests.factories import AT, BY

pytestmark = pytest.mark.usefixtures("noon")

WRITING = ["correct", "profile", "care_status", "add_part", "correct_part", "void_part", "withdraw_consent"]
OF_PATIENT = [*WRITING, "history"]
EVERY_PAGE = [*OF_PATIENT, "find", "register"]


def address(name: str, patient: Patient, consent_id: uuid.UUID) -> str:
    """Return the address of a page; pages about a part are about a consent."""
    arguments: dict[str, list[Any]] = {
        "find": [],
        "register": [],
        "add_part": [patient.pk, "consent"],
        "correct_part": [patient.pk, "consent", consent_id],
        "void_part": [patient.pk, "consent", consent_id],
        "withdraw_consent": [patient.pk, consent_id],
    }
    return reverse(f"patients:{name}", args=arguments.get(name, [patient.pk]))


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


@pytest.fixture
def consent_id(patient: Patient) -> uuid.UUID:
    return builders.consent(patient).pk


def test_every_page_of_the_room_is_tried_here() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(EVERY_PAGE)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_whoever_is_not_signed_in_is_asked_to(
    client: Client, patient: Patient, consent_id: uuid.UUID, name: str
) -> None:
    page = address(name, patient, consent_id)
    for answer in (client.get(page), client.post(page)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_somebody_without_a_role_gets_nowhere(
    signed_in: Callable[..., Client], patient: Patient, consent_id: uuid.UUID, name: str
) -> None:
    expected = 403 if name in {"find", "register"} else 404
    assert signed_in().get(address(name, patient, consent_id)).status_code == expected


@pytest.mark.parametrize("role", [Role.NURSE, Role.VIEWER])
@pytest.mark.parametrize("name", EVERY_PAGE)
def test_each_role_opens_what_the_table_grants(
    signed_in: Callable[..., Client], patient: Patient, consent_id: uuid.UUID, name: str, role: Role
) -> None:
    needed = Permission.REGISTER_PATIENTS if name in {*WRITING, "register"} else Permission.VIEW_PATIENTS
    expected = 200 if needed in GRANTS[role] else 403
    assert signed_in(role).get(address(name, patient, consent_id)).status_code == expected


@pytest.mark.parametrize("name", [*WRITING, "register"])
def test_who_may_only_read_changes_nothing(
    signed_in: Callable[..., Client], patient: Patient, consent_id: uuid.UUID, name: str
) -> None:
    answer = signed_in(Role.VIEWER).post(address(name, patient, consent_id), {"version": "1", "reason": "x"})
    assert answer.status_code == 403
    assert Patient.objects.get().version == 1


def body(answer: Any, page: str) -> str:
    """Return a page without its address and without what differs on every rendering."""
    words = answer.content.decode().replace(page, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", words)


@pytest.mark.parametrize(
    ("method", "name"), [*(("get", name) for name in OF_PATIENT), *(("post", name) for name in WRITING)]
)
def test_a_foreign_an_unknown_and_a_voided_patient_answer_alike(
    signed_in: Callable[..., Client], other_site: Site, patient: Patient, method: str, name: str
) -> None:
    nurse = signed_in(Role.NURSE)
    foreign = builders.patient(other_site)
    voided = builders.patient(patient.site, "Zielke")
    theirs, void_consent = builders.consent(foreign).pk, builders.consent(voided).pk
    writing.void(voided, event="patients.voided", by=BY, at=AT, reason="Registered twice")
    unknown = Patient(pk=uuid.uuid4())
    answers = []
    for whom, consent in ((foreign, theirs), (voided, void_consent), (unknown, uuid.uuid4())):
        page = address(name, whom, consent)
        answer = getattr(nurse, method)(page)
        assert answer.status_code == 404
        answers.append(body(answer, page))
    assert len(set(answers)) == 1


@pytest.mark.parametrize("name", OF_PATIENT)
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(
    signed_in: Callable[..., Client], patient: Patient, consent_id: uuid.UUID, name: str, method: str
) -> None:
    answer = getattr(signed_in(Role.NURSE), method)(address(name, patient, consent_id))
    assert answer.status_code == 405


def test_a_form_from_another_page_is_refused(person: Callable[..., User], patient: Patient) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(Role.NURSE), backend="allauth.account.auth_backends.AuthenticationBackend")
    for name in ("find", "register", "correct"):
        assert strict.post(address(name, patient, uuid.uuid4())).status_code == 403


def test_a_patient_comes_with_their_site(
    person: Callable[..., User], patient: Patient, django_assert_num_queries: Any
) -> None:
    nurse = person(Role.NURSE)
    assert nurse.rights
    with django_assert_num_queries(1):
        assert patient_or_404(nurse, patient.pk).site.name == "Northfield"


def test_a_voided_part_and_a_voided_profile_are_not_found(patient: Patient) -> None:
    carer = builders.carer(patient)
    assert part_or_404(patient, parts.CARER, carer.pk) == carer
    writing.void(carer, event="patients.carer_voided", by=BY, at=AT, reason="Of the sister")
    with pytest.raises(Http404):
        part_or_404(patient, parts.CARER, carer.pk)
    profile = profile_or_404(patient)
    writing.void(profile, event="patients.profile_voided", by=BY, at=AT, reason="Of the sister")
    with pytest.raises(Http404):
        profile_or_404(patient)
    assert SmaProfile.objects.count() == 1
