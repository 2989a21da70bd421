"""Who works where, and as what."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from clinic.staff.models import Site, SitePolicy, User
from clinic.staff.queries import newer_policies, people_who_may, roles_at, roles_granting
from clinic.staff.roles import GRANTS, Permission, Role
from clinic.staff.services import set_policy
from tests.factories import AT, BY


def test_a_role_is_held_at_its_site_and_nowhere_else(person: Callable[..., User], site: Site, other_site: Site) -> None:
    user = person(Role.NURSE, Role.PROCEDURALIST)
    assert roles_at(user, site) == {Role.NURSE, Role.PROCEDURALIST}
    assert roles_at(user, other_site) == frozenset()


@pytest.mark.parametrize("permission", list(Permission))
def test_the_roles_that_allow_something_are_those_of_the_table(permission: Permission) -> None:
    assert set(roles_granting(permission)) == {role for role in Role if permission in GRANTS[role]}


def test_only_active_people_of_the_site_may(person: Callable[..., User], site: Site, other_site: Site) -> None:
    zoe = person(Role.NURSE, Role.PRESCRIBER, full_name="Zoe")
    ada = person(Role.PROCEDURALIST, full_name="Ada")
    person(Role.NURSE, at=other_site, full_name="Elsewhere")
    person(Role.COORDINATOR, full_name="Not allowed")
    gone = person(Role.NURSE, full_name="Gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert people_who_may(Permission.RECORD_DOSES, site) == [ada, zoe]


class TestNewerPolicies:
    def policy(self, site: Site, on: str) -> SitePolicy:
        return set_policy(site=site, effective_from=date.fromisoformat(on), source="Board", by=BY, at=AT)

    def test_one_policy_has_none_newer(self, site: Site) -> None:
        assert newer_policies([site], AT) == {}

    def test_every_earlier_one_leads_to_that_of_today(
        self, site: Site, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first, second, today = (
            SitePolicy.objects.get(),
            self.policy(site, "2026-01-01"),
            self.policy(site, "2026-07-04"),
        )
        with django_assert_num_queries(1):
            assert newer_policies([site], AT) == {first.pk: today, second.pk: today}

    def test_one_of_a_day_to_come_is_not_newer_yet(self, site: Site) -> None:
        first, second = SitePolicy.objects.get(), self.policy(site, "2026-01-01")
        self.policy(site, "2026-07-05")
        assert newer_policies([site], AT) == {first.pk: second}

    def test_each_site_has_its_own_and_its_own_today(self, site: Site, other_site: Site) -> None:
        """At one in the morning in London it is still the day before in New York."""
        here, there = (SitePolicy.objects.get(site=each) for each in (site, other_site))
        new = {each.pk: self.policy(each, "2026-07-04") for each in (site, other_site)}
        night = datetime(2026, 7, 4, 0, 0, tzinfo=UTC)
        assert newer_policies([site, other_site], night) == {here.pk: new[site.pk]}
        assert newer_policies([site, other_site], AT) == {here.pk: new[site.pk], there.pk: new[other_site.pk]}
        assert newer_policies([other_site], AT) == {there.pk: new[other_site.pk]}

    def test_no_site_no_policy(self, site: Site) -> None:
        self.policy(site, "2026-01-01")
        assert newer_policies([], AT) == {}
