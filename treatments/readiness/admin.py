"""The room on the administration pages: overrides to read, and each site's policy with its history."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.labs.admin import DatedPolicyAdmin
from treatments.readiness import events
from treatments.readiness.models import Override, ReadinessPolicy


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """Who let which dose past which light."""

    list_display = ("patient", "dose", "light", "reason_code", "by", "second", "expires_on", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "light", "reason_code")
    list_select_related = ("patient", "dose", "by", "second", "site")
    date_hierarchy = "created_at"


@admin.register(ReadinessPolicy)
class ReadinessPolicyAdmin(DatedPolicyAdmin):
    """How much a site asks of each light."""

    added_event = events.POLICY_SET
    fieldsets = (
        (None, {"fields": ("site", "regimen_key", "effective_from", "source")}),
        (
            "What is asked of each light",
            {"fields": ("labs", "adverse_events", "authorisation", "drug", "consent", "access_plan")},
        ),
        ("Overrides", {"fields": ("override_days",)}),
    )
