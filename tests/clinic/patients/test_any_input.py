"""Whatever is typed: an answer that a person can use, nothing half-written, and nothing of it lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clinic.audit.models import Entry
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.parts import KINDS
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.pages import filled, page

# What people, browsers and scripts send: words, numbers, days, markup, control characters, whole scripts.
ODD = ["", " ", "0", "-1", "1e9", "NaN", "Infinity", "9" * 50, "2020-02-30", "0001-01-01", "9999-12-31", "2026-07-04"]
# What a page puts into its forms itself.
OWN = {"submission", "version", "csrfmiddlewaretoken", "matches_seen", "draft"}
TYPED = st.one_of(
    st.sampled_from([*ODD, "female", "nhs", "mrn", "email", "treatment", "risdiplam", "9434765919", "a@b.example"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40),
)
# A page takes too long to search for the smallest failing example; whatever fails is shown as it was drawn.
quick = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

pytestmark = pytest.mark.usefixtures("afternoon")


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def drawn(data: st.DataObject, form: dict[str, str]) -> dict[str, str]:
    """Fill a form's fields with anything, but for what the page itself put there."""
    return form | {name: data.draw(TYPED, label=name) for name in form if name not in OWN}


def rows() -> int:
    return Patient.objects.count() + Entry.objects.count()


def whole() -> bool:
    """Say whether every patient has a profile and every row its entry."""
    return Patient.objects.count() == SmaProfile.objects.count()


@quick
@given(data=st.data())
def test_registering_answers_and_keeps_everything_or_nothing(nurse: Client, site: Site, data: st.DataObject) -> None:
    address, before = reverse("patients:register"), rows()
    sent = drawn(data, filled(nurse.get(address)))
    answer = nurse.post(address, sent)
    assert answer.status_code in {302, 422}
    assert whole()
    if answer.status_code == 422:
        assert rows() == before
        assert_kept(answer, sent)


@pytest.mark.parametrize("slug", KINDS)
@quick
@given(data=st.data())
def test_adding_a_part_answers_and_keeps_what_was_typed(
    nurse: Client, patient: Patient, slug: str, data: st.DataObject
) -> None:
    address, before = reverse("patients:add_part", args=[patient.pk, slug]), rows()
    sent = drawn(data, filled(nurse.get(address)))
    answer = nurse.post(address, sent)
    assert answer.status_code in {302, 422}
    if answer.status_code == 422:
        assert rows() == before
        assert_kept(answer, sent)


@pytest.mark.parametrize("name", ["correct", "profile", "care_status"])
@quick
@given(data=st.data())
def test_correcting_answers_and_keeps_what_was_typed(
    nurse: Client, patient: Patient, name: str, data: st.DataObject
) -> None:
    address, before = reverse(f"patients:{name}", args=[patient.pk]), rows()
    sent = drawn(data, filled(nurse.get(address)))
    answer = nurse.post(address, sent)
    assert answer.status_code in {200, 302, 422}
    if answer.status_code == 422:
        assert rows() == before
        assert_kept(answer, sent)


@quick
@given(words=TYPED, care=TYPED, after=TYPED, before=TYPED, token=TYPED)
def test_finding_answers_whatever_stands_in_the_address(
    nurse: Client, patient: Patient, words: str, care: str, after: str, before: str, token: str
) -> None:
    found = nurse.get(nurse.post("/patients/", {"q": words, "care": care})["Location"])
    odd = nurse.get("/patients/", {"search": token, "care": care, "after": after, "before": before})
    assert found.status_code == odd.status_code == 200


@quick
@given(before=TYPED)
def test_a_history_answers_whatever_stands_in_the_address(nurse: Client, patient: Patient, before: str) -> None:
    answer = nurse.get(reverse("patients:history", args=[patient.pk]), {"before": before})
    assert answer.status_code == 200


def assert_kept(answer: Any, sent: dict[str, str]) -> None:
    """Compare the fields that hold text; a select cannot show a choice that it does not have."""
    shown = filled(answer)
    selects = {str(select["name"]) for select in page(answer).select("select")}
    for name in sent.keys() & shown.keys() - selects - OWN:
        assert printable(shown[name]) == printable(sent[name]), name


def printable(value: str) -> str:
    """Leave out what HTML cannot carry or a parser may not keep, and the spaces around."""
    return "".join(char for char in value if char.isprintable()).strip()
