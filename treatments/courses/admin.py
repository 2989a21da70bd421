"""The room's rows on the administration pages: to read, never to write."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.courses.models import Administration, Booking, Course, Decision, Dose, Hold


@admin.register(Course)
class CourseAdmin(ReadOnlyAdmin):
    """Courses."""

    list_display = ("patient", "regimen", "planned_start", "stopped_on", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "regimen__key")
    list_select_related = ("patient", "regimen", "site")


@admin.register(Dose)
class DoseAdmin(ReadOnlyAdmin):
    """Places in the series."""

    list_display = ("patient", "label", "mg", "target", "opens", "closes", "is_next", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "is_next", "phase")
    list_select_related = ("patient", "site")


@admin.register(Administration)
class AdministrationAdmin(ReadOnlyAdmin):
    """What was given."""

    list_display = ("patient", "given_on", "outcome", "mg", "lot", "elsewhere", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "outcome", "elsewhere")
    list_select_related = ("patient", "site")
    date_hierarchy = "given_on"


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    """Appointments."""

    list_display = ("patient", "on", "at_time", "place", "cancelled_at", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("patient", "site")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Holds."""

    list_display = ("patient", "from_on", "review_on", "ended_on", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("patient", "site")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Decisions."""

    list_display = ("patient", "matter", "answer", "made_on", "decided_by", "second", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "matter", "answer")
    list_select_related = ("patient", "decided_by", "second", "site")
