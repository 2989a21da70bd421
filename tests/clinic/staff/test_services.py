"""Accounts, roles, sites and policies are written with their trail."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.audit.models import Entry
from clinic.staff import services
from clinic.staff.models import Membership, Site, SitePolicy, User
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


def test_only_what_differs_is_written(site: Site) -> None:
    """What somebody else changed in another field meanwhile is not put back by an account's own role."""
    user = factories.user(Role.ADMINISTRATOR, site=site)
    membership = Membership.objects.select_related("user").get(user=user)
    User.objects.filter(pk=user.pk).update(full_name="Ada Married")
    services.take_role(membership=membership, by=BY, at=AT)
    services.give_role(user=user, site=site, role=Role.ADMINISTRATOR, by=BY, at=AT)
    assert User.objects.get(pk=user.pk).full_name == "Ada Married"


def test_what_is_refused_is_not_written(site: Site) -> None:
    site.time_zone = "Europe/Londn"
    with pytest.raises(ValidationError, match="is not a time zone"):
        services.changed(site, event="staff.site_changed", by=BY, at=AT)
    assert Site.objects.get(pk=site.pk).time_zone == "Europe/London"


def test_a_role_given_and_taken_says_whose_it_was_and_where(site: Site) -> None:
    user = factories.user(Role.NURSE, site=site)
    membership = Membership.objects.get(user=user)
    key = str(membership.pk)
    services.take_role(membership=membership, by=BY, at=AT)
    given, taken = Entry.objects.filter(target_type="staff.membership", target_id=key).order_by("pk")
    facts = {"user": user.pk, "site": str(site.pk), "role": "nurse"}
    assert (given.event, given.changes) == ("staff.role_given", {name: [None, value] for name, value in facts.items()})
    assert (taken.event, taken.changes) == ("staff.role_taken", {name: [value, None] for name, value in facts.items()})
    assert given.site_id == taken.site_id == site.pk


def test_a_role_is_held_once(site: Site) -> None:
    user = factories.user(Role.NURSE, site=site)
    with pytest.raises(ValidationError, match="already exists"):
        services.give_role(user=user, site=site, role=Role.NURSE, by=BY, at=AT)


def test_the_administration_pages_open_with_the_role_and_close_with_the_last_of_them(
    site: Site, other_site: Site
) -> None:
    user = factories.user(Role.ADMINISTRATOR, site=site)
    services.give_role(user=user, site=other_site, role=Role.ADMINISTRATOR, by=BY, at=AT)
    for membership, open_still in zip(Membership.objects.filter(user=user), (True, False), strict=True):
        services.take_role(membership=membership, by=BY, at=AT)
        assert User.objects.get(pk=user.pk).is_staff is open_still
    opened_and_closed = Entry.objects.filter(event="staff.account_changed", changes__has_key="is_staff")
    assert [entry.changes["is_staff"] for entry in opened_and_closed.order_by("pk")] == [[False, True], [True, False]]


def test_an_address_is_kept_in_small_letters(db: None) -> None:
    user = factories.user(email="Ada.Lovelace@Example.ORG")
    assert User.objects.get(pk=user.pk).email == "ada.lovelace@example.org"


def test_an_address_in_other_letters_belongs_to_the_same_account(db: None) -> None:
    factories.user(email="ada@example.org")
    with pytest.raises(ValidationError, match="already exists"):
        factories.user(email="Ada@example.org")


def test_two_names_differ_in_more_than_their_letters(db: None) -> None:
    """The sign-in does not tell them apart, and would let neither in."""
    factories.user(username="ada")
    with pytest.raises(ValidationError, match="in other letters"):
        factories.user(username="Ada", email="other@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ADA", "third@example.org")


def test_a_password_is_not_changed_by_the_way(site: Site) -> None:
    user = factories.user(Role.NURSE, site=site)
    user.set_password("another long secret")
    user.full_name = "Ada Married"
    services.changed(user, event="staff.account_changed", by=BY, at=AT)
    assert User.objects.get(pk=user.pk).check_password("correct horse battery")


def test_two_policies_of_a_site_do_not_begin_on_one_day(site: Site) -> None:
    with pytest.raises(ValidationError, match="already exists"):
        services.set_policy(site=site, effective_from=date(2020, 1, 1), source="Again", by=BY, at=AT)


@pytest.mark.parametrize(("hour", "taken"), [(0, True), (23, True), (24, False)])
def test_a_digest_leaves_at_an_hour_of_the_day(site: Site, hour: int, taken: bool) -> None:
    if taken:
        policy = services.set_policy(
            site=site, effective_from=date(2026, 1, 1), source="Test", digest_hour=hour, by=BY, at=AT
        )
        assert policy.digest_hour == hour
    else:
        with pytest.raises(ValidationError, match="less than or equal to 23"):
            services.set_policy(
                site=site, effective_from=date(2026, 1, 1), source="Test", digest_hour=hour, by=BY, at=AT
            )
