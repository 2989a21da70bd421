"""The room's rows on the administration pages: to read, never to write."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.labs.models import LabResult


@admin.register(LabResult)
class LabResultAdmin(ReadOnlyAdmin):
    """Laboratory results."""

    list_display = ("patient", "analyte", "collected_on", "value", "unit", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "analyte")
    list_select_related = ("patient", "site")
    date_hierarchy = "collected_on"
