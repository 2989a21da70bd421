"""The room's rows on the administration pages: to read, never to write.

There is no search here: it would put names into addresses. People are found on the page for that.
"""

from django.contrib import admin

from clinic.patients.models import (
    AccessPlan,
    Allergy,
    Carer,
    Consent,
    Identifier,
    Measurement,
    OtherTherapy,
    Patient,
    SmaProfile,
)
from clinic.staff.admin_access import ReadOnlyAdmin


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    """Patients."""

    list_display = ("__str__", "born_on", "care_status", "site", "voided_at")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "care_status")
    list_select_related = ("site",)
    ordering = ("sort_name", "pk")


class PartAdmin(ReadOnlyAdmin):
    """Rows that belong to one patient."""

    site_path = "patient__site_id"
    list_filter = (("patient__site", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("patient",)
    ordering = ("patient__sort_name", "pk")


@admin.register(Identifier)
class IdentifierAdmin(PartAdmin):
    """Numbers by which somebody knows the person."""

    list_display = ("patient", "kind", "value", "voided_at")


@admin.register(SmaProfile)
class SmaProfileAdmin(PartAdmin):
    """What is known of the person's SMA."""

    list_display = ("patient", "sma_type", "motor_function", "smn2_copies", "voided_at")


@admin.register(Carer)
class CarerAdmin(PartAdmin):
    """Who looks after the person."""

    list_display = ("patient", "name", "relationship", "channel", "voided_at")


@admin.register(Consent)
class ConsentAdmin(PartAdmin):
    """Consents."""

    list_display = ("patient", "kind", "answer", "given_on", "withdrawn_on", "voided_at")


@admin.register(Allergy)
class AllergyAdmin(PartAdmin):
    """Allergies, and that none is known."""

    list_display = ("patient", "kind", "substance", "noted_on", "voided_at")


@admin.register(AccessPlan)
class AccessPlanAdmin(PartAdmin):
    """Access plans."""

    list_display = ("patient", "approach", "guidance", "sedation", "reviewed_on", "voided_at")


@admin.register(Measurement)
class MeasurementAdmin(PartAdmin):
    """Weights and heights."""

    list_display = ("patient", "measured_on", "weight_kg", "height_cm", "voided_at")


@admin.register(OtherTherapy)
class OtherTherapyAdmin(PartAdmin):
    """Other treatments for SMA."""

    list_display = ("patient", "therapy", "started_on", "ended_on", "voided_at")
