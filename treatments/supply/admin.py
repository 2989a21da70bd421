"""The room's rows on the administration pages: to read; only a site's policy is written here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.staff.admin import AuditedAdmin
from clinic.staff.admin_access import ReadOnlyAdmin
from treatments.supply import events
from treatments.supply.models import Authorisation, Movement, SupplyPolicy, Vial


@admin.register(Vial)
class VialAdmin(ReadOnlyAdmin):
    """Vials."""

    list_display = ("lot", "mg", "expires_on", "state", "place", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "state", "mg")
    list_select_related = ("site",)


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    """The ledger of all vials."""

    list_display = ("vial", "number", "kind", "state", "happened_at", "done_by", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "kind", "reason_code")
    list_select_related = ("vial", "site")
    date_hierarchy = "happened_at"


@admin.register(Authorisation)
class AuthorisationAdmin(ReadOnlyAdmin):
    """What payers have approved."""

    list_display = ("patient", "payer", "starts_on", "ends_on", "doses_approved", "site")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("patient", "site")
    date_hierarchy = "ends_on"


@admin.register(SupplyPolicy)
class SupplyPolicyAdmin(AuditedAdmin):
    """What sites decide about their supply. A change is a new policy with its own first day."""

    added_event = events.POLICY_SET
    list_display = ("site", "effective_from", "label", "authorisation_needed", "source")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("site",)
    date_hierarchy = "effective_from"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what was decided: lights were read by it."""
        return False
