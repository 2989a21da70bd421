"""The ledger on the administration pages: to read, never to write."""

from django.contrib import admin

from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.reminders.models import Message, PutOff, Reminder


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """Lines."""

    list_display = ("due_on", "kind", "recipient", "state", "reason", "site")
    list_filter = ("state", "kind", ("site", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("recipient", "site")
    date_hierarchy = "due_on"


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Digests, within the sites whose people they are for."""

    site_path = "recipient__home_site_id"
    list_display = ("local_day", "recipient", "state", "attempts", "takeovers", "next_try_at", "reason")
    list_filter = ("state",)
    list_select_related = ("recipient",)
    date_hierarchy = "local_day"


@admin.register(PutOff)
class PutOffAdmin(ReadOnlyAdmin):
    """What somebody put off, until when and why."""

    list_display = ("kind", "until", "by", "reason", "site")
    list_filter = ("kind", ("site", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("by", "site")
    date_hierarchy = "until"
