"""Addresses of readiness and overrides."""

from django.urls import path, register_converter

from treatments.readiness.views import doses, overrides
from treatments.readiness.views.converters import LightConverter

app_name = "readiness"

register_converter(LightConverter, "light")

urlpatterns = [
    path("review/", overrides.inbox, name="inbox"),
    path("doses/<uuid:dose_id>/readiness/", doses.dose, name="dose"),
    path("doses/<uuid:dose_id>/override/<light:light>/", overrides.give, name="override"),
    path("overrides/<uuid:override_id>/confirm/", overrides.confirm, name="confirm"),
    path("overrides/<uuid:override_id>/withdraw/", overrides.withdraw, name="withdraw"),
]
