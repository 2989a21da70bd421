"""The list of patients: filters, search, pages, and nothing personal in any address."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from clinic.patients import services
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import NHS
from tests.clinic.patients.pages import main, page, text
from tests.factories import AT, BY

URL = "/patients/"

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


def listed(answer: Any) -> list[str]:
    return [text(link) for link in page(answer).select("main tbody th a")]


def search(client: Client, words: str, **more: str) -> Any:
    """Send a search and follow where it leads."""
    answer = client.post(URL, {"q": words, **more})
    assert answer.status_code == 302
    return client.get(answer["Location"])


def transferred(patient: Patient) -> Patient:
    return services.change_care_status(
        patient=patient, to=CareStatus.TRANSFERRED, on=date(2026, 7, 1), reason="Moved", by=BY, at=AT
    )


def test_everybody_is_listed_with_what_tells_them_apart(nurse: Client, site: Site) -> None:
    builders.patient(site, "Zielke", "Otto", mrn="Z1")
    patient = builders.patient(site, nhs=NHS)
    answer = nurse.get(URL)
    assert listed(answer) == ["BERG, Ana", "ZIELKE, Otto"]
    assert "17 May 2020 6 y 1 m, Female NHS 943 476 5919 In our care" in main(answer)
    assert page(answer).select_one(f"main tbody a[href='/patients/{patient.pk}/']")


def test_the_site_is_shown_to_whoever_works_at_several(
    nurse: Client, site: Site, other_site: Site, person: Callable[..., User], signed_in: Callable[..., Client]
) -> None:
    builders.patient(site)
    user = person(Role.NURSE)
    staff.give_role(user=user, site=other_site, role=Role.VIEWER, by=BY, at=AT)
    assert "Northfield" in main(signed_in(user=User.objects.get(pk=user.pk)).get(URL))
    assert "Northfield" not in main(nurse.get(URL))


def test_only_who_may_register_is_offered_it(nurse: Client, signed_in: Callable[..., Client]) -> None:
    assert "Register a patient" in main(nurse.get(URL))
    assert "Register a patient" not in main(signed_in(Role.VIEWER).get(URL))


# --- Search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["berg", "ÄNA ber", "943 476 5919"])
def test_a_search_finds_by_name_and_number(nurse: Client, site: Site, words: str) -> None:
    builders.patient(site, "Berg", "Äna", nhs=NHS)
    builders.patient(site, "Zielke", "Otto")
    assert listed(search(nurse, words)) == ["BERG, Äna"]


def test_what_is_searched_for_is_in_no_address(nurse: Client, site: Site) -> None:
    for number in range(60):
        builders.patient(site, f"Berg{number:02}")
    answer = nurse.post(URL, {"q": "berg ana"})
    assert "berg" not in answer["Location"].lower()
    found = nurse.get(answer["Location"])
    addresses = [str(link["href"]) for link in page(found).select("main a[href]")]
    assert len(listed(found)) == 50
    assert any("after=" in address for address in addresses)
    assert not any("berg" in address.lower() or "ana" in address.lower() for address in addresses)


def test_back_and_reload_show_the_same_search(nurse: Client, site: Site) -> None:
    builders.patient(site)
    builders.patient(site, "Zielke", "Otto")
    first = nurse.post(URL, {"q": "berg"})["Location"]
    second = nurse.post(URL, {"q": "zielke"})["Location"]
    assert listed(nurse.get(first)) == listed(nurse.get(first)) == ["BERG, Ana"]
    assert listed(nurse.get(second)) == ["ZIELKE, Otto"]


def test_the_words_stay_in_the_box(nurse: Client, site: Site) -> None:
    found = search(nurse, '  ana   "berg" ')
    box = page(found).select_one("input[name=q]")
    assert box is not None
    assert box["value"] == 'ana "berg"'


def test_a_search_of_somebody_else_or_long_ago_shows_everybody_and_says_so(
    nurse: Client, site: Site, signed_in: Callable[..., Client]
) -> None:
    builders.patient(site)
    builders.patient(site, "Zielke", "Otto")
    theirs = signed_in(Role.NURSE).post(URL, {"q": "berg"})["Location"]
    for address in (theirs, f"{URL}?search=nonsense"):
        answer = nurse.get(address)
        assert "That search is no longer kept." in main(answer)
        assert len(listed(answer)) == 2
    assert "no longer kept" not in main(nurse.get(URL))


def test_the_newest_twenty_searches_are_kept(nurse: Client, site: Site) -> None:
    addresses = [nurse.post(URL, {"q": f"berg{number}"})["Location"] for number in range(21)]
    assert "no longer kept" in main(nurse.get(addresses[0]))
    assert "no longer kept" not in main(nurse.get(addresses[1]))
    assert "no longer kept" not in main(nurse.get(addresses[20]))


@pytest.mark.parametrize("words", ["", "   ", "%", "'", "\x00"])
def test_a_search_for_nothing_is_the_whole_list(nurse: Client, words: str) -> None:
    assert nurse.post(URL, {"q": words})["Location"] == URL
    assert nurse.post(URL, {"q": words, "care": "died"})["Location"] == f"{URL}?care=died"


def test_a_very_long_search_is_cut(nurse: Client, site: Site) -> None:
    found = search(nurse, "x" * 5000)
    box = page(found).select_one("input[name=q]")
    assert box is not None
    assert box["value"] == "x" * 100


def test_the_session_is_the_only_place_that_a_search_is_written_to(nurse: Client, site: Site) -> None:
    nurse.get(URL)
    before = dict(nurse.session)
    nurse.get(URL, {"search": "nonsense", "care": "died", "q": "berg"})
    assert dict(nurse.session) == before


# --- Filters and empty lists -----------------------------------------------------------------------------------------


def test_a_care_status_narrows_the_list(nurse: Client, site: Site) -> None:
    transferred(builders.patient(site))
    builders.patient(site, "Zielke", "Otto")
    assert listed(nurse.get(URL, {"care": "transferred"})) == ["BERG, Ana"]
    assert listed(nurse.get(URL, {"care": "active"})) == ["ZIELKE, Otto"]
    assert len(listed(nurse.get(URL, {"care": "elsewhere"}))) == 2


def test_a_search_keeps_the_care_status(nurse: Client, site: Site) -> None:
    transferred(builders.patient(site))
    builders.patient(site, "Berg", "Bo")
    found = search(nurse, "berg", care="transferred")
    assert listed(found) == ["BERG, Ana"]
    chosen = page(found).select_one("[name=care] option[selected]")
    assert chosen is not None
    assert chosen["value"] == "transferred"


def test_each_filter_can_be_taken_away(nurse: Client, site: Site) -> None:
    transferred(builders.patient(site))
    builders.patient(site, "Berg", "Bo")
    builders.patient(site, "Zielke", "Otto")
    found = search(nurse, "berg", care="transferred")
    chips = {text(chip).split(":")[0]: str(chip["href"]) for chip in page(found).select(".chips a")}
    assert listed(nurse.get(chips["Care"])) == ["BERG, Ana", "BERG, Bo"]
    assert listed(nurse.get(chips["Search"])) == ["BERG, Ana"]


def test_an_empty_list_says_that_nobody_is_registered(nurse: Client, site: Site) -> None:
    assert "No patients yet" in main(nurse.get(URL))


def test_an_empty_search_says_how_to_search(nurse: Client, site: Site) -> None:
    builders.patient(site)
    found = search(nurse, "nobody", care="active")
    assert "Nobody fits the search" in main(found)
    link = page(found).select_one(".empty a")
    assert link is not None
    assert listed(nurse.get(str(link["href"]))) == ["BERG, Ana"]


@pytest.mark.parametrize("words", ["", "berg"])
def test_an_empty_list_says_which_filter_hides_whom(nurse: Client, site: Site, words: str) -> None:
    builders.patient(site)
    builders.patient(site, "Berg", "Bo")
    answer = search(nurse, words, care="died")
    assert "The care status hides everyone" in main(answer)
    link = page(answer).select_one(".empty a")
    assert link is not None
    assert text(link) == "Show 2 patients with another care status"
    assert len(listed(nurse.get(str(link["href"])))) == 2


def test_one_hidden_patient_is_one(nurse: Client, site: Site) -> None:
    builders.patient(site)
    assert "Show 1 patient with" in main(nurse.get(URL, {"care": "died"}))


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_the_list_is_walked_there_and_back(nurse: Client, site: Site) -> None:
    for number in range(120):
        builders.patient(site, f"Berg{number:03}")
    seen, address = [], URL
    for _ in range(3):
        answer = nurse.get(address)
        seen += listed(answer)
        following = page(answer).select_one(".pager a[rel=next]")
        address = f"{URL}{following['href']}" if following and str(following["href"]).startswith("?") else address
        address = str(following["href"]) if following else address
    assert seen == [f"BERG{number:03}, Ana" for number in range(120)]
    back = page(answer).select_one(".pager a[rel=prev]")
    assert back is not None
    assert listed(nurse.get(str(back["href"]))) == [f"BERG{number:03}, Ana" for number in range(50, 100)]


@pytest.mark.parametrize("place", ["nonsense", "00000000-0000-0000-0000-000000000000", ""])
def test_a_place_that_is_none_shows_the_first_page(nurse: Client, site: Site, place: str) -> None:
    builders.patient(site)
    assert listed(nurse.get(URL, {"after": place})) == listed(nurse.get(URL, {"before": place})) == ["BERG, Ana"]


@pytest.mark.parametrize("known", [2, 20])
def test_the_page_takes_as_many_queries_for_many_as_for_few(
    nurse: Client, site: Site, django_assert_num_queries: Any, known: int
) -> None:
    for number in range(known):
        builders.patient(site, f"Berg{number:02}", mrn=f"M{number}")
    nurse.get(URL)
    with django_assert_num_queries(5):  # session, person, rights; patients, their numbers
        assert len(listed(nurse.get(URL))) == known


# --- Who ------------------------------------------------------------------------------------------------------------


def test_patients_of_other_sites_are_not_listed_however_they_are_asked_for(
    nurse: Client, site: Site, other_site: Site
) -> None:
    foreign = builders.patient(other_site, nhs=NHS)
    assert listed(nurse.get(URL)) == listed(search(nurse, "berg")) == listed(search(nurse, NHS)) == []
    builders.patient(site, "Alder")
    assert listed(nurse.get(URL, {"after": str(foreign.pk)})) == ["ALDER, Ana"]


def test_the_title_names_nobody(nurse: Client, site: Site) -> None:
    builders.patient(site)
    assert text(page(search(nurse, "berg")).find("title")) == "Patients · Tidemark"
