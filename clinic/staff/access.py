"""May this person do this, here? Views ask before anything else; the answer never depends on the page."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from clinic.staff.models import Site, User
from clinic.staff.roles import Permission

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request whose user is signed in and one of ours, as the middleware guarantees; `htmx` when a script asks."""

    user: User
    htmx: HtmxDetails


View: TypeAlias = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def may(user: User | AnonymousUser, permission: Permission, site_id: uuid.UUID) -> bool:
    """Say whether this person may do this at this site."""
    return isinstance(user, User) and permission in user.rights.get(site_id, frozenset())


def may_somewhere(user: User | AnonymousUser, permission: Permission) -> bool:
    """Say whether this person may do this at any site at all."""
    return isinstance(user, User) and any(permission in held for held in user.rights.values())


def site_ids(user: User, permission: Permission) -> frozenset[uuid.UUID]:
    """Return the sites at which this person may do this: the scope of every query made for them."""
    return frozenset(site_id for site_id, held in user.rights.items() if permission in held)


def sites(user: User, permission: Permission) -> list[Site]:
    """Return those sites by name, for a choice on a form."""
    return list(Site.objects.filter(id__in=site_ids(user, permission)).order_by("name"))


def require(user: User, permission: Permission, site_id: uuid.UUID) -> None:
    """Let the request go on, or answer 403. Use it after the record was found within the person's scope."""
    if not may(user, permission, site_id):
        raise PermissionDenied(f"You may not {permission} at this site.")


def requires(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Guard a view that concerns no single record: 403 unless the person may do this at some site."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not may_somewhere(request.user, permission):
                raise PermissionDenied(f"You may not {permission}.")
            return view(request, *args, **kwargs)

        return guarded

    return guard
