"""The room on the administration pages: what was written down, to read; and each site's policy with its history."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.dose_day import events
from treatments.dose_day.models import Checklist, Discharge, DoseDayPolicy, FollowUpCall, Observation, Procedure
from treatments.labs.admin import DatedPolicyAdmin

_SITE = ("site", admin.RelatedOnlyFieldListFilter)


@admin.register(Checklist)
class ChecklistAdmin(ReadOnlyAdmin):
    """What was asked before doses, and who confirmed it."""

    list_display = ("patient", "on", "checked_by", "second", "site")
    list_filter = (_SITE,)
    list_select_related = ("patient", "checked_by", "second", "site")
    date_hierarchy = "on"


@admin.register(Procedure)
class ProcedureAdmin(ReadOnlyAdmin):
    """How attempts went."""

    list_display = ("patient", "approach", "guidance", "punctures", "created_at", "site")
    list_filter = (_SITE, "approach", "guidance")
    list_select_related = ("patient", "site")
    date_hierarchy = "created_at"


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    """How patients were on dose days."""

    list_display = ("patient", "observed_at", "by", "site")
    list_filter = (_SITE,)
    list_select_related = ("patient", "by", "site")
    date_hierarchy = "observed_at"


@admin.register(Discharge)
class DischargeAdmin(ReadOnlyAdmin):
    """Who went home when, and who is to be called."""

    list_display = ("patient", "on", "left_at", "call_on", "call_due_on", "by", "site")
    list_filter = (_SITE,)
    list_select_related = ("patient", "by", "site")
    date_hierarchy = "on"


@admin.register(FollowUpCall)
class FollowUpCallAdmin(ReadOnlyAdmin):
    """Calls after dose days."""

    list_display = ("patient", "called_at", "outcome", "by", "site")
    list_filter = (_SITE, "outcome")
    list_select_related = ("patient", "by", "site")
    date_hierarchy = "called_at"


@admin.register(DoseDayPolicy)
class DoseDayPolicyAdmin(DatedPolicyAdmin):
    """How long patients are watched, and when they are called."""

    added_event = events.POLICY_SET
