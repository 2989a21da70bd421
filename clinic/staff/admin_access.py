"""Who may use the administration pages, and what they see there: the same table of rights as everywhere else."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from clinic import formatting
from clinic.records.models import ClinicalRecord
from clinic.staff.access import may_somewhere, site_ids
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission

_OF_EVERY_RECORD = frozenset(field.name for field in ClinicalRecord._meta.fields)


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


def trail_of(target_type: str, target_id: str) -> HttpResponse:
    """Lead to all that the trail tells of one row."""
    about = urlencode({"target_type": target_type, "target_id": target_id})
    return HttpResponseRedirect(f"{reverse('admin:audit_entry_changelist')}?{about}")


def tell_of_running_courses(request: HttpRequest, *, later: date | None = None) -> None:
    """Say, after something newer was put in force, that no running course moves, and where those are counted.

    `later` is the day from which it is in force, where that lies ahead. Courses are known by the page behind the link
    alone; whoever may not open it is told without the link.
    """
    since = "" if later is None else f"from {formatting.day(later)} "
    said = format_html("Running courses stay as they are; {}a prescriber can migrate them.", since)
    link = format_html(' <a href="{}">See which stand on older versions</a>', reverse("courses:versions"))
    messages.info(request, said + link if may_somewhere(request.user, Permission.VIEW_PATIENTS) else said)


class WithinSites:
    """Offers a site among the administrator's own only, and no way round to other rows from a choice."""

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Leave out the buttons that open the chosen row in a window of its own."""
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Keep the sites that the administrator keeps."""
        sites = administered(request)
        if db_field.related_model is Site and sites is not None:
            kwargs["queryset"] = Site.objects.filter(pk__in=sites)
        field: forms.ModelChoiceField[Any] | None = super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        return field


class HouseAdmin(WithinSites, admin.ModelAdmin):  # type: ignore[type-arg]  # not a generic class at run time
    """Open to administrators, within their sites. Nothing is ever deleted here, and the trail is the only log."""

    site_path = "site_id"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep the rows of the sites this person administers."""
        rows = super().get_queryset(request)
        sites = administered(request)
        return rows if sites is None else rows.filter(**{f"{self.site_path}__in": sites})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to what the trail tells of this row."""
        row = self.get_object(request, object_id)
        return trail_of(self.opts.label_lower, "" if row is None else str(row.pk))

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        """Keep no second log beside the trail."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        """Keep no second log beside the trail."""

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
    """Rows that the administration pages show whole and never write."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show every column, also those that no form ever offers; what every record has comes last."""
        names = [field.name for field in self.opts.concrete_fields if field.name != "id"]
        return sorted(names, key=_OF_EVERY_RECORD.__contains__)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show every field as text."""
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change."""
        return False
