"""The page that tells what happened to a patient's record."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.patients import parts, services
from clinic.patients.facts import CarerFacts
from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.pages import main, page, text
from tests.factories import AT, BY

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def viewer(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.VIEWER)


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def url(patient: Patient) -> str:
    return reverse("patients:history", args=[patient.pk])


def told(answer: Any) -> list[str]:
    return [text(entry) for entry in page(answer).select(".timeline > li")]


def test_old_and_new_stand_side_by_side_with_who_when_and_why(viewer: Client, patient: Patient) -> None:
    services.correct(patient=patient, person=builders.person("Anna"), by=BY, at=AT, reason="Passport")
    newest = told(viewer.get(url(patient)))[0]
    assert newest.startswith("Name, birth or sex corrected 4 Jul 2026, 13:00 · test stage (by itself) Passport")
    assert newest.endswith("Given name was Ana → now Anna")


def test_what_was_entered_is_told_in_one_line(viewer: Client, patient: Patient) -> None:
    builders.consent(patient)
    newest = told(viewer.get(url(patient)))[0]
    assert newest.startswith("Consent recorded : Treatment, given 5 Jan 2026")
    assert newest.endswith("Kind Treatment · Answer Given · Answered on 5 Jan 2026 · Answered by Maria Berg")


def test_a_void_is_told_with_its_reason_alone(viewer: Client, patient: Patient) -> None:
    carer = builders.carer(patient)
    services.void_part(kind=parts.CARER, part=carer, reason="Of the <b>sister</b>", by=BY, at=AT)
    newest = told(viewer.get(url(patient)))[0]
    assert newest.startswith("Carer voided : Maria Berg")
    assert newest.endswith("Of the <b>sister</b>")


def test_the_page_says_whose_times_these_are_and_its_title_names_nobody(viewer: Client, patient: Patient) -> None:
    answer = viewer.get(url(patient))
    assert "The clock is that of Europe/London." in main(answer)
    assert text(page(answer).find("title")) == "History · Tidemark"
    assert "BERG, Ana" in text(page(answer).select_one(".patient-banner"))


def test_older_entries_stand_on_further_pages(viewer: Client, patient: Patient) -> None:
    for number in range(40):
        facts = CarerFacts(f"Carer {number:02}", channel="post")
        at = AT + timedelta(minutes=number)
        services.add_part(kind=parts.CARER, patient=patient, facts=facts, by=BY, at=at)
    first = viewer.get(url(patient))
    assert len(told(first)) == 30
    older = page(first).select_one("a[rel=next]")
    assert older is not None
    second = viewer.get(url(patient) + str(older["href"]))
    assert len(told(first)) + len(told(second)) == Entry.objects.about_patient(patient.pk).count()
    newest = page(second).select_one(".pager a")
    assert newest is not None
    assert told(viewer.get(str(newest["href"]))) == told(first)


def test_a_short_history_has_no_pages(viewer: Client, patient: Patient) -> None:
    assert not page(viewer.get(url(patient))).select(".pager")


@pytest.mark.parametrize("place", ["", "x", "-1", "1" * 30, "1" * 18, "\u0663", "1; drop"])
def test_a_place_that_is_none_shows_the_newest(viewer: Client, patient: Patient, place: str) -> None:
    answer = viewer.get(url(patient), {"before": place})
    assert answer.status_code == 200
    assert told(answer) == told(viewer.get(url(patient)))


@pytest.mark.parametrize("carers", [2, 20])
def test_the_page_takes_as_many_queries_for_many_as_for_few(
    viewer: Client, patient: Patient, django_assert_num_queries: Any, carers: int
) -> None:
    for number in range(carers):
        builders.carer(patient, f"Carer {number}")
    viewer.get(url(patient))
    # Session, person, rights; patient, banner; the trail; names of carers and site.
    with django_assert_num_queries(8):
        assert len(told(viewer.get(url(patient)))) == carers + 2


def test_reading_writes_nothing(viewer: Client, patient: Patient) -> None:
    before = Entry.objects.count()
    viewer.get(url(patient))
    assert Entry.objects.count() == before
