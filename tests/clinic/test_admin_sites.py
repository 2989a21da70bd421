"""Sites and policies on the administration pages: one's own, with the trail, and each slip in a sentence."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff import services
from clinic.staff.models import Site, SitePolicy, User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.admin_pages import choices, parsed, told
from tests.factories import AT, BY

POLICY = {
    "effective_from": "2026-08-01",
    "source": "Ward round of July",
    "loading_days_after": "7",
    "maintenance_days_before": "7",
    "maintenance_days_after": "10",
    "catch_up_days_after": "7",
    "early_days": "7",
    "loading_gap_months": "4",
    "upcoming_days": "[14, 7, 1]",
    "overdue_every_days": "7",
    "escalate_after_days": "14",
    "digest_hour": "6",
}
ADD_POLICY, ADD_SITE = "admin:staff_sitepolicy_add", "admin:staff_site_add"


@pytest.fixture
def keeper(site: Site) -> User:
    return factories.user(Role.ADMINISTRATOR, site=site, full_name="Ade Administrator")


@pytest.fixture
def browser(keeper: User, signed_in: Callable[..., Client]) -> Client:
    return signed_in(user=keeper)


@pytest.fixture
def roots(site: Site, signed_in: Callable[..., Client]) -> Client:
    """Return a browser with somebody who keeps the whole installation."""
    root = factories.user(username="root")
    root.is_superuser = root.is_staff = True
    return signed_in(user=services.changed(root, event="staff.account_changed", by=BY, at=AT))


def site_form(site: Site, **facts: Any) -> dict[str, Any]:
    return {"name": site.name, "time_zone": site.time_zone, "phone": site.phone, "is_active": "on"} | facts


def change(site: Site) -> str:
    return reverse("admin:staff_site_change", args=[site.pk])


class TestSites:
    def test_the_trail_names_who_changed_what_with_old_and_new(self, browser: Client, keeper: User, site: Site) -> None:
        assert browser.post(change(site), site_form(site, phone="020 7946 0000")).status_code == 302
        entry = Entry.objects.get(event="staff.site_changed")
        assert (entry.person, entry.site_id) == (keeper, site.pk)
        assert entry.changes == {"phone": ["", "020 7946 0000"]}

    @pytest.mark.parametrize("zone", ["Europe/Londn", "europe/london", "GMT+25"])
    def test_a_mistyped_time_zone_is_said_in_a_sentence(self, browser: Client, site: Site, zone: str) -> None:
        answer = told(browser.post(change(site), site_form(site, time_zone=zone)))
        assert answer.endswith(f"{zone} is not a time zone; choose one like Europe/London.")
        assert Site.objects.get(pk=site.pk).time_zone == "Europe/London"

    def test_another_site_is_not_there(self, browser: Client, other_site: Site) -> None:
        assert b"Southgate" not in browser.get(reverse("admin:staff_site_changelist")).content
        for answer in (browser.get(change(other_site)), browser.post(change(other_site), site_form(other_site))):
            assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
        assert not Entry.objects.filter(event="staff.site_changed").exists()

    def test_only_somebody_who_keeps_everything_opens_a_site(self, browser: Client, roots: Client) -> None:
        facts = {"name": "Newtown", "time_zone": "Europe/Paris", "is_active": "on"}
        assert browser.get(reverse(ADD_SITE)).status_code == browser.post(reverse(ADD_SITE), facts).status_code == 403
        assert not Site.objects.filter(name="Newtown").exists()
        assert roots.post(reverse(ADD_SITE), facts).status_code == 302
        opened = Entry.objects.get(event="staff.site_opened", site_id=Site.objects.get(name="Newtown").pk)
        assert opened.person == User.objects.get(username="root")

    def test_a_name_that_is_taken_is_said_in_a_sentence(self, roots: Client) -> None:
        facts = {"name": "Northfield", "time_zone": "Europe/Paris", "is_active": "on"}
        assert "already exists" in told(roots.post(reverse(ADD_SITE), facts))

    def test_the_lead_clinician_works_at_the_site(
        self, browser: Client, site: Site, other_site: Site, person: Callable[..., User]
    ) -> None:
        lead = person(Role.PRESCRIBER, full_name="Dr Petra")
        stranger = person(Role.PRESCRIBER, at=other_site, full_name="Dr Stella")
        assert choices(browser.get(change(site)), "lead_clinician") == {"Ade Administrator", "Dr Petra"}
        assert "valid choice" in told(browser.post(change(site), site_form(site, lead_clinician=stranger.pk)))
        assert browser.post(change(site), site_form(site, lead_clinician=lead.pk)).status_code == 302
        assert Entry.objects.get(event="staff.site_changed").changes == {"lead_clinician": [None, lead.pk]}

    def test_a_lead_clinician_who_left_stays_until_another_is_named(
        self, browser: Client, site: Site, person: Callable[..., User]
    ) -> None:
        site.lead_clinician = person(full_name="Dr Gone")
        services.changed(site, event="staff.site_led", by=BY, at=AT)
        assert "Dr Gone" in choices(browser.get(change(site)), "lead_clinician")

    def test_a_closed_site_closes_to_everybody_who_works_there(
        self, browser: Client, site: Site, person: Callable[..., User], signed_in: Callable[..., Client]
    ) -> None:
        nurses = signed_in(user=person(Role.NURSE))
        browser.post(change(site), {key: value for key, value in site_form(site).items() if key != "is_active"})
        page = nurses.get(reverse("worklist"))
        assert page.status_code == 403
        assert "You have no role yet" in page.content.decode()

    def test_a_choice_leads_nowhere_else(self, browser: Client, site: Site) -> None:
        page = parsed(browser.get(change(site)))
        assert not page.select(".related-widget-wrapper-link")


class TestPolicies:
    def test_a_new_policy_stands_in_the_trail_and_in_force(self, browser: Client, keeper: User, site: Site) -> None:
        assert browser.post(reverse(ADD_POLICY), POLICY | {"site": site.pk}).status_code == 302
        policy = SitePolicy.objects.in_force(site, date(2026, 8, 1))
        assert (policy.source, policy.maintenance_days_after) == ("Ward round of July", 10)
        entry = Entry.objects.get(event="staff.policy_set", target_id=str(policy.pk))
        assert (entry.person, entry.changes["maintenance_days_after"]) == (keeper, [None, 10])

    @pytest.mark.parametrize(
        ("first", "said"),
        [
            ("2026-07-04", "Running courses stay as they are; a prescriber can migrate them."),
            ("2026-07-05", "Running courses stay as they are; from 5 Jul 2026 a prescriber can migrate them."),
        ],
    )
    def test_the_administrator_is_told_that_no_running_course_moves_and_where_to_see_which_could(
        self, browser: Client, site: Site, first: str, said: str
    ) -> None:
        with time_machine.travel(AT, tick=False):
            facts = POLICY | {"site": site.pk, "effective_from": first}
            page = parsed(browser.post(reverse(ADD_POLICY), facts, follow=True))
            (line,) = [found for found in page.select(".messagelist li") if "Running courses" in found.text]
            assert " ".join(line.text.split()) == f"{said} See which stand on older versions"
            (link,) = line.select("a")
            assert link["href"] == reverse("courses:versions")
            assert browser.get(str(link["href"])).status_code == 200

    def test_who_may_not_open_that_page_is_told_without_a_link(self, roots: Client, site: Site) -> None:
        page = parsed(roots.post(reverse(ADD_POLICY), POLICY | {"site": site.pk}, follow=True))
        (line,) = [found for found in page.select(".messagelist li") if "Running courses" in found.text]
        assert not line.select("a")

    def test_a_policy_that_was_refused_tells_nothing_of_courses(self, browser: Client, site: Site) -> None:
        answer = browser.post(reverse(ADD_POLICY), POLICY | {"site": site.pk, "upcoming_days": "[]"})
        assert b"Running courses" not in answer.content

    def test_the_form_begins_with_the_usual_days(self, browser: Client) -> None:
        field = parsed(browser.get(reverse(ADD_POLICY))).select_one("[name=upcoming_days]")
        assert field is not None
        assert field["value"] == "[14, 7, 1]"

    @pytest.mark.parametrize(
        ("days", "sentence"),
        [
            ("14, 7, 1", "Write the days in square brackets"),
            ("[14, 7,", "Write the days in square brackets"),
            ("fourteen", "Write the days in square brackets"),
            ("[7, 14]", "List days before the dose, largest first"),
            ("[]", "This field is required"),
            ("{}", "This field is required"),
            ('{"a": 1}', "List days before the dose, largest first"),
            ("[0]", "List days before the dose, largest first"),
            ("", "This field is required"),
        ],
    )
    def test_wrong_days_are_said_in_a_sentence(self, browser: Client, site: Site, days: str, sentence: str) -> None:
        before = SitePolicy.objects.count()
        answer = browser.post(reverse(ADD_POLICY), POLICY | {"site": site.pk, "upcoming_days": days})
        assert sentence in told(answer)
        assert SitePolicy.objects.count() == before

    def test_a_second_policy_of_one_day_is_said_in_a_sentence(self, browser: Client, site: Site) -> None:
        facts = POLICY | {"site": site.pk, "effective_from": "2020-01-01"}
        assert "already exists" in told(browser.post(reverse(ADD_POLICY), facts))

    def test_a_policy_is_read_and_never_changed(self, browser: Client, site: Site) -> None:
        policy = SitePolicy.objects.get(site=site)
        address = reverse("admin:staff_sitepolicy_change", args=[policy.pk])
        page = parsed(browser.get(address))
        assert not page.select("main [name=digest_hour]")
        assert browser.post(address, POLICY | {"site": site.pk}).status_code == 403
        assert SitePolicy.objects.get(pk=policy.pk).source == "Test policy"

    def test_a_policy_is_written_for_ones_own_site_only(self, browser: Client, site: Site, other_site: Site) -> None:
        assert choices(browser.get(reverse(ADD_POLICY)), "site") == {"Northfield"}
        assert "valid choice" in told(browser.post(reverse(ADD_POLICY), POLICY | {"site": other_site.pk}))
        theirs = SitePolicy.objects.get(site=other_site)
        assert browser.get(reverse("admin:staff_sitepolicy_change", args=[theirs.pk])).status_code == 302
        assert b"Southgate" not in browser.get(reverse("admin:staff_sitepolicy_changelist")).content
