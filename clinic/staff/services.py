"""Open accounts, give roles, set policies. Each change is audited with the person who made it."""

from datetime import date, datetime
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
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
def change_account(*, user: User, by: Actor, at: datetime) -> User:
    """Save an account's new facts. A former address opens nothing any more. Raises ValidationError.

    The sign-in library keeps each address to which it sent a link, and would go on sending links there.
    """
    user = changed(user, event="staff.account_changed", by=by, at=at)
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    return user


@transaction.atomic
def give_role(*, user: User, site: Site, role: Role, by: Actor, at: datetime) -> Membership:
    """Let a person hold a role at a site. Their first site becomes the one whose morning their digest follows."""
    membership = Membership(user=user, site=site, role=Role(role).value)
    membership = added(membership, event="staff.role_given", by=by, at=at)
    if user.home_site_id is None:
        _change_account(user, by=by, at=at, home_site=site)
    _open_administration(user, by=by, at=at)
    return membership


@transaction.atomic
def take_role(*, membership: Membership, by: Actor, at: datetime) -> None:
    """Take a role away; it ends with the person's next request."""
    gone = {name: [value, None] for name, (_, value) in facts(membership).items()}
    trail.record("staff.role_taken", by=by, at=at, target=membership, changes=gone)
    user = membership.user
    membership.delete()
    _open_administration(user, by=by, at=at)


def _open_administration(user: User, *, by: Actor, at: datetime) -> None:
    """Let exactly those sign in to the administration pages who administer a site, or the whole installation."""
    administers = user.is_superuser or user.memberships.filter(role=Role.ADMINISTRATOR.value).exists()
    _change_account(user, by=by, at=at, is_staff=administers)


def _change_account(user: User, *, by: Actor, at: datetime, **values: Any) -> None:
    """Write these values into the account as it stands, whatever else the caller's own copy of it still says."""
    current = User.objects.select_for_update().get(pk=user.pk)
    for name, value in values.items():
        setattr(current, name, value)
        setattr(user, name, value)
    changed(current, event="staff.account_changed", by=by, at=at)


@transaction.atomic
def set_policy(*, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any) -> SitePolicy:
    """Write down what the site decides from a day on. Earlier policies stay as they are."""
    values.setdefault("upcoming_days", [14, 7, 1])
    policy = SitePolicy(site=site, effective_from=effective_from, source=source, **values)
    return added(policy, event="staff.policy_set", by=by, at=at)


@transaction.atomic
def added(row: M, *, event: str, by: Actor, at: datetime) -> M:
    """Check, save and audit a new row of this room. Raises ValidationError."""
    row.full_clean()
    row.save(force_insert=True)
    tell_of(row, event=event, by=by, at=at)
    return row


def tell_of(row: models.Model, *, event: str, by: Actor, at: datetime) -> None:
    """Audit a new row of this room that was saved already."""
    trail.record(event, by=by, at=at, target=row, changes=facts(row))


@transaction.atomic
def changed(row: M, *, event: str, by: Actor, at: datetime) -> M:
    """Check, save and audit new values of a row of this room; nothing is written when nothing differs.

    Raises ValidationError. A password is no fact and is not written here.
    """
    row.full_clean()
    before, after = facts(type(row)._default_manager.select_for_update().get(pk=row.pk)), facts(row)
    differing = {name: [before[name][1], new] for name, (_, new) in after.items() if before[name][1] != new}
    if differing:
        row.save(update_fields=list(differing))
        trail.record(event, by=by, at=at, target=row, changes=differing)
    return row


def facts(row: models.Model) -> dict[str, list[Any]]:
    """Return `{field: [None, value]}` for a new row, without its password."""
    fields = [field for field in row._meta.concrete_fields if field.name not in {"id", "password", "last_login"}]
    return {field.name: [None, field.value_from_object(row)] for field in fields}
