"""The room's rows on the administration pages: to read, never to write."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.outcomes.models import MotorScore


@admin.register(MotorScore)
class MotorScoreAdmin(ReadOnlyAdmin):
    """Motor scores."""

    list_display = ("patient", "scale", "value", "assessed_on", "assessor", "site", "voided_at")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "scale")
    list_select_related = ("patient", "site")
    date_hierarchy = "assessed_on"
