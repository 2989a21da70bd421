"""Rights come from roles at sites, and from nowhere else."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from pytest_django import DjangoAssertNumQueries

from clinic.staff import access, services
from clinic.staff.models import Membership, Site, User
from clinic.staff.queries import people_who_may
from clinic.staff.roles import DESCRIPTIONS, GRANTS, Permission, Role
from tests.factories import AT, BY

Person = Callable[..., User]


def test_every_role_has_its_rights_and_a_description() -> None:
    assert set(GRANTS) == set(DESCRIPTIONS) == set(Role)
    assert set().union(*GRANTS.values()) == set(Permission)


def test_an_auditor_changes_nothing_and_a_pharmacist_keeps_the_vials_and_confirms() -> None:
    reading = {Permission.VIEW_PATIENTS, Permission.VIEW_REMINDERS, Permission.VIEW_SUPPLY}
    assert GRANTS[Role.VIEWER] == reading
    keeping = {Permission.MANAGE_SUPPLY, Permission.MANAGE_AUTHORISATIONS}
    told = {Permission.RECEIVE_SUPPLY, Permission.MANAGE_REMINDERS}
    assert GRANTS[Role.PHARMACIST] == reading | keeping | told | {Permission.SECOND}


def test_several_roles_at_a_site_add_up(person: Person, site: Site) -> None:
    user = person(Role.VIEWER, Role.PRESCRIBER)
    assert user.rights == {site.pk: GRANTS[Role.VIEWER] | GRANTS[Role.PRESCRIBER]}


def test_a_role_at_one_site_says_nothing_of_another(person: Person, site: Site, other_site: Site) -> None:
    user = person(Role.NURSE)
    assert access.may(user, Permission.RECORD_DOSES, site.pk)
    assert not access.may(user, Permission.RECORD_DOSES, other_site.pk)
    assert access.site_ids(user, Permission.RECORD_DOSES) == {site.pk}
    with pytest.raises(PermissionDenied):
        access.require(user, Permission.RECORD_DOSES, other_site.pk)


def test_nobody_has_rights_once_the_account_is_closed(person: Person) -> None:
    user = person(Role.NURSE)
    user.is_active = False
    services.changed(user, event="staff.account_changed", by=BY, at=AT)
    assert User.objects.get(pk=user.pk).rights == {}


def test_nobody_has_rights_at_a_closed_site(person: Person, site: Site) -> None:
    user = person(Role.NURSE)
    site.is_active = False
    services.changed(site, event="staff.site_changed", by=BY, at=AT)
    assert User.objects.get(pk=user.pk).rights == {}


def test_a_role_taken_ends_with_the_next_request(person: Person) -> None:
    user = person(Role.ADMINISTRATOR)
    assert User.objects.get(pk=user.pk).is_staff
    services.take_role(membership=Membership.objects.get(user=user), by=BY, at=AT)
    again = User.objects.get(pk=user.pk)
    assert (again.rights, again.is_staff) == ({}, False)


def test_rights_cost_one_query_however_many_roles(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = person(*Role)
    with django_assert_num_queries(1):
        for permission in Permission:
            access.may_somewhere(user, permission)


def test_people_who_may_are_listed_once_and_by_name(person: Person, site: Site, other_site: Site) -> None:
    both = person(Role.NURSE, Role.PRESCRIBER, full_name="Zed")
    nurse = person(Role.NURSE, full_name="Abe")
    person(Role.VIEWER)
    person(Role.NURSE, at=other_site)
    assert people_who_may(Permission.RECORD_DOSES, site) == [nurse, both]
