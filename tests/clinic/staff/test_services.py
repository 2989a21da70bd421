"""Accounts, roles, sites and policies are written with their trail."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from clinic.audit.models import Entry
from clinic.staff import services
from clinic.staff.models import Site, SitePolicy, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY


def test_an_account_leaves_no_password_in_the_trail(db: None) -> None:
    services.open_account(
        username="ada", full_name="Ada", email="ada@example.org", password="a very long secret", by=BY, at=AT
    )
    entry = Entry.objects.get(event="staff.account_opened")
    assert "password" not in entry.changes
    assert entry.process == "test stage"


def test_an_address_belongs_to_one_account(db: None) -> None:
    factories.user(email="ada@example.org")
    with pytest.raises(ValidationError, match="already exists"):
        factories.user(email="ada@example.org")


def test_the_first_site_is_the_home_site(site: Site, other_site: Site) -> None:
    user = factories.user(Role.NURSE, site=site)
    services.give_role(user=user, site=other_site, role=Role.NURSE, by=BY, at=AT)
    assert User.objects.get(pk=user.pk).home_site == site


@pytest.mark.parametrize("zone", ["Europe/Londn", "", "UTC+1"])
def test_a_site_needs_a_time_zone_that_exists(db: None, zone: str) -> None:
    with pytest.raises(ValidationError):
        services.open_site(name="Nowhere", time_zone=zone, by=BY, at=AT)


@pytest.mark.parametrize("days", [[], [7, 14], [14, 14], [0], [True], ["7"], 7, [121]])
def test_reminder_days_are_a_short_descending_list(site: Site, days: object) -> None:
    with pytest.raises(ValidationError):
        services.set_policy(site=site, effective_from=date(2026, 1, 1), source="Test", upcoming_days=days, by=BY, at=AT)


def test_the_latest_policy_that_took_effect_is_in_force(site: Site) -> None:
    services.set_policy(site=site, effective_from=date(2026, 7, 4), source="Summer", by=BY, at=AT)
    assert SitePolicy.objects.in_force(site, date(2026, 7, 3)).source == "Test policy"
    assert SitePolicy.objects.in_force(site, date(2026, 7, 4)).source == "Summer"
    with pytest.raises(SitePolicy.DoesNotExist):
        SitePolicy.objects.in_force(site, date(2019, 12, 31))


def test_what_changes_is_audited_and_what_does_not_is_not(site: Site) -> None:
    before = Entry.objects.count()
    services.changed(site, event="staff.site_changed", by=BY, at=AT)
    assert Entry.objects.count() == before
    site.phone = "020 7946 0000"
    services.changed(site, event="staff.site_changed", by=BY, at=AT)
    assert Entry.objects.get(event="staff.site_changed").changes == {"phone": ["", "020 7946 0000"]}
