"""The room on the administration pages: results to read, and each site's policy with its history."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.staff.admin import AuditedAdmin
from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.labs import events
from treatments.labs.models import LabResult, LabReview, MonitoringPolicy, NotIndicated


@admin.register(LabResult)
class LabResultAdmin(ReadOnlyAdmin):
    """Laboratory results."""

    list_display = ("patient", "analyte", "collected_on", "value", "unit", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "analyte")
    list_select_related = ("patient", "site")
    date_hierarchy = "collected_on"


@admin.register(LabReview)
class LabReviewAdmin(ReadOnlyAdmin):
    """Who answered for which result."""

    list_display = ("patient", "result", "level", "by", "second", "created_at", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "level")
    list_select_related = ("patient", "result", "by", "second", "site")
    date_hierarchy = "created_at"


@admin.register(NotIndicated)
class NotIndicatedAdmin(ReadOnlyAdmin):
    """Doses for which the set was found unnecessary."""

    list_display = ("patient", "dose", "by", "created_at", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("patient", "dose", "by", "site")


class DatedPolicyAdmin(AuditedAdmin):
    """Policies with their history. A change is a new policy with its own first day."""

    list_display = ("site", "regimen_key", "effective_from", "source")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("site",)
    date_hierarchy = "effective_from"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was decided: it explains what was done under it."""
        return False


@admin.register(MonitoringPolicy)
class MonitoringPolicyAdmin(DatedPolicyAdmin):
    """Limits, ages of samples, and what a set consists of."""

    added_event = events.POLICY_SET
    fieldsets = (
        (None, {"fields": ("site", "regimen_key", "effective_from", "source")}),
        (
            "Platelets",
            {
                "description": "A limit is strict: a value equal to it still passes. Leave what nobody decided"
                + " otherwise; each number begins as the application proposes.",
                "fields": (
                    "platelets_watch",
                    "platelets_sign_off",
                    "platelets_stop",
                    "platelets_by_range",
                    "platelets_fall",
                ),
            },
        ),
        (
            "Coagulation",
            {
                "fields": (
                    "inr_watch",
                    "inr_sign_off",
                    "inr_stop",
                    "pt_watch",
                    "aptt_watch",
                    "aptt_sign_off",
                    "aptt_stop",
                )
            },
        ),
        (
            "Urine",
            {
                "fields": (
                    "protein_watch",
                    "protein_stop",
                    "pcr_watch",
                    "pcr_watch_young",
                    "pcr_young_years",
                    "pcr_sign_off",
                    "pcr_stop",
                )
            },
        ),
        (
            "How old a sample may be on the day of the dose",
            {
                "description": "A sample from before the last dose never counts, whatever stands here.",
                "fields": ("age_first", "age_loading", "age_maintenance", "age_catch_up"),
            },
        ),
        (
            "What a set consists of",
            {"fields": ("asks_platelets", "asks_prothrombin", "asks_aptt", "asks_urine", "may_skip")},
        ),
    )
