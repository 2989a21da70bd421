"""Accounts, roles, sites and policies, for administrators. Each change passes through the same trail as any other."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from clinic.audit.models import Entry
from clinic.audit.trail import Actor, person_actor
from clinic.staff import services
from clinic.staff.admin_access import HouseAdmin, ReadOnlyAdmin, administered, administers
from clinic.staff.models import Membership, Site, SitePolicy, User


def actor(request: HttpRequest) -> Actor:
    """Return who is at the administration page."""
    assert isinstance(request.user, User)  # noqa: S101 - the page let only our own people in
    return person_actor(request.user)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # not a generic class at run time
    """The roles a person holds, of the sites that the administrator keeps."""

    model = Membership
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Keep the roles at the administrator's own sites."""
        rows = super().get_queryset(request).select_related("site", "user")
        sites = administered(request)
        return rows if sites is None else rows.filter(site_id__in=sites)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer the administrator's own sites only."""
        sites = administered(request)
        if db_field.name == "site" and sites is not None:
            kwargs["queryset"] = Site.objects.filter(pk__in=sites)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators give roles."""
        return administers(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators see roles."""
        return administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep a role as it is: give another one, take this one away."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators take roles away."""
        return administers(request)


@admin.register(User)
class UserAdmin(HouseAdmin):
    """Accounts. There is no password here: everybody chooses their own through “Forgot your password?”."""

    fields = ("username", "full_name", "email", "home_site", "is_active", "last_login", "date_joined")
    readonly_fields = ("last_login", "date_joined")
    list_display = ("full_name", "username", "email", "home_site", "is_active", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("full_name", "username", "email")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Keep the people of the administrator's sites, and those who have no role anywhere yet."""
        rows = admin.ModelAdmin.get_queryset(self, request)
        sites = administered(request)
        if sites is None:
            return rows
        return rows.filter(Q(memberships__site__in=sites) | Q(memberships__isnull=True)).distinct()

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        """Save through the service, with the trail."""
        if change:
            services.changed(obj, event="staff.account_changed", by=actor(request), at=timezone.now())
            return
        obj.set_unusable_password()
        services.added(obj, event="staff.account_opened", by=actor(request), at=timezone.now())
        messages.info(request, "They choose their own password through “Forgot your password?” on the sign-in page.")

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formset: forms.BaseModelFormSet[Any, Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        """Give and take roles through the services."""
        by, at = actor(request), timezone.now()
        for row in formset.save(commit=False):
            services.give_role(user=row.user, site=row.site, role=row.role, by=by, at=at)
        for row in formset.deleted_objects:
            services.take_role(membership=row, by=by, at=at)


class AuditedAdmin(HouseAdmin):
    """Saves rows of this room with their trail."""

    added_event = ""
    changed_event = ""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        """Save through the service, with the trail."""
        if change:
            services.changed(obj, event=self.changed_event, by=actor(request), at=timezone.now())
        else:
            services.added(obj, event=self.added_event, by=actor(request), at=timezone.now())


@admin.register(Site)
class SiteAdmin(AuditedAdmin):
    """Treatment centres. Only somebody who keeps the whole installation opens a new one."""

    site_path = "id"
    added_event, changed_event = "staff.site_opened", "staff.site_changed"
    list_display = ("name", "time_zone", "phone", "lead_clinician", "is_active")
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let superusers add."""
        return administers(request) and administered(request) is None


@admin.register(SitePolicy)
class SitePolicyAdmin(AuditedAdmin):
    """Policies with their history. A change is a new policy with its own first day."""

    added_event = "staff.policy_set"
    list_display = ("site", "effective_from", "source", "digest_hour", "upcoming_days")
    list_filter = ("site",)
    date_hierarchy = "effective_from"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was decided: courses may have begun under it."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new policy with the usual days."""
        return {"upcoming_days": [14, 7, 1]}

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer the administrator's own sites only."""
        sites = administered(request)
        if db_field.name == "site" and sites is not None:
            kwargs["queryset"] = Site.objects.filter(pk__in=sites)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The trail, to read and to search. It stands here because it must know who administers which site."""

    list_display = ("at", "event", "actor_name", "process", "target_type", "target_id", "reason")
    list_filter = ("event",)
    search_fields = ("target_id", "patient_id", "actor_name", "event")
    date_hierarchy = "at"
