"""The room's rows on the administration pages: to read, never to write."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.adverse_events.models import AdverseEvent


@admin.register(AdverseEvent)
class AdverseEventAdmin(ReadOnlyAdmin):
    """Adverse events."""

    list_display = ("patient", "term", "onset_on", "severity", "outcome", "site", "voided_at")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "severity", "outcome")
    list_select_related = ("patient", "site")
    date_hierarchy = "onset_on"
