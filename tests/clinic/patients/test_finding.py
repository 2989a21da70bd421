"""The list of patients, page by page, and the search in it."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.patients import folding, services
from clinic.patients.choices import CareStatus
from clinic.patients.facts import ProfileFacts
from clinic.patients.models import Patient
from clinic.patients.queries import Filters, find, hidden_by_care
from clinic.patients.queries.finding import FoundPage, _filtered
from clinic.records import writing
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS
from tests.factories import AT, BY


@pytest.fixture
def nurse(person: Callable[..., User]) -> User:
    return person(Role.NURSE)


def names(page: FoundPage) -> list[str]:
    return [row.name for row in page.rows]


def ask(user: User, words: str = "", care: str = "", **more: Any) -> FoundPage:
    return find(user, filters=Filters(words, care), at=AT, **more)


def transferred(patient: Patient) -> Patient:
    return services.change_care_status(
        patient=patient, to=CareStatus.TRANSFERRED, on=date(2026, 7, 1), reason="Moved", by=BY, at=AT
    )


def test_patients_stand_in_the_order_of_their_names(site: Site, nurse: User) -> None:
    for family, given_name in (("Zander", "Al"), ("Östlund", "Bo"), ("oak", "Cy"), ("Oak", "Ab")):
        builders.patient(site, family, given_name)
    assert names(ask(nurse)) == ["OAK, Ab", "OAK, Cy", "ÖSTLUND, Bo", "ZANDER, Al"]


def test_a_row_says_who_in_words(site: Site, nurse: User) -> None:
    patient = builders.patient(site, born_on=date(2018, 5, 4), nhs=NHS, profile=ProfileFacts(sma_type="2"))
    (row,) = ask(nurse).rows
    assert (row.patient_id, row.url) == (patient.pk, f"/patients/{patient.pk}/")
    assert (row.name, row.born, row.age, row.sex) == ("BERG, Ana", "4 May 2018", "8 y 2 m", "Female")
    assert (row.identifiers, row.sma, row.site) == ((("NHS", "943 476 5919"),), "Type 2", "Northfield")
    assert row.care.label == "In our care"


def test_a_patient_without_a_profile_is_listed_all_the_same(site: Site, nurse: User) -> None:
    row = Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")
    writing.add(row, event="patients.registered", by=BY, at=AT)
    assert [found.sma for found in ask(nurse).rows] == [""]


def test_the_patients_of_other_sites_and_voided_ones_are_not_listed(site: Site, other_site: Site, nurse: User) -> None:
    builders.patient(other_site)
    void = builders.patient(site)
    writing.void(void, event="patients.voided", by=BY, at=AT, reason="Registered twice")
    assert ask(nurse).rows == ()


def test_whoever_works_at_two_sites_sees_both(site: Site, other_site: Site, person: Callable[..., User]) -> None:
    both = person(Role.NURSE)
    staff.give_role(user=both, site=other_site, role=Role.NURSE, by=BY, at=AT)
    builders.patient(site, "Alder")
    builders.patient(other_site, "Birch")
    assert [(row.name, row.site) for row in ask(User.objects.get(pk=both.pk)).rows] == [
        ("ALDER, Ana", "Northfield"),
        ("BIRCH, Ana", "Southgate"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_the_pages_of_two_sites_are_walked_there_and_back_in_one_order(
    site: Site, other_site: Site, person: Callable[..., User], size: int
) -> None:
    user = person(Role.NURSE)
    staff.give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
    both = User.objects.get(pk=user.pk)
    for number, family in enumerate(("Alder", "Birch", "Birch", "Cedar", "Elm", "Fir", "Gorse")):
        builders.patient(other_site if number % 3 else site, family)
    forward = walk(both, size)
    seen = [row.patient_id for page in forward for row in page.rows]
    assert len(set(seen)) == 7
    assert [name for page in forward for name in names(page)][:2] == ["ALDER, Ana", "BIRCH, Ana"]
    back, page = list(forward[-1].rows), forward[-1]
    while page.before is not None:
        page = ask(both, size=size, before=page.before)
        back = [*page.rows, *back]
    assert [row.patient_id for row in back] == seen


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def seven(site: Site) -> list[Patient]:
    """Register seven people, three of them with one name."""
    return [builders.patient(site, family) for family in ("Alder", "Birch", "Birch", "Birch", "Cedar", "Elm", "Fir")]


def walk(user: User, size: int) -> list[FoundPage]:
    pages = [ask(user, size=size)]
    while (after := pages[-1].after) is not None:
        pages.append(ask(user, size=size, after=after))
    return pages


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_the_pages_together_hold_everybody_once_in_order(seven: list[Patient], nurse: User, size: int) -> None:
    pages = walk(nurse, size)
    seen = [row for page in pages for row in page.rows]
    assert len({row.patient_id for row in seen}) == 7
    assert [row.name for row in seen] == sorted(row.name for row in seen)
    assert [len(page.rows) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert pages[0].before is None


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_way_back_leads_through_the_same_pages(seven: list[Patient], nurse: User, size: int) -> None:
    forward = walk(nurse, size)
    page, back = forward[-1], [forward[-1]]
    while page.before is not None:
        page = ask(nurse, size=size, before=page.before)
        back.insert(0, page)
    assert [row.patient_id for page in back for row in page.rows][-7:] == [
        row.patient_id for page in forward for row in page.rows
    ]
    assert back[0].before is None
    assert all(page.after for page in back[:-1])


def test_one_page_has_no_way_on(seven: list[Patient], nurse: User) -> None:
    page = ask(nurse, size=7)
    assert (page.before, page.after) == (None, None)


def test_an_unknown_or_foreign_place_means_the_first_page(seven: list[Patient], nurse: User, other_site: Site) -> None:
    foreign = builders.patient(other_site, "Birch")
    first = ask(nurse, size=3)
    assert ask(nurse, size=3, after=uuid.uuid4()) == first
    assert ask(nurse, size=3, after=foreign.pk) == first
    assert ask(nurse, size=3, before=uuid.uuid4()) == first


def test_a_place_with_nobody_beyond_means_the_first_page(seven: list[Patient], nurse: User) -> None:
    assert ask(nurse, size=3, after=seven[-1].pk) == ask(nurse, size=3)
    assert ask(nurse, size=3, before=seven[0].pk) == ask(nurse, size=3)


def test_a_filter_holds_on_every_page(seven: list[Patient], nurse: User) -> None:
    for patient in seven[::2]:
        transferred(patient)
    first = ask(nurse, care="transferred", size=3)
    second = ask(nurse, care="transferred", size=3, after=first.after)
    assert len(first.rows) + len(second.rows) == 4
    assert {row.care.key for row in (*first.rows, *second.rows)} == {"transferred"}


# --- Search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["ødegård", "ODEGARD", "åse", "ase odeg", "Odegard Åse", "ode a", "943 476 5919", "943476", "m-10", "m10", "M 10"],
)
def test_a_search_forgives(site: Site, nurse: User, typed: str) -> None:
    builders.patient(site, "Ødegård", "Åse", nhs=NHS, mrn="M-10")
    builders.patient(site, "Zielke", "Otto", mrn="Z-99")
    assert names(ask(nurse, typed)) == ["ØDEGÅRD, Åse"]


@pytest.mark.parametrize("typed", ["gård", "ase otto", "99434765919", "100%", "a_e"])
def test_a_search_does_not_guess(site: Site, nurse: User, typed: str) -> None:
    builders.patient(site, "Ødegård", "Åse", nhs=NHS)
    builders.patient(site, "Zielke", "Otto")
    assert ask(nurse, typed).rows == ()


def test_a_search_and_a_care_status_narrow_together(site: Site, nurse: User) -> None:
    transferred(builders.patient(site, "Berg", "Ana"))
    builders.patient(site, "Berg", "Bo")
    builders.patient(site, "Zielke", "Otto")
    assert names(ask(nurse, "berg", "transferred")) == ["BERG, Ana"]
    assert hidden_by_care(nurse, Filters("berg", "transferred")) == 1
    assert hidden_by_care(nurse, Filters("", "transferred")) == 2
    assert hidden_by_care(nurse, Filters("berg")) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(st.sampled_from("bergANÅ 9'-%_\\é0"), max_size=14))
def test_the_database_finds_whom_the_rule_finds(site: Site, nurse: User, typed: str) -> None:
    if not Patient.objects.exists():
        for family, first, mrn in (("Berg", "Ana", "90-9"), ("O'Nåe", "Åse-Bé", "9A9"), ("Eregbo", "Ann", "0909")):
            builders.patient(site, family, first, mrn=mrn)
    expected = {patient.pk for patient in Patient.objects.all() if folding.matches(patient.search_text, typed)}
    if folding.query_words(typed):
        assert {row.patient_id for row in ask(nurse, typed).rows} == expected


# --- What it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [2, 20])
def test_each_of_several_sites_takes_one_query_more(
    site: Site, other_site: Site, person: Callable[..., User], django_assert_num_queries: Any, known: int
) -> None:
    user = person(Role.NURSE)
    staff.give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
    both = User.objects.get(pk=user.pk)
    for number in range(known):
        builders.patient(other_site if number % 2 else site, "Berg", f"Ana{number:02}")
    with django_assert_num_queries(5):  # rights; two sites; the page, its numbers
        assert len(ask(both).rows) == known


@pytest.mark.parametrize("known", [2, 20])
@pytest.mark.parametrize(("words", "later", "queries"), [("", False, 3), ("berg", False, 3), ("", True, 4)])
def test_a_page_takes_as_many_queries_for_many_as_for_few(
    site: Site, nurse: User, django_assert_num_queries: Any, known: int, words: str, later: bool, queries: int
) -> None:
    patients = [builders.patient(site, "Berg", f"Ana{number:02}", mrn=f"M{number}") for number in range(known)]
    with django_assert_num_queries(queries):
        page = ask(nurse, words, after=patients[0].pk if later else None)
    assert len(page.rows) == known - later


def test_the_first_page_reads_an_index_in_order(site: Site, nurse: User) -> None:
    for number in range(20):
        builders.patient(site, f"Berg{number}")
    first = _filtered(nurse, Filters()).order_by("sort_name", "id")[:51]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table this small is quicker to sort; what counts is that a large one need not be.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = first.explain()
    assert "patient_by_name" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort Key" not in plan
