"""Every address of the application. All need a signed-in person, but for sign-in itself and the probes of health."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path, re_path

from clinic import health

# Rights come from roles at sites, and an account has one address: neither table has a say here.
admin.site.unregister([Group, EmailAddress])
# Signed out, it leads to the one sign-in page; signed in without the right, it answers 403.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Administration"

accounts = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    # Not a path: the key has hyphens of its own, and what stands before the first one is the account.
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("closed/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
]

urlpatterns = [
    path("", include("treatments.worklist.urls")),
    path("patients/", include("clinic.patients.urls")),
    path("patients/", include("treatments.chart.urls")),
    path("", include("treatments.courses.urls")),
    path("", include("treatments.calculator.urls")),
    path("", include("treatments.labs.urls")),
    path("", include("treatments.adverse_events.urls")),
    path("", include("treatments.outcomes.urls")),
    path("", include("treatments.supply.urls")),
    path("", include("treatments.readiness.urls")),
    path("", include("treatments.dose_day.urls")),
    path("monographs/", include("monographs.urls")),
    path("drafts/", include("clinic.drafts.urls")),
    path("reminders/", include("treatments.reminders.urls")),
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]
