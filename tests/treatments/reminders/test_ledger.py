"""The ledger page: who may see which lines, narrowed how, and whether anything looks after them."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, DAY, noon, plan_on
from treatments.courses.models import Dose
from treatments.reminders.models import MessageState, Reminder

LEDGER = reverse("reminders:ledger")
SignedIn = Callable[..., Client]
Person = Callable[..., User]


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(noon(DAY), tick=False):
        yield


@pytest.fixture
def page(signed_in: SignedIn) -> Callable[..., BeautifulSoup]:
    """Return a reader of the ledger as a viewer of `site`."""
    client = signed_in(Role.VIEWER)

    def read(query: str = "") -> BeautifulSoup:
        answer = client.get(f"{LEDGER}{query}")
        assert answer.status_code == 200
        return BeautifulSoup(answer.content, "html.parser")

    return read


def cells(page: BeautifulSoup) -> list[list[str]]:
    """Return the table's rows as text."""
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]


def shown(page: BeautifulSoup) -> list[str]:
    """Return the due day of every row, in order."""
    return [row[0] for row in cells(page)]


def settle(state: MessageState, reason: str = "For the test.", **facts: Any) -> None:
    Reminder.objects.filter(**facts).update(state=state, reason=reason, settled_at=noon(DAY))


def many_lines(site: Site, recipient: User, count: int) -> None:
    """Write so many lines about one dose, one for each day."""
    dose = builders.dose(site)
    Reminder.objects.bulk_create(
        Reminder(
            site=site,
            dose=dose,
            what=dose.pk,
            kind="dose_upcoming",
            due_on=date(2026, 1, 1) + timedelta(days=n),
            recipient=recipient,
            planned_at=noon(DAY),
        )
        for n in range(count)
    )


class TestARow:
    def test_tells_what_is_owed_to_whom_about_whom_and_why(
        self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]
    ) -> None:
        dose = builders.dose(site)
        plan_on(DAY)
        found = page()
        assert cells(found) == [
            [
                "Wed 8 Jul 2026",
                "Dose coming up",
                f"{dose.patient.family_name.upper()}, Robin",
                nurse.full_name,
                "Planned",
                "7 days before the target.",
                "8 Jul 2026, 13:00",
                "",
            ]
        ]
        links = [link["href"] for link in found.select("tbody a")]
        assert links == [reverse("courses:dose", args=[dose.pk]), reverse("chart", args=[dose.patient_id])]

    def test_says_when_and_why_a_line_ended(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        builders.dose(site)
        plan_on(DAY - timedelta(days=1))
        settle(MessageState.FAILED, "The mail server answered 550 no such mailbox")
        (row,) = cells(page())
        assert row[-4:] == ["Failed", "The mail server answered 550 no such mailbox", "8 Jul 2026, 13:00", ""]

    def test_offers_to_put_it_off_or_to_send_it_again_to_those_who_are_told(
        self, site: Site, nurse: User, signed_in: SignedIn
    ) -> None:
        builders.dose(site)
        plan_on(DAY)
        client = signed_in(user=nurse)

        def offered() -> list[str]:
            found = BeautifulSoup(client.get(LEDGER).content, "html.parser").select("tbody .do a")
            return [link.get_text(strip=True) for link in found]

        assert offered() == ["Put off"]
        settle(MessageState.FAILED)
        assert offered() == ["Send again"]

    def test_the_latest_due_day_comes_first(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        many_lines(site, nurse, 3)
        assert shown(page()) == ["Sat 3 Jan 2026", "Fri 2 Jan 2026", "Thu 1 Jan 2026"]

    def test_names_are_escaped(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        dose = builders.dose(site)
        builders.change(dose.patient, given_name="<b>Robin</b>")
        plan_on(DAY)
        assert page().select("tbody b") == []


class TestWhoSees:
    @pytest.mark.parametrize("role", list(Role))
    def test_every_role_sees_the_lines_of_its_own_site_only(
        self, site: Site, other_site: Site, person: Person, signed_in: SignedIn, role: Role
    ) -> None:
        person(Role.NURSE)
        person(Role.NURSE, at=other_site)
        near, far = builders.dose(site), builders.dose(other_site)
        plan_on(DAY)
        text = signed_in(role).get(LEDGER).content.decode()
        assert near.patient.family_name.upper() in text
        assert far.patient.family_name.upper() not in text
        assert str(far.pk) not in text

    def test_somebody_at_two_sites_sees_both_and_which_is_which(
        self, site: Site, other_site: Site, person: Person, signed_in: SignedIn
    ) -> None:
        both = person(Role.NURSE)
        Membership.objects.create(user=both, site=other_site, role=Role.VIEWER)
        person(Role.NURSE, at=other_site)
        builders.dose(site)
        builders.dose(other_site)
        plan_on(DAY)
        found = BeautifulSoup(signed_in(user=both).get(LEDGER).content, "html.parser")
        assert {row[4] for row in cells(found)} == {"Northfield", "Southgate"}

    def test_somebody_with_no_role_is_refused(self, db: None, signed_in: SignedIn) -> None:
        assert signed_in().get(LEDGER).status_code == 403

    def test_somebody_signed_out_is_asked_to_sign_in(self, db: None, client: Client) -> None:
        answer = client.get(LEDGER)
        assert (answer.status_code, answer["Location"]) == (302, f"{reverse('account_login')}?next={LEDGER}")

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_it_is_only_read(self, db: None, signed_in: SignedIn, method: str) -> None:
        assert getattr(signed_in(Role.NURSE), method)(LEDGER).status_code == 405


class TestNarrowing:
    @pytest.fixture(autouse=True)
    def _three_lines(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(DAY - timedelta(days=1))
        plan_on(DAY)
        plan_on(CLOSES + timedelta(days=1))

    def test_nothing_is_left_out_by_itself(self, page: Callable[..., BeautifulSoup]) -> None:
        assert shown(page()) == ["Thu 23 Jul 2026", "Tue 14 Jul 2026", "Wed 8 Jul 2026", "Wed 1 Jul 2026"]

    @pytest.mark.parametrize(
        ("query", "days"),
        [
            ("?state=planned", ["Thu 23 Jul 2026"]),
            ("?state=missed", ["Tue 14 Jul 2026", "Wed 8 Jul 2026", "Wed 1 Jul 2026"]),
            ("?kind=dose_overdue", ["Thu 23 Jul 2026"]),
            ("?first=2026-07-14", ["Thu 23 Jul 2026", "Tue 14 Jul 2026"]),
            ("?first=2026-07-15", ["Thu 23 Jul 2026"]),
            ("?last=2026-07-08", ["Wed 8 Jul 2026", "Wed 1 Jul 2026"]),
            ("?last=2026-07-07", ["Wed 1 Jul 2026"]),
            ("?state=missed&first=2026-07-02&last=2026-07-09", ["Wed 8 Jul 2026"]),
        ],
    )
    def test_by_state_kind_and_due_day(self, page: Callable[..., BeautifulSoup], query: str, days: list[str]) -> None:
        assert shown(page(query)) == days

    def test_each_filter_in_force_is_named_and_can_be_taken_away(self, page: Callable[..., BeautifulSoup]) -> None:
        chips = page("?state=missed&kind=dose_upcoming&first=2026-07-02&last=2026-07-09").select(".chips a")
        assert [chip.get_text(" ", strip=True).split(" ×")[0] for chip in chips] == [
            "Missed",
            "Dose coming up",
            "Due from 2 Jul 2026",
            "Due until 9 Jul 2026",
        ]
        assert chips[0]["href"] == f"{LEDGER}?kind=dose_upcoming&first=2026-07-02&last=2026-07-09"

    def test_the_form_keeps_what_was_chosen(self, page: Callable[..., BeautifulSoup]) -> None:
        found = page("?state=missed&first=2026-07-02")
        chosen = found.select_one("#id_state option[selected]")
        first = found.select_one("#id_first")
        assert chosen is not None
        assert chosen["value"] == "missed"
        assert first is not None
        assert first["value"] == "2026-07-02"

    def test_filters_that_fit_nothing_say_so_and_lead_back(self, page: Callable[..., BeautifulSoup]) -> None:
        empty = page("?state=failed").select_one(".empty")
        assert empty is not None
        assert "No reminder fits these filters" in empty.text
        back = empty.select_one("a")
        assert back is not None
        assert back["href"] == LEDGER

    @pytest.mark.parametrize(
        ("query", "complaint"),
        [
            ("?state=lost", "Select a valid choice"),
            ("?first=yesterday", "Enter a valid date"),
            ("?first=2026-07-09&last=2026-07-02", "The last day lies before the first."),
        ],
    )
    def test_a_filter_that_makes_no_sense_is_named_and_left_out(
        self, page: Callable[..., BeautifulSoup], query: str, complaint: str
    ) -> None:
        found = page(query)
        summary = found.select_one(".error-summary")
        assert summary is not None
        assert complaint in summary.text
        assert shown(found)


class TestPages:
    def follow(self, page: Callable[..., BeautifulSoup], found: BeautifulSoup, rel: str) -> BeautifulSoup:
        link = found.select_one(f"a[rel={rel}]")
        assert link is not None
        return page(str(link["href"]).removeprefix(LEDGER))

    def test_a_short_list_has_one_page(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        many_lines(site, nurse, 50)
        found = page()
        assert len(shown(found)) == 50
        assert found.select(".pager") == []

    def test_pages_lead_through_every_line_once_and_back(
        self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]
    ) -> None:
        many_lines(site, nurse, 101)
        first = page()
        second = self.follow(page, first, "next")
        third = self.follow(page, second, "next")
        everything = shown(first) + shown(second) + shown(third)
        assert len(everything) == len(set(everything)) == 101
        assert third.select("a[rel=next]") == []
        assert shown(self.follow(page, third, "prev")) == shown(second)
        assert shown(self.follow(page, second, "prev")) == shown(first)
        assert self.follow(page, second, "prev").select("a[rel=prev]") == []

    def test_lines_of_one_day_are_told_apart(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        for _ in range(60):
            builders.dose(site)
        plan_on(DAY)
        first = page()
        second = self.follow(page, first, "next")
        names = [row[2] for row in cells(first) + cells(second)]
        assert len(names) == len(set(names)) == 60

    def test_the_filters_go_along(self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]) -> None:
        many_lines(site, nurse, 60)
        link = page("?state=planned").select_one("a[rel=next]")
        assert link is not None
        assert "state=planned&after=2026-01-11." in str(link["href"])

    @pytest.mark.parametrize("query", ["?after=", "?after=yesterday.1", "?before=2026-01-01.zzz"])
    def test_a_place_that_makes_no_sense_is_the_first_page(
        self, site: Site, nurse: User, page: Callable[..., BeautifulSoup], query: str
    ) -> None:
        many_lines(site, nurse, 2)
        assert len(shown(page(query))) == 2

    def test_twenty_lines_cost_no_more_queries_than_two(
        self, site: Site, nurse: User, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = signed_in(Role.VIEWER)
        for count in (2, 20):
            Reminder.objects.all().delete()
            for _ in range(count - Dose.objects.count()):
                builders.dose(site)
            plan_on(DAY)
            with django_assert_num_queries(8):
                client.get(LEDGER)


class TestWhetherAnythingLooksAfterThem:
    def text(self, page: Callable[..., BeautifulSoup]) -> str:
        return page().get_text(" ", strip=True)

    def test_it_says_when_they_were_last_gone_through(self, site: Site, page: Callable[..., BeautifulSoup]) -> None:
        plan_on(DAY)
        text = self.text(page)
        assert "Last looked through 8 Jul 2026, 13:00." in text
        assert "Nothing is looking after" not in text

    def test_before_the_first_sweep_it_warns(self, site: Site, page: Callable[..., BeautifulSoup]) -> None:
        text = self.text(page)
        assert "Nothing is looking after the reminders." in text
        assert "No reminders yet" in text

    @pytest.mark.parametrize(("minutes", "warned"), [(15, False), (16, True)])
    def test_it_warns_when_that_was_more_than_a_quarter_of_an_hour_ago(
        self, site: Site, page: Callable[..., BeautifulSoup], minutes: int, warned: bool
    ) -> None:
        plan_on(DAY)
        with time_machine.travel(noon(DAY) + timedelta(minutes=minutes), tick=False):
            assert ("Nothing is looking after" in self.text(page)) is warned

    def test_a_failed_mail_is_pointed_out_for_a_week(
        self, site: Site, nurse: User, page: Callable[..., BeautifulSoup]
    ) -> None:
        builders.dose(site)
        plan_on(DAY)
        assert "mails of the last 7 days failed" not in self.text(page)
        settle(MessageState.FAILED)
        assert "Some mails of the last 7 days failed." in self.text(page)
        Reminder.objects.update(due_on=DAY - timedelta(days=7))
        assert "Some mails of the last 7 days failed." in self.text(page)
        Reminder.objects.update(due_on=DAY - timedelta(days=8))
        assert "mails of the last 7 days failed" not in self.text(page)

    def test_another_sites_failure_is_not(
        self, site: Site, other_site: Site, person: Person, page: Callable[..., BeautifulSoup]
    ) -> None:
        person(Role.NURSE, at=other_site)
        builders.dose(other_site)
        plan_on(DAY)
        settle(MessageState.FAILED)
        assert "mails of the last 7 days failed" not in self.text(page)

    def test_somebody_without_a_home_reads_utc(self, site: Site, person: Person, signed_in: SignedIn) -> None:
        plan_on(DAY)
        roamer = person(Role.VIEWER)
        User.objects.filter(pk=roamer.pk).update(home_site=None)
        found = signed_in(user=User.objects.get(pk=roamer.pk)).get(LEDGER)
        assert "Last looked through 8 Jul 2026, 12:00." in found.content.decode()
