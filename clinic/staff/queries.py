"""Questions about the people who work here."""

import uuid
from collections.abc import Collection
from datetime import datetime

from clinic.staff.models import Membership, Site, SitePolicy, User
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


def newer_policies(sites: Collection[Site], now: datetime) -> dict[int, SitePolicy]:
    """Return the policy in force today, by the key of every one that was in force at the same site before it.

    One query. A policy that takes effect later is not among them: nothing stands on it yet, and nothing goes to it.
    """
    today = {site.pk: site.today(now) for site in sites}
    current: dict[uuid.UUID, SitePolicy] = {}
    older: dict[int, SitePolicy] = {}
    for policy in SitePolicy.objects.filter(site__in=today).order_by("-effective_from", "-id"):
        if policy.effective_from > today[policy.site_id]:
            continue
        if current.setdefault(policy.site_id, policy) is not policy:
            older[policy.pk] = current[policy.site_id]
    return older
