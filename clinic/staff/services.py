"""Open accounts, give roles, set policies. Each change is audited with the person who made it."""

from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models, transaction

from clinic.audit import trail
from clinic.audit.trail import Actor
from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Role

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def open_site(*, name: str, time_zone: str, by: Actor, at: datetime, phone: str = "") -> Site:
    """Add a treatment centre. Raises ValidationError for an unknown time zone or a name already used."""
    site = Site(name=name, time_zone=time_zone, phone=phone)
    return added(site, event="staff.site_opened", by=by, at=at)


@transaction.atomic
def open_account(*, username: str, full_name: str, email: str, password: str, by: Actor, at: datetime) -> User:
    """Add somebody who works here. Raises ValidationError for a name or address already used."""
    user = User(username=username, full_name=full_name, email=email)
    user.set_password(password)
    return added(user, event="staff.account_opened", by=by, at=at)


@transaction.atomic
def give_role(*, user: User, site: Site, role: Role, by: Actor, at: datetime) -> Membership:
    """Let a person hold a role at a site. Their first site becomes the one whose morning their digest follows."""
    membership = Membership(user=user, site=site, role=Role(role).value)
    membership = added(membership, event="staff.role_given", by=by, at=at)
    if user.home_site_id is None:
        user.home_site = site
        changed(user, event="staff.account_changed", by=by, at=at)
    _open_administration(user, by=by, at=at)
    return membership


@transaction.atomic
def take_role(*, membership: Membership, by: Actor, at: datetime) -> None:
    """Take a role away; it ends with the person's next request."""
    trail.record("staff.role_taken", by=by, at=at, target=membership, changes={"role": [membership.role, None]})
    user = membership.user
    membership.delete()
    _open_administration(user, by=by, at=at)


def _open_administration(user: User, *, by: Actor, at: datetime) -> None:
    """Let exactly those sign in to the administration pages who administer a site, or the whole installation."""
    administers = user.memberships.filter(role=Role.ADMINISTRATOR.value).exists()
    if user.is_staff != (administers or user.is_superuser):
        user.is_staff = not user.is_staff
        changed(user, event="staff.account_changed", by=by, at=at)


@transaction.atomic
def set_policy(*, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any) -> SitePolicy:
    """Write down what the site decides from a day on. Earlier policies stay as they are."""
    values.setdefault("upcoming_days", [14, 7, 1])
    policy = SitePolicy(site=site, effective_from=effective_from, source=source, **values)
    return added(policy, event="staff.policy_set", by=by, at=at)


def added(row: M, *, event: str, by: Actor, at: datetime) -> M:
    """Check, save and audit a new row of this room."""
    row.full_clean()
    row.save(force_insert=True)
    trail.record(event, by=by, at=at, target=row, changes=facts(row))
    return row


def facts(row: models.Model) -> dict[str, list[Any]]:
    """Return `{field: [None, value]}` for a new row, without its password."""
    fields = [field for field in row._meta.concrete_fields if field.name not in {"id", "password", "last_login"}]
    return {field.name: [None, field.value_from_object(row)] for field in fields}


def changed(row: M, *, event: str, by: Actor, at: datetime) -> M:
    """Check, save and audit new values of a row of this room; nothing is written when nothing differs."""
    row.full_clean()
    before = facts(type(row)._default_manager.get(pk=row.pk))
    row.save()
    after = facts(row)
    differing = {name: [before[name][1], new] for name, (_, new) in after.items() if before[name][1] != new}
    if differing:
        trail.record(event, by=by, at=at, target=row, changes=differing)
    return row
