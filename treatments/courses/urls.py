"""Addresses of courses and doses."""

from django.urls import path

from treatments.courses.views import bookings, courses, decisions, doses, switching, versions

app_name = "courses"

urlpatterns = [
    path("patients/<uuid:patient_id>/course/start/", courses.start, name="start"),
    path("courses/versions/", versions.versions, name="versions"),
    path("courses/<uuid:course_id>/versions/", versions.migrate, name="migrate"),
    path("courses/<uuid:course_id>/hold/", courses.hold, name="hold"),
    path("courses/<uuid:course_id>/resume/", courses.resume, name="resume"),
    path("courses/<uuid:course_id>/stop/", courses.stop, name="stop"),
    path("courses/<uuid:course_id>/elsewhere/", courses.elsewhere, name="elsewhere"),
    path("courses/<uuid:course_id>/decide/", decisions.decide, name="decide"),
    path("courses/<uuid:course_id>/switch/", switching.switch, name="switch"),
    path("decisions/<uuid:decision_id>/", decisions.decision, name="decision"),
    path("decisions/<uuid:decision_id>/confirm/", decisions.confirm, name="confirm_decision"),
    path("decisions/<uuid:decision_id>/withdraw/", decisions.withdraw, name="withdraw_decision"),
    path("doses/<uuid:dose_id>/", doses.dose, name="dose"),
    path("doses/<uuid:dose_id>/too-soon/", decisions.too_soon, name="too_soon"),
    path("doses/<uuid:dose_id>/book/", bookings.book, name="book"),
    path("bookings/<uuid:booking_id>/move/", bookings.move, name="move"),
    path("bookings/<uuid:booking_id>/cancel/", bookings.cancel, name="cancel"),
]
