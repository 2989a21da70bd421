"""Who works where, and as what."""

from collections.abc import Callable

import pytest

from clinic.staff.models import Site, User
from clinic.staff.queries import people_who_may, roles_at, roles_granting
from clinic.staff.roles import GRANTS, Permission, Role


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
