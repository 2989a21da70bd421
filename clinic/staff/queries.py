"""Questions about the people who work here."""

from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import GRANTS, Permission, Role


def roles_granting(permission: Permission) -> list[Role]:
    """Return the roles that allow this."""
    return [role for role in Role if permission in GRANTS[role]]


def people_who_may(permission: Permission, site: Site) -> list[User]:
    """Return the active people who may do this at this site, by name."""
    memberships = {"memberships__site": site, "memberships__role__in": roles_granting(permission)}
    return list(User.objects.filter(is_active=True, **memberships).distinct().order_by("full_name", "pk"))


def roles_at(user: User, site: Site) -> frozenset[Role]:
    """Return what this person is at this site."""
    held = Membership.objects.filter(user=user, site=site).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)
