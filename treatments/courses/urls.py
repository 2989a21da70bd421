"""Addresses of courses and doses."""

from django.urls import path

from treatments.courses.views import bookings, courses, doses, versions

app_name = "courses"

urlpatterns = [
    path("patients/<uuid:patient_id>/course/start/", courses.start, name="start"),
    path("courses/versions/", versions.versions, name="versions"),
    path("courses/<uuid:course_id>/versions/", versions.migrate, name="migrate"),
    path("courses/<uuid:course_id>/hold/", courses.hold, name="hold"),
    path("courses/<uuid:course_id>/resume/", courses.resume, name="resume"),
    path("courses/<uuid:course_id>/stop/", courses.stop, name="stop"),
    path("courses/<uuid:course_id>/elsewhere/", courses.elsewhere, name="elsewhere"),
    path("doses/<uuid:dose_id>/", doses.dose, name="dose"),
    path("doses/<uuid:dose_id>/give/", doses.give, name="give"),
    path("doses/<uuid:dose_id>/book/", bookings.book, name="book"),
    path("bookings/<uuid:booking_id>/move/", bookings.move, name="move"),
    path("bookings/<uuid:booking_id>/cancel/", bookings.cancel, name="cancel"),
]
