"""Accounts, roles, sites and policies, for administrators. Each change passes through the same trail as any other."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import CharField, JSONField, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from clinic.audit.models import Entry
from clinic.audit.trail import Actor, person_actor
from clinic.staff import services
from clinic.staff.admin_access import (
    HouseAdmin,
    ReadOnlyAdmin,
    WithinSites,
    administered,
    administers,
    tell_of_running_courses,
    trail_of,
)
from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Role


def actor(request: HttpRequest) -> Actor:
    """Return who is at the administration page."""
    return person_actor(me(request))


def me(request: HttpRequest) -> User:
    """Return the person at the administration page."""
    assert isinstance(request.user, User)  # noqa: S101 - the page let only our own people in
    return request.user


def accounts(request: HttpRequest) -> QuerySet[User]:
    """Return the people of the administrator's sites, and those who have no role anywhere yet."""
    sites = administered(request)
    if sites is None:
        return User.objects.all()
    waiting = Q(memberships__isnull=True, is_superuser=False)
    return User.objects.filter(Q(memberships__site__in=sites) | waiting).distinct()


def beyond(request: HttpRequest, user: User | None) -> bool:
    """Say whether an account opens more than this administrator keeps: whoever has its address can take it over."""
    sites = administered(request)
    if sites is None or user is None:
        return False
    return user.is_superuser or user.memberships.exclude(site__in=sites).exists()


class RolesFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not a generic class at run time
    """The roles given and taken on one page. `acting` is who gives and takes them."""

    acting: User

    def clean(self) -> None:
        """Refuse to let administrators shut themselves, and perhaps the whole site, out."""
        super().clean()
        taken = [form.instance for form in self.deleted_forms]
        own = [row for row in taken if row.user_id == self.acting.pk and row.role == Role.ADMINISTRATOR.value]
        if own and not self.acting.is_superuser:
            raise forms.ValidationError(
                "Another administrator must take this role from you, so that no site is left without one."
            )


class RoleInline(WithinSites, admin.TabularInline):  # type: ignore[type-arg]  # not a generic class at run time
    """The roles a person holds, of the sites that the administrator keeps."""

    model = Membership
    formset = RolesFormSet
    verbose_name = "role"
    verbose_name_plural = "roles"
    extra = 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type[RolesFormSet]:
        """Tell the roles who gives and takes them."""
        formset = cast("type[RolesFormSet]", super().get_formset(request, obj, **kwargs))
        formset.acting = me(request)
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Keep the roles at the administrator's own sites."""
        rows = super().get_queryset(request).select_related("site", "user")
        sites = administered(request)
        return rows if sites is None else rows.filter(site_id__in=sites)

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
    list_select_related = ("home_site",)
    search_fields = ("full_name", "username", "email")
    inlines = (RoleInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Keep the people of the administrator's sites, and those who have no role anywhere yet."""
        return accounts(request).order_by("full_name", "pk")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Ask for less of a new account, and say why some accounts cannot be changed."""
        if obj is None:
            return [(None, {"fields": self.fields[:4]})]
        shut = (
            "This account also works where you do not administer, so only its roles at your sites are yours to change."
        )
        return [(None, {"fields": self.fields, "description": shut if beyond(request, obj) else ""})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep an account that opens more than the administrator keeps, and nobody closes their own."""
        if beyond(request, obj):
            return self.fields
        own = ("is_active",) if obj == me(request) else ()
        return (*self.readonly_fields, *own)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, *args: Any, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """Offer the home site as it is, also where the administrator does not keep it."""
        form = super().get_form(request, obj, *args, **kwargs)
        home, sites = form.base_fields.get("home_site"), administered(request)
        if isinstance(home, forms.ModelChoiceField) and obj and sites is not None:
            home.queryset = Site.objects.filter(Q(pk__in=sites) | Q(pk=obj.home_site_id))
        return form

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        """Save through the service, with the trail."""
        if change:
            services.change_account(user=obj, by=actor(request), at=timezone.now())
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
    list_select_related = ("lead_clinician",)
    search_fields = ("name",)
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let superusers add."""
        return administers(request) and administered(request) is None

    def get_form(
        self, request: HttpRequest, obj: Site | None = None, *args: Any, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """Offer as lead clinician who works at the site, and whoever is it now."""
        form = super().get_form(request, obj, *args, **kwargs)
        lead = form.base_fields.get("lead_clinician")
        if isinstance(lead, forms.ModelChoiceField):
            works_here = Q(memberships__site=obj, is_active=True) | Q(pk=obj.lead_clinician_id) if obj else Q(pk=None)
            lead.queryset = User.objects.filter(works_here).distinct().order_by("full_name")
        return form


@admin.register(SitePolicy)
class SitePolicyAdmin(AuditedAdmin):
    """Policies with their history. A change is a new policy with its own first day."""

    added_event = "staff.policy_set"
    list_display = ("site", "effective_from", "source", "digest_hour", "upcoming_days")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("site",)
    date_hierarchy = "effective_from"
    formfield_overrides = {
        JSONField: {
            "widget": forms.TextInput,
            "error_messages": {"invalid": "Write the days in square brackets, largest first, such as [14, 7, 1]."},
        }
    }

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was decided: courses may have begun under it."""
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001
        """Save with the trail, and say that nothing that runs moves by it."""
        super().save_model(request, obj, form, change)
        policy = cast("SitePolicy", obj)
        ahead = policy.effective_from > policy.site.today(timezone.now())
        tell_of_running_courses(request, later=policy.effective_from if ahead else None)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new policy with the usual days."""
        return {"upcoming_days": [14, 7, 1]}


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The trail, to read and to search. It stands here because it must know who administers which site."""

    list_display = ("at", "event", "actor_name", "target_type", "reason")
    list_filter = ("event",)
    search_fields = ("target_id", "patient_id", "actor_name", "event")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Keep what happened at the administrator's sites, and to the accounts that they keep."""
        sites = administered(request)
        if sites is None:
            return Entry.objects.all()
        keys = accounts(request).annotate(key=Cast("pk", CharField(max_length=40))).values("key")
        theirs = Q(target_type=User._meta.label_lower, target_id__in=keys)
        return Entry.objects.filter(Q(site_id__in=sites) | theirs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show the changes field by field."""
        return [name if name != "changes" else "what_changed" for name in super().get_fields(request, obj)]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to everything that the trail tells of the same row."""
        entry = self.get_object(request, object_id)
        return trail_of("", "") if entry is None else trail_of(entry.target_type, entry.target_id)

    @admin.display(description="changes")
    def what_changed(self, entry: Entry) -> SafeString:
        """Return one line for each field, the old value and the new."""
        lines = ((name, *(_shown(value) for value in pair)) for name, pair in entry.changes.items())
        return format_html_join("", "<p>{}: {} → {}</p>", lines)


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "") else str(value)
