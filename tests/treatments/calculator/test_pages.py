"""The page: who may ask, what an address answers, and that nothing is written."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from clinic import formatting
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.rules.schedule_stage import REGIMENS, attempts, day
from tests.treatments.courses import builders
from tests.treatments.pages import soup, text
from treatments.rules.calculator import calculate

pytestmark = pytest.mark.usefixtures("published")

Pages = Callable[..., Any]


@pytest.fixture
def ask(signed_in: Callable[..., Client]) -> Pages:
    client = signed_in(Role.VIEWER)

    def open_page(given: str = "", **asked: str) -> Any:
        question = {"regimen": "nusinersen-12mg-us", "given": given, "on": "2026-02-20"} | asked
        return client.get(f"{reverse('calculator')}?{urlencode(question)}")

    return open_page


def rows(page: BeautifulSoup, label: str) -> list[str]:
    return [text(row) for row in page.select(f'[aria-label="{label}"] tbody tr')]


def test_before_anything_is_asked_the_form_stands_alone(signed_in: Callable[..., Client]) -> None:
    with time_machine.travel(datetime(2026, 7, 4, 12, tzinfo=UTC), tick=False):
        page = soup(signed_in(Role.VIEWER).get(reverse("calculator")))

    assert "Nothing worked out yet" in text(page)
    assert page.select_one(".error-summary") is None
    field = page.select_one("[name=on]")
    assert field is not None
    assert field["value"] == "2026-07-04"
    assert "It proposes; a prescriber decides." in text(page)


@pytest.mark.parametrize(("zone", "expected"), [("Pacific/Auckland", "2026-07-05"), ("America/New_York", "2026-07-04")])
def test_today_is_that_of_the_home_site(zone: str, expected: str, site: Site, signed_in: Callable[..., Client]) -> None:
    site.time_zone = zone
    site.save()
    with time_machine.travel(datetime(2026, 7, 4, 12, 30, tzinfo=UTC), tick=False):
        page = soup(signed_in(Role.VIEWER, at=site).get(reverse("calculator")))
    assert page.select_one(f'[name=on][value="{expected}"]') is not None


def test_somebody_without_a_home_site_gets_the_day_of_where_they_work(
    person: Callable[..., User], signed_in: Callable[..., Client]
) -> None:
    user = person(Role.VIEWER)
    User.objects.filter(pk=user.pk).update(home_site=None)
    client = signed_in(user=User.objects.get(pk=user.pk))
    assert client.get(reverse("calculator")).status_code == 200


def test_the_page_says_what_the_command_says(ask: Pages) -> None:
    given = "2026-01-05 2026-01-19:12 2026-01-30"
    expected = calculate(REGIMENS, "nusinersen-12mg-us", attempts(given), day("2026-02-20"), day("2027-12-31"))
    page = soup(ask("\n".join(given.split()), until="2027-12-31"))

    words = text(page)
    assert expected["next"]["why"] in words
    assert [row.split(" 12 mg")[0] for row in rows(page, "Doses to come")] == [
        f"{dose['label']} {dose['ordinal']} {formatting.day(day(dose['target']))}" for dose in expected["projection"]
    ]
    assert rows(page, "Doses given") == [
        "L1 1 5 Jan 2026 12 mg",
        "L2 2 19 Jan 2026 12 mg",
        "L3 3 30 Jan 2026 12 mg",
        "L3: Given less than 14 days after the dose before it",
    ]
    assert "nusinersen-12mg-us" in words
    assert "Version 1" in words
    assert REGIMENS["nusinersen-12mg-us"].source in words
    assert {f"Rule {number}" for number in expected["next"]["rules"]} <= {text(term) for term in page.select("dt")}


def test_the_question_stays_in_the_form(ask: Pages) -> None:
    page = soup(ask("2026-01-05\n2026-01-19:12", until="2027-01-01"))

    given = page.select_one("textarea[name=given]")
    assert given is not None
    assert given.get_text().split() == ["2026-01-05", "2026-01-19:12"]
    assert page.select_one('[name=until][value="2027-01-01"]') is not None


def test_the_same_address_answers_the_same_on_another_day(ask: Pages) -> None:
    answers = []
    for moment in (datetime(2026, 7, 4, tzinfo=UTC), datetime(2026, 9, 4, tzinfo=UTC)):
        with time_machine.travel(moment, tick=False):
            answers.append([text(part) for part in soup(ask("2026-01-05")).select("main section.panel")])
    assert answers[0] == answers[1] != []


def test_bad_lines_are_told_above_and_at_the_field(ask: Pages) -> None:
    answer = ask("2026-01-05\n<b>19 Jan</b>\n2026-02-31")
    page = soup(answer)

    assert answer.status_code == 422
    assert [text(line) for line in page.select(".error-summary li")] == [
        "Doses given : Line 2: “<b>19 Jan</b>” is not a date; write it like 2026-01-19.",
        "Doses given : Line 3: “2026-02-31” is not a date; write it like 2026-01-19.",
    ]
    assert page.title is not None
    assert page.title.get_text().startswith("Error:")
    assert page.select_one(".next-date") is None


def test_two_doses_on_a_day_are_refused_by_line(ask: Pages) -> None:
    assert "Lines 1 and 2: two doses on 2026-01-05 cannot both count" in text(soup(ask("2026-01-05\n2026-01-05:12")))


def test_an_interrupted_history_is_shown_as_a_proposal(ask: Pages) -> None:
    page = soup(ask("2026-01-05\n2026-01-19\n2026-02-02\n2026-03-04", on="2026-11-04"))
    assert "A prescriber decides first" in text(page)
    assert "What the late-dose rule proposes" in text(page)


def test_a_partial_dose_is_not_counted(ask: Pages) -> None:
    page = soup(ask("2026-01-05\n2026-01-19:6:partial"))
    assert len(rows(page, "Doses given")) == 1
    assert "No dates can be foreseen until a prescriber has decided." in text(page)


@pytest.mark.parametrize("asked", [{"regimen": "oral"}, {"on": "0001-01-01"}, {"until": "2026-02-30"}, {"given": "\0"}])
def test_a_hostile_address_is_an_error_of_the_form(asked: dict[str, str], ask: Pages) -> None:
    answer = ask(**asked)
    assert answer.status_code == 422
    assert soup(answer).select_one(".error-summary") is not None


def test_a_regimen_alone_is_chosen_and_not_yet_asked_about(signed_in: Callable[..., Client]) -> None:
    page = soup(signed_in(Role.VIEWER).get(reverse("calculator"), {"regimen": "nusinersen-high-dose"}))
    assert page.select_one('option[value="nusinersen-high-dose"][selected]') is not None
    assert "Nothing worked out yet" in text(page)


def test_nobody_can_send_it_anything(signed_in: Callable[..., Client]) -> None:
    assert signed_in(Role.VIEWER).post(reverse("calculator"), {"given": "2026-01-05"}).status_code == 405


def test_somebody_without_a_role_may_not_ask(person: Callable[..., User], signed_in: Callable[..., Client]) -> None:
    assert signed_in(user=person()).get(reverse("calculator")).status_code == 403


@pytest.mark.parametrize("count", [1, 60])
def test_a_longer_history_asks_the_database_no_more(
    count: int, signed_in: Callable[..., Client], django_assert_num_queries: Any
) -> None:
    client = signed_in(Role.VIEWER)
    given = "\n".join(f"{2026 + month // 12}-{month % 12 + 1:02}-05" for month in range(count))
    question = {"regimen": "nusinersen-12mg-us", "given": given, "on": "2032-01-01", "until": "2060-01-01"}
    with django_assert_num_queries(5):  # session, person, rights, regimens, home site
        client.get(reverse("calculator"), question)


def test_the_monograph_and_the_dose_lead_here(site: Site, signed_in: Callable[..., Client]) -> None:
    dose = builders.next_dose(builders.course(builders.patient(site)))
    client = signed_in(Role.VIEWER)
    for address in (reverse("monographs:detail", args=["nusinersen"]), reverse("courses:dose", args=[dose.pk])):
        links = [str(link["href"]) for link in soup(client.get(address)).select("main a[href]")]
        assert any(link.startswith(reverse("calculator")) for link in links), address


def test_the_monograph_shows_no_link_to_somebody_who_may_not_follow_it(
    person: Callable[..., User], signed_in: Callable[..., Client]
) -> None:
    page = soup(signed_in(user=person()).get(reverse("monographs:detail", args=["nusinersen"])))
    assert [link for link in page.select("main a[href]") if str(link["href"]).startswith(reverse("calculator"))] == []
