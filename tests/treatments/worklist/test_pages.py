"""The front page: tabs with their counts, rows by permission, pages that survive Back."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.records import writing
from clinic.staff.models import Site
from clinic.staff.roles import Role
from clinic.staff.services import give_role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses import newer
from tests.treatments.labs.builders import log, reported, review, whole_set
from tests.treatments.pages import soup, text
from tests.treatments.readiness.builders import override, policy
from tests.treatments.supply import builders as supply
from tests.treatments.worklist.builders import Planned, furnish, seed
from treatments.courses import services
from treatments.rules.monitoring_terms import Level
from treatments.worklist import queries
from treatments.worklist.tabs import OVERLAYS, RULED, TABS, Tab

TODAY = date(2026, 7, 4)
OVERDUE = Planned(TODAY - timedelta(days=40))


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


def rows(response: Any) -> list[str]:
    return [text(row) for row in soup(response).select("tbody tr")]


def tabs(response: Any, group: str = "Courses by status") -> dict[str, str]:
    """Return the number of each tab of a group, "" where it has none."""
    found = soup(response).select(f"nav.tabs[aria-label='{group}'] a")
    counts = [link.select_one(".count") for link in found]
    return {
        text(link).removesuffix(f" {count and text(count)}"): "" if count is None else text(count)
        for link, count in zip(found, counts, strict=True)
    }


def overlays(response: Any) -> dict[str, str]:
    return tabs(response, "Doses that wait for something")


class TestWhoSeesWhat:
    @pytest.mark.parametrize("role", Role)
    def test_every_role_sees_the_courses_of_its_site(
        self, site: Site, other_site: Site, signed_in: Callable[..., Client], role: Role
    ) -> None:
        seed(site, [Planned(OVERDUE.target, name="Mine")])
        seed(other_site, [Planned(OVERDUE.target, name="Foreign")])
        response = signed_in(role).get("/")
        assert response.status_code == 200
        assert [row.split(",")[0] for row in rows(response)] == ["MINE"]
        assert b"oreign" not in response.content.lower()

    def test_somebody_without_a_role_is_refused(self, client: Client, db: None) -> None:
        client.force_login(factories.user(), backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get("/").status_code == 403

    def test_who_is_not_signed_in_is_asked_to(self, client: Client) -> None:
        assert client.get("/")["Location"].startswith(reverse("account_login"))

    def test_it_is_only_read(self, nurse: Client) -> None:
        assert nurse.post("/").status_code == 405

    def test_the_title_names_nobody(self, nurse: Client, site: Site) -> None:
        seed(site, [OVERDUE])
        assert text(soup(nurse.get("/")).select("title")[0]) == "Worklist · Tidemark"


class TestTabs:
    def test_each_says_how_many_rows_it_has(self, nurse: Client, site: Site) -> None:
        seed(site, [OVERDUE] * 2)
        seed(site, [Planned(TODAY)] * 3)
        seed(site, [Planned(TODAY + timedelta(days=20)), Planned(TODAY + timedelta(days=90))])
        seed(site, [Planned(TODAY, held=True), Planned(TODAY, needs_review=True)])
        response = nurse.get("/")
        assert tabs(response) == {
            "Overdue": "2",
            "Due": "3",
            "Upcoming 30 days": "1",
            "Later": "1",
            "On hold": "1",
            "Needs decision": "1",
        }
        for tab in TABS:
            shown = nurse.get("/", {"tab": tab.value})
            assert len(rows(shown)) == int(tabs(shown)[TABS[tab].label])

    def test_beyond_the_cap_the_count_says_more(self, nurse: Client, site: Site) -> None:
        seed(site, [OVERDUE] * (queries.COUNTED + 1))
        response = nurse.get("/")
        assert tabs(response)["Overdue"] == f"{queries.COUNTED}+"
        assert f"50 of {queries.COUNTED}+ courses" in text(soup(response))

    @pytest.mark.parametrize(
        "query", ["?tab=nonsense", "?after=x", "?before=2026-01-01.zz", "?site=1", "?tab=", "?tab[]=due"]
    )
    def test_an_address_it_does_not_understand_is_the_first_page(self, nurse: Client, site: Site, query: str) -> None:
        seed(site, [OVERDUE])
        response = nurse.get(f"/{query}")
        assert response.status_code == 200
        assert text(soup(response).select("nav.tabs [aria-current]")[0]).startswith("Overdue")
        assert len(rows(response)) == 1

    def test_an_empty_tab_says_so(self, nurse: Client, site: Site) -> None:
        seed(site, [OVERDUE])
        assert "No course is on hold." in text(soup(nurse.get("/?tab=on-hold")))

    def test_an_empty_site_says_how_to_begin(self, nurse: Client) -> None:
        page = soup(nurse.get("/"))
        assert "No open courses yet" in text(page)
        assert page.select(f"a[href='{reverse('patients:find')}'].btn")


class TestOlderVersions:
    """Where decisions wait, whoever decides is told how many courses stand on older versions."""

    def told(self, client: Client, tab: Tab = Tab.DECISION, **more: str) -> str:
        notice = soup(client.get("/", {"tab": tab.value, **more})).select_one("main .notice")
        return "" if notice is None else text(notice)

    def test_a_prescriber_reads_how_many_and_where(self, site: Site, signed_in: Callable[..., Client]) -> None:
        seed(site, [OVERDUE] * 2)
        newer.version()
        prescriber = signed_in(Role.PRESCRIBER)
        assert self.told(prescriber).startswith("2 courses stand on an older version of the monograph or site policy")
        link = soup(prescriber.get("/?tab=decision")).select_one(
            f"main .notice a[href='{reverse('courses:versions')}']"
        )
        assert link is not None
        assert self.told(prescriber, Tab.OVERDUE) == ""

    def test_nobody_reads_it_while_nothing_is_older(self, site: Site, signed_in: Callable[..., Client]) -> None:
        seed(site, [OVERDUE])
        assert self.told(signed_in(Role.PRESCRIBER)) == ""

    def test_who_does_not_decide_is_not_told(self, site: Site, nurse: Client) -> None:
        seed(site, [OVERDUE])
        newer.version()
        assert self.told(nurse) == ""

    def test_only_sites_where_the_person_decides_are_counted(
        self, site: Site, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        user = factories.user(Role.PRESCRIBER, site=site)
        give_role(user=user, site=other_site, role=Role.VIEWER, by=BY, at=AT)
        seed(site, [OVERDUE])
        seed(other_site, [OVERDUE] * 3)
        newer.version()
        client = signed_in(user=user)
        assert self.told(client).startswith("1 course stands on")
        assert self.told(client, site=str(other_site.pk)) == ""


class TestPaging:
    def test_next_and_previous_lead_through_all_rows(self, nurse: Client, site: Site) -> None:
        seed(site, [Planned(TODAY - timedelta(days=30 + number), name=f"N{number:03}") for number in range(120)])
        seen, place = [], "/"
        while place:
            response = nurse.get(place)
            seen += rows(response)
            following = soup(response).select_one("a[rel=next]")
            place = str(following["href"]) if following else ""
        assert [row.split(",")[0] for row in seen] == [f"N{number:03}" for number in reversed(range(120))]
        back = soup(response).select_one("a[rel=prev]")
        assert back is not None
        assert rows(nurse.get(str(back["href"]))) == seen[50:100]

    def test_tab_and_site_stay_in_the_address(
        self, site: Site, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        user = factories.user(Role.NURSE, site=site)
        give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
        seed(site, [Planned(TODAY)] * 60)
        seed(other_site, [Planned(TODAY, name="Elsewhere")])
        response = signed_in(user=user).get("/", {"tab": "due", "site": str(site.pk)})
        page = soup(response)
        assert tabs(response)["Due"] == "60"
        links = [str(link["href"]) for link in page.select("nav.tabs a, a[rel=next]")]
        assert all(f"site={site.pk}" in link for link in links)
        assert page.select_one("a[rel=next]") is not None
        assert page.select_one(f"option[value='{site.pk}'][selected]") is not None
        assert page.select_one("input[name=tab][value=due]") is not None


class TestRows:
    def test_a_row_tells_the_next_dose_of_a_real_course(self, nurse: Client, site: Site) -> None:
        patient = courses.patient(site, "Okafor", given_name="Amara")
        courses.course(patient, planned_start=date(2026, 6, 1))
        log(patient)
        (row,) = rows(nurse.get("/"))
        assert "OKAFOR, Amara No identifier born 17 May 2020" in row
        assert "Overdue L1, 12 mg 26 days late Target 1 Jun 2026 Window 1–8 Jun 2026 No booking Not ready" in row
        assert "Labs, authorisation, drug, consent Check: access plan 2 Jul 2026" in row
        assert row.endswith("Book OKAFOR, Amara")

    def test_the_hospitals_own_number_comes_first(self, nurse: Client, site: Site) -> None:
        patient = courses.patient(site)
        courses.course(patient, planned_start=TODAY)
        for kind, value in (("registry", "R1"), ("nhs", "9434765919"), ("mrn", "410959"), ("mrn", "999999")):
            number = patient.identifiers.model(patient=patient, site=site, kind=kind, value=value)
            writing.add(number, event="patients.identifier_added", by=BY, at=AT)
        (row,) = rows(nurse.get("/?tab=due"))
        assert "MRN 410959" in row

    def test_a_cancelled_booking_is_no_booking(self, nurse: Client, site: Site) -> None:
        course = courses.course(courses.patient(site), planned_start=TODAY)
        dose = courses.next_dose(course)
        booking = services.book(dose=dose, on=date(2026, 7, 7), at_time=None, place="", by=BY, at=AT)
        assert "Tue 7 Jul 2026" in rows(nurse.get("/?tab=due"))[0]
        services.cancel_booking(booking=booking, reason="Staff ill", by=BY, at=AT)
        assert "No booking" in rows(nurse.get("/?tab=due"))[0]

    def test_the_site_is_named_to_somebody_who_works_at_several(
        self, site: Site, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        user = factories.user(Role.NURSE, site=site)
        give_role(user=user, site=other_site, role=Role.VIEWER, by=BY, at=AT)
        seed(site, [OVERDUE])
        seed(other_site, [OVERDUE])
        here, there = sorted(rows(signed_in(user=user).get("/")), key=lambda row: "Southgate" in row)
        assert "Northfield Book" in here
        assert "Southgate Open" in there

    def test_two_days_are_named_where_the_sites_calendars_differ(
        self, site: Site, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        user = factories.user(Role.NURSE, site=site)
        give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
        client = signed_in(user=user)
        assert "Sat 4 Jul 2026" in text(soup(client.get("/")).select("h1 + p")[0])
        with time_machine.travel(AT + timedelta(hours=11, minutes=30), tick=False):
            days = text(soup(client.get("/")).select("h1 + p")[0])
        assert days == "Overdue, Northfield: Sun 5 Jul 2026 · Southgate: Sat 4 Jul 2026"


class TestOverlays:
    """What the next doses wait for: a second group of tabs, across those by status."""

    def test_each_number_is_that_of_its_rows(self, nurse: Client, site: Site) -> None:
        furnish(seed(site, [Planned(TODAY + timedelta(days=9), booked_on=TODAY)] * 2))
        seed(site, [Planned(TODAY + timedelta(days=9))] * 3)
        seed(site, [Planned(TODAY + timedelta(days=20))])
        seed(site, [Planned(TODAY, held=True), Planned(TODAY, needs_review=True), Planned(TODAY + timedelta(days=60))])
        policy(site, drug="off")
        assert overlays(nurse.get("/")) == {"Labs due": "4", "Not ready": "4", "No booking": "4"}
        for tab in OVERLAYS:
            shown = nurse.get("/", {"tab": tab.value})
            assert len(rows(shown)) == int(overlays(shown)[OVERLAYS[tab].label])
            assert "4 of 4 courses" in text(soup(shown))
            current = soup(shown).select("nav.tabs [aria-current]")
            assert [text(link) for link in current] == [f"{OVERLAYS[tab].label} 4"]

    def test_a_row_names_what_its_dose_waits_for_and_leads_to_its_readiness(self, nurse: Client, site: Site) -> None:
        (dose,) = seed(site, [OVERDUE])
        row = soup(nurse.get("/")).select_one("tbody tr")
        assert row is not None
        (link,) = row.select(f"a[href='{reverse('readiness:dose', args=[dose.pk])}']")
        assert text(link) == "Not ready"
        (named,) = row.select("td[data-label=Readiness] small")
        assert list(named.stripped_strings) == ["Labs, authorisation, drug, consent", "Check: access plan"]

    def test_a_row_whose_dose_is_ready_names_nothing(self, nurse: Client, site: Site) -> None:
        furnish(seed(site, [Planned(TODAY)]))
        policy(site, drug="off")
        row = soup(nurse.get("/?tab=due")).select_one("tbody tr")
        assert row is not None
        assert "Ready" in text(row)
        assert not row.select("td[data-label=Readiness] small")

    @pytest.mark.parametrize(("tab", "label"), [("labs-due", "Log labs"), ("no-booking", "Book"), ("due", "Book")])
    def test_the_action_mends_what_the_tab_is_about(self, nurse: Client, site: Site, tab: str, label: str) -> None:
        seed(site, [Planned(TODAY)])
        (action,) = soup(nurse.get(f"/?tab={tab}")).select("tbody td.do a")
        assert text(action).startswith(label)

    def test_a_dose_leaves_labs_due_once_its_set_is_logged(self, nurse: Client, site: Site) -> None:
        (dose,) = seed(site, [Planned(TODAY)])
        assert overlays(nurse.get("/"))["Labs due"] == "1"
        whole_set(dose.patient)
        assert overlays(nurse.get("/"))["Labs due"] == "0"
        assert "waits for laboratory values" in text(soup(nurse.get("/?tab=labs-due")))

    def test_where_they_are_too_many_to_be_counted_there_is_no_number_and_every_row(
        self, nurse: Client, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.worklist.overlays.COUNTED", 59)
        seed(site, [Planned(TODAY)] * 60)
        assert overlays(nurse.get("/")) == {"Labs due": "", "Not ready": "", "No booking": "60"}
        first = nurse.get("/?tab=not-ready")
        assert "50 courses" in text(soup(first))
        following = soup(first).select_one("a[rel=next]")
        assert following is not None
        assert len(rows(nurse.get(str(following["href"])))) == 10

    def test_a_page_on_which_nobody_stands_leads_on_where_more_follow(
        self, nurse: Client, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.worklist.overlays.COUNTED", 3)
        monkeypatch.setattr("treatments.worklist.overlays.LOT", 2)
        policy(site, drug="off")
        furnish(seed(site, [Planned(TODAY)] * 3))
        seed(site, [Planned(TODAY + timedelta(days=1))])
        first = nurse.get("/?tab=not-ready")
        assert "None among the doses that this page looked at." in text(soup(first))
        following = soup(first).select_one("a[rel=next]")
        assert following is not None
        assert len(rows(nurse.get(str(following["href"])))) == 1


class TestWhatItCosts:
    """Seven queries say who asks, and who is on the page and in the tabs; the others are the lights of all of them."""

    QUERIES = 25

    def measured(self, client: Client, place: str) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(place)
        assert response.status_code == 200
        return len(captured), len(response.content)

    def furnished(self, site: Site, plan: Planned, count: int) -> None:
        """Seed courses of which everything is known that a light could ask about, and nothing is in order."""
        doses = seed(site, [plan] * count)
        furnish(doses, collected_at=AT - timedelta(days=99))
        nurse, prescriber = factories.user(Role.NURSE, site=site), factories.user(Role.PRESCRIBER, site=site)
        for dose in doses[:2]:
            (high,) = log(dose.patient, reported("inr", "1.8", "{INR}"), person=nurse)
            review(high, Level.STOP, person=prescriber)
            override(dose, person=prescriber)
        supply.vial(site)

    @pytest.mark.parametrize("tab", [Tab.OVERDUE, Tab.DECISION, *OVERLAYS])
    def test_ten_rows_and_fifty_take_the_same_queries(self, nurse: Client, site: Site, tab: Tab) -> None:
        plan = Planned(OVERDUE.target, needs_review=tab is Tab.DECISION)
        self.furnished(site, plan, 10)
        few, _ = self.measured(nurse, f"/?tab={tab.value}")
        self.furnished(site, plan, 40)
        many, size = self.measured(nurse, f"/?tab={tab.value}")
        assert few == many <= self.QUERIES
        assert size <= 60_000

    @pytest.mark.parametrize("tab", sorted(RULED))
    def test_where_they_are_too_many_to_be_counted_a_page_takes_one_more(
        self, nurse: Client, site: Site, tab: Tab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.worklist.overlays.COUNTED", 9)
        self.furnished(site, OVERDUE, 10)
        few, _ = self.measured(nurse, f"/?tab={tab.value}")
        self.furnished(site, OVERDUE, 50)
        assert self.measured(nurse, f"/?tab={tab.value}")[0] == few <= self.QUERIES + 1

    def test_a_prescriber_pays_for_the_older_versions_where_decisions_wait_and_nowhere_else(
        self, signed_in: Callable[..., Client], site: Site
    ) -> None:
        self.furnished(site, Planned(OVERDUE.target), 1)
        newer.version()
        prescriber = signed_in(Role.PRESCRIBER)
        plain, _ = self.measured(prescriber, "/?tab=overdue")
        with_them, _ = self.measured(prescriber, "/?tab=decision")
        assert plain <= self.QUERIES
        assert with_them <= self.QUERIES + 4

    def test_two_sites_take_no_more(self, site: Site, other_site: Site, signed_in: Callable[..., Client]) -> None:
        user = factories.user(Role.NURSE, site=site)
        give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
        self.furnished(site, OVERDUE, 25)
        self.furnished(other_site, OVERDUE, 25)
        asked, size = self.measured(signed_in(user=user), "/")
        assert asked <= self.QUERIES
        assert size <= 60_000
