"""Monographs and their versions, for administrators to read. A draft can be put in force here; nothing is edited."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.audit.trail import person_actor
from clinic.staff.admin_access import ReadOnlyAdmin, administers, tell_of_running_courses
from clinic.staff.models import User
from monographs import services
from monographs.models import Effect, Faq, Monograph, Precaution, Product, Regimen, Section, Version


class SharedAdmin(ReadOnlyAdmin):
    """Rows that belong to every site alike."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep all rows."""
        return admin.ModelAdmin.get_queryset(self, request)


class PartInline(admin.TabularInline):  # type: ignore[type-arg]  # not a generic class at run time
    """Parts of a version, read-only."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators read."""
        return administers(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add: parts come with an import."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody change."""
        return False


class RegimenInline(PartInline):
    """The regimens that a version carries."""

    model = Regimen
    fields = ("key", "name", "is_default", "data")


class ProductInline(PartInline):
    """The products that a version carries."""

    model = Product
    fields = ("key", "name", "mg", "data")


class SectionInline(PartInline):
    """The sections, as Markdown."""

    model = Section
    fields = ("title", "kind", "body", "closing")


class EffectInline(PartInline):
    """The effects with their groups."""

    model = Effect
    fields = ("term", "explanation", "frequency")


class PrecautionInline(PartInline):
    """The precautions by kind."""

    model = Precaution
    fields = ("kind", "label", "text")


class FaqInline(PartInline):
    """The questions."""

    model = Faq
    fields = ("question", "answer")


@admin.register(Monograph)
class MonographAdmin(SharedAdmin):
    """The monographs there are. A new one comes with manage.py import_monograph."""

    list_display = ("title", "generic_name", "slug")
    search_fields = ("title", "generic_name")


@admin.register(Version)
class VersionAdmin(SharedAdmin):
    """The versions of each monograph, and the one thing that may be done with them."""

    actions = ("publish",)  # type: ignore[assignment]
    list_display = ("__str__", "state", "reviewed_on", "imported_at", "published_at", "page")
    list_filter = ("state", "monograph")
    list_select_related = ("monograph",)
    inlines = (RegimenInline, ProductInline, SectionInline, EffectInline, PrecautionInline, FaqInline)

    @admin.display(description="page")
    def page(self, version: Version) -> SafeString | str:
        """Lead to the page that staff read; a draft has none."""
        if version.state == Version.State.DRAFT:
            return "not shown to staff"
        url = reverse("monographs:detail", args=[version.monograph.slug])
        return format_html('<a href="{}?version={}">open</a>', url, version.number)

    @admin.action(description="Put the selected drafts in force", permissions=["publish"])
    def publish(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Publish each selected draft through the service, and say what became of it."""
        for version in versions.select_related("monograph").order_by("monograph", "number"):
            self._publish(request, version)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Let administrators publish."""
        return administers(request)

    def _publish(self, request: HttpRequest, version: Version) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the page let only our own people in
        if version.state == Version.State.PUBLISHED:
            self.message_user(request, f"{version} is in force already.", messages.INFO)
            return
        try:
            services.publish_version(version=version, by=person_actor(request.user), at=timezone.now())
        except services.CannotPublish as error:
            self.message_user(request, f"{version}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{version} is in force now.", messages.SUCCESS)
            if version.regimens.exists():
                tell_of_running_courses(request)
