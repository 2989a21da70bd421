"""Who may use the administration pages, and what they see there: the same table of rights as everywhere else."""

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.staff.access import may_somewhere, site_ids
from clinic.staff.models import User
from clinic.staff.roles import Permission


def administers(request: HttpRequest) -> bool:
    """Say whether this person administers any site, or the whole installation."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or may_somewhere(user, Permission.ADMINISTER)


def administered(request: HttpRequest) -> frozenset[uuid.UUID] | None:
    """Return the sites this person administers; None means every site."""
    user = request.user
    if not isinstance(user, User):
        return frozenset()
    return None if user.is_superuser else site_ids(user, Permission.ADMINISTER)


class HouseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not a generic class at run time
    """Open to administrators, within their sites. Nothing is ever deleted here."""

    site_path = "site_id"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep the rows of the sites this person administers."""
        rows = super().get_queryset(request)
        sites = administered(request)
        return rows if sites is None else rows.filter(**{f"{self.site_path}__in": sites})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the room to administrators."""
        return administers(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators read."""
        return administers(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators add."""
        return administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators change."""
        return administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete."""
        return False


class ReadOnlyAdmin(HouseAdmin):
    """Rows that the administration pages show and never write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change."""
        return False
