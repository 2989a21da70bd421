"""Addresses of the reminder ledger."""

from django.urls import path

from treatments.reminders.views import choosing, ledger

app_name = "reminders"

urlpatterns = [
    path("", ledger.ledger, name="ledger"),
    path("preferences/", choosing.preferences, name="preferences"),
    path("preview/", choosing.preview, name="preview"),
    path("test-mail/", choosing.test_mail, name="test_mail"),
    path("lines/<uuid:line_id>/put-off/", choosing.put_off, name="put_off"),
    path("lines/<uuid:line_id>/again/", choosing.again, name="again"),
]
