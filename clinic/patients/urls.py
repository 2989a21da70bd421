"""Addresses of the patients room. The chart's own address belongs to the treatments."""

from typing import Any

from django.urls import path, register_converter

from clinic.patients.parts import KINDS, PartKind
from clinic.patients.views import correcting, finding, parts, registering


class PartKindConverter:
    """The word in an address that says which kind of part is meant; any other word is another room's address."""

    regex = "|".join(KINDS)

    def to_python(self, value: str) -> PartKind[Any, Any]:
        """Return the kind that the word names."""
        return KINDS[value]

    def to_url(self, value: str | PartKind[Any, Any]) -> str:
        """Return the word; templates give it as it is."""
        return value if isinstance(value, str) else value.slug


register_converter(PartKindConverter, "part_kind")

app_name = "patients"

urlpatterns = [
    path("", finding.find, name="find"),
    path("register/", registering.register, name="register"),
    path("<uuid:patient_id>/correct/", correcting.correct, name="correct"),
    path("<uuid:patient_id>/profile/", correcting.profile, name="profile"),
    path("<uuid:patient_id>/care-status/", correcting.care_status, name="care_status"),
    path("<uuid:patient_id>/history/", finding.history, name="history"),
    path("<uuid:patient_id>/<part_kind:kind>/add/", parts.add, name="add_part"),
    path("<uuid:patient_id>/<part_kind:kind>/<uuid:part_id>/correct/", parts.correct, name="correct_part"),
    path("<uuid:patient_id>/<part_kind:kind>/<uuid:part_id>/void/", parts.void, name="void_part"),
    path("<uuid:patient_id>/consent/<uuid:part_id>/withdraw/", parts.withdraw, name="withdraw_consent"),
]
