"""The administration pages in a browser: their own scripts work under the policy that forbids everybody else's."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Role
from tests.clinic.stage import one_of_each

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = [
    "staff_user",
    "staff_site",
    "staff_sitepolicy",
    "audit_entry",
    "patients_patient",
    "courses_dose",
    "labs_labresult",
]


def test_an_administrator_opens_an_account_and_writes_a_policy(
    site: Site, person: Callable[..., User], as_person: Callable[[User], Page]
) -> None:
    tab = as_person(person(Role.ADMINISTRATOR))
    tab.goto(reverse("admin:staff_user_add"))
    tab.fill("[name=username]", "ada")
    tab.fill("[name=full_name]", "Ada Lovelace")
    tab.fill("[name=email]", "ada@example.org")
    for place, role in enumerate(("nurse", "coordinator")):
        if place:
            tab.get_by_text("Add another Role").click()
        tab.select_option(f"[name=memberships-{place}-site]", label="Northfield")
        tab.select_option(f"[name=memberships-{place}-role]", role)
    tab.click("[name=_save]")
    expect(tab.locator(".messagelist")).to_contain_text("They choose their own password")
    assert User.objects.get(username="ada").rights[site.pk] == GRANTS[Role.NURSE] | GRANTS[Role.COORDINATOR]

    tab.goto(reverse("admin:staff_sitepolicy_add"))
    tab.get_by_role("link", name="Today", exact=True).first.click()
    expect(tab.locator("[name=effective_from]")).not_to_have_value("")


def test_every_kind_of_page_opens_without_a_complaint(
    site: Site, person: Callable[..., User], as_person: Callable[[User], Page]
) -> None:
    one_of_each(site)
    tab = as_person(person(Role.ADMINISTRATOR))
    for name in LISTS:
        tab.goto(reverse(f"admin:{name}_changelist"))
        tab.locator("#result_list tbody th a").first.click()
        expect(tab.locator("#content h1")).to_be_visible()
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), name
    tab.get_by_role("button", name="Sign out").click()
    expect(tab).to_have_title("Sign in · Tidemark")
